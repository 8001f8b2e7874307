#!/bin/sh
# A program on a pseudo terminal: size, echo, line discipline, ^C, ^D, hang-up.
script -qec 'tty | cut -c1-9; test -t 0 && test -t 1 && echo terminal' /dev/null </dev/null | tr -d '\r'
script -qec 'stty size; stty -a | grep -o "icanon\|isig\| echo " | sort | tr "\n" " "' /dev/null </dev/null | tr -d '\r'
echo; python3 - <<'E'
import os, pty, time, select, sys, struct, fcntl, termios, signal
def session(argv, steps):
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(argv[0], argv)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    out = b""
    def until(mark):
        nonlocal out
        end = time.time() + 10
        while mark not in out and time.time() < end:
            if select.select([fd], [], [], 0.2)[0]:
                try: part = os.read(fd, 4096)
                except OSError: break
                if not part: break
                out += part
    for mark, send in steps:
        until(mark)
        if send: out = b""; time.sleep(0.3); os.write(fd, send)
    end = time.time() + 10
    while time.time() < end:
        try: part = os.read(fd, 4096)
        except OSError: break
        if not part: break
        out += part
    return out, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(session(["sh", "-c", "echo ready; read x; echo got $x"], [(b"ready", b"abc\x7fd\n")]))
print(session(["sh", "-c", "trap 'echo int' INT; echo ready; sleep 9; echo after"], [(b"ready", b"\x03")]))
print(session(["sh", "-c", "echo ready; cat; echo eof"], [(b"ready", b"x\n"), (b"x\r\nx", b"\x04")]))
print(session(["sh", "-c", "echo ready; exec sleep 9"], [(b"ready", b"\x1c")])[1])
print(session(["sh", "-c", "sleep 0.3; stty size; stty -echo; echo ready; read x; stty echo; echo $x"], [(b"ready", b"hidden\n")]))
print(session(["sh", "-c", "stty raw -echo; echo ready; dd bs=1 count=3 2>/dev/null | od -An -tx1"], [(b"ready", b"\x03\x04\r")]))
print(session(["bash", "--norc", "-ic", "sleep 0.05 & wait; jobs; echo done"], [])[1])
E
