#!/bin/bash
# redis: server on TCP and a UNIX socket, data types, transactions, scripts, pub/sub, expiry, persistence, a restart.
redis-server --port 7777 --bind 127.0.0.1 --unixsocket /tmp/r.sock --dir "$PWD" --appendonly yes --appendfsync everysec --save '' --daemonize no >log &
server=$!
t() { redis-cli -p 7777 "$@"; }; u() { redis-cli -s /tmp/r.sock "$@"; }; for i in $(seq 100)
do u ping >/dev/null 2>&1 && break; sleep 0.1; done; t ping; t set k v; t get k; t incr n; u incrby n 41
t append k alue; u strlen k; t mset a 1 b 2 c 3; t mget a b c none; t rpush l x y z; t lrange l 0 -1
u lpop l; t sadd s 1 2 3 2; t scard s; t zadd z 3 three 1 one 2 two; t zrange z 0 -1 withscores
t hset h f1 v1 f2 v2; t hgetall h; t type z; t exists k none; t del a b; t expire c 100
t ttl c | grep -c '^\(100\|99\)$'; t set tmp x px 80; sleep 0.3; t get tmp
t eval 'local s=0; for i=1,100 do s=s+i end; redis.call("set","lua",s); return {s, redis.call("get",KEYS[1])}' 1 k
printf 'multi\nset m1 1\nincr m1\nexec\n' | t; printf 'watch k\nmulti\ndiscard\n' | t; t pfadd hll a b c
t pfcount hll; t setbit bits 7 1; t bitcount bits; t xadd st '1-1' f v; t xlen st
t geoadd g 13.36 38.11 P 15.08 37.5 C; t geodist g P C km; t get l 2>&1; t nonsense 2>&1 | cut -c1-19
(timeout 2 redis-cli -p 7777 subscribe ch | head -6 >sub) & for i in $(seq 60)
do [ "$(t publish ch hello)" = 1 ] && break; sleep 0.1; done; wait $!; cat sub; (t blpop queue 5 >bl) &
sleep 0.4; t rpush queue item; wait $!; cat bl; for i in $(seq 500)
do echo "set key:$i $i"; done | u | sort | uniq -c; t dbsize
redis-cli -p 7777 --pipe < <(for i in $(seq 300); do printf '*3\r\n$3\r\nSET\r\n$%d\r\np:%d\r\n$1\r\nx\r\n' $((2 + ${#i})) $i; done) | tail -1
t info server | grep -c redis_version; t config get maxmemory-policy; t object encoding n
t scan 0 match 'hl*' count 10000 | tail -1; t randomkey | wc -l; t client setname me; t bgsave
for i in $(seq 50); do [ "$(t info persistence | tr -d '\r' | grep ^rdb_bgsave_in_progress)" = rdb_bgsave_in_progress:0 ] && break; sleep 0.1; done
ls dump.rdb; redis-check-rdb dump.rdb | tail -1 | cut -c1-20
redis-benchmark -p 7777 -n 500 -c 10 -q -t set,get,lpush 2>/dev/null | tr '\r' '\n' | grep -c 'requests per second'
t shutdown; wait $server; echo $?
redis-server --port 7777 --bind 127.0.0.1 --unixsocket /tmp/r.sock --dir "$PWD" --appendonly yes --save '' >log2 &
for i in $(seq 100); do u ping >/dev/null 2>&1 && break; sleep 0.1; done; t get k; t get key:500
t lrange l 0 -1; kill -TERM $!; wait $!; echo $?; t ping 2>&1 | cut -c1-18; grep -c 'Ready to accept' log log2
