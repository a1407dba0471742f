/* Compiled languages: the compiler runs behind the same walls as the program, with limits of its own.
 *
 *   casemate run compile.c
 */
#include <math.h>
#include <stdio.h>

int main(void) {
    double sum = 0;
    for (int n = 1; n <= 1000000; n++) sum += 1.0 / n / n;
    printf("pi is about %.4f\n", sqrt(6 * sum));
    return 0;
}
