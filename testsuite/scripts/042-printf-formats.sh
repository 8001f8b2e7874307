#!/bin/sh
# printf: widths, precision, bases, floats, escapes, reuse of the format, %b, errors.
printf '%d %i %5d|%-5d|%05d|%+d|% d\n' 1 2 3 4 5 6 7; printf '%x %X %o %#x %#o %u\n' 255 255 8 255 8 42
printf '%s|%10s|%-10s|%.2s|%10.3s|\n' abc abc abc abc abc; printf '%c%c\n' hello x
printf '%f %.2f %e %g %10.3f|%-10.1f|\n' 3.14159 2.71828 12345.678 0.0001 1.5 2.25
printf '%s %s\n' a b c d e; printf 'a\tb\\n\101\x42\n'; printf '%b' 'x\ty\n'; printf '%%\n'
printf '%d\n' 0x1f 010 "'A"; printf '%*d|%-*d|\n' 5 1 5 2; printf '%s\n'; printf '%d\n' abc 2>/dev/null
echo $?
env printf '%.3f %s\n' 2.0005 env; env printf '%5.1f%%\n' 99.95; printf '%.0f %.0f %.0f\n' 0.5 1.5 2.5
printf '%.10g %a\n' 0.1 1.0; printf '%e\n' 1e308 1e-308 0
