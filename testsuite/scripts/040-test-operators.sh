#!/bin/sh
# test and [ with files, strings, numbers and combinations.
touch f e; echo x >f; mkdir d; ln -s f l; ln -s none dang; mkfifo p; chmod 644 f; touch -d @0 old
for o in -e -f -d -L -h -s -r -w -x -p -S -b -c -u -g -k
do for t in f e d l dang p none; do [ $o $t ] && printf '%s%s ' $o $t; done; done; echo
[ f -nt old ] && echo nt; [ old -ot f ] && echo ot; ln f hard; [ f -ef hard ] && echo ef
[ f -ef e ] || echo not ef
[ a = a ] && [ a != b ] && [ -n x ] && [ -z '' ] && [ x ] && ! [ '' ] && ! [ ] && echo strings
[ 3 -lt 10 ] && [ 3 -ne 4 ] && [ 3 -le 3 ] && [ 4 -ge 3 ] && [ 4 -gt 3 ] && [ 3 -eq 03 ] && echo numbers
[ a = a -a b = b ] && echo and; [ a = b -o b = b ] && echo or; [ ! a = b ] && echo not
[ \( a = a \) ] && echo paren; test -t 0 || echo no tty; [ abc \< abd ] && echo less
[ -c /dev/null ] && echo chr
[ 1 -eq x ] 2>/dev/null; echo $?; [ -d / -a -x /bin/sh ]; echo $?; chmod u+s,g+s,+t f
[ -u f ] && [ -g f ] && [ -k f ] && echo bits
