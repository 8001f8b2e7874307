//! VEX-encoded vector instructions: AVX, AVX2, FMA, F16C and the 256-bit forms of AES and carry-less multiplication.
//!
//! Where VEX has an SSE instruction under another encoding, the meaning is SSE's ([`names`] says which): 128 bits are
//! done by it as it is, 256 bits by doing it twice ([`run`]), on instructions whose operands are the lower and the upper
//! halves. What moves between halves, or has no SSE twin, is here.

mod fma;
mod half;
mod lanes;
mod masked;
mod names;

pub use fma::fma;
pub use half::{vcvtph2ps, vcvtps2ph};
pub use lanes::*;
pub use masked::*;
pub use names::find;

use crate::emit::{Done, Emit};
use crate::flags::bits;
use crate::insn::{Insn, Mn, Operand, Vex};
use crate::isa::sse::fp_arith::dpps_pair;
use crate::isa::table::Meaning;
use crate::state::{ASIDE, Exception, UPPER};

/// Does a VEX-encoded instruction by its meaning.
pub fn run<E: Emit>(e: &mut E, i: &Insn, meaning: Meaning<E>) -> Done<E> {
    match i.vex {
        Vex::None => return meaning(e, i),
        Vex::L128 => meaning(e, i)?,
        Vex::L256 => meaning(e, i)?,
        Vex::Pair => {
            if i.mem_bytes == 32 {
                let addr = e.addr(&i.mem);
                let (low, high) = e.vload_pair(addr)?;
                e.set_xmm(ASIDE + 2, low);
                e.set_xmm(ASIDE + 3, high);
            }
            // The result is kept aside until nothing can fail any more.
            let halves = [half(i, false), half(i, true)];
            if i.mn == Mn::Dpps {
                dpps_pair(e, halves)?;
            } else {
                e.fp_collect();
                meaning(e, &halves[0])?;
                meaning(e, &halves[1])?;
            }
            let (low, high) = (e.xmm(ASIDE), e.xmm(ASIDE + 1));
            write(e, i, low, high)?;
        }
    }
    // A lone xmm operand of what sets flags is a source.
    if let Operand::Xmm(r) = i.dst()
        && i.mn.row().writes & bits::STATUS as u16 == 0
    {
        let zero = e.vimm(0, 0);
        e.set_xmm(r + UPPER, zero);
    }
    Ok(())
}

/// The instruction of 128 bits that does one half of one of 256.
fn half(i: &Insn, upper: bool) -> Insn {
    let mut half = Insn { vex: Vex::L128, ..*i };
    for op in &mut half.ops {
        match *op {
            Operand::Ymm(r) => *op = Operand::Xmm(if upper { r + UPPER } else { r }),
            // A count of 16 bytes is the same for both halves.
            Operand::Mem if i.mem_bytes == 32 => *op = Operand::Xmm(ASIDE + 2 + upper as u8),
            _ => {}
        }
    }
    half.ops[0] = Operand::Xmm(ASIDE + upper as u8);
    if upper {
        half.imm >>= match i.mn {
            Mn::Shufpd | Mn::Blendpd | Mn::Vpermilpd => 2,
            Mn::Mpsadbw => 3,
            Mn::Blendps => 4,
            _ => 0,
        };
    }
    half
}

/// Both halves of an operand of 256 bits.
#[inline(always)]
pub(super) fn read<E: Emit>(e: &mut E, i: &Insn, op: Operand) -> Result<(E::X, E::X), E::Trap> {
    Ok(match op {
        Operand::Ymm(r) => (e.xmm(r), e.xmm(r + UPPER)),
        Operand::Xmm(r) => (e.xmm(r), e.vimm(0, 0)),
        _ => {
            let addr = e.addr(&i.mem);
            e.vload_pair(addr)?
        }
    })
}

/// Writes both halves of the destination, or the lower one if it has no other.
#[inline(always)]
pub(super) fn write<E: Emit>(e: &mut E, i: &Insn, low: E::X, high: E::X) -> Done<E> {
    match i.dst() {
        Operand::Mem => {
            let addr = e.addr(&i.mem);
            return e.vstore_pair(addr, low, high);
        }
        Operand::Ymm(r) => {
            e.fp_raise()?;
            e.set_xmm(r, low);
            e.set_xmm(r + UPPER, high);
        }
        Operand::Xmm(r) => {
            e.fp_raise()?;
            e.set_xmm(r, low);
        }
        _ => {}
    }
    Ok(())
}

/// #GP unless the memory operand, if there is one, is aligned to its size.
#[inline(always)]
pub(super) fn check_aligned<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    if i.dst() != Operand::Mem && i.src() != Operand::Mem {
        return Ok(());
    }
    let addr = e.addr(&i.mem);
    let below = e.and_imm(addr, if i.vex == Vex::L256 { 31 } else { 15 });
    let wrong = e.is_nonzero(below);
    e.when(wrong, |e| e.trap(Exception::GeneralProtection))
}
