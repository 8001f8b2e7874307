# A server and its load generator over loopback; the argument is the number of requests a test.
requests=$1 port=$((21000 + $$ % 9000)) work=$(mktemp -d)
redis-server --port "$port" --save '' --appendonly no --dir "$work" >/dev/null 2>&1 &
server=$!
tries=0
until redis-cli -p "$port" ping >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 500 ] || { echo "redis: the server does not answer"; exit 1; }
    sleep 0.05
done
redis-benchmark -p "$port" -n "$requests" -c 16 -t set,get,lpush -q >/dev/null 2>&1 || echo "redis: failed"
redis-benchmark -p "$port" -n "$requests" -c 16 -P 16 -t set,get -q >/dev/null 2>&1 || echo "redis: failed in pipelines"
echo "redis $(redis-cli -p "$port" llen mylist)"
redis-cli -p "$port" shutdown nosave >/dev/null 2>&1
wait "$server"
rm -rf "$work"
