//! The words of [`Emit`], each as the WebAssembly that does it.

use super::lower::{B, End, Known, Lower, M, NoLowering, V, X, local};
use super::region::{EXIT_GOTO, EXIT_INTERPRET};
use crate::emit::{Done, Emit, Helper};
use crate::flags::{Flag, FlagOp, bits};
use crate::fp::{FpCvt, FpOp, FpType, Lanes};
use crate::insn::{Cond, Insn, Mem, Width};
use crate::vec::{Shape, VBin, VShift, VUn};
use crate::{Exception, Exit, Gpr};
use wasm_encoder::{BlockType, Encode, MemArg, MemArgTarget, ValType};

const PLAIN: MemArg = MemArg { offset: 0, align: 0, target: MemArgTarget::Memory(0), ordering: None };
const W64: Width = Width::W64;

impl Emit for Lower {
    type V = V;
    type B = B;
    type X = X;
    type M = M;
    type Trap = NoLowering;

    fn imm(&mut self, v: u64) -> V {
        V::Const(v)
    }
    fn reg(&mut self, w: Width, r: Gpr) -> V {
        match (self.slot(r), r) {
            (Some(slot), _) => {
                self.sink().local_get(slot);
                self.cut(w);
                self.value()
            }
            (None, Gpr::CODE_PAGE) => {
                let page = self.at & !0xfff;
                self.sink().local_get(local::BASE).i64_const(page).i64_add();
                self.value()
            }
            _ => V::Const(0),
        }
    }
    fn set_reg(&mut self, w: Width, r: Gpr, v: V) {
        let Some(slot) = self.slot(r) else { return self.failed = true };
        self.written |= 1 << (slot - local::GPR);
        match w {
            Width::W64 | Width::W32 => self.push(v),
            _ => {
                self.sink().local_get(slot).i64_const(!(w.mask() as i64)).i64_and();
                self.push(v);
                self.sink().i64_or();
            }
        }
        self.sink().local_set(slot);
    }
    fn reg_high(&mut self, r: Gpr) -> V {
        let Some(slot) = self.slot(r) else { return V::Const(0) };
        self.sink().local_get(slot).i64_const(8).i64_shr_u().i64_const(0xff).i64_and();
        self.value()
    }
    fn set_reg_high(&mut self, r: Gpr, v: V) {
        let Some(slot) = self.slot(r) else { return self.failed = true };
        self.written |= 1 << (slot - local::GPR);
        self.sink().local_get(slot).i64_const(!0xff00).i64_and();
        self.push(v);
        self.sink().i64_const(8).i64_shl().i64_or().local_set(slot);
    }

    fn offset(&mut self, m: &Mem) -> V {
        let mut sum = self.reg(W64, m.base);
        if m.index != Gpr::ZERO {
            let index = self.reg(W64, m.index);
            let scaled = self.shl(W64, index, V::Const(m.scale as u64));
            sum = self.add(W64, sum, scaled);
        }
        sum = self.add(W64, sum, V::Const(m.disp as u64));
        if m.addr32 { self.zext(Width::W32, sum) } else { sum }
    }
    fn addr(&mut self, m: &Mem) -> V {
        let offset = self.offset(m);
        let segment = self.reg(W64, m.segment);
        self.add(W64, offset, segment)
    }
    fn load_at(&mut self, w: Width, addr: V) -> Result<V, NoLowering> {
        let host = self.host(addr, w.bytes(), local::READ, EXIT_INTERPRET);
        Ok(self.load_host(w, host))
    }
    fn store_at(&mut self, w: Width, addr: V, v: V) -> Done<Self> {
        let host = self.host(addr, w.bytes(), local::WRITE, EXIT_INTERPRET);
        self.store_host(w, host, v);
        Ok(())
    }
    fn check_write(&mut self, w: Width, addr: V) -> Result<M, NoLowering> {
        // Every writable page is readable through the same host address.
        Ok(self.host(addr, w.bytes(), local::WRITE, EXIT_INTERPRET))
    }
    fn get(&mut self, w: Width, m: M) -> V {
        self.load_host(w, m)
    }
    fn put(&mut self, w: Width, m: M, v: V) {
        self.store_host(w, m, v);
    }

