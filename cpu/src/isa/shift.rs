//! Shifts and rotates. Counts are cut to 5 bits (6 for quadwords); a count of 0 leaves the flags alone. For counts above
//! 1 the SDM leaves OF undefined: like the hardware we go on with the rule for 1.

use crate::emit::{Done, Emit, Helper};
use crate::flags::{FlagOp, bits};
use crate::insn::{Insn, Operand, Width};
use crate::state::{Cpu, Exit};
use crate::{Gpr, Guest, helper};

/// The count operand, cut.
#[inline(always)]
fn count<E: Emit>(e: &mut E, i: &Insn, op: Operand) -> E::V {
    let mask = if i.width == Width::W64 { 63 } else { 31 };
    match op {
        Operand::Imm => e.imm(i.imm as u64 & mask),
        _ => {
            let cl = e.reg(Width::W8, Gpr::RCX);
            e.and_imm(cl, mask)
        }
    }
}

/// Does `then` unless the count is 0; known at once when it is an immediate.
#[inline(always)]
fn unless_zero<E: Emit>(e: &mut E, i: &Insn, op: Operand, n: E::V, then: impl FnOnce(&mut E) -> Done<E>) -> Done<E> {
    if op == Operand::Imm {
        return if i.imm & (if i.width == Width::W64 { 63 } else { 31 }) != 0 { then(e) } else { Ok(()) };
    }
    let some = e.is_nonzero(n);
    e.when(some, then)
}

macro_rules! shifts {
    ($($(#[$doc:meta])* $name:ident $flags:ident |$e:ident, $w:ident, $a:ident, $n:ident| $compute:expr;)*) => { $(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name<E: Emit>($e: &mut E, i: &Insn) -> Done<E> {
            let $w = i.width;
            let $n = count($e, i, i.src());
            let dst = $e.place($w, i, i.dst())?;
            let $a = $e.load($w, dst);
            let res = $compute;
            $e.store($w, dst, res);
            unless_zero($e, i, i.src(), $n, |e| {
                e.set_flags(FlagOp::$flags, $w, $a, $n, res);
                Ok(())
            })
        }
    )* };
}

/// Counts reach 31, so narrow shifts are done in 64 bits.
#[inline(always)]
fn narrow(w: Width) -> bool {
    w < Width::W32
}

shifts! {
    /// SHL, SAL.
    shl Shl |e, w, a, n| if narrow(w) { let s = e.shl(Width::W64, a, n); e.zext(w, s) } else { e.shl(w, a, n) };
    /// SHR.
    shr Shr |e, w, a, n| if narrow(w) { e.shr(Width::W64, a, n) } else { e.shr(w, a, n) };
    /// SAR.
    sar Sar |e, w, a, n| if narrow(w) {
        let a = e.sext(w, Width::W64, a);
        let s = e.sar(Width::W64, a, n);
        e.zext(w, s)
    } else {
        e.sar(w, a, n)
    };
}

/// CF and OF of a rotate: `carry` is bit 0, `over` bits 0 of a value each.
#[inline(always)]
fn rotate_flags<E: Emit>(e: &mut E, carry: E::V, over: E::V) {
    let eleven = e.imm(11);
    let over = e.shl(Width::W64, over, eleven);
    let both = e.or(carry, over);
    e.set_status(bits::CF | bits::OF, both);
}

/// ROL.
#[inline(always)]
pub fn rol<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let n = count(e, i, i.src());
    let dst = e.place(w, i, i.dst())?;
    let a = e.load(w, dst);
    let turn = e.and_imm(n, w.bits() as u64 - 1);
    let res = e.rol(w, a, turn);
    e.store(w, dst, res);
    unless_zero(e, i, i.src(), n, |e| {
        let carry = e.and_imm(res, 1);
        let top = e.imm(w.bits() as u64 - 1);
        let sign = e.shr(w, res, top);
        let over = e.xor(sign, carry);
        rotate_flags(e, carry, over);
        Ok(())
    })
}

/// ROR.
#[inline(always)]
pub fn ror<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let n = count(e, i, i.src());
    let dst = e.place(w, i, i.dst())?;
    let a = e.load(w, dst);
    let turn = e.and_imm(n, w.bits() as u64 - 1);
    let res = e.ror(w, a, turn);
    e.store(w, dst, res);
    unless_zero(e, i, i.src(), n, |e| {
        let (top, next) = (e.imm(w.bits() as u64 - 1), e.imm(w.bits() as u64 - 2));
        let carry = e.shr(w, res, top);
        let below = e.shr(w, res, next);
        let below = e.and_imm(below, 1);
        let over = e.xor(carry, below);
        rotate_flags(e, carry, over);
        Ok(())
    })
}

