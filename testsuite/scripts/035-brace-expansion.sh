#!/bin/bash
# Lists, ranges, steps, nesting, zero padding, prefixes.
echo {a,b,c} x{1,2}y {1..5} {5..1} {a..e} {01..10} {1..10..3} {10..1..-4} {a,b}{1,2} {x,{y,z}} a{,b} {} {a} {a..c}{1..2}
echo "{a,b}" \{a,b} {a\,b,c}; mkdir -p t/{a,b}/{1,2}; find t -type d | sort; echo {1..3}{,x}; n=3
echo {1..$n}
echo {z..w} {-2..2} {0001..3} | tr ' ' ,; set +B; echo {a,b}
