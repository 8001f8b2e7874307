//! The words of [`Emit`], each as the WebAssembly that does it. Integers of up to 32 bits are i32s.

use super::arith::is_short;
use super::liveness::Touch;
use super::lower::{B, End, Known, Lower, M, NoLowering, Regs, V, X, local};
use super::region::EXIT_INTERPRET;
use crate::emit::{Done, Emit, Helper};
use crate::flags::{Flag, FlagOp};
use crate::fp::{FpCvt, FpOp, FpType, Lanes};
use crate::insn::{Cond, Insn, Mem, Width};
use crate::vec::{Shape, VBin, VShift, VUn};
use crate::{Exception, Exit, Gpr};
use wasm_encoder::{BlockType, ValType};

const W32: Width = Width::W32;
const W64: Width = Width::W64;

impl Emit for Lower<'_> {
    type V = V;
    type B = B;
    type X = X;
    type M = M;
    type Trap = NoLowering;
    const WRITES: bool = true;

    fn imm(&mut self, v: u64) -> V {
        V::Const(v)
    }
    fn reg(&mut self, w: Width, r: Gpr) -> V {
        match (self.slot(r), r) {
            (Some(slot), _) => {
                self.get(slot);
                if w == W64 {
                    let v = self.value();
                    self.roots.note_register(v, r);
                    return v;
                }
                self.sink().i32_wrap_i64();
                self.cut(w);
                self.short()
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
        let Some(slot) = self.written(w >= W32, r, (w == W64).then_some(v)) else { return self.failed = true };
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
        self.sink().local_get(slot).i32_wrap_i64().i32_const(8).i32_shr_u().i32_const(0xff).i32_and();
        self.short()
    }
    fn set_reg_high(&mut self, r: Gpr, v: V) {
        let Some(slot) = self.written(false, r, None) else { return self.failed = true };
        self.sink().local_get(slot).i64_const(!0xff00).i64_and();
        self.push(v);
        self.sink().i64_const(8).i64_shl().i64_or().local_set(slot);
    }

    fn offset(&mut self, m: &Mem) -> V {
        self.operand_offset(m)
    }
    fn addr(&mut self, m: &Mem) -> V {
        let offset = self.operand_offset(m);
        self.segmented(offset, m.segment)
    }
    fn load_at(&mut self, w: Width, addr: V) -> Result<V, NoLowering> {
        let m = self.checked(addr, w.bytes(), false);
        Ok(self.load_host(w, m))
    }
    fn store_at(&mut self, w: Width, addr: V, v: V) -> Done<Self> {
        let m = self.checked(addr, w.bytes(), true);
        self.store_host(w, m, v);
        Ok(())
    }
    fn check_write(&mut self, w: Width, addr: V) -> Result<M, NoLowering> {
        // Every writable page is readable through the same host address.
        Ok(self.checked(addr, w.bytes(), true))
    }
    fn get(&mut self, w: Width, m: M) -> V {
        self.load_host(w, m)
    }
    fn put(&mut self, w: Width, m: M, v: V) {
        self.store_host(w, m, v);
    }

    fn add(&mut self, w: Width, a: V, b: V) -> V {
        let sum = match (a, b) {
            (V::Const(0), v) | (v, V::Const(0)) => v,
            _ => self.binary(w, a, b, u64::wrapping_add, |s| s.i64_add(), |s| s.i32_add(), true),
        };
        if w == W64 {
            match (a, b) {
                (of, V::Const(c)) | (V::Const(c), of) if of != sum => self.roots.note_sum(sum, of, c),
                _ => {}
            }
        }
        sum
    }
    fn sub(&mut self, w: Width, a: V, b: V) -> V {
        let rest = self.binary(w, a, b, u64::wrapping_sub, |s| s.i64_sub(), |s| s.i32_sub(), true);
        if let (W64, V::Const(c)) = (w, b) {
            self.roots.note_sum(rest, a, c.wrapping_neg());
        }
        rest
    }
    fn mul(&mut self, w: Width, a: V, b: V) -> V {
        self.binary(w, a, b, u64::wrapping_mul, |s| s.i64_mul(), |s| s.i32_mul(), true)
    }
    fn mul_hi_u(&mut self, w: Width, a: V, b: V) -> V {
        if w != W64 {
            let product = self.mul(W64, a, b);
            let high = self.shr(W64, product, V::Const(w.bits() as u64));
            return self.zext(w, high);
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
        // Either side clears the upper half.
        let w = if is_short(a) || is_short(b) { W32 } else { W64 };
        self.binary(w, a, b, |a, b| a & b, |s| s.i64_and(), |s| s.i32_and(), false)
    }
    fn or(&mut self, a: V, b: V) -> V {
        match (a, b) {
            (V::Const(0), v) | (v, V::Const(0)) => v,
            _ => self.bitwise(a, b, |a, b| a | b, |s| s.i64_or(), |s| s.i32_or()),
        }
    }
    fn xor(&mut self, a: V, b: V) -> V {
        self.bitwise(a, b, |a, b| a ^ b, |s| s.i64_xor(), |s| s.i32_xor())
    }
    fn shl(&mut self, w: Width, a: V, n: V) -> V {
        match n {
            V::Const(0) => a,
            _ => self.binary(w, a, n, |a, n| a << (n & 63), |s| s.i64_shl(), |s| s.i32_shl(), true),
        }
    }
    fn shr(&mut self, w: Width, a: V, n: V) -> V {
        match n {
            V::Const(0) => a,
            _ => self.binary(w, a, n, |a, n| a >> (n & 63), |s| s.i64_shr_u(), |s| s.i32_shr_u(), false),
        }
    }
    fn sar(&mut self, w: Width, a: V, n: V) -> V {
        if w == W64 {
            self.push(a);
            self.push(n);
            self.sink().i64_shr_s();
            return self.value();
        }
        self.push_signed(w, a);
        self.push32(n);
        self.sink().i32_shr_s();
        self.cut(w);
        self.short()
    }
    fn rol(&mut self, w: Width, a: V, n: V) -> V {
        self.rotate(w, a, n, true)
    }
    fn ror(&mut self, w: Width, a: V, n: V) -> V {
        self.rotate(w, a, n, false)
    }
    fn zext(&mut self, w: Width, a: V) -> V {
        match (w, a) {
            (W64, _) => a,
            (_, V::Const(c)) => V::Const(w.trunc(c)),
            (W32, V::Short(_)) => a,
            _ => {
                self.push32(a);
                self.cut(w);
                self.short()
            }
        }
    }
    fn sext(&mut self, from: Width, to: Width, a: V) -> V {
        if let V::Const(v) = a {
            return V::Const(to.trunc(from.sext(v) as u64));
        }
        if from == W64 {
            return self.zext(to, a);
        }
        self.push_signed(from, a);
        if to == W64 {
            self.sink().i64_extend_i32_s();
            return self.value();
        }
        self.cut(to);
        self.short()
    }
    fn clz(&mut self, w: Width, a: V) -> V {
        if w == W64 {
            self.push(a);
            self.sink().i64_clz();
            return self.value();
        }
        self.push32(a);
        self.sink().i32_clz().i32_const(32 - w.bits() as i32).i32_sub();
        self.short()
    }
    fn ctz(&mut self, w: Width, a: V) -> V {
        if w == W64 {
            self.push(a);
            self.sink().i64_ctz();
            return self.value();
        }
        self.push32(a);
        if w != W32 {
            self.sink().i32_const(1 << w.bits()).i32_or();
        }
        self.sink().i32_ctz();
        self.short()
    }
    fn popcnt(&mut self, a: V) -> V {
        if is_short(a) {
            self.push32(a);
            self.sink().i32_popcnt();
            return self.short();
        }
        self.push(a);
        self.sink().i64_popcnt();
        self.value()
    }

    fn eq(&mut self, a: V, b: V) -> B {
        match (a, b) {
            (V::Const(a), V::Const(b)) => return B::Const(a == b),
            (v, V::Const(0)) | (V::Const(0), v) => {
                if is_short(v) {
                    self.push32(v);
                    self.sink().i32_eqz();
                } else {
                    self.push(v);
                    self.sink().i64_eqz();
                }
                return self.truth();
            }
            _ => {}
        }
        self.compare_words(a, b, |s| s.i64_eq(), |s| s.i32_eq())
    }
    fn ult(&mut self, a: V, b: V) -> B {
        if let (V::Const(a), V::Const(b)) = (a, b) {
            return B::Const(a < b);
        }
        self.compare_words(a, b, |s| s.i64_lt_u(), |s| s.i32_lt_u())
    }
    fn slt(&mut self, w: Width, a: V, b: V) -> B {
        if w == W64 {
            self.push(a);
            self.push(b);
            self.sink().i64_lt_s();
            return self.truth();
        }
        self.push_signed(w, a);
        self.push_signed(w, b);
        self.sink().i32_lt_s();
        self.truth()
    }
    fn not(&mut self, a: B) -> B {
        if let B::Const(a) = a {
            return B::Const(!a);
        }
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
        match (a, b) {
            (B::Const(false), x) | (x, B::Const(false)) => return x,
            _ => {}
        }
        self.push_truth(a);
        self.push_truth(b);
        self.sink().i32_or();
        self.truth()
    }
    fn to_int(&mut self, a: B) -> V {
        match a {
            B::Const(b) => V::Const(b as u64),
            B::Local(l) => V::Short(l),
        }
    }
    fn select(&mut self, c: B, a: V, b: V) -> V {
        if let B::Const(c) = c {
            return if c { a } else { b };
        }
        if is_short(a) && is_short(b) {
            self.push32(a);
            self.push32(b);
            self.push_truth(c);
            self.sink().select();
            return self.short();
        }
        self.push(a);
        self.push(b);
        self.push_truth(c);
        self.sink().select();
        self.value()
    }
    fn when(&mut self, c: B, then: impl FnOnce(&mut Self) -> Done<Self>) -> Done<Self> {
        // Either way's flags must be in the same place afterwards.
        self.materialise();
        self.push_truth(c);
        self.sink().if_(BlockType::Empty);
        self.depth += 1;
        self.conditional += 1;
        let before = self.flags;
        let done = then(self);
        if self.flags != before {
            self.flags = Known::Nothing;
        }
        self.conditional -= 1;
        self.depth -= 1;
        self.sink().end();
        done
    }

    fn set_flags(&mut self, op: FlagOp, w: Width, a: V, b: V, res: V) {
        self.record(op, w, a, b, res);
    }
    fn flag(&mut self, f: Flag) -> B {
        self.flag_of(f)
    }
    fn cond(&mut self, c: Cond) -> B {
        self.condition(c)
    }
    fn status(&mut self) -> V {
        self.status_bits()
    }
    fn set_status(&mut self, mask: u64, v: V) {
        self.set_status_bits(mask, v);
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
        self.end = End::To(target);
    }
    fn trap(&mut self, _x: Exception) -> Done<Self> {
        // The interpreter raises it: leave at the instruction, inside whatever condition we are.
        let at = self.at;
        self.leave_at(at, EXIT_INTERPRET);
        if self.conditional == 0 {
            self.end = End::Left;
        }
        Ok(())
    }
    fn leave(&mut self, _why: Exit) {
        self.failed = true;
    }
    fn call(&mut self, _i: &Insn, _f: Helper) -> Done<Self> {
        Err(NoLowering)
    }

    fn xmm(&mut self, r: u8) -> X {
        self.touch(Touch::Use, Regs::xmm(r));
        let (low, high) = (self.layout.xmm[r as usize], self.layout.high[r as usize % 16]);
        self.get(low);
        if self.is_halved(r) {
            let low = self.temporary(ValType::F64);
            self.set(low);
            self.get(high);
            let high = self.value();
            return X::Halves(low, high);
        }
        self.vector()
    }
    fn set_xmm(&mut self, r: u8, x: X) {
        self.touch_written(Regs::xmm(r), true);
        let (low, high) = (self.layout.xmm[r as usize], self.layout.high[r as usize % 16]);
        if self.is_halved(r) {
            let upper = self.high_half(x);
            self.push_double(x);
            self.sink().local_set(low);
            self.push(upper);
            self.sink().local_set(high);
        } else {
            self.push_x(x);
            self.sink().local_set(low);
        }
    }
    fn mmx(&mut self, _r: u8) -> X {
        self.failed = true;
        X::Const(0, 0)
    }
    fn set_mmx(&mut self, _r: u8, _x: X) {
        self.failed = true;
    }
    fn vimm(&mut self, lo: u64, hi: u64) -> X {
        X::Const(lo, hi)
    }
    fn vun(&mut self, op: VUn, a: X) -> X {
        self.push_x(a);
        self.simd(op.opcode());
        self.vector()
    }
    fn vbin(&mut self, op: VBin, a: X, b: X) -> X {
        let by_halves = matches!(op, VBin::V128And | VBin::V128Andnot | VBin::V128Or | VBin::V128Xor);
        if by_halves && matches!((a, b), (X::Halves(..), _) | (_, X::Halves(..))) {
            return self.bitwise_halves(op, a, b);
        }
        self.push_x(a);
        self.push_x(b);
        self.simd(op.opcode());
        self.vector()
    }
    fn vshift(&mut self, op: VShift, a: X, n: V) -> X {
        self.push_x(a);
        self.push32(n);
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
        if shape == Shape::I64x2 {
            self.push(v);
            self.sink().i64x2_splat();
            return self.vector();
        }
        self.push32(v);
        let mut sink = self.sink();
        match shape {
            Shape::I32x4 => sink.i32x4_splat(),
            Shape::I16x8 => sink.i16x8_splat(),
            _ => sink.i8x16_splat(),
        };
        self.vector()
    }
    fn vextract(&mut self, shape: Shape, lane: u8, a: X) -> V {
        if shape == Shape::I64x2 {
            return if lane == 0 { self.low_half(a) } else { self.high_half(a) };
        }
        self.push_x(a);
        let mut sink = self.sink();
        match shape {
            Shape::I32x4 => sink.i32x4_extract_lane(lane),
            Shape::I16x8 => sink.i16x8_extract_lane_u(lane),
            _ => sink.i8x16_extract_lane_u(lane),
        };
        self.short()
    }
    fn vreplace(&mut self, shape: Shape, lane: u8, a: X, v: V) -> X {
        if let (Shape::I64x2, X::Halves(low, high)) = (shape, a) {
            if lane == 1 {
                return X::Halves(low, v);
            }
            self.push(v);
            self.sink().f64_reinterpret_i64();
            return self.halves(high);
        }
        self.push_x(a);
        if shape == Shape::I64x2 {
            self.push(v);
            self.sink().i64x2_replace_lane(lane);
            return self.vector();
        }
        self.push32(v);
        let mut sink = self.sink();
        match shape {
            Shape::I32x4 => sink.i32x4_replace_lane(lane),
            Shape::I16x8 => sink.i16x8_replace_lane(lane),
            _ => sink.i8x16_replace_lane(lane),
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
        self.short()
    }
    fn vany(&mut self, a: X) -> B {
        self.push_x(a);
        self.sink().v128_any_true();
        self.truth()
    }
    fn vload(&mut self, bytes: u32, aligned: bool, addr: V) -> Result<X, NoLowering> {
        if aligned && bytes == 16 {
            self.leave_unless_aligned(addr);
        }
        let m = self.checked(addr, bytes, false);
        Ok(self.load_vector(bytes, m))
    }
    fn vstore(&mut self, bytes: u32, aligned: bool, addr: V, x: X) -> Done<Self> {
        if aligned && bytes == 16 {
            self.leave_unless_aligned(addr);
        }
        let m = self.checked(addr, bytes, true);
        self.store_vector(bytes, m, x);
        Ok(())
    }

    fn vload_pair(&mut self, addr: V) -> Result<(X, X), NoLowering> {
        let m = self.checked(addr, 32, false);
        Ok((self.load_vector(16, m), self.load_vector(16, M { offset: m.offset + 16, ..m })))
    }
    fn vstore_pair(&mut self, addr: V, low: X, high: X) -> Done<Self> {
        let m = self.checked(addr, 32, true);
        self.store_vector(16, m, low);
        self.store_vector(16, M { offset: m.offset + 16, ..m }, high);
        Ok(())
    }

    fn fp_collect(&mut self) {}
    fn fp_raise(&mut self) -> Done<Self> {
        // What would be raised left the function.
        Ok(())
    }
    fn fp(&mut self, op: FpOp, t: FpType, lanes: Lanes, a: X, b: X) -> Result<X, NoLowering> {
        self.arith(op, t, lanes, a, b)
    }
    fn fp_convert(&mut self, op: FpCvt, a: X, b: X) -> Result<X, NoLowering> {
        Ok(self.convert(op, a, b))
    }
    fn fp_to_int(&mut self, t: FpType, w: Width, truncate: bool, x: X) -> Result<V, NoLowering> {
        Ok(self.integer_of(t, w, truncate, x))
    }
    fn fp_from_int(&mut self, t: FpType, w: Width, a: X, v: V) -> Result<X, NoLowering> {
        Ok(self.of_integer(t, w, a, v))
    }
    fn fp_compare(&mut self, t: FpType, _quiet: bool, a: X, b: X) -> Result<V, NoLowering> {
        Ok(self.compare(t, a, b))
    }
}

impl Lower<'_> {
    /// The local of a register that is about to get `v`, if that is known as a whole.
    fn written(&mut self, whole: bool, r: Gpr, v: Option<V>) -> Option<u32> {
        let index = super::lower::slot_index(r)?;
        self.touch_written(Regs::gpr(index), whole);
        // What happens on one path only leaves an unknown value.
        let v = v.filter(|_| self.conditional == 0);
        self.roots.write(index, v);
        Some(self.layout.gpr[index as usize])
    }
}
