#!/bin/sh
# case with alternatives, classes, fall-back, quoting, variables as patterns.
t() { case $1 in a|b) echo ab;; [0-9]) echo digit;; [0-9]*) echo number;; *.txt) echo text;; '') echo empty;; "*") echo star;; ?) echo one;; *) echo other;; esac; }
for w in a b 5 55 x.txt '' '*' z long; do t "$w"; done
p='x*'; case xyz in $p) echo match;; esac; case xyz in "$p") echo no;; *) echo literal;; esac
case a in (a) echo paren;; esac; case x in esac; echo $?
case abc in *b*) echo has b;; esac; case 'a b' in 'a b') echo space;; esac
case $(echo sub) in sub) echo command;; esac; case ab in [[:lower:]]?) echo class;; esac
case ] in []]) echo bracket;; esac; case - in [a-]) echo dash;; esac
