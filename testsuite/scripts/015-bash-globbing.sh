#!/bin/bash
# extglob, globstar, nullglob, dotglob, failglob, nocaseglob.
mkdir -p a/b/c; touch a/1.txt a/b/2.txt a/b/c/3.log x.c x.h X.C .h1
shopt -s globstar; echo **/*.txt; echo **; shopt -u globstar
shopt -s nullglob; echo none* end; shopt -u nullglob
shopt -s extglob
echo !(*.c); echo *.@(c|h); echo +(x|X).*; echo ?(x).c; echo *([a-z]).h
shopt -s dotglob; echo *; shopt -u dotglob
shopt -s nocaseglob; echo x.*; shopt -u nocaseglob
(shopt -s failglob; echo zz*; echo no) 2>/dev/null; echo $?
GLOBIGNORE='*.c'; echo *
