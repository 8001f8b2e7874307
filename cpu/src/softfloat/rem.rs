//! FPREM and FPREM1 (SDM Vol. 2A).

use super::divide::div_wide;
use super::format::Extended;
use super::{Env, F80, Format, Num, round_exact};

/// How a step of FPREM or FPREM1 ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quotient {
    /// The remainder is there; low three bits of the quotient.
    Known(u8),
    /// The dividend is only partly reduced.
    Unfinished,
    /// A NaN, or an exception ended it: there is no quotient.
    None,
}

/// One step of the remainder of `a` by `b`: quotient towards zero (FPREM), or to nearest (FPREM1, `nearest`).
pub fn prem(env: &mut Env, a: F80, b: F80, nearest: bool) -> (F80, Quotient) {
    let (x, y) = (Extended::operand(env, a), Extended::operand(env, b));
    if let Some(nan) = env.nan2::<Extended>(x, y) {
        return (nan, Quotient::None);
    }
    if x.is_infinity() || y.is_zero() {
        return (env.invalid::<Extended>(), Quotient::None);
    }
    if env.denormals(&[&x, &y]) {
        return (a, Quotient::None);
    }
    if x.is_zero() || y.is_infinity() {
        return (Extended::encode(x), Quotient::Known(0));
    }
    let distance = x.exp - y.exp;
    if distance < -1 || distance < 0 && !nearest {
        return (round_exact::<Extended>(env, x), Quotient::Known(0));
    }
    if distance >= 64 {
        // Not implementation's freedom here: real processors take off 32 to 63 bits by this rule.
        let step = (distance & 31 | 32) as u32;
        let (_, rest) = reduce(x.sig, y.sig, step);
        let left = Num::finite(x.sign, x.exp - step as i32, rest);
        return (round_exact::<Extended>(env, left), Quotient::Unfinished);
    }
    let (mut quotient, rest, exp) = if distance < 0 {
        // Half the divisor or more, still below it: only the nearest quotient may be one.
        (0, x.sig, x.exp)
    } else {
        let (q, r) = reduce(x.sig, y.sig, distance as u32);
        (q, r, y.exp)
    };
    let mut left = Num::finite(x.sign, exp, rest);
    if nearest && is_past_half(rest, exp, &y, quotient & 1 != 0) {
        quotient = quotient.wrapping_add(1);
        // Both counted in units of the smaller exponent; the divisor may be twice as coarse.
        let whole = u128::from(y.sig) << (y.exp - exp);
        let diff = whole - u128::from(rest);
        left = Num::finite(!x.sign, exp, diff as u64);
    }
    (round_exact::<Extended>(env, left), Quotient::Known((quotient & 7) as u8))
}

/// `(a * 2^shift) / b` (low 64 bits) and the remainder, for normalized `a` and `b`.
fn reduce(a: u64, b: u64, shift: u32) -> (u64, u64) {
    let (top, a) = if a >= b { (1u64, a - b) } else { (0, a) };
    if shift == 0 {
        return (top, a);
    }
    let wide = u128::from(a) << shift;
    let (q, rest) = div_wide((wide >> 64) as u64, wide as u64, b);
    ((top.unbounded_shl(shift)).wrapping_add(q), rest)
}

/// Whether `rest * 2^exp` is more than half of `y`, or exactly half with an odd quotient.
fn is_past_half(rest: u64, exp: i32, y: &Num, odd: bool) -> bool {
    let half_first = (u128::from(rest) << 1).cmp(&(u128::from(y.sig) << (y.exp - exp)));
    half_first.is_gt() || half_first.is_eq() && odd
}
