//! Integers: conversion both ways, and rounding to an integral value.

use super::{Class, Env, Flags, Format, Num, Round, round_exact};

/// The magnitude of a finite number rounded to an integer, if below 2^64; and whether that was inexact, and upwards.
struct Whole {
    magnitude: Option<u64>,
    inexact: bool,
    up: bool,
}

fn whole(mode: Round, n: &Num) -> Whole {
    if n.is_zero() {
        return Whole { magnitude: Some(0), inexact: false, up: false };
    }
    if n.exp > 63 {
        return Whole { magnitude: None, inexact: false, up: false };
    }
    // The integer part above, the fraction left-aligned below, its lowest bit sticky.
    let (int, frac) = match 63 - n.exp {
        0 => (n.sig, 0),
        down @ 1..=63 => (n.sig >> down, n.sig << (64 - down)),
        64 => (0, n.sig),
        _ => (0, 1),
    };
    const HALF: u64 = 1 << 63;
    let up = match mode {
        Round::Nearest => frac > HALF || frac == HALF && int & 1 != 0,
        Round::Down => n.sign && frac != 0,
        Round::Up => !n.sign && frac != 0,
        Round::Zero => false,
    };
    let magnitude = if up { int.checked_add(1) } else { Some(int) };
    Whole { magnitude, inexact: frac != 0, up }
}

/// To a signed integer of `bits` bits (16, 32 or 64) by `mode`. Out of range or NaN: IE and the integer indefinite
/// (sign bit alone), sign-extended.
pub fn to_int<F: Format>(env: &mut Env, a: F::Bits, bits: u32, mode: Round) -> i64 {
    let indefinite = -1i64 << (bits - 1);
    let n = F::operand(env, a);
    if matches!(n.class, Class::Zero | Class::Finite) {
        let w = whole(mode, &n);
        let limit = 1u64 << (bits - 1);
        let max = if n.sign { limit } else { limit - 1 };
        if let Some(m) = w.magnitude.filter(|&m| m <= max) {
            if w.inexact {
                env.raise(Flags::PE);
            }
            env.rounded_up = w.up;
            return if n.sign { m.wrapping_neg() as i64 } else { m as i64 };
        }
    }
    env.raise(Flags::IE);
    indefinite
}

/// To an unsigned integer of `bits` bits (32 or 64) by `mode`; out of range: IE and all ones.
pub fn to_uint<F: Format>(env: &mut Env, a: F::Bits, bits: u32, mode: Round) -> u64 {
    let all = u64::MAX >> (64 - bits);
    let n = F::operand(env, a);
    if matches!(n.class, Class::Zero | Class::Finite) {
        let w = whole(mode, &n);
        if let Some(m) = w.magnitude.filter(|&m| m <= all && (m == 0 || !n.sign)) {
            if w.inexact {
                env.raise(Flags::PE);
            }
            return m;
        }
    }
    env.raise(Flags::IE);
    all
}

/// From a signed integer, rounded by the current mode (never by precision control).
pub fn from_int<F: Format>(env: &mut Env, v: i64) -> F::Bits {
    round_exact::<F>(env, Num::finite(v < 0, 63, v.unsigned_abs()))
}

/// From an unsigned integer.
pub fn from_uint<F: Format>(env: &mut Env, v: u64) -> F::Bits {
    round_exact::<F>(env, Num::finite(false, 63, v))
}

/// To an integral value of the same format by `mode`: FRNDINT, ROUNDSD. `quiet`: inexact is not reported.
pub fn round_to_int<F: Format>(env: &mut Env, a: F::Bits, mode: Round, quiet: bool) -> F::Bits {
    let n = F::operand(env, a);
    if let Some(nan) = env.nan1::<F>(n) {
        return nan;
    }
    if n.class != Class::Finite || n.exp >= 63 {
        return F::encode(n);
    }
    // The SSE4.1 instructions do not report denormals (SDM Vol. 2B, ROUNDSD); FRNDINT does.
    if env.x87 && env.denormals(&[&n]) {
        return a;
    }
    let w = whole(mode, &n);
    if w.inexact && !quiet {
        env.raise(Flags::PE);
    }
    env.rounded_up = w.up;
    // Below 2^63 + 1 here, so the magnitude exists and is exact in the format that held the operand.
    F::encode(Num::finite(n.sign, 63, w.magnitude.unwrap_or(1 << 63)))
}
