//! Single bits, counting, and the BMI1, BMI2 and ADX sets.

use crate::emit::{Done, Emit};
use crate::flags::{Flag, FlagOp, bits};
use crate::insn::{Insn, Operand, Width};
use crate::state::{Cpu, Exit};
use crate::{Gpr, Guest, helper};

/// What to do with the bit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Set,
    Reset,
    Complement,
}

/// BT & co: with memory and a register the bit offset reaches beyond the operand.
#[inline(always)]
fn bit<E: Emit>(e: &mut E, i: &Insn, change: Option<Change>) -> Done<E> {
    let w = i.width;
    let offset = e.read(w, i, i.src())?;
    let n = e.and_imm(offset, w.bits() as u64 - 1);
    let value;
    if i.dst() == Operand::Mem {
        let mut addr = e.addr(&i.mem);
        if i.src() != Operand::Imm {
            let offset = e.sext(w, Width::W64, offset);
            let log_bits = e.imm(w.bits().trailing_zeros() as u64);
            let log_bytes = e.imm(w.bytes().trailing_zeros() as u64);
            let units = e.sar(Width::W64, offset, log_bits);
            let bytes = e.shl(Width::W64, units, log_bytes);
            if i.mem.addr32 {
                // The sum is an offset: it wraps at 32 bits before the segment base comes.
                let offset = e.offset(&i.mem);
                let offset = e.add(Width::W32, offset, bytes);
                let base = e.reg(Width::W64, i.mem.segment);
                addr = e.add(Width::W64, offset, base);
            } else {
                addr = e.add(Width::W64, addr, bytes);
            }
        }
        if let Some(change) = change {
            let m = e.check_write(w, addr)?;
            value = e.get(w, m);
            let new = changed(e, w, value, n, change);
            e.put(w, m, new);
        } else {
            value = e.load_at(w, addr)?;
        }
    } else {
        value = e.read(w, i, i.dst())?;
        if let Some(change) = change {
            let new = changed(e, w, value, n, change);
            e.write(w, i, i.dst(), new)?;
        }
    }
    let bit = e.shr(w, value, n);
    let bit = e.and_imm(bit, 1);
    e.set_status(bits::CF, bit);
    Ok(())
}

#[inline(always)]
fn changed<E: Emit>(e: &mut E, w: Width, value: E::V, n: E::V, change: Change) -> E::V {
    let one = e.imm(1);
    let mask = e.shl(w, one, n);
    match change {
        Change::Set => e.or(value, mask),
        Change::Complement => e.xor(value, mask),
        Change::Reset => {
            let with = e.or(value, mask);
            e.xor(with, mask)
        }
    }
}

/// BT.
#[inline(always)]
pub fn bt<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    bit(e, i, None)
}
/// BTS.
pub fn bts<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    bit(e, i, Some(Change::Set))
}
/// BTR.
pub fn btr<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    bit(e, i, Some(Change::Reset))
}
/// BTC.
pub fn btc<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    bit(e, i, Some(Change::Complement))
}

/// ZF (and nothing else defined) from a truth value.
#[inline(always)]
fn zf_bit<E: Emit>(e: &mut E, zero: E::B) -> E::V {
    let zero = e.to_int(zero);
    let six = e.imm(6);
    e.shl(Width::W64, zero, six)
}

/// BSF: a zero source leaves the destination as it is.
pub fn bsf<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    scan(e, i, |e, w, v| e.ctz(w, v))
}

/// BSR: a zero source leaves the destination as it is.
pub fn bsr<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    scan(e, i, |e, w, v| {
        let n = e.clz(w, v);
        let top = e.imm(w.bits() as u64 - 1);
        e.sub(w, top, n)
    })
}

#[inline(always)]
fn scan<E: Emit>(e: &mut E, i: &Insn, count: impl FnOnce(&mut E, Width, E::V) -> E::V) -> Done<E> {
    let w = i.width;
    let v = e.read(w, i, i.src())?;
    let zero = e.is_zero(v);
    let n = count(e, w, v);
    // The 32-bit form with a zero source keeps the upper half too, hence the 64-bit select.
    let (wide, old) = match (w, i.dst()) {
        (Width::W32, Operand::Reg(r)) => (Width::W64, e.reg(Width::W64, r)),
        _ => (w, e.read(w, i, i.dst())?),
    };
    let n = e.select(zero, old, n);
    e.write(wide, i, i.dst(), n)?;
    let zf = zf_bit(e, zero);
    e.set_status(bits::STATUS, zf);
    Ok(())
}

