#!/bin/sh
# gawk: sorting arrays, strftime, regexp groups, FPAT, BEGINFILE, coprocesses, bignum, multi-dimensional arrays.
printf 'b 2\na 1\n' >f
gawk 'BEGIN{PROCINFO["sorted_in"]="@ind_str_asc"} {x[$1]=$2} END{for(k in x) print k,x[k]; n=asorti(x,y); print n,y[1]; m=asort(x,z); print z[1]}' f
gawk 'BEGIN{print strftime("%Y-%m-%d %H:%M:%S",86400,1), mktime("2000 01 01 00 00 00"); print gensub(/(a)(b)/,"\\2\\1","g","abab"); match("k=v",/(.)=(.)/,m); print m[1],m[2]; print toupper("x") tolower("Y"), and(12,10), or(12,10), xor(12,10), lshift(1,4), strtonum("0x1f")}'
gawk 'BEGIN{FPAT="([^,]+)|(\"[^\"]+\")"} {print NF": "$2}' <<E
a,"b,c",d
E
gawk 'BEGIN{c="tr a-z A-Z"; print "hello"|&c; close(c,"to"); c|&getline l; print l; close(c)}'
gawk 'BEGINFILE{print "begin",FILENAME} ENDFILE{print "end",FNR}' f f; gawk -M 'BEGIN{print 2^100}'
gawk 'BEGIN{a[1][2]=3; a[1]["x"]=4; for(i in a) for(j in a[i]) n+=a[i][j]; print n, isarray(a[1]), typeof(1)}'
gawk '@include "/dev/null"; BEGIN{switch("b"){case /a/: print 1; break; case "b": print 2; default: print 3}}' 2>&1 | tail -2
gawk -F, -v OFS=\; '{$1=$1}1' <<E
1,2,3
E
gawk 'BEGIN{printf "%s %d %c %i\n","é",3.9,"x",1e3; print length("äb"); print substr("hello",0), -0, 1e6, 1e300*1e300, log(-1)}' 2>/dev/null
gawk 'BEGIN{RS="[0-9]"} {printf "%s|",$0} END{print ""}' <<E
a1b2c
E
gawk --csv 1 </dev/null 2>/dev/null; echo $?
gawk 'BEGIN { "date -u -d @0 +%Y" | getline y; print y; exit !y }'; gawk -i inplace '{print $1}' f; cat f
gawk 'BEGIN{print systime()>1e9; print PROCINFO["version"]!=""; printf "" | "cat 1>&2"; system("")}'
