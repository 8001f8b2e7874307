//! Arithmetic: the four operations in all forms, and what works on ST(0) alone or with ST(1).

use super::meanings;
use super::stack::*;
use crate::insn::{Insn, Operand, Width};
use crate::softfloat::{self as sf, Double, Env, Extended, F80, Format, Num, Quotient, Single};
use crate::{Cpu, Exit, Guest};

/// A two-operand operation on numbers.
type Op = fn(&mut Env, F80, F80) -> F80;

fn sub_reversed(env: &mut Env, a: F80, b: F80) -> F80 {
    sf::sub::<Extended>(env, b, a)
}

fn div_reversed(env: &mut Env, a: F80, b: F80) -> F80 {
    sf::div::<Extended>(env, b, a)
}

/// A float operand in memory, exactly: a signaling NaN stays one, a denormal is noted in `env`.
pub(super) fn float_operand(cpu: &Cpu, i: &Insn, mem: &mut Guest<'_>, env: &mut Env) -> Result<F80, Exit> {
    let addr = cpu.address(&i.mem);
    let n: Num = if i.mem_bytes == 4 {
        Single::unpack(memory(mem.read(Width::W32, addr))? as u32)
    } else {
        Double::unpack(memory(mem.read(Width::W64, addr))?)
    };
    env.memory_denormal = n.denormal;
    Ok(Extended::encode(n))
}

/// An integer operand in memory.
pub(super) fn int_operand(cpu: &Cpu, i: &Insn, mem: &mut Guest<'_>) -> Result<F80, Exit> {
    let w = Width::of_bytes(u32::from(i.mem_bytes));
    let v = w.sext(memory(mem.read(w, cpu.address(&i.mem)))?);
    Ok(sf::from_int::<Extended>(&mut Env::x87(0x37f), v))
}

/// ST(`dst`) <- `a` op `b`; None stands for an empty register.
fn operate(cpu: &mut Cpu, mut env: Env, dst: u8, a: Option<F80>, b: Option<F80>, op: Op) -> bool {
    let (Some(a), Some(b)) = (a, b) else {
        let masked = stack_fault(cpu, false);
        if masked {
            set_st(cpu, dst, F80::INDEFINITE);
        }
        return masked;
    };
    let v = op(&mut env, a, b);
    record(cpu, &env);
    if env.stopped() {
        return false;
    }
    set_st(cpu, dst, v);
    true
}

/// The forms with a float in memory, and ST(0) with ST(i) both ways.
fn binary(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, op: Op) -> Ran {
    let mut env = begin(cpu, i)?;
    if i.dst() == Operand::Mem {
        let b = float_operand(cpu, i, mem, &mut env)?;
        note_pointers(cpu, i);
        operate(cpu, env, 0, st(cpu, 0), Some(b), op);
        return Ok(());
    }
    let (dst, src) = (st_number(i.dst()), st_number(i.src()));
    note_pointers(cpu, i);
    operate(cpu, env, dst, st(cpu, dst), st(cpu, src), op);
    Ok(())
}

/// ST(i) with ST(0), and pop.
fn binary_pop(cpu: &mut Cpu, i: &Insn, op: Op) -> Ran {
    let env = begin(cpu, i)?;
    let dst = st_number(i.dst());
    note_pointers(cpu, i);
    if operate(cpu, env, dst, st(cpu, dst), st(cpu, 0), op) {
        pop(cpu);
    }
    Ok(())
}

/// ST(0) with an integer in memory.
fn with_int(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, op: Op) -> Ran {
    let env = begin(cpu, i)?;
    let b = int_operand(cpu, i, mem)?;
    note_pointers(cpu, i);
    operate(cpu, env, 0, st(cpu, 0), Some(b), op);
    Ok(())
}

