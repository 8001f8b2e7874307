;; 234 instructions of wasm for 4 of the guest
(module
  (type (;0;) (func (param i32 i32 i32) (result i32)))
  (type (;1;) (func (param i32 i32) (result i32)))
  (import "env" "memory" (memory (;0;) 1))
  (import "env" "table" (table (;0;) 200 funcref))
  (import "env" "step" (func (;0;) (type 1)))
  (export "100" (func $guest_400000))
  (elem (;0;) (table 0) (i32.const 100) func $guest_400000)
  (func (;1;) (type 0) (param i32 i32 i32) (result i32)
    (local i32 i64)
    local.get 1
    i32.load offset=28 align=1
    local.get 0
    i64.load offset=256 align=1
    local.tee 4
    i64.const 2
    i64.shr_u
    local.get 4
    i64.const 14
    i64.shr_u
    i64.xor
    i32.wrap_i64
    i32.const 16383
    i32.and
    i32.const 5
    i32.shl
    i32.add
    local.tee 3
    i64.load align=1
    local.get 4
    i64.ne
    local.get 3
    i32.load offset=16 align=1
    local.get 1
    i32.load offset=12 align=1
    i32.ne
    i32.or
    if ;; label = @1
      i32.const 0
      return
    end
    local.get 0
    local.get 3
    i64.load offset=8 align=1
    i64.store offset=136 align=1
    local.get 0
    local.get 1
    local.get 3
    i32.load offset=24 align=1
    local.get 3
    i32.load offset=20 align=1
    call_indirect (type 0)
  )
  (func $guest_400000 (;2;) (type 0) (param i32 i32 i32) (result i32)
    (local i32 i32 i32 i32 i32 i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i32 i64 i32 i64 i64 i64 i32 i32 i64 i64)
    local.get 1
    i32.load align=1
    local.set 3
    local.get 1
    i32.load offset=4 align=1
    local.set 4
    local.get 1
    i64.load32_u offset=8 align=1
    local.set 9
    local.get 1
    i64.load offset=16 align=1
    local.set 11
    local.get 1
    i32.load offset=24 align=1
    local.set 8
    local.get 0
    i64.load offset=136 align=1
    local.set 10
    block ;; label = @1
      block ;; label = @2
        local.get 8
        i64.extend_i32_s
        local.get 11
        i64.or
        i64.const 0
        i64.lt_s
        if ;; label = @3
          local.get 10
          i64.const 0
          i64.add
          local.set 12
          i32.const 0
          local.set 5
          br 2 (;@1;)
        end
        local.get 0
        i64.load offset=16 align=1
        local.set 16
        local.get 0
        i64.load offset=56 align=1
        local.set 18
        local.get 11
        i64.const 4
        i64.sub
        local.set 11
        local.get 16
        local.tee 19
        local.set 15
        local.get 18
        local.tee 19
        local.set 14
        local.get 0
        local.get 14
        i64.store align=1
        local.get 0
        local.get 15
        i64.store offset=8 align=1
        local.get 1
        local.get 11
        i64.store offset=16 align=1
        local.get 0
        local.get 10
        i64.const 6
        i64.add
        i64.store offset=256 align=1
        local.get 0
        local.get 1
        call 0
        local.tee 5
        i32.const -1
        i32.ne
        if ;; label = @3
          local.get 5
          return
        end
        local.get 1
        i32.load align=1
        local.set 3
        local.get 1
        i32.load offset=4 align=1
        local.set 4
        local.get 1
        i64.load32_u offset=8 align=1
        local.set 9
        local.get 1
        i64.load offset=16 align=1
        local.set 11
        local.get 0
        i64.load offset=32 align=1
        local.set 17
        block ;; label = @3
          block ;; label = @4
            local.get 17
            local.tee 19
            i64.const 12
            i64.shr_u
            local.tee 21
            local.get 9
            i64.ge_u
            if ;; label = @5
              br 1 (;@4;)
            end
            local.get 21
            i32.wrap_i64
            i32.const 2
            i32.shl
            local.get 3
            i32.add
            i32.load
            local.tee 22
            i32.const 3
            i32.and
            if ;; label = @5
              local.get 22
              i32.const 1
              i32.and
              local.get 19
              i32.wrap_i64
              i32.const 4095
              i32.and
              i32.const 4088
              i32.gt_u
              i32.or
              if ;; label = @6
                br 2 (;@4;)
              end
              local.get 22
              i32.const -4096
              i32.and
              local.set 22
            end
            local.get 19
            i32.wrap_i64
            local.get 22
            i32.add
            local.tee 20
            i64.load align=1
            local.tee 23
            i64.const 16
            i64.shl
            local.tee 24
            i64.const 16
            i64.shr_s
            local.tee 25
            local.get 23
            i64.eq
            local.tee 26
            i32.eqz
            local.tee 27
            if ;; label = @5
              br 1 (;@4;)
            end
            local.get 17
            local.tee 28
            i64.const 8
            i64.add
            local.tee 29
            local.set 17
            br 1 (;@3;)
          end
          i32.const 8
          local.set 7
          br 1 (;@2;)
        end
        local.get 0
        local.get 17
        i64.store offset=32 align=1
        local.get 1
        local.get 11
        i64.store offset=16 align=1
        local.get 0
        local.get 23
        i64.store offset=256 align=1
        i32.const 0
        return
        unreachable
      end
      local.get 10
      local.get 7
      i64.extend_i32_s
      i64.add
      local.set 12
      i32.const 2
      local.set 5
    end
    local.get 1
    local.get 11
    i64.store offset=16 align=1
    local.get 0
    local.get 12
    i64.store offset=256 align=1
    local.get 5
  )
)
