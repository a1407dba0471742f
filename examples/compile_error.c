/* A program that does not compile has failed: its result holds the compiler's output and `reason: compile`.
 * casemate-exit: 1
 *
 *   casemate run compile_error.c
 */
int main(void) {
    return undeclared;
}
