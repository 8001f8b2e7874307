//! Control, status and environment.

use super::meanings;
use super::moves::{f80_bytes, f80_from};
use super::stack::*;
use crate::insn::{Insn, Operand, Width};
use crate::mem::MemFault;
use crate::softfloat::{Class, Extended, F80, Format};
use crate::{Cpu, Exit, Gpr, Guest};

/// The control word's bits that exist; bit 6 is always one.
const FCW_BITS: u16 = 0x1f3f;

/// A control word as the processor keeps it.
pub(super) fn kept_control(fcw: u16) -> u16 {
    fcw & FCW_BITS | 0x40
}

/// FNINIT: the state of SDM Vol. 1 8.1.1; registers keep their contents.
pub(super) fn init(cpu: &mut Cpu) {
    cpu.fcw = 0x37f;
    cpu.fsw = 0;
    cpu.ftw = 0xffff;
    cpu.fop = 0;
    cpu.fip = 0;
    cpu.fdp = 0;
}

fn fnclex_(cpu: &mut Cpu, _: &Insn, _: &mut Guest<'_>) -> Ran {
    cpu.fsw &= !(0x3f | SF | ES | BUSY);
    Ok(())
}

fn fldcw_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Ran {
    check_pending(cpu)?;
    let v = memory(mem.read(Width::W16, cpu.address(&i.mem)))? as u16;
    cpu.fcw = kept_control(v);
    update_pending(cpu);
    Ok(())
}

fn fnstcw_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Ran {
    memory(mem.write(Width::W16, cpu.address(&i.mem), u64::from(cpu.fcw)))
}

fn fnstsw_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Ran {
    if i.dst() == Operand::Mem {
        return memory(mem.write(Width::W16, cpu.address(&i.mem), u64::from(cpu.fsw)));
    }
    let rax = &mut cpu.gpr[Gpr::RAX.0 as usize];
    *rax = *rax & !0xffff | u64::from(cpu.fsw);
    Ok(())
}

/// The tag word with all four tags (SDM Vol. 1 8.1.7).
fn full_tags(cpu: &Cpu) -> u16 {
    (0..8).fold(0, |tags, p| {
        let (sig, se) = cpu.fpr[p];
        let tag = if cpu.ftw >> (2 * p) & 3 == 3 {
            3
        } else {
            match Extended::unpack(F80::new(sig, se)) {
                n if n.class == Class::Zero => 1,
                n if n.class == Class::Finite && !n.denormal => 0,
                _ => 2,
            }
        };
        tags | tag << (2 * p)
    })
}

/// A tag word as the registers keep it: empty or not.
fn kept_tags(tags: u16) -> u16 {
    (0..8).fold(0, |kept, p| kept | if tags >> (2 * p) & 3 == 3 { 3 << (2 * p) } else { 0 })
}

/// The environment in its 28-byte form, or (`short`, an operand-size prefix) its 14-byte form (SDM Vol. 1 8.1.10).
fn environment(cpu: &Cpu, short: bool) -> ([u8; 28], usize) {
    let mut out = [0; 28];
    let (fip, fdp) = (cpu.fip as u32, cpu.fdp as u32);
    if short {
        let words = [cpu.fcw, cpu.fsw, full_tags(cpu), fip as u16, 0, fdp as u16, 0];
        for (to, w) in out.chunks_mut(2).zip(words) {
            to.copy_from_slice(&w.to_le_bytes());
        }
        return (out, 14);
    }
    let high = 0xffff_0000;
    let words = [
        high | u32::from(cpu.fcw),
        high | u32::from(cpu.fsw),
        high | u32::from(full_tags(cpu)),
        fip,
        u32::from(cpu.fop & 0x7ff) << 16,
        fdp,
        high,
    ];
    for (to, w) in out.chunks_mut(4).zip(words) {
        to.copy_from_slice(&w.to_le_bytes());
    }
    (out, 28)
}

