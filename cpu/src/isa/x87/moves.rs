//! Loads, stores, constants, exchanges and conditional moves.

use super::arith::int_operand;
use super::meanings;
use super::stack::*;
use crate::insn::{Cond, Insn, Operand, Width};
use crate::softfloat::{self as sf, Double, Env, Extended, F80, Flags, Round, Single};
use crate::{Cpu, Guest};

fn fld_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Ran {
    let mut env = begin(cpu, i)?;
    let addr = cpu.address(&i.mem);
    let v = match (i.dst(), i.mem_bytes) {
        (Operand::St(n), _) => {
            note_pointers(cpu, i);
            match st(cpu, n & 7) {
                Some(v) if room(cpu) => push_result(cpu, &env, v),
                Some(_) => {}
                None if stack_fault(cpu, false) => push(cpu, F80::INDEFINITE),
                None => {}
            }
            return Ok(());
        }
        (_, 4) => sf::convert::<Single, Extended>(&mut env, memory(mem.read(Width::W32, addr))? as u32),
        (_, 8) => sf::convert::<Double, Extended>(&mut env, memory(mem.read(Width::W64, addr))?),
        _ => {
            let mut bytes = [0; 10];
            memory(mem.read_bytes(addr, &mut bytes))?;
            f80_from(bytes)
        }
    };
    note_pointers(cpu, i);
    if room(cpu) {
        record(cpu, &env);
        // Unlike elsewhere, a denormal operand stops nothing.
        if !env.faults().contains(Flags::IE) {
            push(cpu, v);
        }
    }
    Ok(())
}

/// The ten bytes of an 80-bit number.
pub(super) fn f80_from(b: [u8; 10]) -> F80 {
    let mut sig = [0; 8];
    sig.copy_from_slice(&b[..8]);
    F80::new(u64::from_le_bytes(sig), u16::from_le_bytes([b[8], b[9]]))
}

/// An 80-bit number in ten bytes.
pub(super) fn f80_bytes(v: F80) -> [u8; 10] {
    let mut out = [0; 10];
    out[..8].copy_from_slice(&v.sig.to_le_bytes());
    out[8..].copy_from_slice(&v.se.to_le_bytes());
    out
}

/// Writes ST(0) to memory in the form `encode` gives it (first of the `len` bytes of the array), then pops. An empty
/// register counts as `indefinite`. Nothing is written, nor popped, when an unmasked exception but PE comes up.
fn store(
    cpu: &mut Cpu,
    i: &Insn,
    mem: &mut Guest<'_>,
    pops: bool,
    indefinite: [u8; 10],
    encode: impl FnOnce(&mut Env, F80) -> [u8; 10],
) -> Ran {
    let mut env = begin(cpu, i)?;
    let addr = cpu.address(&i.mem);
    let len = usize::from(i.mem_bytes).min(10);
    let value = st(cpu, 0);
    let bytes = match value {
        Some(v) => encode(&mut env, v),
        None => {
            env.raise(Flags::IE);
            indefinite
        }
    };
    let stores = (env.faults() - Flags::PE).is_empty();
    if stores {
        // Ten bytes go in two accesses, and the first is done when the second faults.
        memory(mem.write_bytes(addr, &bytes[..len.min(8)]))?;
        if len > 8 {
            memory(mem.write_bytes(addr.wrapping_add(8), &bytes[8..len]))?;
        }
    }
    note_pointers(cpu, i);
    match value {
        Some(_) => record(cpu, &env),
        None => _ = stack_fault(cpu, false),
    }
    if stores && pops {
        pop(cpu);
    }
    Ok(())
}

/// The low bytes of an integer in the array `store` takes.
fn low_bytes(v: u64) -> [u8; 10] {
    let mut out = [0; 10];
    out[..8].copy_from_slice(&v.to_le_bytes());
    out
}

/// FST, FSTP to memory or to a register.
fn store_float(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, pops: bool) -> Ran {
    match (i.dst(), i.mem_bytes) {
        (Operand::St(n), _) => store_register(cpu, i, n & 7, pops),
        (_, 4) => store(cpu, i, mem, pops, low_bytes(0xffc0_0000), |env, v| {
            low_bytes(u64::from(sf::convert::<Extended, Single>(env, v)))
        }),
        (_, 8) => store(cpu, i, mem, pops, low_bytes(0xfff8 << 48), |env, v| {
            low_bytes(sf::convert::<Extended, Double>(env, v))
        }),
        _ => store(cpu, i, mem, pops, f80_bytes(F80::INDEFINITE), |_, v| f80_bytes(v)),
    }
}

fn store_register(cpu: &mut Cpu, i: &Insn, n: u8, pops: bool) -> Ran {
    let env = begin(cpu, i)?;
    note_pointers(cpu, i);
    match st(cpu, 0) {
        Some(v) => {
            record(cpu, &env);
            set_st(cpu, n, v);
        }
        None if stack_fault(cpu, false) => set_st(cpu, n, F80::INDEFINITE),
        None => return Ok(()),
    }
    if pops {
        pop(cpu);
    }
    Ok(())
}

/// FIST, FISTP, FISTTP.
fn store_int(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, pops: bool, truncate: bool) -> Ran {
    let bits = u32::from(i.mem_bytes) * 8;
    let indefinite = low_bytes(1 << (bits.clamp(16, 64) - 1));
    store(cpu, i, mem, pops, indefinite, |env, v| {
        let mode = if truncate { Round::Zero } else { env.round };
        low_bytes(sf::to_int::<Extended>(env, v, bits.clamp(16, 64), mode) as u64)
    })
}

