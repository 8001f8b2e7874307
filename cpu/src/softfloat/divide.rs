//! Division and square root.

use super::{Env, Flags, Format, Num, round};

/// `a / b`.
pub fn div<F: Format>(env: &mut Env, a: F::Bits, b: F::Bits) -> F::Bits {
    let (a, b) = (F::operand(env, a), F::operand(env, b));
    if let Some(nan) = env.nan2::<F>(a, b) {
        return nan;
    }
    let sign = a.sign != b.sign;
    if a.is_infinity() && b.is_infinity() || a.is_zero() && b.is_zero() {
        return env.invalid::<F>();
    }
    if b.is_zero() && !a.is_infinity() {
        env.raise(Flags::ZE);
        return F::encode(Num::infinity(sign));
    }
    if env.denormals(&[&a, &b]) {
        return F::encode(a);
    }
    if a.is_infinity() {
        return F::encode(Num::infinity(sign));
    }
    if a.is_zero() || b.is_infinity() {
        return F::encode(Num::zero(sign));
    }
    // Halve the dividend where needed, so that the quotient has exactly 64 bits.
    let (exp, high, low) =
        if a.sig >= b.sig { (a.exp - b.exp, a.sig >> 1, a.sig << 63) } else { (a.exp - b.exp - 1, a.sig, 0) };
    let (quotient, rest) = div_wide(high, low, b.sig);
    // The remainder as guard and sticky bits.
    let missing = b.sig - rest;
    let guard = u64::from(rest >= missing) << 63 | u64::from(rest != 0 && rest != missing);
    round::<F>(env, sign, exp, u128::from(quotient) << 64 | u128::from(guard))
}

/// The square root of `a`.
pub fn sqrt<F: Format>(env: &mut Env, a: F::Bits) -> F::Bits {
    let a = F::operand(env, a);
    if let Some(nan) = env.nan1::<F>(a) {
        return nan;
    }
    if a.is_zero() {
        return F::encode(a);
    }
    if a.sign {
        return env.invalid::<F>();
    }
    if a.is_infinity() || env.denormals(&[&a]) {
        return F::encode(a);
    }
    // An even exponent and a radicand of 127 or 128 bits give a root of 64.
    let odd = a.exp & 1;
    let radicand = u128::from(a.sig) << (63 + odd);
    let root = radicand.isqrt();
    let rest = radicand - root * root;
    // (root + 1/2)^2 = root^2 + root + 1/4: the tie cannot happen.
    let guard = u128::from(rest > root) << 63 | u128::from(rest != 0);
    round::<F>(env, false, (a.exp - odd) / 2, root << 64 | guard)
}

/// `(high * 2^64 + low) / d` and the remainder; `high < d`, and `d` has its top bit set. Schoolbook division by 32-bit
/// digits (Knuth, The Art of Computer Programming 4.3.1 D).
pub(super) fn div_wide(high: u64, low: u64, d: u64) -> (u64, u64) {
    debug_assert!(high < d && d >> 63 == 1, "the quotient must fit");
    let (d1, d0) = (d >> 32, d & 0xffff_ffff);
    let digit = |rest: u64, next: u64| -> (u64, u64) {
        let mut q = (rest / d1).min(0xffff_ffff);
        let mut r = rest - q * d1;
        // At most two corrections; `r` past 32 bits cannot need another.
        while r >> 32 == 0 && q * d0 > (r << 32 | next) {
            q -= 1;
            r += d1;
        }
        (q, (rest << 32 | next).wrapping_sub(q.wrapping_mul(d)))
    };
    let (q1, rest) = digit(high, low >> 32);
    let (q0, rest) = digit(rest, low & 0xffff_ffff);
    (q1 << 32 | q0, rest)
}
