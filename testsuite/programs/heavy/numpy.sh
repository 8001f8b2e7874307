#!/bin/sh
# numpy's own test suite from its wheel: linear algebra, transforms and random numbers.
export PYTHONPATH=/opt/numpy OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 HYPOTHESIS_STORAGE_DIRECTORY=$PWD/h
python3 -c 'import numpy; print(numpy.__version__); a = numpy.arange(1e6); print(a.sum(), numpy.sqrt(a).sum(), (a @ a))'
for part in linalg fft random; do
    python3 -m pytest -q -p no:cacheprovider --pyargs numpy.$part -m 'not slow' >log 2>&1; echo "$part $?"; grep -E '^(FAILED|ERROR)' log
    tail -1 log | sed -E 's/ in [0-9].*//; s/, [0-9]+ warnings?//; s/^=* ?//'
done
