#!/bin/sh
# Flags with and without values, clusters, --, unknown ones, silent mode.
parse() { OPTIND=1; while getopts ab:c o; do case $o in a) echo a;; b) echo "b=$OPTARG";; c) echo c;; ?) echo bad;; esac; done 2>/dev/null; shift $((OPTIND-1)); echo "rest: $*"; }
parse -a -b val -c x y; parse -acb v z; parse -bval -- -a; parse -z; parse -b; parse
silent() { OPTIND=1; while getopts :x:y o; do case $o in x) echo "x=$OPTARG";; y) echo y;; :) echo "missing $OPTARG";; \?) echo "unknown $OPTARG";; esac; done; }
silent -x; silent -q -y; silent -yx 1
