#!/bin/sh
# LuaJIT compiles what is hot to machine code of its own, and patches it when a guard fails too often.
cat >bench.lua <<'LUA'
local bit = require "bit"
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print("fib", fib(24))

local sieve, count = {}, 0
for i = 2, 60000 do sieve[i] = true end
for i = 2, 60000 do
  if sieve[i] then
    count = count + 1
    for k = i * i, 60000, i do sieve[k] = false end
  end
end
print("primes", count)

-- Guards that fail: the type of what is added changes in the middle.
local sum = 0
for i = 1, 100000 do
  local v = i % 1000 == 0 and "7" or i
  if i > 50000 then v = v + 0.25 end
  sum = sum + v
end
print("sum", sum)

local h = 0x12345678
for i = 1, 200000 do h = bit.bxor(bit.rol(h, 5), i) + bit.rshift(h, 3) end
print("hash", bit.tohex(h))

local words = {}
for i = 1, 20000 do words[#words + 1] = string.format("%d:%s", i, ("x"):rep(i % 7)) end
print("words", #table.concat(words, ","))

local x, y, vx, vy = 1, 0, 0, 1
for _ = 1, 100000 do
  local r3 = (x * x + y * y) ^ 1.5
  vx, vy = vx - x / r3 * 1e-3, vy - y / r3 * 1e-3
  x, y = x + vx * 1e-3, y + vy * 1e-3
end
print("orbit", ("%.9f %.9f"):format(x, y))

local squares = coroutine.wrap(function() for i = 1, 3000 do coroutine.yield(i * i) end end)
local total = 0
for i = 1, 3000 do total = total + squares() end
print("coroutines", total)

local ok, err = pcall(function() local t for i = 1, 1000 do if i == 900 then t = t.x end end end)
print("error", ok, (err:gsub("^.-:%d+: ", "")))

local ffi = require "ffi"
local cells = ffi.new("uint32_t[1024]")
for round = 1, 200 do
  for i = 0, 1023 do cells[i] = cells[i] * 1664525 + 1013904223 + i end
end
print("cells", cells[0], cells[1023])

local keys = {}
for i = 1, 50000 do local k = "k" .. i % 977; keys[k] = (keys[k] or 0) + i end
local top = 0
for _, v in pairs(keys) do if v > top then top = v end end
print("table", top)
LUA
luajit bench.lua
luajit -joff bench.lua | cksum
luajit -Ohotloop=2 -Ohotexit=2 bench.lua | cksum