/// TZCNT: CF if the source is zero, ZF if the result is.
pub fn tzcnt<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let v = e.read(w, i, i.src())?;
    let n = e.ctz(w, v);
    counted(e, i, v, n)
}

/// LZCNT: CF if the source is zero, ZF if the result is.
pub fn lzcnt<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let v = e.read(w, i, i.src())?;
    let n = e.clz(w, v);
    counted(e, i, v, n)
}

#[inline(always)]
fn counted<E: Emit>(e: &mut E, i: &Insn, v: E::V, n: E::V) -> Done<E> {
    e.write(i.width, i, i.dst(), n)?;
    let empty = e.is_zero(v);
    let carry = e.to_int(empty);
    let zero = e.is_zero(n);
    let zf = zf_bit(e, zero);
    let both = e.or(carry, zf);
    e.set_status(bits::STATUS, both);
    Ok(())
}

/// POPCNT: ZF, all others cleared.
pub fn popcnt<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let v = e.read(i.width, i, i.src())?;
    let n = e.popcnt(v);
    e.write(i.width, i, i.dst(), n)?;
    let zero = e.is_zero(v);
    let zf = zf_bit(e, zero);
    e.set_status(bits::STATUS, zf);
    Ok(())
}

/// ANDN: !src1 & src2.
pub fn andn<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let a = e.read(w, i, i.src())?;
    let b = e.read(w, i, i.ops[2])?;
    let ones = e.imm(w.mask());
    let a = e.xor(a, ones);
    let res = e.and(a, b);
    e.write(w, i, i.dst(), res)?;
    e.set_flags(FlagOp::Logic, w, a, b, res);
    Ok(())
}

/// BLSI, BLSR and BLSMSK: `res` from the source, and when CF is set.
#[inline(always)]
fn lowest<E: Emit>(e: &mut E, i: &Insn, f: impl FnOnce(&mut E, Width, E::V) -> (E::V, E::B)) -> Done<E> {
    let w = i.width;
    let v = e.read(w, i, i.src())?;
    let (res, carry) = f(e, w, v);
    e.write(w, i, i.dst(), res)?;
    let carry = e.to_int(carry);
    e.set_flags(FlagOp::ResCarry, w, v, carry, res);
    Ok(())
}

/// BLSI: the lowest set bit.
pub fn blsi<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    lowest(e, i, |e, w, v| {
        let zero = e.imm(0);
        let minus = e.sub(w, zero, v);
        (e.and(v, minus), e.is_nonzero(v))
    })
}

/// BLSR: without the lowest set bit.
pub fn blsr<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    lowest(e, i, |e, w, v| {
        let less = e.add_imm(w, v, -1);
        (e.and(v, less), e.is_zero(v))
    })
}

/// BLSMSK: ones up to the lowest set bit.
pub fn blsmsk<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    lowest(e, i, |e, w, v| {
        let less = e.add_imm(w, v, -1);
        (e.xor(v, less), e.is_zero(v))
    })
}

/// BEXTR: start in bits 0..7 and length in bits 8..15 of the third operand.
pub fn bextr<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let v = e.read(w, i, i.src())?;
    let control = e.read(w, i, i.ops[2])?;
    let start = e.and_imm(control, 0xff);
    let eight = e.imm(8);
    let len = e.shr(w, control, eight);
    let len = e.and_imm(len, 0xff);
    let limit = e.imm(w.bits() as u64);
    let in_reach = e.ult(start, limit);
    let n = e.and_imm(start, w.bits() as u64 - 1);
    let zero = e.imm(0);
    let shifted = e.shr(w, v, n);
    let shifted = e.select(in_reach, shifted, zero);
    let res = low_bits(e, w, shifted, len);
    e.write(w, i, i.dst(), res)?;
    e.set_flags(FlagOp::Logic, w, v, zero, res);
    Ok(())
}

/// The low `len` (0..=255) bits of `v`.
#[inline(always)]
fn low_bits<E: Emit>(e: &mut E, w: Width, v: E::V, len: E::V) -> E::V {
    let limit = e.imm(w.bits() as u64);
    let short = e.ult(len, limit);
    let n = e.and_imm(len, w.bits() as u64 - 1);
    let one = e.imm(1);
    let mask = e.shl(w, one, n);
    let mask = e.add_imm(w, mask, -1);
    let cut = e.and(v, mask);
    e.select(short, cut, v)
}

