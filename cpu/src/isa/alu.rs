//! Integer arithmetic and logic. SDM Vol. 2, one function an instruction.

use crate::emit::{Done, Emit};
use crate::flags::{Flag, FlagOp};
use crate::insn::{Insn, Operand, Width};
use crate::state::{Cpu, Exception, Exit};
use crate::{Gpr, helper};

/// dst <- dst op src, for the operations that differ only in one word.
macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident $flags:ident |$e:ident, $w:ident, $a:ident, $b:ident| $compute:expr;)*) => { $(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name<E: Emit>($e: &mut E, i: &Insn) -> Done<E> {
            let $w = i.width;
            let $b = $e.read($w, i, i.src())?;
            let dst = $e.place($w, i, i.dst())?;
            let $a = $e.load($w, dst);
            let res = $compute;
            $e.store($w, dst, res);
            $e.set_flags(FlagOp::$flags, $w, $a, $b, res);
            Ok(())
        }
    )* };
}

binary! {
    /// ADD.
    add Add |e, w, a, b| e.add(w, a, b);
    /// SUB.
    sub Sub |e, w, a, b| e.sub(w, a, b);
    /// AND.
    and Logic |e, w, a, b| e.and(a, b);
    /// OR.
    or Logic |e, w, a, b| e.or(a, b);
    /// XOR.
    xor Logic |e, w, a, b| e.xor(a, b);
    /// ADC.
    adc Adc |e, w, a, b| {
        let carry = e.flag(Flag::Cf);
        let carry = e.to_int(carry);
        let sum = e.add(w, a, b);
        e.add(w, sum, carry)
    };
    /// SBB.
    sbb Sbb |e, w, a, b| {
        let borrow = e.flag(Flag::Cf);
        let borrow = e.to_int(borrow);
        let diff = e.sub(w, a, b);
        e.sub(w, diff, borrow)
    };
}

/// CMP.
#[inline(always)]
pub fn cmp<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let a = e.read(w, i, i.dst())?;
    let b = e.read(w, i, i.src())?;
    let res = e.sub(w, a, b);
    e.set_flags(FlagOp::Sub, w, a, b, res);
    Ok(())
}

/// TEST.
#[inline(always)]
pub fn test<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let a = e.read(w, i, i.dst())?;
    let b = e.read(w, i, i.src())?;
    let res = e.and(a, b);
    e.set_flags(FlagOp::Logic, w, a, b, res);
    Ok(())
}

/// INC: CF stays.
#[inline(always)]
pub fn inc<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let dst = e.place(w, i, i.dst())?;
    let a = e.load(w, dst);
    let res = e.add_imm(w, a, 1);
    e.store(w, dst, res);
    let carry = e.flag(Flag::Cf);
    let carry = e.to_int(carry);
    e.set_flags(FlagOp::Inc, w, a, carry, res);
    Ok(())
}

/// DEC: CF stays.
#[inline(always)]
pub fn dec<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let dst = e.place(w, i, i.dst())?;
    let a = e.load(w, dst);
    let res = e.add_imm(w, a, -1);
    e.store(w, dst, res);
    let carry = e.flag(Flag::Cf);
    let carry = e.to_int(carry);
    e.set_flags(FlagOp::Dec, w, a, carry, res);
    Ok(())
}

/// NEG: 0 - dst.
#[inline(always)]
pub fn neg<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let dst = e.place(w, i, i.dst())?;
    let b = e.load(w, dst);
    let zero = e.imm(0);
    let res = e.sub(w, zero, b);
    e.store(w, dst, res);
    e.set_flags(FlagOp::Sub, w, zero, b, res);
    Ok(())
}

/// NOT: no flags.
#[inline(always)]
pub fn not<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let dst = e.place(w, i, i.dst())?;
    let a = e.load(w, dst);
    let ones = e.imm(w.mask());
    let res = e.xor(a, ones);
    e.store(w, dst, res);
    Ok(())
}

/// Writes rdx:rax (ax for bytes), the destination of the one-operand multiplications.
#[inline(always)]
fn set_wide<E: Emit>(e: &mut E, w: Width, lo: E::V, hi: E::V) {
    if w == Width::W8 {
        e.set_reg(Width::W8, Gpr::RAX, lo);
        e.set_reg_high(Gpr::RAX, hi);
    } else {
        e.set_reg(w, Gpr::RAX, lo);
        e.set_reg(w, Gpr::RDX, hi);
    }
}

