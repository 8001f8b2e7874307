// wait4(2), waitid(2): statuses, options, stopped and continued children, WNOWAIT, process groups, errors.
#include "check.h"
#include <sys/resource.h>

int main(void) {
    int status;
    siginfo_t info;
    FAILS(waitpid(-1, &status, 0), ECHILD);
    FAILS(waitpid(-1, &status, WNOHANG), ECHILD);
    FAILS(wait4(-1, &status, 0xff000000 & ~(__WCLONE | __WALL | __WNOTHREAD), NULL), EINVAL);
    FAILS(waitid(P_ALL, 0, &info, 0), EINVAL);
    ok("errors");

    pid_t pid = CHILD(_exit(0x1ff));
    status = reap(pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0xff);
    pid = CHILD(raise(SIGKILL));
    status = reap(pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !WCOREDUMP(status));
    ok("exit and signal statuses");

    pid = CHILD(pause());
    CHECK(waitpid(pid, &status, WNOHANG) == 0);
    CHECK(kill(pid, SIGSTOP) == 0);
    CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    CHECK(waitpid(pid, &status, WUNTRACED | WNOHANG) == 0);
    CHECK(kill(pid, SIGCONT) == 0);
    CHECK(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
    CHECK(kill(pid, SIGSTOP) == 0);
    memset(&info, 0, sizeof info);
    CHECK(waitid(P_PID, pid, &info, WSTOPPED) == 0 && info.si_code == CLD_STOPPED);
    CHECK(info.si_status == SIGSTOP && info.si_pid == pid);
    CHECK(kill(pid, SIGTERM) == 0);
    CHECK(waitpid(pid, &status, WNOHANG) == 0);
    CHECK(kill(pid, SIGCONT) == 0);
    CHECK(WTERMSIG(reap(pid)) == SIGTERM);
    ok("stopped and continued");

    pid = CHILD(_exit(7));
    memset(&info, 0, sizeof info);
    CHECK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
    CHECK(info.si_signo == SIGCHLD && info.si_code == CLD_EXITED && info.si_status == 7);
    CHECK(info.si_pid == pid && info.si_uid == getuid());
    CHECK(waitid(P_ALL, 0, &info, WEXITED) == 0 && info.si_pid == pid);
    FAILS(waitid(P_PID, pid, &info, WEXITED), ECHILD);
    pid = CHILD(raise(SIGUSR1));
    CHECK(waitid(P_PID, pid, &info, WEXITED) == 0 && info.si_code == CLD_KILLED && info.si_status == SIGUSR1);
    info.si_pid = 55;
    pid = CHILD(sleep_ms(200));
    CHECK(waitid(P_PID, pid, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0);
    REAP_OK(pid);
    ok("waitid");

    pid = CHILD({ setpgid(0, 0); _exit(3); });
    setpgid(pid, pid);
    pid_t other = CHILD(_exit(4));
    CHECK(waitpid(-pid, &status, 0) == pid && WEXITSTATUS(status) == 3);
    CHECK(waitpid(0, &status, 0) == other && WEXITSTATUS(status) == 4);
    ok("process groups");

    struct rusage usage = {0};
    pid = CHILD({
        for (volatile long i = 0; i < 3000000; i++) {}
    });
    CHECK(wait4(pid, &status, 0, &usage) == pid);
    CHECK(usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec > 0);
    ok("resource usage");

    on_signal(SIGCHLD, SIG_IGN, 0);
    pid = CHILD(_exit(1));
    FAILS(waitpid(pid, &status, 0), ECHILD);
    on_signal(SIGCHLD, SIG_DFL, 0);
    struct sigaction act = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
    CHECK(sigaction(SIGCHLD, &act, NULL) == 0);
    pid = CHILD(_exit(1));
    FAILS(waitpid(pid, &status, 0), ECHILD);
    ok("children that leave no zombie");
    return 0;
}