macro_rules! families {
    ($($op:path => $plain:ident $pop:ident $int:ident;)*) => { meanings! { $(
        $plain => |cpu, i, mem| binary(cpu, i, mem, $op);
        $pop => |cpu, i, _| binary_pop(cpu, i, $op);
        $int => |cpu, i, mem| with_int(cpu, i, mem, $op);
    )* } };
}
families! {
    sf::add::<Extended> => fadd faddp fiadd;
    sf::sub::<Extended> => fsub fsubp fisub;
    sub_reversed => fsubr fsubrp fisubr;
    sf::mul::<Extended> => fmul fmulp fimul;
    sf::div::<Extended> => fdiv fdivp fidiv;
    div_reversed => fdivr fdivrp fidivr;
}

/// ST(0) <- op(ST(0)).
pub(super) fn unary(cpu: &mut Cpu, i: &Insn, op: impl FnOnce(&mut Env, F80) -> F80) -> Ran {
    let mut env = begin(cpu, i)?;
    note_pointers(cpu, i);
    let Some(a) = st(cpu, 0) else {
        if stack_fault(cpu, false) {
            set_st(cpu, 0, F80::INDEFINITE);
        }
        return Ok(());
    };
    let v = op(&mut env, a);
    record(cpu, &env);
    if !env.stopped() {
        set_st(cpu, 0, v);
    }
    Ok(())
}

/// FCHS and FABS raise nothing, whatever they find.
fn sign(cpu: &mut Cpu, i: &Insn, op: fn(u16) -> u16) -> Ran {
    unary(cpu, i, |_, a| F80::new(a.sig, op(a.se)))
}

fn fscale_(cpu: &mut Cpu, i: &Insn, _: &mut Guest<'_>) -> Ran {
    let env = begin(cpu, i)?;
    note_pointers(cpu, i);
    operate(cpu, env, 0, st(cpu, 0), st(cpu, 1), sf::scale);
    Ok(())
}

/// FPREM, FPREM1: C2 tells an unfinished reduction; C0, C3, C1 are bits 2, 1, 0 of the quotient.
fn remainder(cpu: &mut Cpu, i: &Insn, nearest: bool) -> Ran {
    let mut env = begin(cpu, i)?;
    note_pointers(cpu, i);
    let (Some(a), Some(b)) = (st(cpu, 0), st(cpu, 1)) else {
        set_codes(cpu, C2, 0);
        if stack_fault(cpu, false) {
            set_st(cpu, 0, F80::INDEFINITE);
        }
        return Ok(());
    };
    let (value, quotient) = sf::prem(&mut env, a, b, nearest);
    record(cpu, &env);
    match quotient {
        Quotient::Known(q) => {
            let bit = |n: u8, code: u16| if q >> n & 1 != 0 { code } else { 0 };
            set_codes(cpu, C0 | C1 | C2 | C3, bit(2, C0) | bit(1, C3) | bit(0, C1));
        }
        Quotient::Unfinished => set_codes(cpu, C0 | C1 | C2 | C3, C2),
        Quotient::None => set_codes(cpu, C2, 0),
    }
    if !env.stopped() {
        set_st(cpu, 0, value);
    }
    Ok(())
}

/// FXTRACT: the exponent replaces ST(0), the significand is pushed.
fn fxtract_(cpu: &mut Cpu, i: &Insn, _: &mut Guest<'_>) -> Ran {
    let mut env = begin(cpu, i)?;
    note_pointers(cpu, i);
    if !super::elementary::one_in_two_out(cpu) {
        return Ok(());
    }
    let (exp, sig) = sf::extract(&mut env, raw(cpu, 0));
    record(cpu, &env);
    if !env.stopped() {
        set_st(cpu, 0, exp);
        push(cpu, sig);
    }
    Ok(())
}

meanings! {
    fchs => |cpu, i, _| sign(cpu, i, |se| se ^ 0x8000);
    fabs => |cpu, i, _| sign(cpu, i, |se| se & 0x7fff);
    fsqrt => |cpu, i, _| unary(cpu, i, sf::sqrt::<Extended>);
    frndint => |cpu, i, _| unary(cpu, i, |env, a| sf::round_to_int::<Extended>(env, a, env.round, false));
    fscale => fscale_;
    fprem => |cpu, i, _| remainder(cpu, i, false);
    fprem1 => |cpu, i, _| remainder(cpu, i, true);
    fxtract => fxtract_;
}
