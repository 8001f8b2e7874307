#!/bin/bash
# Long options by hand and with util-linux getopt, defaults, arrays of arguments, usage errors.
parse() { local v=0 out= args=(); while (($#)); do case $1 in -v|--verbose) ((v++));; -o|--out) out=$2; shift;; --out=*) out=${1#*=};; --) shift; args+=("$@"); break;; -?*) echo "bad $1"; return 2;; *) args+=("$1");; esac; shift; done; echo "$v [$out] ${#args[@]}: ${args[*]}"; }
parse -v a --out x b; parse --out=y -- -v; parse -z; echo $?; parse; parse 'a b' -v -v 'c d'
o=$(getopt -o ab:c:: -l alpha,beta:,gamma:: -n prog -- -a -b 1 --beta=2 -cx --gamma file 'sp ace')
echo "$o"; eval set -- "$o"; echo $#; getopt -o a -- -q 2>/dev/null; echo $?; getopt -T; echo $?
f() { echo "${1:?need}" 2>/dev/null; }; (f) 2>/dev/null; echo $?; printf '%s\n' "${@:2:3}"
set -- "${@/#/p}"; echo $1; a=("$@"); unset 'a[0]'
echo ${#a[@]}; while getopts 'x:-:' c -x 1 --long=3; do echo $c ${OPTARG}; done