    fn add(&mut self, w: Width, a: V, b: V) -> V {
        match (a, b) {
            (V::Const(0), v) | (v, V::Const(0)) => v,
            _ => self.binary(w, a, b, u64::wrapping_add, |s| s.i64_add(), true),
        }
    }
    fn sub(&mut self, w: Width, a: V, b: V) -> V {
        self.binary(w, a, b, u64::wrapping_sub, |s| s.i64_sub(), true)
    }
    fn mul(&mut self, w: Width, a: V, b: V) -> V {
        self.binary(w, a, b, u64::wrapping_mul, |s| s.i64_mul(), true)
    }
    fn mul_hi_u(&mut self, w: Width, a: V, b: V) -> V {
        if w != W64 {
            let product = self.mul(W64, a, b);
            return self.shr(W64, product, V::Const(w.bits() as u64));
        }
        self.wide_product(a, b)
    }
    fn mul_hi_s(&mut self, w: Width, a: V, b: V) -> V {
        if w != W64 {
            let (a, b) = (self.sext(w, W64, a), self.sext(w, W64, b));
            let product = self.mul(W64, a, b);
            let high = self.shr(W64, product, V::Const(w.bits() as u64));
            return self.zext(w, high);
        }
        // Signed from unsigned: subtract the other factor for every negative one.
        let high = self.wide_product(a, b);
        let (sa, sb) = (self.sar(W64, a, V::Const(63)), self.sar(W64, b, V::Const(63)));
        let (fix_b, fix_a) = (self.and(sa, b), self.and(sb, a));
        let high = self.sub(W64, high, fix_b);
        self.sub(W64, high, fix_a)
    }
    fn and(&mut self, a: V, b: V) -> V {
        self.binary(W64, a, b, |a, b| a & b, |s| s.i64_and(), false)
    }
    fn or(&mut self, a: V, b: V) -> V {
        self.binary(W64, a, b, |a, b| a | b, |s| s.i64_or(), false)
    }
    fn xor(&mut self, a: V, b: V) -> V {
        self.binary(W64, a, b, |a, b| a ^ b, |s| s.i64_xor(), false)
    }
    fn shl(&mut self, w: Width, a: V, n: V) -> V {
        match n {
            V::Const(0) => a,
            _ => self.binary(w, a, n, |a, n| a << (n & 63), |s| s.i64_shl(), true),
        }
    }
    fn shr(&mut self, _w: Width, a: V, n: V) -> V {
        self.binary(W64, a, n, |a, n| a >> (n & 63), |s| s.i64_shr_u(), false)
    }
    fn sar(&mut self, w: Width, a: V, n: V) -> V {
        self.push(a);
        self.extend(w);
        self.push(n);
        self.sink().i64_shr_s();
        self.cut(w);
        self.value()
    }
    fn rol(&mut self, w: Width, a: V, n: V) -> V {
        self.rotate(w, a, n, true)
    }
    fn ror(&mut self, w: Width, a: V, n: V) -> V {
        self.rotate(w, a, n, false)
    }
    fn zext(&mut self, w: Width, a: V) -> V {
        if w == W64 { a } else { self.and(a, V::Const(w.mask())) }
    }
    fn sext(&mut self, from: Width, to: Width, a: V) -> V {
        if let V::Const(v) = a {
            return V::Const(to.trunc(from.sext(v) as u64));
        }
        self.push(a);
        self.extend(from);
        self.cut(to);
        self.value()
    }
    fn clz(&mut self, w: Width, a: V) -> V {
        self.push(a);
        self.sink().i64_clz().i64_const(64 - w.bits() as i64).i64_sub();
        self.value()
    }
    fn ctz(&mut self, w: Width, a: V) -> V {
        self.push(a);
        if w != W64 {
            self.sink().i64_const(1 << w.bits()).i64_or();
        }
        self.sink().i64_ctz();
        self.value()
    }
    fn popcnt(&mut self, a: V) -> V {
        self.push(a);
        self.sink().i64_popcnt();
        self.value()
    }

