//! The transcendental instructions.

use super::arith::unary;
use super::meanings;
use super::stack::*;
use crate::insn::Insn;
use crate::softfloat::{self as sf, Env, F80};
use crate::{Cpu, Guest};

/// Before an instruction that replaces ST(0) and pushes: ST(0) must be full and the next register empty. False: the
/// fault has been dealt with.
pub(super) fn one_in_two_out(cpu: &mut Cpu) -> bool {
    let (underflow, overflow) = (st(cpu, 0).is_none(), st(cpu, 7).is_some());
    if !underflow && !overflow {
        return true;
    }
    if stack_fault(cpu, !underflow) {
        set_st(cpu, 0, F80::INDEFINITE);
        push(cpu, F80::INDEFINITE);
    }
    false
}

/// ST(1) <- op(ST(0), ST(1)), and pop.
fn two_in_one_out(cpu: &mut Cpu, i: &Insn, op: fn(&mut Env, F80, F80) -> F80) -> Ran {
    let mut env = begin(cpu, i)?;
    note_pointers(cpu, i);
    let (Some(a), Some(b)) = (st(cpu, 0), st(cpu, 1)) else {
        if stack_fault(cpu, false) {
            set_st(cpu, 1, F80::INDEFINITE);
            pop(cpu);
        }
        return Ok(());
    };
    let v = op(&mut env, a, b);
    record(cpu, &env);
    if !env.stopped() {
        set_st(cpu, 1, v);
        pop(cpu);
    }
    Ok(())
}

/// FSIN, FCOS: C2 tells that the argument is out of range and nothing was done.
fn one_angle(cpu: &mut Cpu, i: &Insn, op: fn(&mut Env, F80) -> Option<F80>) -> Ran {
    let mut out_of_range = false;
    unary(cpu, i, |env, a| {
        op(env, a).unwrap_or_else(|| {
            out_of_range = true;
            a
        })
    })?;
    set_codes(cpu, C2, if out_of_range { C2 } else { 0 });
    Ok(())
}

/// FSINCOS, FPTAN: the first answer replaces ST(0), the second is pushed.
fn two_angles(cpu: &mut Cpu, i: &Insn, op: fn(&mut Env, F80) -> Option<(F80, F80)>) -> Ran {
    let mut env = begin(cpu, i)?;
    note_pointers(cpu, i);
    set_codes(cpu, C2, 0);
    if !one_in_two_out(cpu) {
        return Ok(());
    }
    let Some((first, second)) = op(&mut env, raw(cpu, 0)) else {
        set_codes(cpu, C1 | C2, C2);
        return Ok(());
    };
    record(cpu, &env);
    if !env.stopped() {
        set_st(cpu, 0, first);
        push(cpu, second);
    }
    Ok(())
}

fn patan(env: &mut Env, x: F80, y: F80) -> F80 {
    sf::atan2(env, y, x)
}

meanings! {
    f2xm1 => |cpu, i, _: &mut Guest<'_>| unary(cpu, i, sf::exp2_minus_1);
    fyl2x => |cpu, i, _: &mut Guest<'_>| two_in_one_out(cpu, i, sf::y_log2_x);
    fyl2xp1 => |cpu, i, _: &mut Guest<'_>| two_in_one_out(cpu, i, sf::y_log2_x_plus_1);
    fpatan => |cpu, i, _: &mut Guest<'_>| two_in_one_out(cpu, i, patan);
    fsin => |cpu, i, _: &mut Guest<'_>| one_angle(cpu, i, sf::sin);
    fcos => |cpu, i, _: &mut Guest<'_>| one_angle(cpu, i, sf::cos);
    fsincos => |cpu, i, _: &mut Guest<'_>| two_angles(cpu, i, sf::sin_cos);
    fptan => |cpu, i, _: &mut Guest<'_>| two_angles(cpu, i, sf::tan);
}
