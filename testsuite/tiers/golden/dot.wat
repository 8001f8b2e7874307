;; 826 instructions of wasm for 19 of the guest
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
    (local i32 i32 i32 i32 i32 i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 f64 i64 f64 i64 i32 i32 i32 i32 f64 i64 i64 i64 i64 i64 i32 i64 i64 i32 i32 f64 f64 f64 f64 i64 i64 i64)
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
        block ;; label = @3
          local.get 2
          i32.eqz
          if ;; label = @4
            local.get 8
            i64.extend_i32_s
            local.get 11
            i64.or
            i64.const 0
            i64.lt_s
            if ;; label = @5
              local.get 10
              i64.const 0
              i64.add
              local.set 12
              i32.const 0
              local.set 5
              br 4 (;@1;)
            end
            local.get 1
            i32.load offset=40 align=1
            i32.eqz
            if ;; label = @5
              i32.const 0
              local.set 7
              br 3 (;@2;)
            end
            local.get 0
            i64.load offset=16 align=1
            local.set 15
            local.get 0
            i64.load offset=32 align=1
            local.set 16
            local.get 0
            i64.load offset=48 align=1
            local.set 17
            local.get 0
            i64.load offset=56 align=1
            local.set 18
            local.get 0
            f64.load offset=320 align=1
            local.set 19
            local.get 0
            i64.load offset=328 align=1
            local.set 20
            local.get 11
            i64.const 2
            i64.sub
            local.set 11
            local.get 15
            i32.wrap_i64
            local.set 23
            local.get 15
            i32.wrap_i64
            local.set 24
            local.get 23
            local.get 24
            i32.and
            local.tee 25
            local.set 26
            i32.const 0
            local.get 26
            i32.lt_s
            local.tee 23
            i32.eqz
            local.tee 24
            if ;; label = @5
              local.get 11
              i64.const 3
              i64.sub
              local.set 11
              f64.const 0x0p+0 (;=0;)
              local.set 21
              i64.const 0
              local.set 22
              local.get 21
              local.set 27
              local.get 22
              local.set 28
              local.get 27
              local.set 19
              local.get 28
              local.set 20
              block ;; label = @6
                block ;; label = @7
                  local.get 16
                  local.tee 28
                  i64.const 12
                  i64.shr_u
                  local.tee 29
                  local.get 9
                  i64.ge_u
                  if ;; label = @8
                    br 1 (;@7;)
                  end
                  local.get 29
                  i32.wrap_i64
                  i32.const 2
                  i32.shl
                  local.get 3
                  i32.add
                  i32.load
                  local.tee 24
                  i32.const 3
                  i32.and
                  if ;; label = @8
                    local.get 24
                    i32.const 1
                    i32.and
                    local.get 28
                    i32.wrap_i64
                    i32.const 4095
                    i32.and
                    i32.const 4088
                    i32.gt_u
                    i32.or
                    if ;; label = @9
                      br 2 (;@7;)
                    end
                    local.get 24
                    i32.const -4096
                    i32.and
                    local.set 24
                  end
                  local.get 28
                  i32.wrap_i64
                  local.get 24
                  i32.add
                  local.tee 23
                  i64.load align=1
                  local.tee 30
                  i64.const 16
                  i64.shl
                  local.tee 31
                  i64.const 16
                  i64.shr_s
                  local.tee 32
                  local.get 30
                  i64.eq
                  local.tee 25
                  i32.eqz
                  local.set 33
                  local.get 0
                  local.get 26
                  i64.extend_i32_u
                  i64.store offset=264 align=1
                  local.get 0
                  i32.const 515
                  i32.store offset=288 align=1
                  local.get 33
                  if ;; label = @8
                    br 1 (;@7;)
                  end
                  local.get 16
                  local.tee 34
                  i64.const 8
                  i64.add
                  local.tee 35
                  local.set 16
                  br 1 (;@6;)
                end
                local.get 0
                local.get 26
                i64.extend_i32_u
                i64.store offset=264 align=1
                local.get 0
                i32.const 515
                i32.store offset=288 align=1
                local.get 0
                local.get 19
                f64.store offset=320 align=1
                local.get 0
                local.get 20
                i64.store offset=328 align=1
                local.get 0
                local.get 21
                f64.store offset=352 align=1
                local.get 0
                local.get 22
                i64.store offset=360 align=1
                i32.const 64
                local.set 7
                br 4 (;@2;)
              end
              local.get 0
              local.get 16
              i64.store offset=32 align=1
              local.get 0
              local.get 19
              f64.store offset=320 align=1
              local.get 0
              local.get 20
              i64.store offset=328 align=1
              local.get 0
              local.get 21
              f64.store offset=352 align=1
              local.get 0
              local.get 22
              i64.store offset=360 align=1
              local.get 1
              local.get 11
              i64.store offset=16 align=1
              local.get 0
              local.get 30
              i64.store offset=256 align=1
              i32.const 0
              return
            else
              local.get 11
              i64.const 5
              i64.sub
              local.set 11
              local.get 15
              i32.wrap_i64
              local.tee 23
              i64.extend_i32_s
              local.tee 28
              local.set 15
              i64.const 0
              local.set 14
              f64.const 0x0p+0 (;=0;)
              local.set 21
              i64.const 0
              local.set 22
              local.get 15
              local.tee 28
              i64.const 3
              i64.shl
              local.tee 29
              local.set 15
              br 2 (;@3;)
            end
          else
            block ;; label = @5
              local.get 2
              br_table 0 (;@5;) 0 (;@5;)
            end
            local.get 8
            i64.extend_i32_s
            local.get 11
            i64.or
            i64.const 0
            i64.lt_s
            if ;; label = @5
              local.get 10
              i64.const 24
              i64.add
              local.set 12
              i32.const 0
              local.set 5
              br 4 (;@1;)
            end
            local.get 1
            i32.load offset=40 align=1
            i32.eqz
            if ;; label = @5
              i32.const 24
              local.set 7
              br 3 (;@2;)
            end
            local.get 0
            i64.load align=1
            local.set 14
            local.get 0
            i64.load offset=16 align=1
            local.set 15
            local.get 0
            i64.load offset=32 align=1
            local.set 16
            local.get 0
            i64.load offset=48 align=1
            local.set 17
            local.get 0
            i64.load offset=56 align=1
            local.set 18
            local.get 0
            f64.load offset=320 align=1
            local.set 19
            local.get 0
            i64.load offset=328 align=1
            local.set 20
            local.get 0
            f64.load offset=352 align=1
            local.set 21
            local.get 0
            i64.load offset=360 align=1
            local.set 22
            br 1 (;@3;)
          end
        end
        loop ;; label = @3
          local.get 11
          i64.const 0
          i64.lt_s
          if ;; label = @4
            local.get 0
            local.get 14
            i64.store align=1
            local.get 0
            local.get 15
            i64.store offset=16 align=1
            local.get 0
            local.get 19
            f64.store offset=320 align=1
            local.get 0
            local.get 20
            i64.store offset=328 align=1
            local.get 0
            local.get 21
            f64.store offset=352 align=1
            local.get 0
            local.get 22
            i64.store offset=360 align=1
            local.get 10
            i64.const 24
            i64.add
            local.set 12
            i32.const 1
            local.set 5
            br 3 (;@1;)
          end
          local.get 11
          i64.const 6
          i64.sub
          local.set 11
          block ;; label = @4
            block ;; label = @5
              local.get 18
              local.set 28
              local.get 14
              local.set 29
              local.get 28
              local.get 29
              i64.add
              local.tee 30
              local.tee 31
              i64.const 12
              i64.shr_u
              local.tee 32
              local.get 9
              i64.ge_u
              if ;; label = @6
                br 1 (;@5;)
              end
              local.get 32
              i32.wrap_i64
              i32.const 2
              i32.shl
              local.get 3
              i32.add
              i32.load
              local.tee 23
              i32.const 3
              i32.and
              if ;; label = @6
                local.get 23
                i32.const 1
                i32.and
                local.get 31
                i32.wrap_i64
                i32.const 4095
                i32.and
                i32.const 4088
                i32.gt_u
                i32.or
                if ;; label = @7
                  br 2 (;@5;)
                end
                local.get 23
                i32.const -4096
                i32.and
                local.set 23
              end
              local.get 31
              i32.wrap_i64
              local.get 23
              i32.add
              local.tee 36
              f64.load align=1
              local.tee 27
              local.set 19
              i64.const 0
              local.set 20
              br 1 (;@4;)
            end
            local.get 0
            local.get 14
            i64.store align=1
            local.get 0
            local.get 15
            i64.store offset=16 align=1
            local.get 0
            local.get 19
            f64.store offset=320 align=1
            local.get 0
            local.get 20
            i64.store offset=328 align=1
            local.get 0
            local.get 21
            f64.store offset=352 align=1
            local.get 0
            local.get 22
            i64.store offset=360 align=1
            i32.const 24
            local.set 7
            br 2 (;@2;)
          end
          block ;; label = @4
            block ;; label = @5
              local.get 17
              local.set 28
              local.get 14
              local.set 29
              local.get 28
              local.get 29
              i64.add
              local.tee 30
              local.tee 31
              i64.const 12
              i64.shr_u
              local.tee 32
              local.get 9
              i64.ge_u
              if ;; label = @6
                br 1 (;@5;)
              end
              local.get 32
              i32.wrap_i64
              i32.const 2
              i32.shl
              local.get 3
              i32.add
              i32.load
              local.tee 23
              i32.const 3
              i32.and
              if ;; label = @6
                local.get 23
                i32.const 1
                i32.and
                local.get 31
                i32.wrap_i64
                i32.const 4095
                i32.and
                i32.const 4088
                i32.gt_u
                i32.or
                if ;; label = @7
                  br 2 (;@5;)
                end
                local.get 23
                i32.const -4096
                i32.and
                local.set 23
              end
              local.get 31
              i32.wrap_i64
              local.get 23
              i32.add
              local.tee 37
              f64.load align=1
              local.set 27
              local.get 19
              local.set 38
              local.get 20
              local.set 34
              local.get 38
              local.set 39
              local.get 27
              local.set 40
              local.get 39
              local.get 40
              f64.mul
              local.tee 41
              local.get 41
              f64.ne
              if ;; label = @6
                br 1 (;@5;)
              end
              local.get 41
              local.set 19
              local.get 34
              local.set 20
              br 1 (;@4;)
            end
            local.get 0
            local.get 14
            i64.store align=1
            local.get 0
            local.get 15
            i64.store offset=16 align=1
            local.get 0
            local.get 19
            f64.store offset=320 align=1
            local.get 0
            local.get 20
            i64.store offset=328 align=1
            local.get 0
            local.get 21
            f64.store offset=352 align=1
            local.get 0
            local.get 22
            i64.store offset=360 align=1
            i32.const 29
            local.set 7
            br 2 (;@2;)
          end
          local.get 14
          local.tee 28
          i64.const 8
          i64.add
          local.tee 29
          local.set 14
          block ;; label = @4
            block ;; label = @5
              local.get 19
              local.set 27
              local.get 20
              local.set 28
              local.get 21
              local.set 38
              local.get 22
              local.set 29
              local.get 38
              local.set 39
              local.get 27
              local.set 40
              local.get 39
              local.get 40
              f64.add
              local.tee 41
              local.get 41
              f64.ne
              if ;; label = @6
                br 1 (;@5;)
              end
              local.get 41
              local.set 21
              local.get 29
              local.set 22
              br 1 (;@4;)
            end
            local.get 0
            local.get 14
            i64.store align=1
            local.get 0
            local.get 15
            i64.store offset=16 align=1
            local.get 0
            local.get 19
            f64.store offset=320 align=1
            local.get 0
            local.get 20
            i64.store offset=328 align=1
            local.get 0
            local.get 21
            f64.store offset=352 align=1
            local.get 0
            local.get 22
            i64.store offset=360 align=1
            i32.const 38
            local.set 7
            br 2 (;@2;)
          end
          local.get 15
          local.set 28
          local.get 14
          local.set 29
          local.get 28
          local.get 29
          i64.sub
          local.set 30
          local.get 28
          local.set 42
          local.get 29
          local.set 43
          local.get 30
          local.set 44
          local.get 42
          local.get 43
          i64.eq
          local.tee 23
          i32.eqz
          local.tee 24
          if ;; label = @4
            br 1 (;@3;)
          else
            local.get 11
            i64.const 2
            i64.sub
            local.set 11
            local.get 21
            local.set 27
            local.get 22
            local.set 28
            local.get 27
            local.set 19
            local.get 28
            local.set 20
            block ;; label = @5
              block ;; label = @6
                local.get 16
                local.tee 28
                i64.const 12
                i64.shr_u
                local.tee 29
                local.get 9
                i64.ge_u
                if ;; label = @7
                  br 1 (;@6;)
                end
                local.get 29
                i32.wrap_i64
                i32.const 2
                i32.shl
                local.get 3
                i32.add
                i32.load
                local.tee 24
                i32.const 3
                i32.and
                if ;; label = @7
                  local.get 24
                  i32.const 1
                  i32.and
                  local.get 28
                  i32.wrap_i64
                  i32.const 4095
                  i32.and
                  i32.const 4088
                  i32.gt_u
                  i32.or
                  if ;; label = @8
                    br 2 (;@6;)
                  end
                  local.get 24
                  i32.const -4096
                  i32.and
                  local.set 24
                end
                local.get 28
                i32.wrap_i64
                local.get 24
                i32.add
                local.tee 23
                i64.load align=1
                local.tee 30
                i64.const 16
                i64.shl
                local.tee 31
                i64.const 16
                i64.shr_s
                local.tee 32
                local.get 30
                i64.eq
                local.tee 25
                i32.eqz
                local.set 33
                local.get 0
                local.get 42
                i64.store offset=272 align=1
                local.get 0
                local.get 43
                i64.store offset=280 align=1
                local.get 0
                local.get 44
                i64.store offset=264 align=1
                local.get 0
                i32.const 770
                i32.store offset=288 align=1
                local.get 33
                if ;; label = @7
                  br 1 (;@6;)
                end
                local.get 16
                local.tee 34
                i64.const 8
                i64.add
                local.tee 35
                local.set 16
                br 1 (;@5;)
              end
              local.get 0
              local.get 42
              i64.store offset=272 align=1
              local.get 0
              local.get 43
              i64.store offset=280 align=1
              local.get 0
              local.get 44
              i64.store offset=264 align=1
              local.get 0
              i32.const 770
              i32.store offset=288 align=1
              local.get 0
              local.get 14
              i64.store align=1
              local.get 0
              local.get 15
              i64.store offset=16 align=1
              local.get 0
              local.get 19
              f64.store offset=320 align=1
              local.get 0
              local.get 20
              i64.store offset=328 align=1
              local.get 0
              local.get 21
              f64.store offset=352 align=1
              local.get 0
              local.get 22
              i64.store offset=360 align=1
              i32.const 51
              local.set 7
              br 3 (;@2;)
            end
            local.get 0
            local.get 14
            i64.store align=1
            local.get 0
            local.get 15
            i64.store offset=16 align=1
            local.get 0
            local.get 16
            i64.store offset=32 align=1
            local.get 0
            local.get 19
            f64.store offset=320 align=1
            local.get 0
            local.get 20
            i64.store offset=328 align=1
            local.get 0
            local.get 21
            f64.store offset=352 align=1
            local.get 0
            local.get 22
            i64.store offset=360 align=1
            local.get 1
            local.get 11
            i64.store offset=16 align=1
            local.get 0
            local.get 30
            i64.store offset=256 align=1
            i32.const 0
            return
          end
        end
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