/// RCL.
pub fn rcl<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, rotate_through_carry::<true> as Helper)
}

/// RCR.
pub fn rcr<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, rotate_through_carry::<false> as Helper)
}

/// RCL and RCR as rotates of width + 1 bits.
fn rotate_through_carry<const LEFT: bool>(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Result<(), Exit> {
    let w = i.width;
    let cl = if i.src() == Operand::Imm { i.imm as u64 } else { cpu.gpr[Gpr::RCX.0 as usize] };
    let n = cl as u32 & if w == Width::W64 { 63 } else { 31 };
    let size = w.bits() + 1;
    let turn = n % size;
    let dst = helper::place(cpu, i, i.dst(), mem)?;
    let a = helper::load(cpu, w, dst, mem);
    let wide = (cpu.flags.cf() as u128) << w.bits() | a as u128;
    let all = (1u128 << size) - 1;
    let left = if LEFT { turn } else { (size - turn) % size };
    let wide = if left == 0 { wide } else { (wide << left | wide >> (size - left)) & all };
    let res = w.trunc(wide as u64);
    helper::store(cpu, w, dst, mem, res);
    if n != 0 {
        let carry = (wide >> w.bits()) as u64 & 1;
        let sign = res >> (w.bits() - 1) & 1;
        let over = if LEFT { sign ^ carry } else { sign ^ (res >> (w.bits() - 2) & 1) };
        cpu.flags.set_status(bits::CF | bits::OF, carry | over << 11);
    }
    Ok(())
}

/// SHLD, SHRD: bits come in from the second operand. Counts above 16 of the 16-bit forms are undefined.
#[inline(always)]
fn double_shift<E: Emit>(e: &mut E, i: &Insn, left: bool) -> Done<E> {
    let w = i.width;
    let n = count(e, i, i.ops[2]);
    let b = e.read(w, i, i.src())?;
    let dst = e.place(w, i, i.dst())?;
    let a = e.load(w, dst);
    let bits = e.imm(w.bits() as u64);
    let res = if w == Width::W16 {
        // The operands side by side as 48 bits: count 0..=31 needs no special case.
        let sixteen = e.imm(16);
        let thirty_two = e.imm(32);
        if left {
            let high = e.shl(Width::W64, a, thirty_two);
            let middle = e.shl(Width::W64, b, sixteen);
            let all = e.or(high, middle);
            let all = e.or(all, a);
            let all = e.shl(Width::W64, all, n);
            let all = e.shr(Width::W64, all, thirty_two);
            e.zext(w, all)
        } else {
            let high = e.shl(Width::W64, a, thirty_two);
            let middle = e.shl(Width::W64, b, sixteen);
            let all = e.or(high, middle);
            let all = e.or(all, a);
            let all = e.shr(Width::W64, all, n);
            e.zext(w, all)
        }
    } else {
        let back = e.sub(Width::W64, bits, n);
        let back = e.and_imm(back, w.bits() as u64 - 1);
        let (kept, coming) =
            if left { (e.shl(w, a, n), e.shr(w, b, back)) } else { (e.shr(w, a, n), e.shl(w, b, back)) };
        let mixed = e.or(kept, coming);
        let none = e.is_zero(n);
        e.select(none, a, mixed)
    };
    e.store(w, dst, res);
    let op = if left { FlagOp::Shl } else { FlagOp::Shr };
    unless_zero(e, i, i.ops[2], n, |e| {
        e.set_flags(op, w, a, n, res);
        if !left {
            // SHR's OF is the old sign; here it tells a change of it.
            let change = e.xor(a, res);
            let sign = e.imm(w.bits() as u64 - 1);
            let change = e.shr(w, change, sign);
            let eleven = e.imm(11);
            let of = e.shl(Width::W64, change, eleven);
            e.set_status(bits::OF, of);
        }
        Ok(())
    })
}

/// SHLD.
pub fn shld<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    double_shift(e, i, true)
}

/// SHRD.
pub fn shrd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    double_shift(e, i, false)
}
