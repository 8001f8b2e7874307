//! The status flags in lowered code: from the operation they follow from, which is mostly known, to conditions.

use super::lower::{B, Event, Known, Lower, Pending, V, local};
use super::region::EXIT_INTERPRET;
use crate::emit::Emit;
use crate::flags::{Flag, FlagOp, bits};
use crate::fp::FpType;
use crate::insn::{Cond, Width};
use crate::{Cpu, LazyFlags};
use core::mem::offset_of;
use wasm_encoder::{MemArg, MemArgTarget, ValType};

const W64: Width = Width::W64;

/// A field of the CPU's flags.
fn field(offset: usize) -> MemArg {
    let offset = (offset_of!(Cpu, flags) + offset) as u64;
    MemArg { offset, align: 0, target: MemArgTarget::Memory(0), ordering: None }
}

/// The bit of a flag in rflags.
fn bit(f: Flag) -> u64 {
    match f {
        Flag::Cf => bits::CF,
        Flag::Pf => bits::PF,
        Flag::Af => bits::AF,
        Flag::Zf => bits::ZF,
        Flag::Sf => bits::SF,
        Flag::Of => bits::OF,
    }
}

impl Lower<'_> {
    /// An operand of the flags, cut to the operation's width.
    fn flag_value(&mut self, w: Width, offset: usize, pending: Option<V>) -> V {
        match pending {
            Some(v) if w == W64 || !matches!(v, V::Local(_)) => v,
            Some(v) => self.zext(Width::W32, v),
            None if w == W64 => {
                self.sink().local_get(local::CPU).i64_load(field(offset));
                self.value()
            }
            None => {
                self.sink().local_get(local::CPU).i32_load(field(offset));
                self.short()
            }
        }
    }
    fn flag_a(&mut self, w: Width) -> V {
        let pending = self.pending.map(|p| p.a);
        self.flag_value(w, offset_of!(LazyFlags, a), pending)
    }
    fn flag_b(&mut self, w: Width) -> V {
        let pending = self.pending.map(|p| p.b);
        self.flag_value(w, offset_of!(LazyFlags, b), pending)
    }
    fn flag_res(&mut self, w: Width) -> V {
        let pending = self.pending.map(|p| p.res);
        self.flag_value(w, offset_of!(LazyFlags, res), pending)
    }

    /// Leaves, to the interpreter at the current instruction, unless the CPU's flags come from this operation.
    pub(super) fn guard_flags(&mut self, op: FlagOp, w: Width) {
        self.sink().local_get(local::CPU).i32_load(field(offset_of!(LazyFlags, op)));
        self.sink().i32_const(op.code(w) as i32).i32_ne();
        self.leave_if(EXIT_INTERPRET);
    }

    /// Records an operation.
    pub(super) fn record(&mut self, op: FlagOp, w: Width, a: V, b: V, res: V) {
        self.note_flags_written();
        self.pend(op, w, a, b, res);
    }

    /// Keeps the operands for who reads the flags. Inside a condition they go to the CPU at once, where those of the other
    /// way are.
    fn pend(&mut self, op: FlagOp, w: Width, a: V, b: V, res: V) {
        if self.flags_are_dead() {
            (self.pending, self.flags) = (None, Known::Nothing);
            return;
        }
        // A logical operation's flags follow from its result alone.
        let (a, b) = if op == FlagOp::Logic { (V::Const(0), V::Const(0)) } else { (a, b) };
        let (a, b, res) = (self.keep(0, a), self.keep(1, b), self.keep(2, res));
        self.pending = Some(Pending { op, w, a, b, res });
        self.flags = Known::Op(op, w);
        if self.conditional > 0 {
            self.materialise();
        }
    }

    /// A copy of a value that outlives the instruction.
    fn keep(&mut self, place: usize, v: V) -> V {
        let (from, ty) = match v {
            V::Const(_) => return v,
            V::Local(l) => (l, ValType::I64),
            V::Short(l) => (l, ValType::I32),
            V::Order(t, a, b) => {
                let ty = if t == FpType::F64 { ValType::F64 } else { ValType::F32 };
                let (x, y) = (self.kept_local(0, ty), self.kept_local(1, ty));
                for (from, to) in [(a, x), (b, y)] {
                    self.get(from);
                    self.sink().local_set(to);
                }
                return V::Order(t, x, y);
            }
        };
        let into = self.kept_local(place, ty);
        if from != into {
            self.get(from);
            self.sink().local_set(into);
        }
        if ty == ValType::I64 { V::Local(into) } else { V::Short(into) }
    }

    /// Writes the CPU's flags, on a way out.
    pub(super) fn write_pending(&mut self) {
        let Some(p) = self.pending else { return };
        let operands =
            [(p.a, offset_of!(LazyFlags, a)), (p.b, offset_of!(LazyFlags, b)), (p.res, offset_of!(LazyFlags, res))];
        for (v, offset) in operands {
            if p.op != FlagOp::Logic || offset == offset_of!(LazyFlags, res) {
                self.sink().local_get(local::CPU);
                self.push(v);
                self.sink().i64_store(field(offset));
            }
        }
        self.sink().local_get(local::CPU).i32_const(p.op.code(p.w) as i32).i32_store(field(offset_of!(LazyFlags, op)));
    }

    /// Puts the flags into the CPU for good.
    pub(super) fn materialise(&mut self) {
        self.write_pending();
        self.pending = None;
    }

    /// The floating-point comparison that the flags come from.
    fn order(&self) -> Option<(FpType, u32, u32)> {
        match self.pending {
            Some(Pending { op: FlagOp::Packed, a: V::Order(t, a, b), .. }) => Some((t, a, b)),
            _ => None,
        }
    }

    /// One flag.
    pub(super) fn flag_of(&mut self, f: Flag) -> B {
        if f == Flag::Cf && self.keeps_carry() {
            if self.flags_are_dead() {
                return B::Const(false);
            }
        } else {
            self.events.push(Event::Read);
        }
        let Known::Op(op, w) = self.flags else {
            if f == Flag::Cf {
                return self.carry_of_anything();
            }
            self.failed = true;
            return B::Const(false);
        };
        match op {
            FlagOp::Packed => {
                if let Some((t, a, b)) = self.order() {
                    return match f {
                        Flag::Cf => self.not_compared(t, a, b, |s, t| _ = if t { s.f64_ge() } else { s.f32_ge() }),
                        Flag::Zf => {
                            let different = self.different(t, a, b);
                            self.not(different)
                        }
                        Flag::Pf => self.unordered(t, a, b),
                        _ => B::Const(false),
                    };
                }
                let packed = self.flag_a(W64);
                return self.bit_of(packed, bit(f));
            }
            FlagOp::Partial if matches!(f, Flag::Cf | Flag::Of | Flag::Af) => {
                let some = self.flag_b(W64);
                return self.bit_of(some, bit(f));
            }
            _ => {}
        }
        match f {
            Flag::Zf if op == FlagOp::Sub => {
                let (a, b) = (self.flag_a(w), self.flag_b(w));
                self.eq(a, b)
            }
            Flag::Zf => {
                let res = self.flag_res(w);
                self.is_zero(res)
            }
            Flag::Sf => {
                let res = self.flag_res(w);
                self.slt(w, res, V::Const(0))
            }
            Flag::Pf => {
                let res = self.flag_res(w);
                let low = self.and_imm(res, 0xff);
                let ones = self.popcnt(low);
                let odd = self.and_imm(ones, 1);
                self.is_zero(odd)
            }
            Flag::Cf => self.carry(op, w),
            Flag::Of => self.overflow(op, w),
            Flag::Af => self.auxiliary(op, w),
        }
    }

    fn carry(&mut self, op: FlagOp, w: Width) -> B {
        match op {
            FlagOp::Add => {
                let (res, a) = (self.flag_res(w), self.flag_a(w));
                self.ult(res, a)
            }
            FlagOp::Sub => {
                let (a, b) = (self.flag_a(w), self.flag_b(w));
                self.ult(a, b)
            }
            FlagOp::Adc => {
                let (a, b, res) = (self.flag_a(w), self.flag_b(w), self.flag_res(w));
                let (both, any) = (self.and(a, b), self.or(a, b));
                let gone = self.without(any, res);
                let carry = self.or(both, gone);
                self.slt(w, carry, V::Const(0))
            }
            FlagOp::Sbb => {
                let (a, b, res) = (self.flag_a(w), self.flag_b(w), self.flag_res(w));
                let not_a = self.complement(w, a);
                let (both, any) = (self.and(not_a, b), self.or(not_a, b));
                let still = self.and(any, res);
                let borrow = self.or(both, still);
                self.slt(w, borrow, V::Const(0))
            }
            FlagOp::Shl => {
                let (a, b) = (self.flag_a(W64), self.flag_b(W64));
                let out = self.sub(W64, V::Const(w.bits() as u64), b);
                // A count above the width shifts zeros out; then `out` is negative and its bit is cut off here.
                let bit = self.shr(W64, a, out);
                let bit = self.and_imm(bit, 1);
                let too_far = self.ult(V::Const(w.bits() as u64), b);
                let bit = self.select(too_far, V::Const(0), bit);
                self.is_nonzero(bit)
            }
            FlagOp::Shr | FlagOp::Sar => {
                let (a, b) = (self.flag_a(W64), self.flag_b(W64));
                let a = if op == FlagOp::Sar { self.sext(w, W64, a) } else { a };
                let last = self.sub(W64, b, V::Const(1));
                let bit = self.sar(W64, a, last);
                let bit = self.and_imm(bit, 1);
                self.is_nonzero(bit)
            }
            FlagOp::Logic | FlagOp::Packed | FlagOp::Partial => B::Const(false),
            FlagOp::Inc | FlagOp::Dec | FlagOp::ResCarry | FlagOp::Mul => {
                let b = self.flag_b(w);
                self.is_nonzero(b)
            }
        }
    }

    fn overflow(&mut self, op: FlagOp, w: Width) -> B {
        match op {
            FlagOp::Add | FlagOp::Adc => {
                let (a, b, res) = (self.flag_a(w), self.flag_b(w), self.flag_res(w));
                let (x, y) = (self.xor(a, res), self.xor(b, res));
                self.both_signs(w, x, y)
            }
            FlagOp::Sub | FlagOp::Sbb => {
                let (a, b, res) = (self.flag_a(w), self.flag_b(w), self.flag_res(w));
                let (x, y) = (self.xor(a, b), self.xor(a, res));
                self.both_signs(w, x, y)
            }
            FlagOp::Inc => {
                let (a, res) = (self.flag_a(w), self.flag_res(w));
                let turned = self.without(res, a);
                self.slt(w, turned, V::Const(0))
            }
            FlagOp::Dec => {
                let (a, res) = (self.flag_a(w), self.flag_res(w));
                let turned = self.without(a, res);
                self.slt(w, turned, V::Const(0))
            }
            FlagOp::Shl => {
                let res = self.flag_res(w);
                let (sign, carry) = (self.slt(w, res, V::Const(0)), self.carry(op, w));
                self.differ(sign, carry)
            }
            FlagOp::Shr | FlagOp::Sar => {
                let res = self.flag_res(w);
                let doubled = self.shl(W64, res, V::Const(1));
                let turned = self.xor(res, doubled);
                let turned = self.zext(w, turned);
                self.slt(w, turned, V::Const(0))
            }
            FlagOp::Logic | FlagOp::ResCarry | FlagOp::Packed | FlagOp::Partial => B::Const(false),
            FlagOp::Mul => {
                let b = self.flag_b(w);
                self.is_nonzero(b)
            }
        }
    }

    fn auxiliary(&mut self, op: FlagOp, w: Width) -> B {
        match op {
            FlagOp::Add | FlagOp::Adc | FlagOp::Sub | FlagOp::Sbb => {
                let (a, b, res) = (self.flag_a(w), self.flag_b(w), self.flag_res(w));
                let sum = self.xor(a, b);
                let carries = self.xor(sum, res);
                let carry = self.and_imm(carries, 0x10);
                self.is_nonzero(carry)
            }
            FlagOp::Inc => {
                let res = self.flag_res(w);
                let low = self.and_imm(res, 0xf);
                self.is_zero(low)
            }
            FlagOp::Dec => {
                let a = self.flag_a(w);
                let low = self.and_imm(a, 0xf);
                self.is_zero(low)
            }
            _ => B::Const(false),
        }
    }

    /// CF whatever the operation was: the rare merge of flags in front of `adc`, `inc` or `jc`. All cases are computed
    /// and one is picked.
    fn carry_of_anything(&mut self) -> B {
        let (a, b, res) = (self.flag_a(W64), self.flag_b(W64), self.flag_res(W64));
        let op = self.temporary(ValType::I32);
        self.sink().local_get(local::CPU).i32_load(field(offset_of!(LazyFlags, op))).local_set(op);
        let code = {
            self.get(op);
            self.sink().i32_const(0xff).i32_and();
            self.short()
        };
        // Bits of the width less one: (8 << w) - 1.
        let top = {
            self.sink().i64_const(8).local_get(op).i32_const(8).i32_shr_u().i64_extend_i32_u();
            self.sink().i64_shl().i64_const(1).i64_sub();
            self.value()
        };
        let is = |e: &mut Self, kind: FlagOp| e.eq(code, V::Const(kind as u64));
        let sign = |e: &mut Self, v: V| {
            let bit = e.shr(W64, v, top);
            e.and_imm(bit, 1)
        };
        let some = self.is_nonzero(b);
        let mut carry = self.to_int(some);
        let packed = self.and_imm(a, 1);
        let partial = self.and_imm(b, 1);
        let (less, below) = (self.ult(res, a), self.ult(a, b));
        let (less, below) = (self.to_int(less), self.to_int(below));
        let with_carry = {
            let (both, any) = (self.and(a, b), self.or(a, b));
            let gone = self.without(any, res);
            let all = self.or(both, gone);
            sign(self, all)
        };
        let with_borrow = {
            let not_a = self.complement(W64, a);
            let (both, any) = (self.and(not_a, b), self.or(not_a, b));
            let still = self.and(any, res);
            let all = self.or(both, still);
            sign(self, all)
        };
        let last = self.sub(W64, b, V::Const(1));
        let left = {
            let out = self.sub(W64, top, last);
            let bit = self.shr(W64, a, out);
            let bit = self.and_imm(bit, 1);
            let inside = self.ult(last, V::Const(64));
            let far = self.slt(W64, out, V::Const(0));
            let near = self.not(far);
            let inside = self.both(inside, near);
            self.select(inside, bit, V::Const(0))
        };
        let right = {
            let bit = self.shr(W64, a, last);
            self.and_imm(bit, 1)
        };
        let signed = {
            let up = self.sub(W64, V::Const(63), top);
            let high = self.shl(W64, a, up);
            let wide = self.sar(W64, high, up);
            let bit = self.sar(W64, wide, last);
            self.and_imm(bit, 1)
        };
        for (op, v) in [
            (FlagOp::Packed, packed),
            (FlagOp::Partial, partial),
            (FlagOp::Add, less),
            (FlagOp::Sub, below),
            (FlagOp::Logic, V::Const(0)),
            (FlagOp::Adc, with_carry),
            (FlagOp::Sbb, with_borrow),
            (FlagOp::Shl, left),
            (FlagOp::Shr, right),
            (FlagOp::Sar, signed),
        ] {
            let this = is(self, op);
            carry = self.select(this, v, carry);
        }
        self.is_nonzero(carry)
    }

    /// A condition code: the operands compared where the last operation was a comparison, else put together from flags.
    pub(super) fn condition(&mut self, c: Cond) -> B {
        let negated = (c as u8) & 1 != 0;
        self.events.push(Event::Read);
        if let (Known::Op(FlagOp::Packed, _), Some((t, a, b))) = (self.flags, self.order()) {
            // Above and not below are false for the unordered, which a comparison gives for nothing.
            match c {
                Cond::A => return self.compared(t, a, b, |s, t| _ = if t { s.f64_gt() } else { s.f32_gt() }),
                Cond::Ae => return self.compared(t, a, b, |s, t| _ = if t { s.f64_ge() } else { s.f32_ge() }),
                Cond::Be => return self.not_compared(t, a, b, |s, t| _ = if t { s.f64_gt() } else { s.f32_gt() }),
                _ => {}
            }
        }
        let positive = match (c, self.flags) {
            (Cond::Be | Cond::A, Known::Op(FlagOp::Sub, w)) => {
                let (a, b) = (self.flag_a(w), self.flag_b(w));
                let above = self.ult(b, a);
                self.not(above)
            }
            (Cond::L | Cond::Ge, Known::Op(FlagOp::Sub, w)) => {
                let (a, b) = (self.flag_a(w), self.flag_b(w));
                self.slt(w, a, b)
            }
            (Cond::Le | Cond::G, Known::Op(FlagOp::Sub, w)) => {
                let (a, b) = (self.flag_a(w), self.flag_b(w));
                let greater = self.slt(w, b, a);
                self.not(greater)
            }
            (Cond::L | Cond::Ge, Known::Op(FlagOp::Logic, w)) => {
                let res = self.flag_res(w);
                self.slt(w, res, V::Const(0))
            }
            (Cond::Le | Cond::G, Known::Op(FlagOp::Logic, w)) => {
                let res = self.flag_res(w);
                let greater = self.slt(w, V::Const(0), res);
                self.not(greater)
            }
            (Cond::Be | Cond::A, Known::Op(FlagOp::Logic, _)) => self.flag_of(Flag::Zf),
            (Cond::O | Cond::No, _) => self.flag_of(Flag::Of),
            (Cond::B | Cond::Ae, _) => self.flag_of(Flag::Cf),
            (Cond::E | Cond::Ne, _) => self.flag_of(Flag::Zf),
            (Cond::S | Cond::Ns, _) => self.flag_of(Flag::Sf),
            (Cond::P | Cond::Np, _) => self.flag_of(Flag::Pf),
            (Cond::Be | Cond::A, _) => {
                let zero = self.flag_of(Flag::Zf);
                let carry = self.flag_of(Flag::Cf);
                self.either(carry, zero)
            }
            (Cond::L | Cond::Ge | Cond::Le | Cond::G, _) => {
                let (sign, overflow) = (self.flag_of(Flag::Sf), self.flag_of(Flag::Of));
                let less = self.differ(sign, overflow);
                if matches!(c, Cond::L | Cond::Ge) {
                    less
                } else {
                    let zero = self.flag_of(Flag::Zf);
                    self.either(less, zero)
                }
            }
        };
        if negated { self.not(positive) } else { positive }
    }

    /// All six as bits of rflags.
    pub(super) fn status_bits(&mut self) -> V {
        if let Known::Op(FlagOp::Packed, _) = self.flags {
            self.events.push(Event::Read);
            let packed = self.flag_a(W64);
            return self.and_imm(packed, bits::STATUS);
        }
        self.flag_bits(bits::STATUS)
    }

    /// The flags of a mask as bits.
    fn flag_bits(&mut self, mask: u64) -> V {
        let mut all = V::Const(0);
        for f in [Flag::Cf, Flag::Pf, Flag::Af, Flag::Zf, Flag::Sf, Flag::Of] {
            if mask & bit(f) != 0 {
                let on = self.flag_of(f);
                let on = self.to_int(on);
                let on = self.shl(Width::W32, on, V::Const(bit(f).trailing_zeros() as u64));
                all = self.or(all, on);
            }
        }
        all
    }

    /// Sets the flags of a mask; see [`LazyFlags::set_status`](crate::LazyFlags::set_status), which this follows.
    pub(super) fn set_status_bits(&mut self, mask: u64, v: V) {
        const PARTIAL: u64 = bits::CF | bits::OF | bits::AF;
        let mask = mask & bits::STATUS;
        let zero = V::Const(0);
        if mask == bits::STATUS {
            self.note_flags_written();
            let bits = if let V::Order(..) = v { v } else { self.and_imm(v, mask) };
            return self.pend(FlagOp::Packed, Width::W8, bits, zero, zero);
        }
        self.events.push(Event::Partial(self.number()));
        // On trial it is not known yet whether anybody looks: only then must the others be known.
        let is_open = self.groups.gather && self.flags == Known::Nothing;
        self.may_step |= is_open;
        if self.flags_are_dead() || is_open {
            (self.pending, self.flags) = (None, Known::Nothing);
            return;
        }
        let new = self.and_imm(v, mask);
        // Reading what is kept is no look at the rest.
        let events = self.events.len();
        match self.flags {
            Known::Op(FlagOp::Packed, _) => {
                let packed = self.flag_a(W64);
                let old = self.and_imm(packed, !mask);
                let all = self.or(old, new);
                self.pend(FlagOp::Packed, Width::W8, all, zero, zero);
            }
            Known::Op(_, w) if mask & !PARTIAL == 0 => {
                let kept = self.flag_bits(PARTIAL & !mask);
                let all = self.or(kept, new);
                let res = self.flag_res(w);
                self.pend(FlagOp::Partial, w, zero, all, res);
            }
            _ => {
                let kept = self.flag_bits(bits::STATUS & !mask);
                let all = self.or(kept, new);
                self.pend(FlagOp::Packed, Width::W8, all, zero, zero);
            }
        }
        self.events.truncate(events);
    }

    /// CF, PF and ZF of a comparison as bits.
    pub(super) fn order_bits(&mut self, v: V) -> V {
        let V::Order(t, a, b) = v else { return v };
        let less_or_not = self.not_compared(t, a, b, |s, t| _ = if t { s.f64_ge() } else { s.f32_ge() });
        let different = self.different(t, a, b);
        let equal_or_not = self.not(different);
        let unordered = self.unordered(t, a, b);
        let mut all = self.to_int(less_or_not);
        for (flag, bit) in [(equal_or_not, bits::ZF), (unordered, bits::PF)] {
            let on = self.to_int(flag);
            let on = self.shl(Width::W32, on, V::Const(bit.trailing_zeros() as u64));
            all = self.or(all, on);
        }
        all
    }

    fn compared(
        &mut self,
        t: FpType,
        a: u32,
        b: u32,
        op: impl FnOnce(&mut wasm_encoder::InstructionSink<'_>, bool),
    ) -> B {
        self.get(a);
        self.get(b);
        op(&mut self.sink(), t == FpType::F64);
        self.truth()
    }
    fn not_compared(
        &mut self,
        t: FpType,
        a: u32,
        b: u32,
        op: impl FnOnce(&mut wasm_encoder::InstructionSink<'_>, bool),
    ) -> B {
        let holds = self.compared(t, a, b, op);
        self.not(holds)
    }
    /// Less or greater: neither equal nor unordered.
    fn different(&mut self, t: FpType, a: u32, b: u32) -> B {
        let less = self.compared(t, a, b, |s, t| _ = if t { s.f64_lt() } else { s.f32_lt() });
        let greater = self.compared(t, a, b, |s, t| _ = if t { s.f64_gt() } else { s.f32_gt() });
        self.either(less, greater)
    }
    fn unordered(&mut self, t: FpType, a: u32, b: u32) -> B {
        let x = self.compared(t, a, a, |s, t| _ = if t { s.f64_ne() } else { s.f32_ne() });
        let y = self.compared(t, b, b, |s, t| _ = if t { s.f64_ne() } else { s.f32_ne() });
        self.either(x, y)
    }

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
    fn complement(&mut self, w: Width, v: V) -> V {
        let ones = if w == W64 { u64::MAX } else { u32::MAX as u64 };
        self.xor(v, V::Const(ones))
    }
    /// a & !b.
    fn without(&mut self, a: V, b: V) -> V {
        let w = if matches!(b, V::Short(_)) { Width::W32 } else { W64 };
        let b = self.complement(w, b);
        self.and(a, b)
    }
    /// The sign bits of both are set.
    fn both_signs(&mut self, w: Width, a: V, b: V) -> B {
        let both = self.and(a, b);
        self.slt(w, both, V::Const(0))
    }
}
