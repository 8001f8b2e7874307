#!/bin/sh
# 126 and 127, scripts without #!, with bad or missing interpreters, with arguments, directories, text files.
touch empty noexec; chmod +x empty; echo 'echo plain $0' >plain; chmod +x plain
printf '#!/nonexistent\n' >badint; printf '#!/bin/echo one arg\n' >args
printf '#!/bin/sh\necho "$0" "$@"\n' >crlf; printf '#!/bin/sh\r\necho x\r\n' >cr
chmod +x badint args crlf cr; ./noexec 2>/dev/null; echo $?; ./empty; echo $?; ./plain; ./badint 2>/dev/null
echo $?; ./args x y; ./crlf a 'b c'; ./cr 2>/dev/null; echo $?; . ./plain; /; echo $? 2>/dev/null
./none 2>/dev/null; echo $?; nonesuch 2>/dev/null; echo $?; mkdir d; ./d 2>/dev/null; echo $?
printf '\177ELF garbage' >elf; chmod +x elf; ./elf 2>/dev/null; echo $?; cp /bin/true t; chmod -x t
./t 2>/dev/null; echo $?; printf '#! /usr/bin/env -S sh -e\nfalse\necho no\n' >envs; chmod +x envs; ./envs
echo $?; printf '#!./args\n' >nested; chmod +x nested; ./nested z; ln -s plain sl; ./sl; PATH=. plain
(PATH=/none; ls) 2>/dev/null; echo $?; sh ./noexec; echo $?; sh none 2>/dev/null; echo $?
head -c 100 /bin/ls >trunc; chmod +x trunc; ./trunc 2>/dev/null; echo $?
printf '#!%s\n' "/bin/$(printf 'x%.0s' $(seq 300))" >longi; chmod +x longi; ./longi 2>/dev/null; echo $?
cp /bin/sleep busy; ./busy 0.5 & sleep 0.2; echo x >busy 2>/dev/null || echo ETXTBSY; wait
chmod u=rwx,go= plain; setpriv --reuid 1000 --clear-groups --regid 1000 ./plain 2>/dev/null; echo $?
