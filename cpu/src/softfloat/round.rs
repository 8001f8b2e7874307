//! The one place that rounds: exact or sticky significand in, encoding and exceptions out.

use super::{Env, Flags, Format, Num, Round};

/// `sig >> n` with the lost bits or-ed into the lowest one.
pub(super) fn shr_sticky(sig: u128, n: u32) -> u128 {
    match n {
        0 => sig,
        1..=127 => sig >> n | u128::from(sig << (128 - n) != 0),
        _ => u128::from(sig != 0),
    }
}

/// A significand cut to its precision.
struct Cut {
    sig: u64,
    /// The rounding carried out of the top: `sig` is 1/2 of what it was, add one to the exponent.
    carry: bool,
    inexact: bool,
    up: bool,
}

/// Rounds `sig` (top bit at 127 for a normal number, below for a denormal) to its `precision` high bits.
fn cut(mode: Round, sign: bool, sig: u128, precision: u32) -> Cut {
    let (hi, lo) = ((sig >> 64) as u64, sig as u64);
    let drop = 64 - precision;
    // What is dropped, left-aligned in 64 bits with a sticky lowest bit, so that one half is 1 << 63.
    let (kept, rest) = if drop == 0 { (hi, lo) } else { (hi >> drop << drop, hi << (64 - drop) | u64::from(lo != 0)) };
    let inexact = rest != 0;
    let unit = 1u64 << drop;
    const HALF: u64 = 1 << 63;
    let up = match mode {
        Round::Nearest => rest > HALF || rest == HALF && kept & unit != 0,
        Round::Down => inexact && sign,
        Round::Up => inexact && !sign,
        Round::Zero => false,
    };
    if !up {
        return Cut { sig: kept, carry: false, inexact, up };
    }
    let (sum, carry) = kept.overflowing_add(unit);
    Cut { sig: if carry { HALF } else { sum }, carry, inexact, up }
}

/// Rounds `(-1)^sign * sig * 2^(exp - 127)`, `sig` with bit 127 set and a sticky lowest bit, into format `F`.
pub fn round<F: Format>(env: &mut Env, sign: bool, exp: i32, sig: u128) -> F::Bits {
    round_to::<F>(env, sign, exp, sig, F::precision(env))
}

/// As [`round()`] at the format's full precision, whatever the precision control says. A zero `sig` is a zero.
pub fn round_exact<F: Format>(env: &mut Env, n: Num) -> F::Bits {
    match n.class {
        super::Class::Finite => round_to::<F>(env, n.sign, n.exp, u128::from(n.sig) << 64, F::PRECISION),
        _ => F::encode(n),
    }
}

pub(super) fn round_to<F: Format>(env: &mut Env, sign: bool, exp: i32, sig: u128, precision: u32) -> F::Bits {
    debug_assert!(sig >> 127 == 1, "round takes a normalized significand");
    let whole = cut(env.round, sign, sig, precision);
    let rounded_exp = exp + i32::from(whole.carry);
    if exp >= F::MIN_EXP {
        if rounded_exp > F::MAX_EXP {
            return overflow::<F>(env, sign, rounded_exp, &whole, precision);
        }
        return finish::<F>(env, sign, rounded_exp, &whole);
    }
    // Tiny: below the smallest normal number after rounding as if the exponent had no bounds (SDM Vol. 1 4.9.1.5).
    let tiny = rounded_exp < F::MIN_EXP;
    if tiny && !env.masked.contains(Flags::UE) {
        env.raise(Flags::UE);
        let adjusted = rounded_exp + F::ADJUST;
        if env.x87 && F::PRECISION < 64 {
            return not_stored::<F>(env, sign);
        }
        if !env.x87 {
            return finish::<F>(env, sign, F::MIN_EXP, &whole);
        }
        if adjusted >= F::MIN_EXP {
            return finish::<F>(env, sign, adjusted, &whole);
        }
        // Too small even for the adjusted exponent (fscale): a zero.
        env.raise(Flags::PE);
        env.rounded_up = false;
        return F::pack(sign, F::MIN_EXP, 0);
    }
    if tiny && env.ftz {
        env.raise(Flags::UE | Flags::PE);
        env.rounded_up = false;
        return F::pack(sign, F::MIN_EXP, 0);
    }
    let short = (F::MIN_EXP - exp) as u32;
    let part = cut(env.round, sign, shr_sticky(sig, short), precision);
    if tiny && part.inexact {
        env.raise(Flags::UE);
    }
    finish::<F>(env, sign, F::MIN_EXP, &part)
}

fn note(env: &mut Env, cut: &Cut) {
    if cut.inexact {
        env.raise(Flags::PE);
    }
    env.rounded_up = cut.up;
}

fn finish<F: Format>(env: &mut Env, sign: bool, exp: i32, cut: &Cut) -> F::Bits {
    note(env, cut);
    F::pack(sign, exp, cut.sig)
}

/// A store to memory with an unmasked overflow or underflow: nothing is written, and not even rounded.
fn not_stored<F: Format>(env: &mut Env, sign: bool) -> F::Bits {
    env.rounded_up = false;
    F::encode(Num::zero(sign))
}

fn overflow<F: Format>(env: &mut Env, sign: bool, exp: i32, cut: &Cut, precision: u32) -> F::Bits {
    env.raise(Flags::OE);
    if !env.masked.contains(Flags::OE) {
        if env.x87 && F::PRECISION < 64 {
            return not_stored::<F>(env, sign);
        }
        let adjusted = exp - F::ADJUST;
        if !env.x87 || adjusted <= F::MAX_EXP {
            return finish::<F>(env, sign, adjusted, cut);
        }
        // Too large even for the adjusted exponent (fscale): an infinity.
        env.raise(Flags::PE);
        env.rounded_up = true;
        return F::encode(Num::infinity(sign));
    }
    env.raise(Flags::PE);
    let to_infinity = match env.round {
        Round::Nearest => true,
        Round::Down => sign,
        Round::Up => !sign,
        Round::Zero => false,
    };
    env.rounded_up = to_infinity;
    if to_infinity { F::encode(Num::infinity(sign)) } else { F::pack(sign, F::MAX_EXP, u64::MAX << (64 - precision)) }
}
