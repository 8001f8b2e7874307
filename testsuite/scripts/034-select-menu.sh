#!/bin/bash
# select from a list, reading answers from stdin.
select c in red green 'light blue'; do echo "[$c] $REPLY"; [ "$c" = green ] && break; done <<E 2>/dev/null
1
3
9
x
2
E
echo $c; PS3='? '; select x in a b; do echo $x; done 2>&1 <<<1
