//! Addition, subtraction, multiplication.

use super::round::shr_sticky;
use super::{Class, Env, Format, Num, round};

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
    let wide = |n: &Num| Wide { sign: n.sign, exp: n.exp, sig: u128::from(n.sig) << 64 };
    let total = if a.class == Class::Zero {
        wide(&b)
    } else if b.class == Class::Zero {
        wide(&a)
    } else {
        add_wide(wide(&a), wide(&b))
    };
    if total.sig == 0 {
        return F::encode(Num::zero(env.zero_sign()));
    }
    round::<F>(env, total.sign, total.exp, total.sig)
}

/// A finite number with room below its significand; `exp` is that of bit 127.
#[derive(Clone, Copy)]
pub(super) struct Wide {
    pub(super) sign: bool,
    pub(super) exp: i32,
    pub(super) sig: u128,
}

/// The sum of two normalized numbers, normalized, exact but for a sticky lowest bit. `sig == 0`: exactly nothing.
///
/// A sticky bit is right because operands carry at most 106 bits: bits get lost only when the exponents differ by more
/// than one, and then a difference loses at most one leading bit.
pub(super) fn add_wide(a: Wide, b: Wide) -> Wide {
    let (big, small) = if (a.exp, a.sig) >= (b.exp, b.sig) { (a, b) } else { (b, a) };
    let low = shr_sticky(small.sig, (big.exp - small.exp) as u32);
    if big.sign == small.sign {
        let (sum, carry) = big.sig.overflowing_add(low);
        if !carry {
            return Wide { sig: sum, ..big };
        }
        return Wide { exp: big.exp + 1, sig: shr_sticky(sum, 1) | 1 << 127, ..big };
    }
    let diff = big.sig - low;
    if diff == 0 {
        return Wide { sig: 0, ..big };
    }
    let up = diff.leading_zeros();
    Wide { sign: big.sign, exp: big.exp - up as i32, sig: diff << up }
}