    fn eq(&mut self, a: V, b: V) -> B {
        self.push(a);
        self.push(b);
        self.sink().i64_eq();
        self.truth()
    }
    fn ult(&mut self, a: V, b: V) -> B {
        self.push(a);
        self.push(b);
        self.sink().i64_lt_u();
        self.truth()
    }
    fn slt(&mut self, w: Width, a: V, b: V) -> B {
        self.push(a);
        self.extend(w);
        self.push(b);
        self.extend(w);
        self.sink().i64_lt_s();
        self.truth()
    }
    fn not(&mut self, a: B) -> B {
        self.push_truth(a);
        self.sink().i32_eqz();
        self.truth()
    }
    fn both(&mut self, a: B, b: B) -> B {
        self.push_truth(a);
        self.push_truth(b);
        self.sink().i32_and();
        self.truth()
    }
    fn either(&mut self, a: B, b: B) -> B {
        self.push_truth(a);
        self.push_truth(b);
        self.sink().i32_or();
        self.truth()
    }
    fn to_int(&mut self, a: B) -> V {
        self.push_truth(a);
        self.sink().i64_extend_i32_u();
        self.value()
    }
    fn select(&mut self, c: B, a: V, b: V) -> V {
        self.push(a);
        self.push(b);
        self.push_truth(c);
        self.sink().select();
        self.value()
    }
    fn when(&mut self, c: B, then: impl FnOnce(&mut Self) -> Done<Self>) -> Done<Self> {
        self.push_truth(c);
        self.sink().if_(BlockType::Empty);
        self.depth += 1;
        let before = self.flags;
        let done = then(self);
        if self.flags != before {
            self.flags = Known::Nothing;
        }
        self.depth -= 1;
        self.sink().end();
        done
    }

