# What a shell does by itself: arithmetic, case, parameter expansion, functions. No process is made.
step() { state=$(( (state * 1103 + $1 + ${#2}) % 99991 )); }
count=$1 i=0 state=7 name=one/two/three.tar.gz
while [ "$i" -lt "$count" ]; do
    case $state in
        *[05]) part=${name##*/} ;;
        *[27]) part=${name%%/*} ;;
        *) part=${name%.gz} ;;
    esac
    step "$i" "$part"
    i=$((i + 1))
done
echo "loop $state"
