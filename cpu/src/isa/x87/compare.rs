//! Comparisons: to condition codes, to rflags; FTST, FXAM.

use super::arith::{float_operand, int_operand};
use super::meanings;
use super::stack::*;
use crate::flags::bits;
use crate::fp::order_flags;
use crate::insn::{Insn, Operand};
use crate::softfloat::{self as sf, Class, Env, Extended, F80, Format, Order};
use crate::{Cpu, Guest};

const CODES: u16 = C0 | C2 | C3;
const STATUS: u64 = bits::CF | bits::PF | bits::AF | bits::ZF | bits::SF | bits::OF;

fn codes(order: Order) -> u16 {
    match order {
        Order::Greater => 0,
        Order::Less => C0,
        Order::Equal => C3,
        Order::Unordered => CODES,
    }
}

/// Compares ST(0) with `b` (None: an empty register), and pops.
fn ordered(cpu: &mut Cpu, mut env: Env, b: Option<F80>, quiet: bool, pops: u32) {
    let (Some(a), Some(b)) = (st(cpu, 0), b) else {
        set_codes(cpu, CODES, CODES);
        if stack_fault(cpu, false) {
            (0..pops).for_each(|_| pop(cpu));
        }
        return;
    };
    let order = sf::compare::<Extended>(&mut env, a, b, quiet);
    record(cpu, &env);
    set_codes(cpu, CODES, codes(order));
    if !env.stopped() {
        (0..pops).for_each(|_| pop(cpu));
    }
}

/// FCOM, FUCOM and those that pop: with ST(i), or a float in memory.
fn compare(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, quiet: bool, pops: u32) -> Ran {
    let mut env = begin(cpu, i)?;
    let b = match (i.dst(), i.src()) {
        (Operand::Mem, _) => Some(float_operand(cpu, i, mem, &mut env)?),
        (_, Operand::St(n)) => st(cpu, n & 7),
        // FCOMPP and FUCOMPP name no register.
        _ => st(cpu, 1),
    };
    note_pointers(cpu, i);
    ordered(cpu, env, b, quiet, pops);
    Ok(())
}

/// FICOM, FICOMP.
fn compare_int(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, pops: u32) -> Ran {
    let env = begin(cpu, i)?;
    let b = int_operand(cpu, i, mem)?;
    note_pointers(cpu, i);
    ordered(cpu, env, Some(b), false, pops);
    Ok(())
}

/// FCOMI and its like. C1 stays, and rflags are set even when the exception is not masked.
fn compare_flags(cpu: &mut Cpu, i: &Insn, quiet: bool, pops: u32) -> Ran {
    let mut env = begin(cpu, i)?;
    note_pointers(cpu, i);
    let (Some(a), Some(b)) = (st(cpu, 0), st(cpu, st_number(i.src()))) else {
        cpu.flags.set_status(STATUS, order_flags(Order::Unordered));
        if stack_fault(cpu, false) {
            (0..pops).for_each(|_| pop(cpu));
        }
        return Ok(());
    };
    let order = sf::compare::<Extended>(&mut env, a, b, quiet);
    record_flags(cpu, &env);
    cpu.flags.set_status(STATUS, order_flags(order));
    if !env.stopped() {
        (0..pops).for_each(|_| pop(cpu));
    }
    Ok(())
}

fn ftst_(cpu: &mut Cpu, i: &Insn, _: &mut Guest<'_>) -> Ran {
    let env = begin(cpu, i)?;
    note_pointers(cpu, i);
    ordered(cpu, env, Some(F80::default()), false, 0);
    Ok(())
}

/// FXAM: the class of ST(0) in the codes, its sign in C1, of an empty register too.
fn fxam_(cpu: &mut Cpu, i: &Insn, _: &mut Guest<'_>) -> Ran {
    begin(cpu, i)?;
    note_pointers(cpu, i);
    let v = raw(cpu, 0);
    let n = Extended::unpack(v);
    let class = match n.class {
        _ if st(cpu, 0).is_none() => C3 | C0,
        Class::Unsupported => 0,
        Class::Quiet | Class::Signaling => C0,
        Class::Infinity => C2 | C0,
        Class::Zero => C3,
        Class::Finite if n.denormal => C3 | C2,
        Class::Finite => C2,
    };
    set_codes(cpu, CODES | C1, class | if v.se >> 15 != 0 { C1 } else { 0 });
    Ok(())
}

meanings! {
    fcom => |cpu, i, mem| compare(cpu, i, mem, false, 0);
    fcomp => |cpu, i, mem| compare(cpu, i, mem, false, 1);
    fcompp => |cpu, i, mem| compare(cpu, i, mem, false, 2);
    fucom => |cpu, i, mem| compare(cpu, i, mem, true, 0);
    fucomp => |cpu, i, mem| compare(cpu, i, mem, true, 1);
    fucompp => |cpu, i, mem| compare(cpu, i, mem, true, 2);
    ficom => |cpu, i, mem| compare_int(cpu, i, mem, 0);
    ficomp => |cpu, i, mem| compare_int(cpu, i, mem, 1);
    fcomi => |cpu, i, _| compare_flags(cpu, i, false, 0);
    fcomip => |cpu, i, _| compare_flags(cpu, i, false, 1);
    fucomi => |cpu, i, _| compare_flags(cpu, i, true, 0);
    fucomip => |cpu, i, _| compare_flags(cpu, i, true, 1);
    ftst => ftst_;
    fxam => fxam_;
}
