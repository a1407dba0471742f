/* No descriptor beyond 0, 1 and 2 comes with the program: looked at before anything opens one. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    char path[64], target[256];
    int found = 0;
    for (int number = 3; number < 65536; number++) {
        if (fcntl(number, F_GETFD) < 0) {
            continue;
        }
        snprintf(path, sizeof path, "/proc/self/fd/%d", number);
        ssize_t length = readlink(path, target, sizeof target - 1);
        target[length > 0 ? length : 0] = 0;
        printf("ESCAPED: descriptor %d is %s\n", number, target);
        found = 1;
        break;
    }
    if (!found) {
        printf("HELD: 0, 1 and 2 only\n");
    }
    return 0;
}
