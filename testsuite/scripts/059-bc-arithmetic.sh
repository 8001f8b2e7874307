#!/bin/sh
# bc and awk as calculators: big numbers, scale, bases, functions.
echo '2^200; scale=20; 1/3; sqrt(2); obase=16; 255; ibase=16; FF' | bc
echo 'define f(n){if(n<2)return 1;return n*f(n-1)}; f(30); for(i=0;i<3;i++)i; s=0; while(s<5)s+=2; s' | bc
echo 'scale=10; 4*a(1); s(0); e(1); l(2)' | bc -l; echo '7%3; -7/2; 7^3%5; length(12345); 1==1; !0' | bc
echo 'x=5; x*=3; x; x++; x; "str
"' | bc; awk 'BEGIN{printf "%.15g %.17g %d\n", 0.1+0.2, 0.1, 2^53}'; printf '%s\n' '10 3 / p' | dc 2>/dev/null || echo no dc; factor 97 1001 18446744073709551557; numfmt --to=iec 1048576 1536; numfmt --from=si 2K; seq -s+ 10; seq -s+ 10 | bc; seq -f %03g 8 2 12; seq 1 .5 3; seq 5 -2 1; seq -w 9 11
