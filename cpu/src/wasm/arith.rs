//! Integer arithmetic behind the words: operations of two integers, wide products, rotations, divisions.

use super::lower::{B, Lower, V, X};
use super::region::EXIT_INTERPRET;
use crate::Gpr;
use crate::emit::{Done, Emit};
use crate::flags::FlagOp;
use crate::insn::{Insn, Mn, Operand, Vex, Width};
use crate::state::UPPER;
use crate::vec::VBin;
use wasm_encoder::{BlockType, InstructionSink, ValType};

const W32: Width = Width::W32;
const W64: Width = Width::W64;

/// An i64 and an i32 instruction that do the same.
pub(super) type Op = for<'s, 't> fn(&'s mut InstructionSink<'t>) -> &'s mut InstructionSink<'t>;

/// Fits an i32 local.
pub(super) fn is_short(v: V) -> bool {
    match v {
        V::Const(c) => c <= u32::MAX as u64,
        V::Short(_) => true,
        _ => false,
    }
}

impl Lower<'_> {
    /// Cuts the i32 on the stack to `w`.
    pub(super) fn cut(&mut self, w: Width) {
        if w < W32 {
            self.sink().i32_const(w.mask() as i32).i32_and();
        }
    }

    /// Pushes an i32: the low `w` bits, sign-extended.
    pub(super) fn push_signed(&mut self, w: Width, v: V) {
        if let V::Const(c) = v {
            self.sink().i32_const(w.sext(c) as i32);
            return;
        }
        self.push32(v);
        let mut sink = self.sink();
        match w {
            Width::W8 => _ = sink.i32_extend8_s(),
            Width::W16 => _ = sink.i32_extend16_s(),
            _ => {}
        }
    }

    /// An operation of two integers, folded when both are known.
    #[expect(clippy::too_many_arguments, reason = "one row for each operation reads best")]
    pub(super) fn binary(
        &mut self,
        w: Width,
        a: V,
        b: V,
        fold: fn(u64, u64) -> u64,
        long: Op,
        short: Op,
        cut: bool,
    ) -> V {
        if let (V::Const(a), V::Const(b)) = (a, b) {
            return V::Const(w.trunc(fold(a, b)));
        }
        if w == W64 {
            self.push(a);
            self.push(b);
            long(&mut self.sink());
            return self.value();
        }
        self.push32(a);
        self.push32(b);
        short(&mut self.sink());
        if cut {
            self.cut(w);
        }
        self.short()
    }

    pub(super) fn bitwise(&mut self, a: V, b: V, fold: fn(u64, u64) -> u64, long: Op, short: Op) -> V {
        let w = if is_short(a) && is_short(b) { W32 } else { W64 };
        self.binary(w, a, b, fold, long, short, false)
    }

    pub(super) fn compare_words(&mut self, a: V, b: V, long: Op, short: Op) -> B {
        if is_short(a) && is_short(b) {
            self.push32(a);
            self.push32(b);
            short(&mut self.sink());
        } else {
            self.push(a);
            self.push(b);
            long(&mut self.sink());
        }
        self.truth()
    }

    /// and, andnot, or, xor on both halves.
    pub(super) fn bitwise_halves(&mut self, op: VBin, a: X, b: X) -> X {
        let half = |e: &mut Self, a: V, b: V| match op {
            VBin::V128And => e.and(a, b),
            VBin::V128Andnot => {
                let not = e.xor(b, V::Const(u64::MAX));
                e.and(a, not)
            }
            VBin::V128Or => e.or(a, b),
            _ => e.xor(a, b),
        };
        let (a0, b0, a1, b1) = (self.low_half(a), self.low_half(b), self.high_half(a), self.high_half(b));
        let high = half(self, a1, b1);
        let low = half(self, a0, b0);
        self.push(low);
        self.sink().f64_reinterpret_i64();
        self.halves(high)
    }

    pub(super) fn rotate(&mut self, w: Width, a: V, n: V, left: bool) -> V {
        if w >= W32 {
            return if left {
                let fold = if w == W64 {
                    |a: u64, n: u64| a.rotate_left(n as u32 & 63)
                } else {
                    |a: u64, n: u64| (a as u32).rotate_left(n as u32 & 31) as u64
                };
                self.binary(w, a, n, fold, |s| s.i64_rotl(), |s| s.i32_rotl(), false)
            } else {
                let fold = if w == W64 {
                    |a: u64, n: u64| a.rotate_right(n as u32 & 63)
                } else {
                    |a: u64, n: u64| (a as u32).rotate_right(n as u32 & 31) as u64
                };
                self.binary(w, a, n, fold, |s| s.i64_rotr(), |s| s.i32_rotr(), false)
            };
        }
        let back = self.sub(W32, V::Const(w.bits() as u64), n);
        let (up, down) = if left { (n, back) } else { (back, n) };
        let high = self.shl(W32, a, up);
        let low = self.shr(W32, a, down);
        let both = self.or(high, low);
        self.zext(w, both)
    }

    /// High half of the 128-bit product from four 32-bit products.
    pub(super) fn wide_product(&mut self, a: V, b: V) -> V {
        let low = |e: &mut Self, v| e.and_long(v, u32::MAX as u64);
        let high = |e: &mut Self, v| e.shr(W64, v, V::Const(32));
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

    /// v & mask as an i64.
    fn and_long(&mut self, v: V, mask: u64) -> V {
        self.push(v);
        self.sink().i64_const(mask as i64).i64_and();
        self.value()
    }

    /// Instructions whose lowering is not their meaning's words: divisions, and clearing a register.
    pub(super) fn special(&mut self, i: &Insn) -> Option<Done<Self>> {
        match i.mn {
            Mn::Xor if i.dst() == i.src() && i.width >= W32 => {
                let Operand::Reg(r) = i.dst() else { return None };
                self.set_reg(W64, r, V::Const(0));
                self.record(FlagOp::Logic, i.width, V::Const(0), V::Const(0), V::Const(0));
                Some(Ok(()))
            }
            Mn::Pxor | Mn::Xorps | Mn::Xorpd if i.first() == i.src() => {
                let (Operand::Xmm(r) | Operand::Ymm(r)) = i.dst() else { return None };
                self.set_xmm(r, X::Const(0, 0));
                if i.vex != Vex::None {
                    self.set_xmm(r + UPPER, X::Const(0, 0));
                }
                Some(Ok(()))
            }
            Mn::Div | Mn::Idiv if i.width >= W32 => Some(self.divide(i)),
            // The upper half of the product is for the flags only.
            Mn::Imul if i.ops[1] != Operand::None && self.flags_are_dead() => {
                let (x, y) = if i.ops[2] == Operand::None { (i.ops[0], i.ops[1]) } else { (i.ops[1], i.ops[2]) };
                Some(self.multiply(i, x, y))
            }
            _ => None,
        }
    }

    /// IMUL whose flags nobody reads.
    fn multiply(&mut self, i: &Insn, x: Operand, y: Operand) -> Done<Self> {
        let (a, b) = (self.read(i.width, i, x)?, self.read(i.width, i, y)?);
        let product = self.mul(i.width, a, b);
        self.write(i.width, i, i.dst(), product)?;
        self.record(FlagOp::Mul, i.width, V::Const(0), V::Const(0), V::Const(0));
        Ok(())
    }

    /// DIV and IDIV whose dividend is one register, extended; other cases and those that trap are the interpreter's.
    fn divide(&mut self, i: &Insn) -> Done<Self> {
        let (w, signed) = (i.width, i.mn == Mn::Idiv);
        let divisor = self.read(w, i, i.dst())?;
        let (low, high) = (self.reg(w, Gpr::RAX), self.reg(w, Gpr::RDX));
        let zero = self.is_zero(divisor);
        if signed {
            let sign = self.sar(w, low, V::Const(w.bits() as u64 - 1));
            let extended = self.eq(sign, high);
            let wide = self.not(extended);
            // The lowest number by -1 overflows.
            let (least, minus) = (V::Const(1 << (w.bits() - 1)), V::Const(w.mask()));
            let (is_least, is_minus) = (self.eq(low, least), self.eq(divisor, minus));
            let overflow = self.both(is_least, is_minus);
            let odd = self.either(wide, overflow);
            let odd = self.either(odd, zero);
            self.push_truth(odd);
        } else if w == W64 {
            let wide = self.is_nonzero(high);
            let odd = self.either(wide, zero);
            self.push_truth(odd);
        } else {
            // A quotient that does not fit, or a division by zero.
            let fits = self.ult(high, divisor);
            let odd = self.not(fits);
            self.push_truth(odd);
        }
        self.leave_if(EXIT_INTERPRET);
        let quotient = if w == W64 {
            let op: Op = if signed { |s| s.i64_div_s() } else { |s| s.i64_div_u() };
            self.push(low);
            self.push(divisor);
            op(&mut self.sink());
            self.value()
        } else if signed {
            self.push32(low);
            self.push32(divisor);
            self.sink().i32_div_s();
            self.short()
        } else {
            // Most dividends have no upper half, and the narrow division is faster.
            self.push32(high);
            self.sink().i32_eqz().if_(BlockType::Result(ValType::I32));
            self.push32(low);
            self.push32(divisor);
            self.sink().i32_div_u().else_();
            self.push(high);
            self.sink().i64_const(32).i64_shl();
            self.push(low);
            self.sink().i64_or();
            self.push(divisor);
            self.sink().i64_div_u().i32_wrap_i64().end();
            self.short()
        };
        let product = self.mul(w, quotient, divisor);
        let remainder = self.sub(w, low, product);
        self.set_reg(w, Gpr::RAX, quotient);
        self.set_reg(w, Gpr::RDX, remainder);
        Ok(())
    }
}
