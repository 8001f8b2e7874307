//! Addition, subtraction, multiplication.

use super::wide::Wide;
use super::{Env, Format, Num, round};

/// `a + b`.
pub fn add<F: Format>(env: &mut Env, a: F::Bits, b: F::Bits) -> F::Bits {
    let (a, b) = (F::operand(env, a), F::operand(env, b));
    if let Some(nan) = env.nan2::<F>(a, b) {
        return nan;
    }
    sum::<F>(env, a, b)
}

/// `a - b`. A NaN keeps its sign.
pub fn sub<F: Format>(env: &mut Env, a: F::Bits, b: F::Bits) -> F::Bits {
    let (a, b) = (F::operand(env, a), F::operand(env, b));
    if let Some(nan) = env.nan2::<F>(a, b) {
        return nan;
    }
    sum::<F>(env, a, b.negated())
}

/// `a * b`.
pub fn mul<F: Format>(env: &mut Env, a: F::Bits, b: F::Bits) -> F::Bits {
    let (a, b) = (F::operand(env, a), F::operand(env, b));
    if let Some(nan) = env.nan2::<F>(a, b) {
        return nan;
    }
    let sign = a.sign != b.sign;
    if a.is_infinity() && b.is_zero() || a.is_zero() && b.is_infinity() {
        return env.invalid::<F>();
    }
    if env.denormals(&[&a, &b]) {
        return F::encode(a);
    }
    if a.is_infinity() || b.is_infinity() {
        return F::encode(Num::infinity(sign));
    }
    if a.is_zero() || b.is_zero() {
        return F::encode(Num::zero(sign));
    }
    let (exp, sig) = product(&a, &b);
    round::<F>(env, sign, exp, sig)
}

/// The exact product of two finite numbers: exponent of bit 127, and significand.
pub(super) fn product(a: &Num, b: &Num) -> (i32, u128) {
    let sig = u128::from(a.sig) * u128::from(b.sig);
    let exp = a.exp + b.exp + 1;
    if sig >> 127 == 0 { (exp - 1, sig << 1) } else { (exp, sig) }
}

/// The sum of two numbers that are no NaNs.
fn sum<F: Format>(env: &mut Env, a: Num, b: Num) -> F::Bits {
    if a.is_infinity() && b.is_infinity() && a.sign != b.sign {
        return env.invalid::<F>();
    }
    if env.denormals(&[&a, &b]) {
        return F::encode(a);
    }
    if a.is_infinity() {
        return F::encode(a);
    }
    if b.is_infinity() {
        return F::encode(b);
    }
    if a.is_zero() && b.is_zero() {
        let sign = if a.sign == b.sign { a.sign } else { env.zero_sign() };
        return F::encode(Num::zero(sign));
    }
    let total = Wide::from_num(&a).add(Wide::from_num(&b));
    if total.sig == 0 {
        return F::encode(Num::zero(env.zero_sign()));
    }
    round::<F>(env, total.sign, total.exp, total.sig)
}
