#include <pthread.h>
#include <math.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static void *twice(void *p) { *(int *)p *= 2; return p; }
int main(int argc, char **argv) {
    int n = 21; pthread_t t; pthread_create(&t, NULL, twice, &n); pthread_join(t, NULL);
    int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fork() == 0) { *shared = 7; _exit(0); }
    wait(NULL);
    unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(code, "\xb8\x05\0\0\0\xc3", 6); mprotect(code, 4096, PROT_READ | PROT_EXEC);
    printf("%d %d %d %.3f %s\n", n, *shared, ((int (*)(void))code)(), sqrt(2), argc > 1 ? argv[1] : "");
    return 0;
}
