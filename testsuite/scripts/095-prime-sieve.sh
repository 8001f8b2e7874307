#!/bin/bash
# Arithmetic and arrays at length: primes, Fibonacci, collatz, sorting, hanoi.
n=2000; declare -a c; for ((i=2; i*i<=n; i++))
do [[ ${c[i]} ]] || for ((j=i*i; j<=n; j+=i)); do c[j]=1; done; done; for ((i=2; i<=n; i++))
do [[ ${c[i]} ]] || p+=($i); done
echo ${#p[@]} ${p[-1]}; a=0 b=1; for i in {1..90}; do ((t=a+b, a=b, b=t)); done; echo $a; m=0
for ((s=1; s<300; s++)); do x=$s l=0; while ((x!=1)); do ((x = x%2 ? 3*x+1 : x/2, l++)); done; ((l>m)) && m=$l w=$s; done
echo $w $m; v=(); r=12345
for i in {1..60}; do ((r=(r*1103515245+12345)%2147483648)); v+=($((r%1000))); done
for ((i=0; i<60; i++)); do for ((j=0; j<59-i; j++)); do ((v[j]>v[j+1])) && { t=${v[j]}; v[j]=${v[j+1]}; v[j+1]=$t; }; done; done
echo ${v[@]}; moves=0
hanoi() { (($1==0)) && return; hanoi $(($1-1)) $2 $4 $3; ((moves++)); hanoi $(($1-1)) $4 $3 $2; }
hanoi 9 a b c; echo $moves; g() { local a=$1 b=$2; while ((b)); do ((t=a%b, a=b, b=t)); done; echo $a; }
g 1071 462; echo $(( (1<<31)*3 )) $(( -5 >> 1 )) $(( 5 % -3 ))
