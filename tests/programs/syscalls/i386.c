/* The i386 ABI: int 0x80 from 64-bit code. Every call must die of SIGSYS, getpid (20) as well. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static long old_call(long number, long first) {
    long answer;
    __asm__ volatile("int $0x80" : "=a"(answer) : "a"(number), "b"(first), "c"(0), "d"(0) : "memory", "r8", "r9", "r10", "r11");
    return answer;
}

int main(void) {
    const long numbers[] = {20, 1, 2, 26, 21, 120, 310, 102, 128, 87};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        pid_t child = fork();
        if (child == 0) {
            long answer = old_call(numbers[i], numbers[i] == 1 ? 77 : 0);
            _exit(answer == 0 ? 7 : 8);
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (!WIFSIGNALED(status)) {
            printf("ESCAPED: i386 call %ld returned, status %d\n", numbers[i], status);
            return 0;
        }
        /* Without 32-bit emulation in the kernel, int 0x80 is a fault: SIGSEGV. */
        if (WTERMSIG(status) != SIGSYS && WTERMSIG(status) != SIGSEGV) {
            printf("ESCAPED: i386 call %ld died of signal %d\n", numbers[i], WTERMSIG(status));
            return 0;
        }
    }
    printf("HELD: every call of i386 dies\n");
    return 0;
}
