#!/bin/sh
# mawk: fields, arrays, functions, getline, printf, regular expressions, pipes and redirections inside.
printf 'a 1 x\nb 2 y\na 3 z\n' >f; awk '{print $2,$NF,NR,NF}' f; awk '$1=="a"{s+=$2} END{print s}' f
awk -F'[: ]' -v OFS=- '{$1=$1; print}' f; awk '/b/,/z/' f; awk 'NR==2{next}{print}' f
awk '{c[$1]++} END{for(k in c) print k,c[k]}' f | sort
awk 'BEGIN{printf "%5.2f|%-5s|%05d|%x|%c|%e\n",3.14159,"ab",42,255,65,12345}' 
awk 'BEGIN{print length("hello"),substr("hello",2,3),index("hello","l"),toupper("abc"),split("a:b:c",x,":"),x[3]}'
awk 'BEGIN{s="aaa"; n=gsub(/a/,"b&",s); print n,s; sub(/b/,"X",s); print s; print match("foobar",/o+/),RSTART,RLENGTH}'
awk 'function f(n){return n<2?n:f(n-1)+f(n-2)} BEGIN{print f(18)}'
awk 'BEGIN{while(("seq 3"|getline l)>0) print "got",l; close("seq 3"); "echo cmd"|getline; print; while((getline l<"f")>0) n++; print n}'
awk '{print $1 >"out." $1} END{close("out.a"); while((getline l<"out.a")>0) print "o",l}' f
awk 'BEGIN{print "c\nb\na"|"sort"; close("sort"); print "after"; r=system("exit 3"); print r; exit 4}'
echo $?
awk 'BEGIN{x["a",1]=2; for(k in x){split(k,p,SUBSEP);print p[1],p[2]} delete x["a",1]; print length(x); if(!("q" in x)) print "no"; i=5; do{i--}while(i>2); print i, 2^10, 7%3, -7%3, 1e3, "3x"+1, 1==1.0, "a"<"b", !0; print substr("x",0,5) "" 1/4}'
awk -f /dev/stdin f <<'E'
BEGIN { FS = " "; RS = "\n" }
{ line[NR] = $0 }
END { for (i = NR; i > 0; i--) print line[i] }
E
printf 'p1 l1\np1 l2\n\np2\n' | awk -v RS= '{print NR": "$1" "NF}'
awk 'BEGIN{print ARGC, ARGV[1]; print ENVIRON["TZ"]}' arg
awk 'BEGIN{srand(1); a=rand(); srand(1); print (a==rand()), int(-3.7), sqrt(16), exp(0), log(1), sin(0), atan2(0,-1)}'
seq 100000 | awk '{s+=$1*$1} END{printf "%d %.0f\n", NR, s}'; awk 'BEGIN{printf "no newline"}'; echo
awk 'BEGIN{getline x <"/none"; print "still"; print "e" >"/dev/stderr"}' 2>&1
seq 10 | awk 'NR%2{printf "%s ",$0}END{print ""}'; echo 'a,b;c' | awk '{n=split($0,q,/[,;]/); print n, q[2]}'