fn fild_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Ran {
    let env = begin(cpu, i)?;
    let v = int_operand(cpu, i, mem)?;
    note_pointers(cpu, i);
    if room(cpu) {
        push_result(cpu, &env, v);
    }
    Ok(())
}

fn fbld_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Ran {
    let env = begin(cpu, i)?;
    let mut bytes = [0; 10];
    memory(mem.read_bytes(cpu.address(&i.mem), &mut bytes))?;
    note_pointers(cpu, i);
    if room(cpu) {
        push_result(cpu, &env, sf::from_bcd(bytes));
    }
    Ok(())
}

fn fbstp_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Ran {
    store(cpu, i, mem, true, sf::BCD_INDEFINITE, sf::to_bcd)
}

/// A constant: cut to 64 bits, one more in the last place where the rounding mode wants the next one up. `below`: what was
/// cut is less than half.
fn constant(cpu: &mut Cpu, i: &Insn, cut: F80, exact: bool, below: bool) -> Ran {
    let env = begin(cpu, i)?;
    note_pointers(cpu, i);
    if !room(cpu) {
        return Ok(());
    }
    let up = !exact
        && match env.round {
            Round::Nearest => !below,
            Round::Up => true,
            Round::Down | Round::Zero => false,
        };
    push_result(cpu, &env, F80::new(cut.sig + u64::from(up), cut.se));
    Ok(())
}

fn fxch_(cpu: &mut Cpu, i: &Insn, _: &mut Guest<'_>) -> Ran {
    let env = begin(cpu, i)?;
    note_pointers(cpu, i);
    let n = st_number(i.src());
    let (a, b) = (st(cpu, 0), st(cpu, n));
    if a.is_some() && b.is_some() {
        record(cpu, &env);
    } else if !stack_fault(cpu, false) {
        return Ok(());
    }
    set_st(cpu, 0, b.unwrap_or(F80::INDEFINITE));
    set_st(cpu, n, a.unwrap_or(F80::INDEFINITE));
    Ok(())
}

/// FCMOVcc: empty registers are faults even when nothing moves. C1 stays.
fn move_if(cpu: &mut Cpu, i: &Insn, cond: Cond) -> Ran {
    begin(cpu, i)?;
    note_pointers(cpu, i);
    let (a, b) = (st(cpu, 0), st(cpu, st_number(i.src())));
    let Some(b) = b.filter(|_| a.is_some()) else {
        if stack_fault(cpu, false) {
            set_st(cpu, 0, F80::INDEFINITE);
        }
        return Ok(());
    };
    if cpu.flags.cond(cond) {
        set_st(cpu, 0, b);
    }
    Ok(())
}

/// FSTPNCE, an undocumented FSTP to a register: an empty ST(0) is no fault.
fn store_no_check(cpu: &mut Cpu, i: &Insn, _: &mut Guest<'_>) -> Ran {
    let env = begin(cpu, i)?;
    let n = st_number(i.dst());
    record(cpu, &env);
    if let Some(v) = st(cpu, 0) {
        set_st(cpu, n, v);
    }
    pop(cpu);
    Ok(())
}

meanings! {
    fstpnce => store_no_check;
    fld => fld_;
    fst => |cpu, i, mem| store_float(cpu, i, mem, false);
    fstp => |cpu, i, mem| store_float(cpu, i, mem, true);
    fild => fild_;
    fist => |cpu, i, mem| store_int(cpu, i, mem, false, false);
    fistp => |cpu, i, mem| store_int(cpu, i, mem, true, false);
    fisttp => |cpu, i, mem| store_int(cpu, i, mem, true, true);
    fbld => fbld_;
    fbstp => fbstp_;
    fxch => fxch_;
    fldz => |cpu, i, _| constant(cpu, i, F80::new(0, 0), true, false);
    fld1 => |cpu, i, _| constant(cpu, i, sf::ONE, true, false);
    fldl2t => |cpu, i, _| constant(cpu, i, F80::new(0xd49a_784b_cd1b_8afe, 0x4000), false, true);
    fldl2e => |cpu, i, _| constant(cpu, i, F80::new(0xb8aa_3b29_5c17_f0bb, 0x3fff), false, false);
    fldpi => |cpu, i, _| constant(cpu, i, F80::new(0xc90f_daa2_2168_c234, 0x4000), false, false);
    fldlg2 => |cpu, i, _| constant(cpu, i, F80::new(0x9a20_9a84_fbcf_f798, 0x3ffd), false, false);
    fldln2 => |cpu, i, _| constant(cpu, i, F80::new(0xb172_17f7_d1cf_79ab, 0x3ffe), false, false);
    fcmovb => |cpu, i, _| move_if(cpu, i, Cond::B);
    fcmove => |cpu, i, _| move_if(cpu, i, Cond::E);
    fcmovbe => |cpu, i, _| move_if(cpu, i, Cond::Be);
    fcmovu => |cpu, i, _| move_if(cpu, i, Cond::P);
    fcmovnb => |cpu, i, _| move_if(cpu, i, Cond::Ae);
    fcmovne => |cpu, i, _| move_if(cpu, i, Cond::Ne);
    fcmovnbe => |cpu, i, _| move_if(cpu, i, Cond::A);
    fcmovnu => |cpu, i, _| move_if(cpu, i, Cond::Np);
}
