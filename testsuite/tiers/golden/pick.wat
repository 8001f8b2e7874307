;; 1718 instructions of wasm for 38 of the guest
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
    (local i32 i32 i32 i32 i32 i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i32 i32 i32 i32 i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 i32 i32 i64)
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
          block ;; label = @4
            block ;; label = @5
              block ;; label = @6
                block ;; label = @7
                  block ;; label = @8
                    block ;; label = @9
                      local.get 2
                      i32.eqz
                      if ;; label = @10
                        local.get 8
                        i64.extend_i32_s
                        local.get 11
                        i64.or
                        i64.const 0
                        i64.lt_s
                        if ;; label = @11
                          local.get 10
                          i64.const 0
                          i64.add
                          local.set 12
                          i32.const 0
                          local.set 5
                          br 10 (;@1;)
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
                        loop ;; label = @11
                          local.get 11
                          i64.const 2
                          i64.sub
                          local.set 11
                          local.get 18
                          i32.wrap_i64
                          local.tee 19
                          i32.const 6
                          i32.sub
                          local.set 20
                          local.get 19
                          local.set 21
                          local.get 20
                          local.set 22
                          i32.const 6
                          local.get 21
                          i32.lt_u
                          local.tee 19
                          i32.eqz
                          local.tee 20
                          i32.eqz
                          local.tee 23
                          if ;; label = @12
                            local.get 10
                            i64.const -448
                            i64.add
                            local.set 24
                            local.get 0
                            local.get 21
                            i64.extend_i32_u
                            i64.store offset=272 align=1
                            local.get 0
                            i64.const 6
                            i64.store offset=280 align=1
                            local.get 0
                            local.get 22
                            i64.extend_i32_u
                            i64.store offset=264 align=1
                            local.get 0
                            i32.const 514
                            i32.store offset=288 align=1
                            local.get 0
                            local.get 14
                            i64.store align=1
                            local.get 0
                            local.get 15
                            i64.store offset=16 align=1
                            local.get 0
                            local.get 18
                            i64.store offset=56 align=1
                            local.get 1
                            local.get 11
                            i64.store offset=16 align=1
                            local.get 1
                            local.get 8
                            i32.const 1056
                            i32.sub
                            i32.store offset=24 align=1
                            local.get 0
                            local.get 24
                            i64.store offset=256 align=1
                            local.get 0
                            local.get 1
                            i32.const 0
                            call 1
                            return
                          end
                          local.get 11
                          i64.const 5
                          i64.sub
                          local.set 11
                          local.get 10
                          i64.const 0
                          i64.add
                          local.tee 24
                          i64.const 3648
                          i64.add
                          local.tee 25
                          local.set 15
                          local.get 18
                          i32.wrap_i64
                          local.tee 19
                          i64.extend_i32_u
                          local.set 18
                          block ;; label = @12
                            block ;; label = @13
                              local.get 15
                              local.set 24
                              local.get 18
                              local.tee 25
                              i64.const 2
                              i64.shl
                              local.set 26
                              local.get 24
                              local.get 26
                              i64.add
                              local.tee 27
                              i64.const 12
                              i64.shr_u
                              local.tee 28
                              local.get 9
                              i64.ge_u
                              if ;; label = @14
                                br 1 (;@13;)
                              end
                              local.get 28
                              i32.wrap_i64
                              i32.const 2
                              i32.shl
                              local.get 3
                              i32.add
                              i32.load
                              local.tee 20
                              i32.const 3
                              i32.and
                              if ;; label = @14
                                local.get 20
                                i32.const 1
                                i32.and
                                local.get 27
                                i32.wrap_i64
                                i32.const 4095
                                i32.and
                                i32.const 4092
                                i32.gt_u
                                i32.or
                                if ;; label = @15
                                  br 2 (;@13;)
                                end
                                local.get 20
                                i32.const -4096
                                i32.and
                                local.set 20
                              end
                              local.get 27
                              i32.wrap_i64
                              local.get 20
                              i32.add
                              local.tee 19
                              i32.load align=1
                              local.tee 23
                              i64.extend_i32_s
                              local.tee 29
                              local.set 14
                              br 1 (;@12;)
                            end
                            local.get 0
                            local.get 21
                            i64.extend_i32_u
                            i64.store offset=272 align=1
                            local.get 0
                            i64.const 6
                            i64.store offset=280 align=1
                            local.get 0
                            local.get 22
                            i64.extend_i32_u
                            i64.store offset=264 align=1
                            local.get 0
                            i32.const 514
                            i32.store offset=288 align=1
                            local.get 0
                            local.get 14
                            i64.store align=1
                            local.get 0
                            local.get 15
                            i64.store offset=16 align=1
                            local.get 0
                            local.get 18
                            i64.store offset=56 align=1
                            i32.const 18
                            local.set 7
                            br 10 (;@2;)
                          end
                          local.get 15
                          local.set 24
                          local.get 14
                          local.tee 25
                          local.get 24
                          i64.add
                          local.tee 26
                          local.set 14
                          local.get 25
                          local.set 30
                          local.get 24
                          local.set 31
                          local.get 26
                          local.set 32
                          block ;; label = @12
                            block ;; label = @13
                              local.get 14
                              local.tee 24
                              i64.const 16
                              i64.shl
                              local.tee 25
                              i64.const 16
                              i64.shr_s
                              local.tee 26
                              local.get 24
                              i64.eq
                              local.tee 19
                              i32.eqz
                              local.set 20
                              local.get 0
                              local.get 30
                              i64.store offset=272 align=1
                              local.get 0
                              local.get 31
                              i64.store offset=280 align=1
                              local.get 0
                              local.get 32
                              i64.store offset=264 align=1
                              local.get 0
                              i32.const 769
                              i32.store offset=288 align=1
                              local.get 20
                              if ;; label = @14
                                br 1 (;@13;)
                              end
                              br 1 (;@12;)
                            end
                            local.get 0
                            local.get 30
                            i64.store offset=272 align=1
                            local.get 0
                            local.get 31
                            i64.store offset=280 align=1
                            local.get 0
                            local.get 32
                            i64.store offset=264 align=1
                            local.get 0
                            i32.const 769
                            i32.store offset=288 align=1
                            local.get 0
                            local.get 14
                            i64.store align=1
                            local.get 0
                            local.get 15
                            i64.store offset=16 align=1
                            local.get 0
                            local.get 18
                            i64.store offset=56 align=1
                            i32.const 25
                            local.set 7
                            br 10 (;@2;)
                          end
                          local.get 24
                          local.get 10
                          i64.sub
                          local.set 13
                          block ;; label = @12
                            block ;; label = @13
                              block ;; label = @14
                                block ;; label = @15
                                  block ;; label = @16
                                    block ;; label = @17
                                      block ;; label = @18
                                        block ;; label = @19
                                          block ;; label = @20
                                            local.get 11
                                            i64.const 0
                                            i64.lt_s
                                            if ;; label = @21
                                              local.get 10
                                              local.get 13
                                              i64.add
                                              local.set 27
                                              local.get 0
                                              local.get 14
                                              i64.store align=1
                                              local.get 0
                                              local.get 15
                                              i64.store offset=16 align=1
                                              local.get 0
                                              local.get 18
                                              i64.store offset=56 align=1
                                              local.get 27
                                              local.set 12
                                              i32.const 0
                                              local.set 5
                                              br 20 (;@1;)
                                            end
                                            local.get 13
                                            local.get 13
                                            i64.const 4
                                            i64.shr_u
                                            i64.xor
                                            i32.wrap_i64
                                            i32.const 15
                                            i32.and
                                            br_table 0 (;@20;) 8 (;@12;) 1 (;@19;) 8 (;@12;) 2 (;@18;) 3 (;@17;) 4 (;@16;) 5 (;@15;) 8 (;@12;) 8 (;@12;) 8 (;@12;) 8 (;@12;) 8 (;@12;) 6 (;@14;) 8 (;@12;) 7 (;@13;)
                                          end
                                          local.get 13
                                          i64.const 0
                                          i64.eq
                                          if ;; label = @20
                                            br 9 (;@11;)
                                          else
                                            br 8 (;@12;)
                                          end
                                        end
                                        local.get 13
                                        i64.const 32
                                        i64.eq
                                        if ;; label = @19
                                          br 10 (;@9;)
                                        else
                                          br 7 (;@12;)
                                        end
                                      end
                                      local.get 13
                                      i64.const 64
                                      i64.eq
                                      if ;; label = @18
                                        br 10 (;@8;)
                                      else
                                        br 6 (;@12;)
                                      end
                                    end
                                    local.get 13
                                    i64.const 80
                                    i64.eq
                                    if ;; label = @17
                                      br 10 (;@7;)
                                    else
                                      br 5 (;@12;)
                                    end
                                  end
                                  local.get 13
                                  i64.const 96
                                  i64.eq
                                  if ;; label = @16
                                    br 11 (;@5;)
                                  else
                                    br 4 (;@12;)
                                  end
                                end
                                local.get 13
                                i64.const 112
                                i64.eq
                                if ;; label = @15
                                  br 11 (;@4;)
                                else
                                  br 3 (;@12;)
                                end
                              end
                              local.get 13
                              i64.const 88
                              i64.eq
                              if ;; label = @14
                                br 8 (;@6;)
                              else
                                br 2 (;@12;)
                              end
                            end
                            local.get 13
                            i64.const 120
                            i64.eq
                            if ;; label = @13
                              br 10 (;@3;)
                            else
                              br 1 (;@12;)
                            end
                          end
                          local.get 10
                          local.get 13
                          i64.add
                          local.set 28
                          local.get 0
                          local.get 14
                          i64.store align=1
                          local.get 0
                          local.get 15
                          i64.store offset=16 align=1
                          local.get 0
                          local.get 18
                          i64.store offset=56 align=1
                          local.get 1
                          local.get 11
                          i64.store offset=16 align=1
                          local.get 1
                          local.get 8
                          i32.const 1056
                          i32.sub
                          i32.store offset=24 align=1
                          local.get 0
                          local.get 28
                          i64.store offset=256 align=1
                          local.get 0
                          local.get 1
                          i32.const 0
                          call 1
                          return
                        end
                      else
                        block ;; label = @11
                          block ;; label = @12
                            block ;; label = @13
                              block ;; label = @14
                                block ;; label = @15
                                  block ;; label = @16
                                    block ;; label = @17
                                      local.get 2
                                      br_table 0 (;@17;) 0 (;@17;) 1 (;@16;) 2 (;@15;) 3 (;@14;) 4 (;@13;) 5 (;@12;) 6 (;@11;)
                                    end
                                    local.get 8
                                    i64.extend_i32_s
                                    local.get 11
                                    i64.or
                                    i64.const 0
                                    i64.lt_s
                                    if ;; label = @17
                                      local.get 10
                                      i64.const 32
                                      i64.add
                                      local.set 12
                                      i32.const 0
                                      local.set 5
                                      br 16 (;@1;)
                                    end
                                    local.get 0
                                    i64.load offset=32 align=1
                                    local.set 16
                                    local.get 0
                                    i64.load offset=48 align=1
                                    local.set 17
                                    local.get 0
                                    i64.load offset=56 align=1
                                    local.set 18
                                    br 7 (;@9;)
                                  end
                                  local.get 8
                                  i64.extend_i32_s
                                  local.get 11
                                  i64.or
                                  i64.const 0
                                  i64.lt_s
                                  if ;; label = @16
                                    local.get 10
                                    i64.const 64
                                    i64.add
                                    local.set 12
                                    i32.const 0
                                    local.set 5
                                    br 15 (;@1;)
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
                                  br 7 (;@8;)
                                end
                                local.get 8
                                i64.extend_i32_s
                                local.get 11
                                i64.or
                                i64.const 0
                                i64.lt_s
                                if ;; label = @15
                                  local.get 10
                                  i64.const 80
                                  i64.add
                                  local.set 12
                                  i32.const 0
                                  local.set 5
                                  br 14 (;@1;)
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
                                br 7 (;@7;)
                              end
                              local.get 8
                              i64.extend_i32_s
                              local.get 11
                              i64.or
                              i64.const 0
                              i64.lt_s
                              if ;; label = @14
                                local.get 10
                                i64.const 88
                                i64.add
                                local.set 12
                                i32.const 0
                                local.set 5
                                br 13 (;@1;)
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
                              br 7 (;@6;)
                            end
                            local.get 8
                            i64.extend_i32_s
                            local.get 11
                            i64.or
                            i64.const 0
                            i64.lt_s
                            if ;; label = @13
                              local.get 10
                              i64.const 96
                              i64.add
                              local.set 12
                              i32.const 0
                              local.set 5
                              br 12 (;@1;)
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
                            br 7 (;@5;)
                          end
                          local.get 8
                          i64.extend_i32_s
                          local.get 11
                          i64.or
                          i64.const 0
                          i64.lt_s
                          if ;; label = @12
                            local.get 10
                            i64.const 112
                            i64.add
                            local.set 12
                            i32.const 0
                            local.set 5
                            br 11 (;@1;)
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
                          br 7 (;@4;)
                        end
                        local.get 8
                        i64.extend_i32_s
                        local.get 11
                        i64.or
                        i64.const 0
                        i64.lt_s
                        if ;; label = @11
                          local.get 10
                          i64.const 120
                          i64.add
                          local.set 12
                          i32.const 0
                          local.set 5
                          br 10 (;@1;)
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
                        br 7 (;@3;)
                      end
                    end
                    local.get 11
                    i64.const 9
                    i64.sub
                    local.set 11
                    local.get 17
                    i32.wrap_i64
                    local.tee 19
                    i64.extend_i32_s
                    local.tee 24
                    local.set 14
                    local.get 17
                    i32.wrap_i64
                    local.tee 19
                    i64.extend_i32_u
                    local.set 15
                    local.get 14
                    local.tee 24
                    i64.const -1840700269
                    i64.mul
                    local.tee 25
                    local.set 14
                    local.get 15
                    i32.wrap_i64
                    local.tee 19
                    i32.const 31
                    i32.shr_s
                    local.tee 20
                    i64.extend_i32_u
                    local.set 15
                    local.get 14
                    local.tee 24
                    i64.const 32
                    i64.shr_u
                    local.tee 25
                    local.set 14
                    local.get 17
                    i32.wrap_i64
                    local.set 19
                    local.get 14
                    i32.wrap_i64
                    local.tee 20
                    local.get 19
                    i32.add
                    local.tee 23
                    i64.extend_i32_u
                    local.set 14
                    local.get 14
                    i32.wrap_i64
                    local.tee 19
                    i32.const 2
                    i32.shr_s
                    local.tee 20
                    i64.extend_i32_u
                    local.set 14
                    local.get 15
                    i32.wrap_i64
                    local.set 19
                    local.get 14
                    i32.wrap_i64
                    local.tee 20
                    local.get 19
                    i32.sub
                    local.tee 23
                    i64.extend_i32_u
                    local.set 14
                    local.get 20
                    local.set 21
                    local.get 19
                    local.set 33
                    local.get 23
                    local.set 22
                    block ;; label = @9
                      block ;; label = @10
                        local.get 16
                        local.tee 24
                        i64.const 12
                        i64.shr_u
                        local.tee 25
                        local.get 9
                        i64.ge_u
                        if ;; label = @11
                          br 1 (;@10;)
                        end
                        local.get 25
                        i32.wrap_i64
                        i32.const 2
                        i32.shl
                        local.get 3
                        i32.add
                        i32.load
                        local.tee 20
                        i32.const 3
                        i32.and
                        if ;; label = @11
                          local.get 20
                          i32.const 1
                          i32.and
                          local.get 24
                          i32.wrap_i64
                          i32.const 4095
                          i32.and
                          i32.const 4088
                          i32.gt_u
                          i32.or
                          if ;; label = @12
                            br 2 (;@10;)
                          end
                          local.get 20
                          i32.const -4096
                          i32.and
                          local.set 20
                        end
                        local.get 24
                        i32.wrap_i64
                        local.get 20
                        i32.add
                        local.tee 19
                        i64.load align=1
                        local.tee 26
                        i64.const 16
                        i64.shl
                        local.tee 27
                        i64.const 16
                        i64.shr_s
                        local.tee 28
                        local.get 26
                        i64.eq
                        local.tee 23
                        i32.eqz
                        local.set 34
                        local.get 0
                        local.get 21
                        i64.extend_i32_u
                        i64.store offset=272 align=1
                        local.get 0
                        local.get 33
                        i64.extend_i32_u
                        i64.store offset=280 align=1
                        local.get 0
                        local.get 22
                        i64.extend_i32_u
                        i64.store offset=264 align=1
                        local.get 0
                        i32.const 514
                        i32.store offset=288 align=1
                        local.get 34
                        if ;; label = @11
                          br 1 (;@10;)
                        end
                        local.get 16
                        local.tee 29
                        i64.const 8
                        i64.add
                        local.tee 35
                        local.set 16
                        br 1 (;@9;)
                      end
                      local.get 0
                      local.get 21
                      i64.extend_i32_u
                      i64.store offset=272 align=1
                      local.get 0
                      local.get 33
                      i64.extend_i32_u
                      i64.store offset=280 align=1
                      local.get 0
                      local.get 22
                      i64.extend_i32_u
                      i64.store offset=264 align=1
                      local.get 0
                      i32.const 514
                      i32.store offset=288 align=1
                      local.get 0
                      local.get 14
                      i64.store align=1
                      local.get 0
                      local.get 15
                      i64.store offset=16 align=1
                      local.get 0
                      local.get 18
                      i64.store offset=56 align=1
                      i32.const 58
                      local.set 7
                      br 7 (;@2;)
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
                    local.get 18
                    i64.store offset=56 align=1
                    local.get 1
                    local.get 11
                    i64.store offset=16 align=1
                    local.get 0
                    local.get 26
                    i64.store offset=256 align=1
                    i32.const 0
                    return
                  end
                  local.get 11
                  i64.const 3
                  i64.sub
                  local.set 11
                  local.get 17
                  i32.wrap_i64
                  local.tee 19
                  i64.extend_i32_u
                  local.set 14
                  local.get 14
                  i32.wrap_i64
                  local.tee 19
                  i32.const 15
                  i32.and
                  local.tee 20
                  i64.extend_i32_u
                  local.set 14
                  local.get 20
                  local.set 22
                  block ;; label = @8
                    block ;; label = @9
                      local.get 16
                      local.tee 24
                      i64.const 12
                      i64.shr_u
                      local.tee 25
                      local.get 9
                      i64.ge_u
                      if ;; label = @10
                        br 1 (;@9;)
                      end
                      local.get 25
                      i32.wrap_i64
                      i32.const 2
                      i32.shl
                      local.get 3
                      i32.add
                      i32.load
                      local.tee 20
                      i32.const 3
                      i32.and
                      if ;; label = @10
                        local.get 20
                        i32.const 1
                        i32.and
                        local.get 24
                        i32.wrap_i64
                        i32.const 4095
                        i32.and
                        i32.const 4088
                        i32.gt_u
                        i32.or
                        if ;; label = @11
                          br 2 (;@9;)
                        end
                        local.get 20
                        i32.const -4096
                        i32.and
                        local.set 20
                      end
                      local.get 24
                      i32.wrap_i64
                      local.get 20
                      i32.add
                      local.tee 19
                      i64.load align=1
                      local.tee 26
                      i64.const 16
                      i64.shl
                      local.tee 27
                      i64.const 16
                      i64.shr_s
                      local.tee 28
                      local.get 26
                      i64.eq
                      local.tee 23
                      i32.eqz
                      local.set 34
                      local.get 0
                      local.get 22
                      i64.extend_i32_u
                      i64.store offset=264 align=1
                      local.get 0
                      i32.const 515
                      i32.store offset=288 align=1
                      local.get 34
                      if ;; label = @10
                        br 1 (;@9;)
                      end
                      local.get 16
                      local.tee 29
                      i64.const 8
                      i64.add
                      local.tee 35
                      local.set 16
                      br 1 (;@8;)
                    end
                    local.get 0
                    local.get 22
                    i64.extend_i32_u
                    i64.store offset=264 align=1
                    local.get 0
                    i32.const 515
                    i32.store offset=288 align=1
                    local.get 0
                    local.get 14
                    i64.store align=1
                    local.get 0
                    local.get 15
                    i64.store offset=16 align=1
                    local.get 0
                    local.get 18
                    i64.store offset=56 align=1
                    i32.const 69
                    local.set 7
                    br 6 (;@2;)
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
                  local.get 18
                  i64.store offset=56 align=1
                  local.get 1
                  local.get 11
                  i64.store offset=16 align=1
                  local.get 0
                  local.get 26
                  i64.store offset=256 align=1
                  i32.const 0
                  return
                end
                local.get 11
                i64.const 2
                i64.sub
                local.set 11
                local.get 17
                local.tee 24
                i64.const 1
                i64.add
                local.tee 25
                i32.wrap_i64
                local.tee 19
                i64.extend_i32_u
                local.set 14
                block ;; label = @7
                  block ;; label = @8
                    local.get 16
                    local.tee 24
                    i64.const 12
                    i64.shr_u
                    local.tee 25
                    local.get 9
                    i64.ge_u
                    if ;; label = @9
                      br 1 (;@8;)
                    end
                    local.get 25
                    i32.wrap_i64
                    i32.const 2
                    i32.shl
                    local.get 3
                    i32.add
                    i32.load
                    local.tee 20
                    i32.const 3
                    i32.and
                    if ;; label = @9
                      local.get 20
                      i32.const 1
                      i32.and
                      local.get 24
                      i32.wrap_i64
                      i32.const 4095
                      i32.and
                      i32.const 4088
                      i32.gt_u
                      i32.or
                      if ;; label = @10
                        br 2 (;@8;)
                      end
                      local.get 20
                      i32.const -4096
                      i32.and
                      local.set 20
                    end
                    local.get 24
                    i32.wrap_i64
                    local.get 20
                    i32.add
                    local.tee 19
                    i64.load align=1
                    local.tee 26
                    i64.const 16
                    i64.shl
                    local.tee 27
                    i64.const 16
                    i64.shr_s
                    local.tee 28
                    local.get 26
                    i64.eq
                    local.tee 23
                    i32.eqz
                    local.tee 34
                    if ;; label = @9
                      br 1 (;@8;)
                    end
                    local.get 16
                    local.tee 29
                    i64.const 8
                    i64.add
                    local.tee 35
                    local.set 16
                    br 1 (;@7;)
                  end
                  local.get 0
                  local.get 14
                  i64.store align=1
                  local.get 0
                  local.get 15
                  i64.store offset=16 align=1
                  local.get 0
                  local.get 18
                  i64.store offset=56 align=1
                  i32.const 83
                  local.set 7
                  br 5 (;@2;)
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
                local.get 18
                i64.store offset=56 align=1
                local.get 1
                local.get 11
                i64.store offset=16 align=1
                local.get 0
                local.get 26
                i64.store offset=256 align=1
                i32.const 0
                return
              end
              local.get 11
              i64.const 2
              i64.sub
              local.set 11
              local.get 17
              local.set 24
              local.get 17
              local.tee 25
              i64.const 1
              i64.shl
              local.set 26
              local.get 24
              local.get 26
              i64.add
              local.tee 27
              i32.wrap_i64
              local.tee 19
              i64.extend_i32_u
              local.set 14
              block ;; label = @6
                block ;; label = @7
                  local.get 16
                  local.tee 24
                  i64.const 12
                  i64.shr_u
                  local.tee 25
                  local.get 9
                  i64.ge_u
                  if ;; label = @8
                    br 1 (;@7;)
                  end
                  local.get 25
                  i32.wrap_i64
                  i32.const 2
                  i32.shl
                  local.get 3
                  i32.add
                  i32.load
                  local.tee 20
                  i32.const 3
                  i32.and
                  if ;; label = @8
                    local.get 20
                    i32.const 1
                    i32.and
                    local.get 24
                    i32.wrap_i64
                    i32.const 4095
                    i32.and
                    i32.const 4088
                    i32.gt_u
                    i32.or
                    if ;; label = @9
                      br 2 (;@7;)
                    end
                    local.get 20
                    i32.const -4096
                    i32.and
                    local.set 20
                  end
                  local.get 24
                  i32.wrap_i64
                  local.get 20
                  i32.add
                  local.tee 19
                  i64.load align=1
                  local.tee 26
                  i64.const 16
                  i64.shl
                  local.tee 27
                  i64.const 16
                  i64.shr_s
                  local.tee 28
                  local.get 26
                  i64.eq
                  local.tee 23
                  i32.eqz
                  local.tee 34
                  if ;; label = @8
                    br 1 (;@7;)
                  end
                  local.get 16
                  local.tee 29
                  i64.const 8
                  i64.add
                  local.tee 35
                  local.set 16
                  br 1 (;@6;)
                end
                local.get 0
                local.get 14
                i64.store align=1
                local.get 0
                local.get 15
                i64.store offset=16 align=1
                local.get 0
                local.get 18
                i64.store offset=56 align=1
                i32.const 91
                local.set 7
                br 4 (;@2;)
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
              local.get 18
              i64.store offset=56 align=1
              local.get 1
              local.get 11
              i64.store offset=16 align=1
              local.get 0
              local.get 26
              i64.store offset=256 align=1
              i32.const 0
              return
            end
            local.get 11
            i64.const 3
            i64.sub
            local.set 11
            local.get 17
            i32.wrap_i64
            local.tee 19
            i64.extend_i32_u
            local.set 14
            local.get 14
            i32.wrap_i64
            local.tee 19
            i32.const 77
            i32.xor
            local.tee 20
            i64.extend_i32_u
            local.set 14
            local.get 20
            local.set 22
            block ;; label = @5
              block ;; label = @6
                local.get 16
                local.tee 24
                i64.const 12
                i64.shr_u
                local.tee 25
                local.get 9
                i64.ge_u
                if ;; label = @7
                  br 1 (;@6;)
                end
                local.get 25
                i32.wrap_i64
                i32.const 2
                i32.shl
                local.get 3
                i32.add
                i32.load
                local.tee 20
                i32.const 3
                i32.and
                if ;; label = @7
                  local.get 20
                  i32.const 1
                  i32.and
                  local.get 24
                  i32.wrap_i64
                  i32.const 4095
                  i32.and
                  i32.const 4088
                  i32.gt_u
                  i32.or
                  if ;; label = @8
                    br 2 (;@6;)
                  end
                  local.get 20
                  i32.const -4096
                  i32.and
                  local.set 20
                end
                local.get 24
                i32.wrap_i64
                local.get 20
                i32.add
                local.tee 19
                i64.load align=1
                local.tee 26
                i64.const 16
                i64.shl
                local.tee 27
                i64.const 16
                i64.shr_s
                local.tee 28
                local.get 26
                i64.eq
                local.tee 23
                i32.eqz
                local.set 34
                local.get 0
                local.get 22
                i64.extend_i32_u
                i64.store offset=264 align=1
                local.get 0
                i32.const 515
                i32.store offset=288 align=1
                local.get 34
                if ;; label = @7
                  br 1 (;@6;)
                end
                local.get 16
                local.tee 29
                i64.const 8
                i64.add
                local.tee 35
                local.set 16
                br 1 (;@5;)
              end
              local.get 0
              local.get 22
              i64.extend_i32_u
              i64.store offset=264 align=1
              local.get 0
              i32.const 515
              i32.store offset=288 align=1
              local.get 0
              local.get 14
              i64.store align=1
              local.get 0
              local.get 15
              i64.store offset=16 align=1
              local.get 0
              local.get 18
              i64.store offset=56 align=1
              i32.const 101
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
            local.get 18
            i64.store offset=56 align=1
            local.get 1
            local.get 11
            i64.store offset=16 align=1
            local.get 0
            local.get 26
            i64.store offset=256 align=1
            i32.const 0
            return
          end
          local.get 11
          i64.const 3
          i64.sub
          local.set 11
          local.get 17
          i32.wrap_i64
          local.tee 19
          i64.extend_i32_u
          local.set 14
          local.get 14
          i32.wrap_i64
          local.set 19
          i32.const 0
          local.get 19
          i32.sub
          local.tee 20
          i64.extend_i32_u
          local.set 14
          local.get 19
          local.set 33
          local.get 20
          local.set 22
          block ;; label = @4
            block ;; label = @5
              local.get 16
              local.tee 24
              i64.const 12
              i64.shr_u
              local.tee 25
              local.get 9
              i64.ge_u
              if ;; label = @6
                br 1 (;@5;)
              end
              local.get 25
              i32.wrap_i64
              i32.const 2
              i32.shl
              local.get 3
              i32.add
              i32.load
              local.tee 20
              i32.const 3
              i32.and
              if ;; label = @6
                local.get 20
                i32.const 1
                i32.and
                local.get 24
                i32.wrap_i64
                i32.const 4095
                i32.and
                i32.const 4088
                i32.gt_u
                i32.or
                if ;; label = @7
                  br 2 (;@5;)
                end
                local.get 20
                i32.const -4096
                i32.and
                local.set 20
              end
              local.get 24
              i32.wrap_i64
              local.get 20
              i32.add
              local.tee 19
              i64.load align=1
              local.tee 26
              i64.const 16
              i64.shl
              local.tee 27
              i64.const 16
              i64.shr_s
              local.tee 28
              local.get 26
              i64.eq
              local.tee 23
              i32.eqz
              local.set 34
              local.get 0
              i64.const 0
              i64.store offset=272 align=1
              local.get 0
              local.get 33
              i64.extend_i32_u
              i64.store offset=280 align=1
              local.get 0
              local.get 22
              i64.extend_i32_u
              i64.store offset=264 align=1
              local.get 0
              i32.const 514
              i32.store offset=288 align=1
              local.get 34
              if ;; label = @6
                br 1 (;@5;)
              end
              local.get 16
              local.tee 29
              i64.const 8
              i64.add
              local.tee 35
              local.set 16
              br 1 (;@4;)
            end
            local.get 0
            i64.const 0
            i64.store offset=272 align=1
            local.get 0
            local.get 33
            i64.extend_i32_u
            i64.store offset=280 align=1
            local.get 0
            local.get 22
            i64.extend_i32_u
            i64.store offset=264 align=1
            local.get 0
            i32.const 514
            i32.store offset=288 align=1
            local.get 0
            local.get 14
            i64.store align=1
            local.get 0
            local.get 15
            i64.store offset=16 align=1
            local.get 0
            local.get 18
            i64.store offset=56 align=1
            i32.const 116
            local.set 7
            br 2 (;@2;)
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
          local.get 18
          i64.store offset=56 align=1
          local.get 1
          local.get 11
          i64.store offset=16 align=1
          local.get 0
          local.get 26
          i64.store offset=256 align=1
          i32.const 0
          return
        end
        local.get 11
        i64.const 2
        i64.sub
        local.set 11
        local.get 17
        local.tee 24
        i64.const 3
        i64.shl
        local.tee 25
        i32.wrap_i64
        local.tee 19
        i64.extend_i32_u
        local.set 14
        block ;; label = @3
          block ;; label = @4
            local.get 16
            local.tee 24
            i64.const 12
            i64.shr_u
            local.tee 25
            local.get 9
            i64.ge_u
            if ;; label = @5
              br 1 (;@4;)
            end
            local.get 25
            i32.wrap_i64
            i32.const 2
            i32.shl
            local.get 3
            i32.add
            i32.load
            local.tee 20
            i32.const 3
            i32.and
            if ;; label = @5
              local.get 20
              i32.const 1
              i32.and
              local.get 24
              i32.wrap_i64
              i32.const 4095
              i32.and
              i32.const 4088
              i32.gt_u
              i32.or
              if ;; label = @6
                br 2 (;@4;)
              end
              local.get 20
              i32.const -4096
              i32.and
              local.set 20
            end
            local.get 24
            i32.wrap_i64
            local.get 20
            i32.add
            local.tee 19
            i64.load align=1
            local.tee 26
            i64.const 16
            i64.shl
            local.tee 27
            i64.const 16
            i64.shr_s
            local.tee 28
            local.get 26
            i64.eq
            local.tee 23
            i32.eqz
            local.tee 34
            if ;; label = @5
              br 1 (;@4;)
            end
            local.get 16
            local.tee 29
            i64.const 8
            i64.add
            local.tee 35
            local.set 16
            br 1 (;@3;)
          end
          local.get 0
          local.get 14
          i64.store align=1
          local.get 0
          local.get 15
          i64.store offset=16 align=1
          local.get 0
          local.get 18
          i64.store offset=56 align=1
          i32.const 127
          local.set 7
          br 1 (;@2;)
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
        local.get 18
        i64.store offset=56 align=1
        local.get 1
        local.get 11
        i64.store offset=16 align=1
        local.get 0
        local.get 26
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
