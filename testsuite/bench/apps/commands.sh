# What a shell does through others: programs, and their output in variables.
count=$1 i=0 sum=0
while [ "$i" -lt "$count" ]; do
    /bin/true || exit 1
    word=$(/bin/echo "$i")
    sum=$((sum * 3 % 10007 + word))
    i=$((i + 1))
done
echo "commands $sum"
