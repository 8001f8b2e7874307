#!/bin/sh
# Lua, static and dynamic, runs the same script with the same result.
cat >s.lua <<'E'
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print(_VERSION, fib(20), 7 // 2, -7 // 2, 7 % -3, 2 ^ 53, 1 / 3, 10 // 0.3, math.maxinteger + 1 == math.mininteger, 0x7fffffffffffffff, 1e100, math.pi)
local t = {}; for i = 1, 1000 do t[i] = (i * 7919) % 1009 end; table.sort(t); print(t[1], t[500], t[1000], #t)
print(string.format("%5d|%-5s|%05.1f|%x|%q|%g", 42, "ab", 3.14159, 255, "q\n", 0.1), ("hello world"):gsub("o", "0"), ("key=val"):match("(%w+)=(%w+)"))
for w in ("one two three"):gmatch("%a+") do io.write(w:upper(), ";") end print()
local mt = setmetatable({}, { __index = function(_, k) return k .. "!" end, __call = function(_, a) return a * 2 end, __add = function() return "added" end, __tostring = function() return "obj" end, __close = function() print("closed") end })
print(mt.foo, mt(21), mt + 1, tostring(mt)); do local c <close> = mt end
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end); print(co(), co(), co())
print(pcall(error, { code = 5 }), select("#", pcall(error)), (select(2, pcall(function() local x = nil; return x.y end)))); print(utf8.char(228, 8364), utf8.len("äö"), #"äö")
local f = assert(io.open("data", "w")); for i = 1, 100 do f:write(i, " ", i * i, "\n") end f:close(); local s = 0; for l in io.lines("data") do s = s + tonumber(l:match("%d+$")) end print(s)
local p = io.popen("echo from shell; exit 3"); print(p:read("a"), p:close()); print(os.execute("exit 4")); print(os.getenv("TZ"), os.date("!%Y-%m-%d", 0), os.time({ year = 2000, month = 1, day = 1, hour = 0 })); print(os.rename("data", "moved"), os.remove("moved"), os.remove("none"))
local parts = {}; for i = 1, 10000 do parts[#parts + 1] = tostring(i) end; print(#table.concat(parts), collectgarbage("count") > 0, string.rep("ab", 3, "-"), string.pack(">I4d", 7, 1.5):byte(1, -1)); print(math.type(3), math.type(3.0), 3 | 4, ~0, 1 << 62, "10" + 5, 10 .. 20)
local g <const> = 5; goto done; print("skipped") ::done:: print(load("return 1 + 1")(), #arg, arg[1]); io.stderr:write(""); os.exit(tonumber(arg[2]))
E
lua s.lua x 7 >a; echo $?; cat a; lua-dyn s.lua x 7 >b; echo $?; cmp a b && echo same
echo 'print(io.read("n") * 2)' >r.lua; echo 21 | lua-dyn r.lua; lua -e 'error("boom")' 2>&1 | head -1
lua none.lua 2>/dev/null; echo $?
seq 1000 | lua -e 'local s = 0 for l in io.lines() do s = s + l end print(s)'
lua -e 'local function r(n) return n == 0 and 0 or 1 + r(n - 1) end print(r(10000), pcall(function() local function f() return 1 + f() end return f() end))' | cut -c1-40
ldd /bin/lua-dyn 2>/dev/null; lua-dyn -e 'for i = 1, 20 do os.execute("true") end print(os.clock() >= 0)'
