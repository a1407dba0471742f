/* C, compiled behind the walls. */
#include <stdio.h>

int main(void) { return puts("hello from c") < 0; }