    fn set_flags(&mut self, op: FlagOp, w: Width, a: V, b: V, res: V) {
        for (v, into) in [(a, local::FLAG_A), (b, local::FLAG_B), (res, local::FLAG_RES)] {
            self.push(v);
            self.sink().local_set(into);
        }
        self.sink().i32_const(op.code(w) as i32).local_set(local::FLAG_OP);
        self.flags = Known::Op(op, w);
    }
    fn flag(&mut self, f: Flag) -> B {
        let (a, b, res) = (V::Local(local::FLAG_A), V::Local(local::FLAG_B), V::Local(local::FLAG_RES));
        let Known::Op(op, w) = self.flags else {
            self.failed = true;
            return B::Const(false);
        };
        if op == FlagOp::Packed {
            let bit = match f {
                Flag::Cf => bits::CF,
                Flag::Pf => bits::PF,
                Flag::Af => bits::AF,
                Flag::Zf => bits::ZF,
                Flag::Sf => bits::SF,
                Flag::Of => bits::OF,
            };
            return self.bit_of(a, bit);
        }
        match f {
            Flag::Zf => self.is_zero(res),
            Flag::Sf => self.slt(w, res, V::Const(0)),
            Flag::Pf => {
                let low = self.and_imm(res, 0xff);
                let ones = self.popcnt(low);
                let odd = self.and_imm(ones, 1);
                self.is_zero(odd)
            }
            Flag::Cf => match op {
                FlagOp::Add => self.ult(res, a),
                FlagOp::Sub => self.ult(a, b),
                FlagOp::Adc => {
                    let (both, any) = (self.and(a, b), self.or(a, b));
                    let gone = self.without(any, res);
                    let carry = self.or(both, gone);
                    self.slt(w, carry, V::Const(0))
                }
                FlagOp::Sbb => {
                    let not_a = self.complement(a);
                    let (both, any) = (self.and(not_a, b), self.or(not_a, b));
                    let still = self.and(any, res);
                    let borrow = self.or(both, still);
                    self.slt(w, borrow, V::Const(0))
                }
                FlagOp::Shl => {
                    let out = self.sub(W64, V::Const(w.bits() as u64), b);
                    // A count above the width shifts zeros out; then `out` is negative and its bit is cut off here.
                    let bit = self.shr(W64, a, out);
                    let bit = self.and_imm(bit, 1);
                    let too_far = self.ult(V::Const(w.bits() as u64), b);
                    let bit = self.select(too_far, V::Const(0), bit);
                    self.is_nonzero(bit)
                }
                FlagOp::Shr | FlagOp::Sar => {
                    let a = if op == FlagOp::Sar { self.sext(w, W64, a) } else { a };
                    let last = self.sub(W64, b, V::Const(1));
                    let bit = self.sar(W64, a, last);
                    let bit = self.and_imm(bit, 1);
                    self.is_nonzero(bit)
                }
                FlagOp::Logic | FlagOp::Packed => B::Const(false),
                FlagOp::Inc | FlagOp::Dec | FlagOp::ResCarry | FlagOp::Mul => self.is_nonzero(b),
                FlagOp::Partial => self.bit_of(b, bits::CF),
            },
            Flag::Of => match op {
                FlagOp::Add | FlagOp::Adc => {
                    let (x, y) = (self.xor(a, res), self.xor(b, res));
                    self.both_signs(w, x, y)
                }
                FlagOp::Sub | FlagOp::Sbb => {
                    let (x, y) = (self.xor(a, b), self.xor(a, res));
                    self.both_signs(w, x, y)
                }
                FlagOp::Inc => {
                    let turned = self.without(res, a);
                    self.slt(w, turned, V::Const(0))
                }
                FlagOp::Dec => {
                    let turned = self.without(a, res);
                    self.slt(w, turned, V::Const(0))
                }
                FlagOp::Shl => {
                    let (sign, carry) = (self.slt(w, res, V::Const(0)), self.flag(Flag::Cf));
                    self.differ(sign, carry)
                }
                FlagOp::Shr => {
                    let doubled = self.shl(W64, res, V::Const(1));
                    let turned = self.xor(res, doubled);
                    self.slt(w, turned, V::Const(0))
                }
                FlagOp::Logic | FlagOp::ResCarry | FlagOp::Sar | FlagOp::Packed => B::Const(false),
                FlagOp::Mul => self.is_nonzero(b),
                FlagOp::Partial => self.bit_of(b, bits::OF),
            },
            Flag::Af => match op {
                FlagOp::Partial => self.bit_of(b, bits::AF),
                FlagOp::Add | FlagOp::Adc | FlagOp::Sub | FlagOp::Sbb => {
                    let sum = self.xor(a, b);
                    let carries = self.xor(sum, res);
                    let carry = self.and_imm(carries, 0x10);
                    self.is_nonzero(carry)
                }
                FlagOp::Inc => {
                    let low = self.and_imm(res, 0xf);
                    self.is_zero(low)
                }
                FlagOp::Dec => {
                    let low = self.and_imm(a, 0xf);
                    self.is_zero(low)
                }
                _ => B::Const(false),
            },
        }
    }
    fn cond(&mut self, c: Cond) -> B {
        let (a, b, res) = (V::Local(local::FLAG_A), V::Local(local::FLAG_B), V::Local(local::FLAG_RES));
        let negated = (c as u8) & 1 != 0;
        // Compare the operands where the last operation was a comparison; else put the condition together from flags.
        let positive = match (c, self.flags) {
            (Cond::B | Cond::Ae, Known::Op(FlagOp::Sub, _)) => self.ult(a, b),
            (Cond::Be | Cond::A, Known::Op(FlagOp::Sub, _)) => {
                let above = self.ult(b, a);
                self.not(above)
            }
            (Cond::L | Cond::Ge, Known::Op(FlagOp::Sub, w)) => self.slt(w, a, b),
            (Cond::Le | Cond::G, Known::Op(FlagOp::Sub, w)) => {
                let greater = self.slt(w, b, a);
                self.not(greater)
            }
            (Cond::L | Cond::Ge, Known::Op(FlagOp::Logic, w)) => self.slt(w, res, V::Const(0)),
            (Cond::O | Cond::No, _) => self.flag(Flag::Of),
            (Cond::B | Cond::Ae, _) => self.flag(Flag::Cf),
            (Cond::E | Cond::Ne, _) => self.flag(Flag::Zf),
            (Cond::S | Cond::Ns, _) => self.flag(Flag::Sf),
            (Cond::P | Cond::Np, _) => self.flag(Flag::Pf),
            (Cond::Be | Cond::A, _) => {
                let (carry, zero) = (self.flag(Flag::Cf), self.flag(Flag::Zf));
                self.either(carry, zero)
            }
            (Cond::L | Cond::Ge | Cond::Le | Cond::G, _) => {
                let (sign, overflow) = (self.flag(Flag::Sf), self.flag(Flag::Of));
                let less = self.differ(sign, overflow);
                if matches!(c, Cond::L | Cond::Ge) {
                    less
                } else {
                    let zero = self.flag(Flag::Zf);
                    self.either(less, zero)
                }
            }
        };
        if negated { self.not(positive) } else { positive }
    }
    fn status(&mut self) -> V {
        let mut all = V::Const(0);
        let flags = [
            (Flag::Cf, bits::CF),
            (Flag::Pf, bits::PF),
            (Flag::Af, bits::AF),
            (Flag::Zf, bits::ZF),
            (Flag::Sf, bits::SF),
            (Flag::Of, bits::OF),
        ];
        for (flag, bit) in flags {
            let on = self.flag(flag);
            let on = self.to_int(on);
            let on = self.shl(W64, on, V::Const(bit.trailing_zeros() as u64));
            all = self.or(all, on);
        }
        all
    }
    fn set_status(&mut self, mask: u64, v: V) {
        let mut packed = self.and_imm(v, mask & bits::STATUS);
        if mask & bits::STATUS != bits::STATUS {
            let old = self.status();
            let kept = self.and_imm(old, !mask);
            packed = self.or(packed, kept);
        }
        self.push(packed);
        self.sink().local_set(local::FLAG_A).i32_const(0).local_set(local::FLAG_OP);
        self.flags = Known::Op(FlagOp::Packed, Width::W8);
    }