/// BZHI: zeroes the bits from the index in the third operand on; CF if that index is beyond the operand.
pub fn bzhi<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let v = e.read(w, i, i.src())?;
    let index = e.read(w, i, i.ops[2])?;
    let index = e.and_imm(index, 0xff);
    let res = low_bits(e, w, v, index);
    e.write(w, i, i.dst(), res)?;
    let limit = e.imm(w.bits() as u64);
    let short = e.ult(index, limit);
    let beyond = e.not(short);
    let carry = e.to_int(beyond);
    e.set_flags(FlagOp::ResCarry, w, v, carry, res);
    Ok(())
}

macro_rules! shifts_without_flags {
    ($($(#[$doc:meta])* $name:ident $word:ident;)*) => { $(
        $(#[$doc])*
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            let w = i.width;
            let v = e.read(w, i, i.src())?;
            let n = e.read(w, i, i.ops[2])?;
            let n = e.and_imm(n, w.bits() as u64 - 1);
            let res = e.$word(w, v, n);
            e.write(w, i, i.dst(), res)
        }
    )* };
}

shifts_without_flags! {
    /// SHLX.
    shlx shl;
    /// SHRX.
    shrx shr;
    /// SARX.
    sarx sar;
    /// RORX.
    rorx ror;
}

/// MULX: rdx * src into two registers; the first operand (high half) wins if they are the same.
pub fn mulx<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let a = e.reg(w, Gpr::RDX);
    let b = e.read(w, i, i.ops[2])?;
    let (lo, hi) = (e.mul(w, a, b), e.mul_hi_u(w, a, b));
    e.write(w, i, i.src(), lo)?;
    e.write(w, i, i.dst(), hi)
}

/// ADCX, ADOX: a carry chain in one flag only.
#[inline(always)]
fn add_with<E: Emit>(e: &mut E, i: &Insn, flag: Flag, mask: u64) -> Done<E> {
    let w = i.width;
    let a = e.read(w, i, i.dst())?;
    let b = e.read(w, i, i.src())?;
    let carry = e.flag(flag);
    let carry = e.to_int(carry);
    let sum = e.add(w, a, b);
    let over1 = e.ult(sum, a);
    let res = e.add(w, sum, carry);
    let over2 = e.ult(res, sum);
    e.write(w, i, i.dst(), res)?;
    let over = e.either(over1, over2);
    let zero = e.imm(0);
    let all = e.imm(mask);
    let bit = e.select(over, all, zero);
    e.set_status(mask, bit);
    Ok(())
}

/// ADCX.
pub fn adcx<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    add_with(e, i, Flag::Cf, bits::CF)
}

/// ADOX.
pub fn adox<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    add_with(e, i, Flag::Of, bits::OF)
}

/// PDEP.
pub fn pdep<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| {
        masked(cpu, i, mem, |v, mask| {
            let (mut left, mut v, mut res) = (mask, v, 0);
            while left != 0 {
                if v & 1 != 0 {
                    res |= left & left.wrapping_neg();
                }
                v >>= 1;
                left &= left - 1;
            }
            res
        })
    })
}

/// PEXT.
pub fn pext<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| {
        masked(cpu, i, mem, |v, mask| {
            let (mut left, mut n, mut res) = (mask, 0, 0);
            while left != 0 {
                if v & left & left.wrapping_neg() != 0 {
                    res |= 1 << n;
                }
                n += 1;
                left &= left - 1;
            }
            res
        })
    })
}

fn masked(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, f: impl FnOnce(u64, u64) -> u64) -> Result<(), Exit> {
    let w = i.width;
    let v = helper::read(cpu, w, i, i.src(), mem)?;
    let mask = helper::read(cpu, w, i, i.ops[2], mem)?;
    let res = f(v, mask);
    helper::write(cpu, w, i, i.dst(), mem, res)
}

/// CRC32: the Castagnoli polynomial, reflected.
pub fn crc32<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| {
        let v = helper::read(cpu, i.src_width, i, i.src(), mem)?;
        let old = helper::read(cpu, Width::W32, i, i.dst(), mem)?;
        let mut crc = old ^ v;
        // For quadwords the second half joins once the first is through.
        for step in 0..i.src_width.bits() {
            if step == 32 {
                crc = crc & 0xffff_ffff ^ v >> 32;
            }
            let low = if i.src_width == Width::W64 && step < 32 { crc & 0xffff_ffff } else { crc };
            crc = low >> 1 ^ if low & 1 != 0 { 0x82f6_3b78 } else { 0 };
        }
        helper::write(cpu, i.width, i, i.dst(), mem, crc & 0xffff_ffff)
    })
}
