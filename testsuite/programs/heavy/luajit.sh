#!/bin/sh
# luajit: traces it compiles at run time, guards that fail, side traces, FFI and callbacks from C, with and without its compiler.
cat >t.lua <<'E'
local ffi = require "ffi"; local bit = require "bit"
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print(fib(27))
local s = 0; for i = 1, 3e6 do s = bit.bxor(bit.rol(s, 5), i) end; print(s)
local t = {}; for i = 1, 200000 do t[i] = (i * 7919) % 100003 end; table.sort(t); print(t[1], t[100000], t[200000])
local x = 0.0; for i = 1, 2e6 do x = x + math.sin(i) * math.sqrt(i) / (i % 7 + 1) end; print(string.format("%.6f", x))
local words = {}; for i = 1, 50000 do local w = ("%x"):format(i * 2654435761 % 4096); words[w] = (words[w] or 0) + 1 end
local n, most = 0, 0; for _, c in pairs(words) do n = n + 1; most = math.max(most, c) end; print(n, most)
ffi.cdef "typedef struct { double x, y; int32_t k; } p; int qsort(void *, size_t, size_t, int (*)(const void *, const void *)); int snprintf(char *, size_t, const char *, ...);"
local a = ffi.new("p[?]", 1000); for i = 0, 999 do a[i].x = i * 0.5; a[i].y = -i; a[i].k = (i * 37) % 1000 end
local sum = 0; for r = 1, 300 do for i = 0, 999 do sum = sum + a[i].x * a[i].y + a[i].k end end; print(sum)
local v = ffi.new("int32_t[100]"); for i = 0, 99 do v[i] = (i * 61) % 100 end
ffi.C.qsort(v, 100, 4, function(p, q) p, q = ffi.cast("const int32_t *", p)[0], ffi.cast("const int32_t *", q)[0]; return p < q and -1 or p > q and 1 or 0 end)
local good = true; for i = 0, 99 do good = good and v[i] == i end; print(good)
local co = coroutine.wrap(function() for i = 1, 1e5 do coroutine.yield(i) end end); local c = 0; for i = 1, 1e5 do c = c + co() end; print(c)
print(pcall(function() local z = nil; for i = 1, 1e4 do if i == 9000 then return z.x end end end))
local u = 0ULL; for i = 1, 1000000 do u = u * 6364136223846793005ULL + 1442695040888963407ULL end; print(u)
local str = {}; for i = 1, 20000 do str[#str + 1] = tostring(i):rep(2) end; str = table.concat(str); print(#str, select(2, str:gsub("99", "")))
E
luajit -v | cut -d' ' -f1; luajit t.lua; luajit -joff t.lua | md5sum; luajit t.lua | md5sum; luajit -O3 -Ohotloop=2 t.lua | md5sum; luajit -O0 t.lua | md5sum
