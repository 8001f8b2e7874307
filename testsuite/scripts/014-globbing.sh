#!/bin/sh
# Patterns, hidden files, no match, directories, escapes, quoted patterns.
mkdir -p d/sub .hid; touch a1 a2 b1 .dot 'sp ace' d/x d/y d/sub/z 'st*r' '[br]'
echo *; echo a*; echo ?1; echo [ab]1; echo [!a]1; echo .d*; echo */; echo d/*; echo */*/*; echo nomatch*
echo 'a*' "a*" a\*; x='a*'; echo $x "$x"
echo st\**; echo \[*; for f in *; do [ -f "$f" ] && echo "f:$f"; done
set -f; echo *; set +f; echo [[:alpha:]][[:digit:]]; echo [a-b][0-9]
cd d; echo ../*1; case a1 in a?) echo yes;; esac
