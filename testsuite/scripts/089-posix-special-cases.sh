#!/bin/sh
# Reserved words as arguments, comments, line continuation, empty commands, semicolons, here and there.
echo if then else fi do done case esac # a comment
echo a#b '#c' \#d; echo con\
tinued; if :; then echo i; elif :; then echo e; else echo l; fi
if false; then :; elif true; then echo elif; fi
{ echo brace; }; { :; } && ! { false; } && echo ok; case x in x) ;; esac; echo $?
for do in 1; do echo $do; done; : ${a:=1} ; echo $a; true && false || echo or; false && true || echo or2
true || echo no && echo and; x=1 y=2; echo $x$y; x=3 true; echo $x; x=4 :; echo $x; x=5 eval 'echo $x'
a=1 b=$a; echo $b; (echo a; echo b) | (read x; echo "x=$x"; cat); >made; ls made; echo done>made; cat made
2>&1 echo pre; </dev/null cat; sh -c ''; echo $?; sh -c '# only'; echo $?; sh -c 'if' 2>/dev/null; echo $?
sh -c 'echo "unterminated' 2>/dev/null; echo $?; eval; echo $?; sh </dev/null; echo $?
echo 'echo in; exit 5' | sh; echo $?; f() (echo sub; exit 3); f; echo $?; f() { return 256; }; f; echo $?
while false; do :; done; echo $?; until :; do :; done; echo $?; sh -c 'exit' ; echo $?; false
sh -c "exit $?"; echo $?; $(echo echo dynamic) cmd; e=; $e; echo $?; '' 2>/dev/null; echo $?
