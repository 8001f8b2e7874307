//! F16C: between single and half precision (SDM Vol. 2C, VCVTPH2PS and VCVTPS2PH).

use crate::emit::{Done, Emit};
use crate::fp::Lanewise;
use crate::helper::fault;
use crate::insn::{Insn, Operand, Vex};
use crate::softfloat::{self as sf, Flags, Half, Round, Single};
use crate::state::UPPER;
use crate::vec::{Bytes, Shape, extract, replace};
use crate::{Cpu, Exit, Guest};

/// Numbers to convert.
fn count(i: &Insn) -> u8 {
    if i.vex == Vex::L256 { 8 } else { 4 }
}

fn widen(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Result<(), Exit> {
    let mut from: Bytes = [0; 16];
    match i.src() {
        Operand::Xmm(r) => from = cpu.vector(r),
        _ => mem.read_bytes(cpu.address(&i.mem), &mut from[..2 * count(i) as usize]).map_err(fault)?,
    }
    let mut all = Lanewise::new(cpu.mxcsr);
    let mut out: [Bytes; 2] = [[0; 16]; 2];
    for n in 0..count(i) {
        let v = extract(Shape::I16x8, n, from) as u16;
        let v = all.lane(|env| {
            // Halves that are denormal are neither zeroed nor reported.
            env.daz = false;
            env.masked |= Flags::DE;
            let v = sf::convert::<Half, Single>(env, v);
            env.raised -= Flags::DE;
            v
        });
        let half = &mut out[n as usize / 4];
        *half = replace(Shape::I32x4, n % 4, *half, u64::from(v));
    }
    all.finish(&mut cpu.mxcsr).map_err(Exit::Exception)?;
    if let Operand::Xmm(r) | Operand::Ymm(r) = i.dst() {
        cpu.set_vector(r, out[0]);
        cpu.set_vector(r + UPPER, out[1]);
    }
    Ok(())
}

fn narrow(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Result<(), Exit> {
    let (Operand::Xmm(r) | Operand::Ymm(r)) = i.src() else { return Ok(()) };
    let (bytes, addr) = (2 * count(i) as usize, cpu.address(&i.mem));
    if i.dst() == Operand::Mem {
        mem.check_write(bytes as u32, addr).map_err(fault)?;
    }
    let mut all = Lanewise::new(cpu.mxcsr);
    let mut out: Bytes = [0; 16];
    for n in 0..count(i) {
        let v = extract(Shape::I32x4, n % 4, cpu.vector(r + n / 4 * UPPER)) as u32;
        let v = all.lane(|env| {
            if i.imm & 4 == 0 {
                env.round = Round::from_bits(i.imm as u32);
            }
            env.ftz = false;
            sf::convert::<Single, Half>(env, v)
        });
        out = replace(Shape::I16x8, n, out, u64::from(v));
    }
    all.finish(&mut cpu.mxcsr).map_err(Exit::Exception)?;
    match i.dst() {
        Operand::Xmm(r) => cpu.set_vector(r, out),
        _ => mem.write_bytes(addr, &out[..bytes]).map_err(fault)?,
    }
    Ok(())
}

/// VCVTPH2PS.
pub fn vcvtph2ps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, widen)
}

/// VCVTPS2PH.
pub fn vcvtps2ph<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, narrow)
}
