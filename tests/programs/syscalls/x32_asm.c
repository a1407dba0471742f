/* x32 by the syscall instruction itself, without the C library: getpid with bit 30 set. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static long call(unsigned long number) {
    long answer;
    __asm__ volatile("syscall" : "=a"(answer) : "a"(number), "D"(0), "S"(0), "d"(0) : "rcx", "r11", "memory");
    return answer;
}

int main(void) {
    const unsigned long numbers[] = {0x40000000UL + 39, 0x40000000UL + 101, 0x40000000UL + 521};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        pid_t child = fork();
        if (child == 0) {
            call(numbers[i]);
            _exit(0);
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS) {
            printf("ESCAPED: x32 call %#lx was not killed, status %d\n", numbers[i], status);
            return 0;
        }
    }
    printf("HELD: x32 dies of SIGSYS\n");
    return 0;
}
