/* fork, exec, wait: of itself, or of the program named by the second argument. */
#include "row.h"
#include <sys/wait.h>
int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--child") == 0) return 3;
    char *program = argc > 2 ? argv[2] : argv[0];
    uint64_t sum = 0;
    for (long r = rounds(argc, argv, 700); r > 0; r--) {
        pid_t child = fork();
        int status;
        check(child >= 0, "fork");
        if (child == 0) {
            char *args[] = {program, "--child", NULL}, *env[] = {NULL};
            execve(program, args, env);
            _exit(111);
        }
        check(waitpid(child, &status, 0) == child, "waitpid");
        sum = fold(sum, status);
    }
    return done("k_exec", sum);
}