    fn next_rip(&mut self, _i: &Insn) -> V {
        let next = self.next;
        self.sink().local_get(local::BASE).i64_const(next).i64_add();
        self.value()
    }
    fn jump(&mut self, _i: &Insn) {
        self.end = End::Jump;
    }
    fn jump_if(&mut self, _i: &Insn, c: B) {
        self.end = End::Branch(c);
    }
    fn jump_to(&mut self, target: V) {
        self.push(target);
        let depth = self.depth;
        self.sink().local_set(local::RIP).i32_const(EXIT_GOTO).local_set(local::CODE).br(depth);
        self.end = End::Left;
    }
    fn trap(&mut self, _x: Exception) -> Done<Self> {
        // The interpreter raises it: leave at the instruction, inside whatever condition we are.
        let at = self.at;
        self.leave_at(at, EXIT_INTERPRET);
        Ok(())
    }
    fn leave(&mut self, _why: Exit) {
        self.failed = true;
    }
    fn call(&mut self, _i: &Insn, _f: Helper) -> Done<Self> {
        Err(NoLowering)
    }

    fn xmm(&mut self, r: u8) -> X {
        self.used_xmm |= 1 << (r & 15);
        self.sink().local_get(local::XMM + (r & 15) as u32);
        self.vector()
    }
    fn set_xmm(&mut self, r: u8, x: X) {
        self.used_xmm |= 1 << (r & 15);
        self.written_xmm |= 1 << (r & 15);
        self.push_x(x);
        self.sink().local_set(local::XMM + (r & 15) as u32);
    }
    fn mmx(&mut self, _r: u8) -> X {
        self.failed = true;
        self.vimm(0, 0)
    }
    fn set_mmx(&mut self, _r: u8, _x: X) {
        self.failed = true;
    }
    fn vimm(&mut self, lo: u64, hi: u64) -> X {
        self.sink().v128_const((hi as i128) << 64 | lo as i128);
        self.vector()
    }
    fn vun(&mut self, op: VUn, a: X) -> X {
        self.push_x(a);
        self.simd(op.opcode());
        self.vector()
    }
    fn vbin(&mut self, op: VBin, a: X, b: X) -> X {
        self.push_x(a);
        self.push_x(b);
        self.simd(op.opcode());
        self.vector()
    }
    fn vshift(&mut self, op: VShift, a: X, n: V) -> X {
        self.push_x(a);
        self.push(n);
        self.sink().i32_wrap_i64();
        self.simd(op.opcode());
        self.vector()
    }
    fn vshuffle(&mut self, lanes: [u8; 16], a: X, b: X) -> X {
        self.push_x(a);
        self.push_x(b);
        self.sink().i8x16_shuffle(lanes);
        self.vector()
    }
    fn vbitselect(&mut self, a: X, b: X, mask: X) -> X {
        self.push_x(a);
        self.push_x(b);
        self.push_x(mask);
        self.sink().v128_bitselect();
        self.vector()
    }
    fn vselect(&mut self, c: B, a: X, b: X) -> X {
        self.push_x(a);
        self.push_x(b);
        self.push_truth(c);
        self.sink().typed_select(ValType::V128);
        self.vector()
    }
    fn vsplat(&mut self, shape: Shape, v: V) -> X {
        self.push(v);
        let mut sink = self.sink();
        match shape {
            Shape::I64x2 => sink.i64x2_splat(),
            Shape::I32x4 => sink.i32_wrap_i64().i32x4_splat(),
            Shape::I16x8 => sink.i32_wrap_i64().i16x8_splat(),
            Shape::I8x16 => sink.i32_wrap_i64().i8x16_splat(),
        };
        self.vector()
    }
    fn vextract(&mut self, shape: Shape, lane: u8, a: X) -> V {
        self.push_x(a);
        let mut sink = self.sink();
        match shape {
            Shape::I64x2 => sink.i64x2_extract_lane(lane),
            Shape::I32x4 => sink.i32x4_extract_lane(lane).i64_extend_i32_u(),
            Shape::I16x8 => sink.i16x8_extract_lane_u(lane).i64_extend_i32_u(),
            Shape::I8x16 => sink.i8x16_extract_lane_u(lane).i64_extend_i32_u(),
        };
        self.value()
    }
    fn vreplace(&mut self, shape: Shape, lane: u8, a: X, v: V) -> X {
        self.push_x(a);
        self.push(v);
        let mut sink = self.sink();
        match shape {
            Shape::I64x2 => sink.i64x2_replace_lane(lane),
            Shape::I32x4 => sink.i32_wrap_i64().i32x4_replace_lane(lane),
            Shape::I16x8 => sink.i32_wrap_i64().i16x8_replace_lane(lane),
            Shape::I8x16 => sink.i32_wrap_i64().i8x16_replace_lane(lane),
        };
        self.vector()
    }
    fn vbitmask(&mut self, shape: Shape, a: X) -> V {
        self.push_x(a);
        let mut sink = self.sink();
        match shape {
            Shape::I64x2 => sink.i64x2_bitmask(),
            Shape::I32x4 => sink.i32x4_bitmask(),
            Shape::I16x8 => sink.i16x8_bitmask(),
            Shape::I8x16 => sink.i8x16_bitmask(),
        };
        self.sink().i64_extend_i32_u();
        self.value()
    }
    fn vany(&mut self, a: X) -> B {
        self.push_x(a);
        self.sink().v128_any_true();
        self.truth()
    }
    fn vload(&mut self, bytes: u32, aligned: bool, addr: V) -> Result<X, NoLowering> {
        self.leave_unless_aligned(aligned, addr);
        let host = self.host(addr, bytes, local::READ, EXIT_INTERPRET);
        self.sink().local_get(host.0);
        let mut sink = self.sink();
        match bytes {
            4 => sink.v128_load32_zero(PLAIN),
            8 => sink.v128_load64_zero(PLAIN),
            _ => sink.v128_load(PLAIN),
        };
        Ok(self.vector())
    }
    fn vstore(&mut self, bytes: u32, aligned: bool, addr: V, x: X) -> Done<Self> {
        self.leave_unless_aligned(aligned, addr);
        let host = self.host(addr, bytes, local::WRITE, EXIT_INTERPRET);
        self.sink().local_get(host.0);
        self.push_x(x);
        let mut sink = self.sink();
        match bytes {
            4 => sink.v128_store32_lane(PLAIN, 0),
            8 => sink.v128_store64_lane(PLAIN, 0),
            _ => sink.v128_store(PLAIN),
        };
        Ok(())
    }

