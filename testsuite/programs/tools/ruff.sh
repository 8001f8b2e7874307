#!/bin/sh
# ruff (Rust): checks, fixes and formats two libraries with a pool of threads; rules, errors, standard input, its cache.
ruff --version; cp -r /srv/py py; cd py
ruff check --no-cache requests click | tail -2; ruff check --no-cache --select E,F,I --statistics . | head -5
ruff check --select ALL --output-format concise . 2>/dev/null | sort | md5sum; ls -d .ruff_cache; ruff check --select ALL . 2>/dev/null | tail -1
ruff format --check . | tail -1; ruff format . ; find . -name '*.py' | sort | xargs cat | md5sum
ruff check --select UP,I --fix . | tail -1; find . -name '*.py' | sort | xargs cat | md5sum
echo 'x=1;  y = "a"
def f( a,b ):return {  "k":a }' | ruff format -; printf 'import os\ndef f(:\n' | ruff check - ; echo $?
ruff rule F401 | head -3; ruff check /none; echo $?; RAYON_NUM_THREADS=8 ruff check --no-cache --select ALL --output-format json . 2>/dev/null | md5sum
ruff analyze graph click | head -3; ruff config line-length | head -2
