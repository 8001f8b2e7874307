#!/bin/sh
# numpy's own test suite from its wheel: its core.
export PYTHONPATH=/opt/numpy OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 HYPOTHESIS_STORAGE_DIRECTORY=$PWD/h
python3 -m pytest -q -p no:cacheprovider --pyargs numpy._core -m 'not slow' >log 2>&1; echo $?; grep -E '^(FAILED|ERROR)' log
tail -1 log | sed -E 's/ in [0-9].*//; s/, [0-9]+ warnings?//; s/^=* ?//'