    // Floating point with exact NaNs and MXCSR flags stays with the interpreter until the variants of the design exist.
    fn fp(&mut self, _op: FpOp, _t: FpType, _lanes: Lanes, _a: X, _b: X) -> Result<X, NoLowering> {
        Err(NoLowering)
    }
    fn fp_convert(&mut self, _op: FpCvt, _a: X, _b: X) -> Result<X, NoLowering> {
        Err(NoLowering)
    }
    fn fp_to_int(&mut self, _t: FpType, _w: Width, _truncate: bool, _x: X) -> Result<V, NoLowering> {
        Err(NoLowering)
    }
    fn fp_from_int(&mut self, _t: FpType, _w: Width, _a: X, _v: V) -> Result<X, NoLowering> {
        Err(NoLowering)
    }
    fn fp_compare(&mut self, _t: FpType, _quiet: bool, _a: X, _b: X) -> Result<V, NoLowering> {
        Err(NoLowering)
    }
}

impl Lower {
    fn differ(&mut self, a: B, b: B) -> B {
        self.push_truth(a);
        self.push_truth(b);
        self.sink().i32_xor();
        self.truth()
    }
    fn bit_of(&mut self, v: V, bit: u64) -> B {
        let picked = self.and_imm(v, bit);
        self.is_nonzero(picked)
    }
    fn complement(&mut self, v: V) -> V {
        self.xor(v, V::Const(u64::MAX))
    }
    /// a & !b.
    fn without(&mut self, a: V, b: V) -> V {
        let b = self.complement(b);
        self.and(a, b)
    }

