# findutils, grep, sed, awk, diff, patch.
mkdir -p a/b; seq 1000 >a/x; seq 500 >a/b/y
find / -xdev -maxdepth 3 -name '*.conf' -type f -size -100k -mtime +0; find a -type f -exec wc -l {} +; find a -exec echo {} \;; find a -newer a/x; find a -delete -name zzz; find a -printf '%p %s %T@\n'; find a -execdir echo {} \;
mkdir -p a/b; seq 1000 >a/x; seq 500 >a/b/y; find a -type f | xargs -n1 -P2 wc -l; find a -print0 | xargs -0 ls; seq 3 | xargs -I{} echo {}; locate x
grep -rn 9 a; grep -c 1 a/x; grep -E '^(1|2)+$' a/x; grep -P '\d{3}' a/x; grep -q 5 a/x; zgrep 1 a/x; grep -f a/b/y a/x; grep --color=always 1 /bin/dash
sed -n 5p a/x; sed -i s/1/one/ a/x; sed -e '/2/d' -e 's/3/x/w out' a/x; sed -s -n '$p' a/x a/b/y
gawk '{s+=$1} END{print s}' a/b/y; gawk 'BEGIN{while(("seq 5"|getline l)>0)print l; "date"|getline; print strftime("%Y",0); system("true"); print 1|"cat"; close("cat"); printf "x" >"f"; fflush()}'; gawk 'BEGIN{c="sort"; print "b"|&c; print "a"|&c; close(c,"to"); while((c|&getline l)>0)print l}'; mawk '{s+=$1} END{print s}' a/b/y; mawk 'BEGIN{while(("seq 5"|getline l)>0)print l; system("true"); srand()}'
cp a/x a/z; echo q >>a/z; diff -u a/x a/z >p; patch a/x p; diff3 a/x a/z a/b/y; sdiff a/x a/z; cmp a/x a/z; diff -r a a/b
echo '2^100' | bc; column -t a/x; hexdump -C a/x; file a/x; less -F a/x; xxd a/x
