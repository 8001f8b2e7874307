#!/bin/bash
# diff, paste, tee, and loops over <( ) and >( ).
diff <(seq 3) <(seq 2 4); paste <(seq 3) <(seq 4 6) <(printf '%s\n' a b c)
comm -12 <(printf '%s\n' a b c) <(printf '%s\n' b c d); cat <(echo 1) <(echo 2) <(cat <(echo 3))
seq 10 | tee >(wc -l >n) >(tail -1 >l) >/dev/null; sleep 0.3; cat n l; n=0; while read x
do ((n+=x)); done < <(seq 100); echo $n; [[ -p <(:) ]] && echo pipe; echo <(:) | sed 's/[0-9]*$//'
join <(printf '%s\n' 'a 1' 'b 2') <(printf '%s\n' 'a x' 'b y')
sort -m <(seq 1 2 9) <(seq 2 2 10) | tr '\n' ' '; echo; f() { cat "$1" "$2"; }; f <(echo f1) <(echo f2)
wc -l < <(seq 1000) ; exec 3< <(echo held); read -u 3 v; echo $v; exec 3<&-
