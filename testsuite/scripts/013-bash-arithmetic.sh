#!/bin/bash
# let, (( )), increments, commas, powers, bases, C for loops.
((x=5, y=x**2)); echo $x $y
echo $((x++)) $x $((++x)) $x $((x--)) $((--x))
echo $((2#1011)) $((16#ff)) $((36#zz)) $((64#_))
((0)); echo $?; ((1)); echo $?
let 'a=3' 'b=a*a' c=a+b; echo $a $b $c
for ((i=0, j=10; i<j; i+=3, j-=2)); do echo $i $j; done
declare -i n; n=3+4; echo $n; n+=1; echo $n
arr=(1 2 3); echo $((arr[1]*arr[2]))
echo $((1<<62)) $((1<<63)) $((-1>>1))
if (( x > 3 && y % 5 == 0 )); then echo yes; fi
printf '%d %x %o %#x\n' 255 255 255 255
