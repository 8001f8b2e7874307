#!/bin/sh
# Loopback TCP and UNIX sockets with nc, bash /dev/tcp, python, name lookup of localhost.
nc -l 127.0.0.1 7001 >got & sleep 0.3; echo hello | nc -N 127.0.0.1 7001; wait; cat got; nc -lU s >got &
sleep 0.3; echo unix | nc -NU s; wait; cat got; stat -c %F s
(seq 1000 | nc -l -N 127.0.0.1 7002 >/dev/null) & sleep 0.3; nc -d 127.0.0.1 7002 | tail -1; wait
nc -z 127.0.0.1 7003; echo $?; (echo reply | nc -l -N 127.0.0.1 7004 >/dev/null) & sleep 0.3
bash -c 'exec 3<>/dev/tcp/127.0.0.1/7004; cat <&3'; wait; getent hosts localhost | awk '{print $2}'
python3 - <<'E'
import socket, threading
s = socket.create_server(("127.0.0.1", 0)); port = s.getsockname()[1]
def serve():
    for _ in range(10):
        c, _a = s.accept(); d = c.recv(1000); c.sendall(d.upper()); c.close()
t = threading.Thread(target=serve); t.start()
for i in range(10):
    c = socket.create_connection(("localhost", port)); c.sendall(b"msg%d" % i); print(c.recv(100).decode(), end=" "); c.close()
t.join(); print()
try: socket.create_connection(("127.0.0.1", 1), 1)
except OSError as e: print(e.strerror)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("127.0.0.1", 0)); v = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); v.sendto(b"dgram", u.getsockname()); print(u.recvfrom(100)[0])
a, b = socket.socketpair(); a.sendall(b"pair"); print(b.recv(10)); a.shutdown(socket.SHUT_WR); print(b.recv(10)); print(socket.gethostname())
E
rm s got; ls
