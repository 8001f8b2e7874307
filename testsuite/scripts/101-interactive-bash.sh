#!/bin/sh
# An interactive bash on a terminal: prompt, editing keys, history, ^Z and fg, exit status.
python3 - <<'E'
import os, pty, time, select, re
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(PS1="$ ", PS2="> ", TERM="dumb", INPUTRC="/dev/null", HISTFILE="/dev/null")
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
seen = b""
def prompt(mark=b"$ "):
    global seen
    end = time.time() + 15
    buf = b""
    while not buf.endswith(mark) and time.time() < end:
        if select.select([fd], [], [], 0.3)[0]:
            try: buf += os.read(fd, 4096)
            except OSError: break
    seen += buf
    return buf.decode().replace("\r", "")
prompt()
def run(keys, mark=b"$ "):
    time.sleep(0.1); os.write(fd, keys); print(repr(prompt(mark)))
run(b"echo one\n"); run(b"echo tw\x7fwo | tr a-z A-Z\n"); run(b"false\n"); run(b"echo $?\n"); run(b"\x10\n"); run(b"for i in 1 2\n", b"> "); run(b"do echo $i; done\n")
os.write(fd, b"sleep 30\n"); time.sleep(0.5); os.write(fd, b"\x1a"); print(repr(prompt())); run(b"jobs\n"); os.write(fd, b"fg\n"); time.sleep(0.5); os.write(fd, b"\x03"); print(repr(prompt())); run(b"echo $?\n")
run(b"cat <<X\n", b"> "); run(b"doc\n", b"> "); run(b"X\n"); run(b"echo abc\x02\x02X\n"); os.write(fd, b"exit 5\n")
try:
    while os.read(fd, 4096): pass
except OSError: pass
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
E
