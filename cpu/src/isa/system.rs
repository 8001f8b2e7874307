//! What a program may ask of the processor itself: CPUID, time stamps, segment bases, flags as a whole.

use crate::emit::{Done, Emit};
use crate::flags::{Flag, bits};
use crate::helper::{self, fault};
use crate::insn::{Insn, Operand, Width};
use crate::state::{Exception, Exit, Gpr};

/// CPUID.
pub fn cpuid<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, _, _| {
        let leaf = crate::cpuid::leaf(cpu.shown, cpu.gpr[0] as u32, cpu.gpr[1] as u32);
        for (r, v) in [0, 3, 1, 2].into_iter().zip(leaf) {
            cpu.gpr[r] = v as u64;
        }
        Ok(())
    })
}

/// RDTSC.
pub fn rdtsc<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, _, mem| {
        let t = mem.bus().timestamp();
        (cpu.gpr[0], cpu.gpr[2]) = (t & 0xffff_ffff, t >> 32);
        Ok(())
    })
}

/// RDTSCP: the processor's number (0) goes to ecx.
pub fn rdtscp<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, _, mem| {
        let t = mem.bus().timestamp();
        (cpu.gpr[0], cpu.gpr[2], cpu.gpr[1]) = (t & 0xffff_ffff, t >> 32, 0);
        Ok(())
    })
}

/// RDPID: processor 0.
pub fn rdpid<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let zero = e.imm(0);
    e.write(Width::W64, i, i.dst(), zero)
}

/// RDFSBASE.
pub fn rdfsbase<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let v = e.reg(i.width, Gpr::FS_BASE);
    e.write(i.width, i, i.dst(), v)
}

/// RDGSBASE.
pub fn rdgsbase<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let v = e.reg(i.width, Gpr::GS_BASE);
    e.write(i.width, i, i.dst(), v)
}

/// WRFSBASE.
pub fn wrfsbase<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    set_base(e, i, Gpr::FS_BASE)
}

/// WRGSBASE.
pub fn wrgsbase<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    set_base(e, i, Gpr::GS_BASE)
}

/// A base must be canonical, or #GP.
fn set_base<E: Emit>(e: &mut E, i: &Insn, which: Gpr) -> Done<E> {
    let v = e.read(i.width, i, i.dst())?;
    let sixteen = e.imm(16);
    let high = e.shl(Width::W64, v, sixteen);
    let canonical = e.sar(Width::W64, high, sixteen);
    let same = e.eq(canonical, v);
    let bad = e.not(same);
    e.when(bad, |e| e.trap(Exception::GeneralProtection))?;
    e.set_reg(Width::W64, which, v);
    Ok(())
}

/// CLFLUSH and its kin: an access for reading, nothing else.
pub fn clflush<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let addr = e.addr(&i.mem);
    e.load_at(Width::W8, addr).map(|_| ())
}

/// PUSHF.
pub fn pushf<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| {
        let top = cpu.gpr[4].wrapping_sub(i.width.bytes() as u64);
        mem.write(i.width, top, cpu.flags.rflags()).map_err(fault)?;
        cpu.gpr[4] = top;
        Ok(())
    })
}

/// POPF: what user mode may change.
pub fn popf<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| {
        let v = mem.read(i.width, cpu.gpr[4]).map_err(fault)?;
        // The 16-bit form cannot reach AC and ID.
        let kept = if i.width == Width::W16 { cpu.flags.rflags() & !0xffff } else { 0 };
        cpu.flags.set_rflags(v | kept);
        cpu.gpr[4] = cpu.gpr[4].wrapping_add(i.width.bytes() as u64);
        Ok(())
    })
}

/// The flags `lahf` and `sahf` move.
const AH_FLAGS: u64 = bits::SF | bits::ZF | bits::AF | bits::PF | bits::CF;

/// LAHF.
pub fn lahf<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    let v = e.status();
    let v = e.and_imm(v, AH_FLAGS);
    let one = e.imm(2);
    let v = e.or(v, one);
    e.set_reg_high(Gpr::RAX, v);
    Ok(())
}

/// SAHF.
pub fn sahf<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    let v = e.reg_high(Gpr::RAX);
    e.set_status(AH_FLAGS, v);
    Ok(())
}

/// CLC.
pub fn clc<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    let v = e.imm(0);
    e.set_status(bits::CF, v);
    Ok(())
}

/// STC.
pub fn stc<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    let v = e.imm(bits::CF);
    e.set_status(bits::CF, v);
    Ok(())
}

/// CMC.
pub fn cmc<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    let carry = e.flag(Flag::Cf);
    let carry = e.not(carry);
    let carry = e.to_int(carry);
    e.set_status(bits::CF, carry);
    Ok(())
}

/// CLD.
pub fn cld<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, _, _| {
        cpu.flags.system &= !(bits::DF as u32);
        Ok(())
    })
}

/// STD.
pub fn std<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, _, _| {
        cpu.flags.system |= bits::DF as u32;
        Ok(())
    })
}

/// MOV from and to segment registers, as 64-bit Linux programs see them: flat selectors, null ones may be loaded.
pub(super) fn mov_segment<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    if let Operand::Seg(s) = i.src() {
        let selector = e.imm(match s {
            1 => 0x33,
            2 => 0x2b,
            _ => 0,
        });
        let w = if i.dst() == Operand::Mem { Width::W16 } else { i.width };
        return e.write(w, i, i.dst(), selector);
    }
    e.call(i, |cpu, i, mem| {
        let v = helper::read(cpu, Width::W16, i, i.src(), mem)?;
        let Operand::Seg(s) = i.dst() else { return Err(Exit::Exception(Exception::GeneralProtection)) };
        match (s, v) {
            (1, _) => Err(Exit::Exception(Exception::InvalidOpcode)),
            (2, 0x2b) | (0 | 3, 0..=3 | 0x2b) => Ok(()),
            // A null selector clears the base.
            (4 | 5, 0..=3) => {
                cpu.gpr[if s == 4 { Gpr::FS_BASE } else { Gpr::GS_BASE }.0 as usize] = 0;
                Ok(())
            }
            _ => Err(Exit::Exception(Exception::GeneralProtection)),
        }
    })
}
