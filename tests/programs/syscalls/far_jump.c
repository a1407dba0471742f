/* Switches to 32-bit code by a far return to the selector 0x23 and calls the kernel from there. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    /* mov eax, 1; mov ebx, 77; int 0x80: exit(77) of i386, in memory below 4 GiB. */
    const unsigned char code[] = {0xb8, 1, 0, 0, 0, 0xbb, 77, 0, 0, 0, 0xcd, 0x80, 0x0f, 0x0b};
    unsigned char *low = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (low == MAP_FAILED) {
        printf("BROKEN: no low memory\n");
        return 3;
    }
    memcpy(low, code, sizeof code);
    if (mprotect(low, 4096, PROT_READ | PROT_EXEC) != 0) {
        printf("HELD: no code can be made\n");
        return 0;
    }
    pid_t child = fork();
    if (child == 0) {
        __asm__ volatile("movq %0, %%rsp\n\tpushq $0x23\n\tpushq %1\n\tlretq" : : "r"(low + 8000), "r"(low) : "memory");
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status)) {
        printf("ESCAPED: 32-bit code called the kernel, exit status %d\n", WEXITSTATUS(status));
        return 0;
    }
    printf("HELD: 32-bit code died of signal %d\n", WTERMSIG(status));
    return 0;
}