fn load_environment(cpu: &mut Cpu, bytes: &[u8]) {
    let word = |k: usize| u16::from_le_bytes([bytes[k], bytes[k + 1]]);
    let long = |k: usize| u64::from(word(k)) | u64::from(word(k + 2)) << 16;
    let step = if bytes.len() == 14 { 2 } else { 4 };
    cpu.fcw = kept_control(word(0));
    cpu.fsw = word(step);
    cpu.ftw = kept_tags(word(2 * step));
    if step == 2 {
        (cpu.fip, cpu.fdp, cpu.fop) = (u64::from(word(6)), u64::from(word(10)), 0);
    } else {
        (cpu.fip, cpu.fdp, cpu.fop) = (long(12), long(20), word(18) & 0x7ff);
    }
    update_pending(cpu);
}

/// A fault of an access of `len` bytes at `addr`: processors try the first word (in the short forms) or doubleword, then
/// the last byte.
fn image<T>(r: Result<T, MemFault>, addr: u64, len: usize) -> Result<T, Exit> {
    let first = if len == 14 || len == 94 { 2 } else { 4 };
    memory(r.map_err(|f| match f.addr.wrapping_sub(addr) {
        n if n < first => f,
        _ => MemFault { addr: addr.wrapping_add(len as u64 - 1), ..f },
    }))
}

/// FNSTENV: masks everything afterwards.
fn fnstenv_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Ran {
    let (bytes, len) = environment(cpu, i.mem_bytes == 14);
    let addr = cpu.address(&i.mem);
    image(mem.write_bytes(addr, &bytes[..len]), addr, len)?;
    cpu.fcw |= 0x3f;
    update_pending(cpu);
    Ok(())
}

fn fldenv_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Ran {
    check_pending(cpu)?;
    let mut bytes = [0; 28];
    let len = if i.mem_bytes == 14 { 14 } else { 28 };
    let addr = cpu.address(&i.mem);
    image(mem.read_bytes(addr, &mut bytes[..len]), addr, len)?;
    load_environment(cpu, &bytes[..len]);
    Ok(())
}

/// FNSAVE: environment, then ST(0) to ST(7); FNINIT afterwards.
fn fnsave_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Ran {
    let (head, len) = environment(cpu, i.mem_bytes == 94);
    let mut out = [0; 108];
    out[..len].copy_from_slice(&head[..len]);
    for n in 0..8 {
        out[len + 10 * n..][..10].copy_from_slice(&f80_bytes(raw(cpu, n as u8)));
    }
    let addr = cpu.address(&i.mem);
    image(mem.write_bytes(addr, &out[..len + 80]), addr, len + 80)?;
    init(cpu);
    Ok(())
}

fn frstor_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Ran {
    check_pending(cpu)?;
    let mut bytes = [0; 108];
    let len = if i.mem_bytes == 94 { 14 } else { 28 };
    let addr = cpu.address(&i.mem);
    image(mem.read_bytes(addr, &mut bytes[..len + 80]), addr, len + 80)?;
    load_environment(cpu, &bytes[..len]);
    let tags = cpu.ftw;
    for n in 0..8 {
        let mut ten = [0; 10];
        ten.copy_from_slice(&bytes[len + 10 * n..][..10]);
        set_st(cpu, n as u8, f80_from(ten));
    }
    cpu.ftw = tags;
    Ok(())
}

/// FINCSTP, FDECSTP.
fn turn(cpu: &mut Cpu, by: u16) -> Ran {
    check_pending(cpu)?;
    rotate(cpu, by);
    set_codes(cpu, C1, 0);
    Ok(())
}

/// FFREE; FFREEP pops as well (undocumented, used by libraries of old).
fn free(cpu: &mut Cpu, i: &Insn, pops: bool) -> Ran {
    check_pending(cpu)?;
    set_empty(cpu, st_number(i.dst()));
    set_codes(cpu, C1, 0);
    if pops {
        pop(cpu);
    }
    Ok(())
}

meanings! {
    fninit => |cpu, _, _| { init(cpu); Ok(()) };
    fnclex => fnclex_;
    fldcw => fldcw_;
    fnstcw => fnstcw_;
    fnstsw => fnstsw_;
    fnstenv => fnstenv_;
    fldenv => fldenv_;
    fnsave => fnsave_;
    frstor => frstor_;
    fincstp => |cpu, _, _| turn(cpu, 1);
    fdecstp => |cpu, _, _| turn(cpu, 7);
    ffree => |cpu, i, _| free(cpu, i, false);
    ffreep => |cpu, i, _| free(cpu, i, true);
    fneni => |_, _, _| Ok(());
    wait => |cpu, _, _| check_pending(cpu);
}