/// MUL: CF and OF tell whether the high half is used.
#[inline(always)]
pub fn mul<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let b = e.read(w, i, i.dst())?;
    let a = e.reg(w, Gpr::RAX);
    let (lo, hi) = (e.mul(w, a, b), e.mul_hi_u(w, a, b));
    set_wide(e, w, lo, hi);
    let over = e.is_nonzero(hi);
    let over = e.to_int(over);
    e.set_flags(FlagOp::Mul, w, a, over, lo);
    Ok(())
}

/// IMUL in its three forms: CF and OF tell whether the product does not fit.
#[inline(always)]
pub fn imul<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let (a, b) = match (i.ops[1], i.ops[2]) {
        (Operand::None, _) => (e.reg(w, Gpr::RAX), e.read(w, i, i.dst())?),
        (src, Operand::None) => (e.read(w, i, i.dst())?, e.read(w, i, src)?),
        (src, imm) => (e.read(w, i, src)?, e.read(w, i, imm)?),
    };
    let (lo, hi) = (e.mul(w, a, b), e.mul_hi_s(w, a, b));
    if i.ops[1] == Operand::None {
        set_wide(e, w, lo, hi);
    } else {
        e.write(w, i, i.dst(), lo)?;
    }
    let top = e.imm(w.bits() as u64 - 1);
    let sign = e.sar(w, lo, top);
    let fits = e.eq(sign, hi);
    let over = e.not(fits);
    let over = e.to_int(over);
    e.set_flags(FlagOp::Mul, w, a, over, lo);
    Ok(())
}

/// DIV.
pub fn div<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| {
        let (dividend, w) = (dividend(cpu, i.width), i.width);
        let divisor = helper::read(cpu, w, i, i.dst(), mem)?;
        let (quotient, remainder) = match (dividend >> 64, divisor) {
            (_, 0) => return Err(Exit::Exception(Exception::Divide)),
            (0, _) => (dividend as u64 / divisor, dividend as u64 % divisor),
            (high, _) if high as u64 >= divisor => return Err(Exit::Exception(Exception::Divide)),
            _ => ((dividend / divisor as u128) as u64, (dividend % divisor as u128) as u64),
        };
        if quotient > w.mask() {
            return Err(Exit::Exception(Exception::Divide));
        }
        set_divided(cpu, w, quotient, remainder);
        Ok(())
    })
}

/// IDIV.
pub fn idiv<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| {
        let w = i.width;
        let divisor = w.sext(helper::read(cpu, w, i, i.dst(), mem)?);
        let unused = 128 - 2 * w.bits();
        let dividend = (dividend(cpu, w) << unused) as i128 >> unused;
        if divisor == 0 {
            return Err(Exit::Exception(Exception::Divide));
        }
        let (quotient, remainder) = match i64::try_from(dividend) {
            Ok(small) => match (small.checked_div(divisor), small.checked_rem(divisor)) {
                (Some(q), Some(r)) => (q, r),
                _ => return Err(Exit::Exception(Exception::Divide)),
            },
            Err(_) => {
                let q = dividend.checked_div(divisor as i128).and_then(|q| i64::try_from(q).ok());
                let q = q.ok_or(Exit::Exception(Exception::Divide))?;
                (q, (dividend % divisor as i128) as i64)
            }
        };
        if w.sext(quotient as u64) != quotient {
            return Err(Exit::Exception(Exception::Divide));
        }
        set_divided(cpu, w, quotient as u64, remainder as u64);
        Ok(())
    })
}

/// rdx:rax (ax for bytes) as one number.
fn dividend(cpu: &Cpu, w: Width) -> u128 {
    if w == Width::W8 {
        return cpu.gpr[0] as u16 as u128;
    }
    (w.trunc(cpu.gpr[2]) as u128) << w.bits() | w.trunc(cpu.gpr[0]) as u128
}

fn set_divided(cpu: &mut Cpu, w: Width, quotient: u64, remainder: u64) {
    if w == Width::W8 {
        helper::set_reg(cpu, Width::W16, Gpr::RAX, quotient & 0xff | (remainder & 0xff) << 8);
    } else {
        helper::set_reg(cpu, w, Gpr::RAX, quotient);
        helper::set_reg(cpu, w, Gpr::RDX, remainder);
    }
}
