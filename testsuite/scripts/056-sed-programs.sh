#!/bin/sh
# Addresses, substitution flags, hold space, branching, in-place, multiple files, several classic one-liners.
seq 5 >f; sed -n '2p;$p' f; sed '2,4d' f; sed '/3/,$d' f; sed '1~2d' f; sed '0,/1/d' f; sed '2!d' f
sed 's/[0-9]/<&>/' f | head -1; echo aaa | sed 's/a/b/2'; echo aaa | sed 's/a/b/2g'
echo 'a.b' | sed 's/\(.\)\.\(.\)/\2.\1/'; echo abc | sed -E 's/(a)(b)?/\2\1/'
echo Hello | sed 's/.*/\L&/;s/./\U&/'; echo x | sed 's/x/a\nb/'; echo path | sed 's|p|/|'
sed -n '$=' f; sed G f | wc -l; sed -n '1!G;h;$p' f; sed '$!N;s/\n/ /' f; sed 'N;P;D' f
sed = f | sed 'N;s/\n/:/'; sed 's/^/  /;1i\top' f | head -2; sed -e '2a\' -e 'after' f | head -4
sed '3c\changed' f; sed 'y/12/ab/' f | head -2; sed -e ':a;s/^.\{1,5\}$/ &/;ta' f | head -1
sed '/2/w out' f >/dev/null; cat out; sed '2q' f; sed -n '/2/{=;p}' f; sed '2r out' f | head -3
sed '4q7' f >/dev/null; echo $?
cp f g; sed -i.bak 's/1/one/' g; cat g g.bak | head -1; sed -s -n 1p f g; sed -n l <<E
tab	back\\ é
E
printf 'a\nb\n\nc\n' | sed '/^$/d;s/^/> /'; echo 'foo bar' | sed 's/\(foo\) \(bar\)/\2 \1/'
echo 1234567 | sed ':a;s/\B[0-9]\{3\}\>/,&/;ta'; printf 'x=1\ny=2\n' | sed -n 's/^y=//p'
echo hello | sed 's/\(.\)/\1\1/g;s/ll/L/2'; sed -z 's/\n/,/g' f; echo; echo 'e' | sed 's/e/echo executed/e'
sed -u 1q f; sed --debug -n 1p f | tail -1; sed 's/a/b' 2>/dev/null </dev/null; echo $?