    /// The sign bits of both are set.
    fn both_signs(&mut self, w: Width, a: V, b: V) -> B {
        let both = self.and(a, b);
        self.slt(w, both, V::Const(0))
    }

    /// Writes an instruction of the vector group.
    fn simd(&mut self, opcode: u32) {
        self.bytes.push(0xfd);
        opcode.encode(&mut self.bytes);
    }

    fn leave_unless_aligned(&mut self, aligned: bool, addr: V) {
        if aligned {
            self.push(addr);
            self.sink().i64_const(15).i64_and().i64_const(0).i64_ne();
            self.leave_if(EXIT_INTERPRET);
        }
    }

    fn rotate(&mut self, w: Width, a: V, n: V, left: bool) -> V {
        if w == W64 {
            return if left {
                self.binary(W64, a, n, |a, n| a.rotate_left(n as u32 & 63), |s| s.i64_rotl(), false)
            } else {
                self.binary(W64, a, n, |a, n| a.rotate_right(n as u32 & 63), |s| s.i64_rotr(), false)
            };
        }
        let back = self.sub(W64, V::Const(w.bits() as u64), n);
        let (up, down) = if left { (n, back) } else { (back, n) };
        let high = self.shl(w, a, up);
        let low = self.shr(w, a, down);
        let both = self.or(high, low);
        self.zext(w, both)
    }

    /// High half of the 128-bit product from four 32-bit products.
    fn wide_product(&mut self, a: V, b: V) -> V {
        let low = |e: &mut Lower, v| e.zext(Width::W32, v);
        let high = |e: &mut Lower, v| e.shr(W64, v, V::Const(32));
        let (a0, a1, b0, b1) = (low(self, a), high(self, a), low(self, b), high(self, b));
        let (p00, p01) = (self.mul(W64, a0, b0), self.mul(W64, a0, b1));
        let (p10, p11) = (self.mul(W64, a1, b0), self.mul(W64, a1, b1));
        // The middle column cannot overflow 64 bits: (2^32-1)^2 + 2 (2^32-1) < 2^64.
        let carry = high(self, p00);
        let middle = self.add(W64, p10, carry);
        let middle_low = low(self, middle);
        let second = self.add(W64, p01, middle_low);
        let (up1, up2) = (high(self, middle), high(self, second));
        let sum = self.add(W64, p11, up1);
        self.add(W64, sum, up2)
    }
}
