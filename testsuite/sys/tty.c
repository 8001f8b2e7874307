// pty(7), termios, job control: canonical and raw modes, special characters, window size, sessions, SIGTTOU, SIGTTIN, SIGHUP.
#include "check.h"
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>

static volatile int winches;
static void winch(int sig) {
    (void)sig;
    winches++;
}
static int m, s;
static char buffer[5000];
static int readable(int fd) {
    struct pollfd f = {fd, POLLIN, 0};
    return poll(&f, 1, 20);
}
static void echoes(const char *want) {
    size_t n = 0;
    while (n < strlen(want)) {
        ssize_t r = read(m, buffer + n, sizeof buffer - n);
        CHECK(r > 0);
        n += r;
    }
    CHECK(n == strlen(want) && !memcmp(buffer, want, n));
}
static void type(const char *text) { CHECK(write(m, text, strlen(text)) == (ssize_t)strlen(text)); }
static void reads(const char *want) {
    ssize_t n = read(s, buffer, sizeof buffer);
    CHECK(n == (ssize_t)strlen(want) && !memcmp(buffer, want, n));
}

int main(void) {
    struct termios t, raw;
    CHECK(openpty(&m, &s, NULL, NULL, NULL) == 0 && isatty(m) && isatty(s));
    CHECK(!strncmp(ttyname(s), "/dev/pts/", 9) && tcgetattr(s, &t) == 0);
    CHECK((t.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG) && (t.c_iflag & ICRNL));
    CHECK((t.c_oflag & (OPOST | ONLCR)) == (OPOST | ONLCR));
    CHECK(t.c_cc[VINTR] == 3 && t.c_cc[VEOF] == 4 && t.c_cc[VERASE] == 0x7f && t.c_cc[VMIN] == 1);
    int p[2];
    CHECK(pipe(p) == 0 && !isatty(p[0]) && errno == ENOTTY);
    FAILS(tcgetattr(p[0], &t), ENOTTY);
    ok("opening");

    type("ab");
    CHECK(!readable(s));
    type("c\r");
    echoes("abc\r\n");
    reads("abc\n");
    type("xy\177\177z\025w\n");
    echoes("xy\b \b\b \bz\b \bw\r\n");
    reads("w\n");
    type("one two\027\n");
    echoes("one two\b \b\b \b\b \b\r\n");
    reads("one \n");
    type("no newline\004");
    echoes("no newline");
    reads("no newline");
    type("\004");
    CHECK(read(s, buffer, 10) == 0);
    type("l1\nl2\n");
    echoes("l1\r\nl2\r\n");
    CHECK(read(s, buffer, 2) == 2 && readable(s));
    reads("\n");
    reads("l2\n");
    CHECK(write(s, "out\n", 4) == 4);
    echoes("out\r\n");
    type("\001\n");
    echoes("^A\r\n");
    reads("\001\n");
    ok("canonical mode");

    raw = t;
    cfmakeraw(&raw);
    CHECK(tcsetattr(s, TCSANOW, &raw) == 0 && tcgetattr(m, &t) == 0 && !(t.c_lflag & ICANON));
    type("\003\r\004");
    reads("\003\r\004");
    CHECK(!readable(m) && write(s, "a\n", 2) == 2);
    echoes("a\n");
    raw.c_cc[VMIN] = 0, raw.c_cc[VTIME] = 1;
    CHECK(tcsetattr(s, TCSANOW, &raw) == 0);
    int64_t start = now_ns();
    CHECK(read(s, buffer, 10) == 0 && now_ns() - start >= 90000000);
    raw.c_cc[VMIN] = 3, raw.c_cc[VTIME] = 0;
    CHECK(tcsetattr(s, TCSANOW, &raw) == 0);
    pid_t pid = CHILD({ type("a"); sleep_ms(30); type("bc"); });
    reads("abc");
    REAP_OK(pid);
    type("flushed");
    CHECK(readable(s) && tcflush(s, TCIFLUSH) == 0 && !readable(s));
    int n;
    type("1234");
    CHECK(readable(s) && ioctl(s, FIONREAD, &n) == 0 && n == 4);
    CHECK(tcsetattr(s, TCSAFLUSH, &raw) == 0 && !readable(s));
    ok("raw mode, VMIN and VTIME, flushing");

    struct winsize w = {25, 90, 0, 0}, got;
    CHECK(ioctl(m, TIOCSWINSZ, &w) == 0 && ioctl(s, TIOCGWINSZ, &got) == 0 && got.ws_row == 25);
    CHECK(got.ws_col == 90);
    close(m), close(s);
    ok("window size");

    int status;
    pid = forkpty(&m, NULL, NULL, NULL);
    CHECK(pid >= 0);
    if (pid == 0) {
        CHECK(getsid(0) == getpid() && tcgetpgrp(0) == getpid() && open("/dev/tty", O_RDWR) >= 0);
        on_signal(SIGWINCH, winch, 0);
        write(1, "R", 1);
        while (!winches) sleep_ms(5);
        write(1, "W", 1);
        sigset_t set;
        sigemptyset(&set), sigaddset(&set, SIGINT), sigaddset(&set, SIGQUIT), sigaddset(&set, SIGTSTP);
        sigprocmask(SIG_BLOCK, &set, NULL);
        int sig;
        write(1, "S", 1);
        sigwait(&set, &sig), CHECK(sig == SIGINT);
        sigwait(&set, &sig), CHECK(sig == SIGQUIT);
        sigwait(&set, &sig), CHECK(sig == SIGTSTP);
        pid_t back = fork();
        if (back == 0) {
            setpgid(0, 0);
            char c;
            signal(SIGTTIN, SIG_IGN);
            FAILS(read(0, &c, 1), EIO);
            signal(SIGTTIN, SIG_DFL);
            read(0, &c, 1);
            _exit(5);
        }
        CHECK(waitpid(back, &status, WUNTRACED) == back && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN);
        kill(back, SIGKILL), CHECK(waitpid(back, &status, 0) == back);
        back = fork();
        if (back == 0) {
            setpgid(0, 0);
            struct termios u;
            CHECK(tcgetattr(0, &u) == 0);
            tcsetattr(0, TCSANOW, &u);
            _exit(6);
        }
        CHECK(waitpid(back, &status, WUNTRACED) == back && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTOU);
        setpgid(back, back);
        CHECK(tcsetpgrp(0, back) == 0 && kill(back, SIGCONT) == 0);
        CHECK(waitpid(back, &status, 0) == back && WEXITSTATUS(status) == 6);
        signal(SIGTTOU, SIG_IGN);
        CHECK(tcsetpgrp(0, getpgrp()) == 0);
        write(1, "H", 1);
        for (;;) pause();
    }
    char c;
#define UNTIL(mark) while ((CHECK(read(m, &c, 1) == 1), c) != (mark)) { CHECK(c != 'F'); }
    UNTIL('R');
    CHECK(ioctl(m, TIOCSWINSZ, &w) == 0);
    UNTIL('W');
    UNTIL('S');
    type("\003"), sleep_ms(20), type("\034"), sleep_ms(20), type("\032");
    UNTIL('H');
    ok("foreground signals, SIGTTIN, SIGTTOU, SIGWINCH");

    CHECK(close(m) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
    pid = forkpty(&m, NULL, NULL, NULL);
    if (pid == 0) {
        pid_t member = fork();
        if (member == 0) { signal(SIGHUP, SIG_DFL); pause(); }
        write(1, "R", 1);
        sleep_ms(50);
        _exit(0);
    }
    UNTIL('R');
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 0);
    ssize_t r = read(m, buffer, 10);
    CHECK(r < 0 && errno == EIO);
    ok("hang-up both ways");

    pid = CHILD({
        CHECK(setsid() == getpid());
        FAILS(open("/dev/tty", O_RDWR), ENXIO);
        FAILS(setsid(), EPERM);
        FAILS(setpgid(0, 0), EPERM);
    });
    REAP_OK(pid);
    pid = CHILD(pause());
    CHECK(setpgid(pid, 0) == 0 && getpgid(pid) == pid);
    FAILS(setpgid(pid, -1), EINVAL);
    FAILS(setpgid(999999, 0), ESRCH);
    CHECK(kill(-pid, SIGTERM) == 0 && WTERMSIG(reap(pid)) == SIGTERM);
    FAILS(kill(-pid, 0), ESRCH);
    ok("sessions and groups");
    return 0;
}
