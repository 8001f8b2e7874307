//! Fused multiply-add for SSE formats.

use super::arith::product;
use super::wide::Wide;
use super::{Class, Env, Flags, Format, Num, round};

/// `a * b + c`, rounded once. The NaN that survives is the first one of `a`, `b`, `c` (SDM Vol. 2C, VFMADD132SD ...: the
/// caller passes operands in the form's order and negates by flipping numbers, never NaNs).
pub fn fma<F: Format>(env: &mut Env, a: F::Bits, b: F::Bits, c: F::Bits, signs: (bool, bool)) -> F::Bits {
    let (a, b, c) = (F::operand(env, a), F::operand(env, b), F::operand(env, c));
    let zero_times_infinity = a.is_infinity() && b.is_zero() || a.is_zero() && b.is_infinity();
    if a.is_nan() || b.is_nan() || c.is_nan() {
        if [a, b, c].iter().any(|n| n.class == Class::Signaling) {
            env.raise(Flags::IE);
        }
        let chosen = if a.is_nan() {
            a
        } else if b.is_nan() {
            b
        } else {
            c
        };
        return F::encode(chosen.quieted());
    }
    let sign = (a.sign != b.sign) != signs.0;
    let c = if signs.1 { c.negated() } else { c };
    let infinite = a.is_infinity() || b.is_infinity();
    if zero_times_infinity || infinite && c.is_infinity() && c.sign != sign {
        return env.invalid::<F>();
    }
    if env.denormals(&[&a, &b, &c]) {
        return F::encode(a);
    }
    if infinite {
        return F::encode(Num::infinity(sign));
    }
    if c.is_infinity() {
        return F::encode(c);
    }
    let addend = Wide::from_num(&c);
    let total = if a.is_zero() || b.is_zero() {
        if c.is_zero() {
            let sign = if sign == c.sign { sign } else { env.zero_sign() };
            return F::encode(Num::zero(sign));
        }
        addend
    } else {
        let (exp, sig) = product(&a, &b);
        Wide { sign, exp, sig }.add(addend)
    };
    if total.sig == 0 {
        return F::encode(Num::zero(env.zero_sign()));
    }
    round::<F>(env, total.sign, total.exp, total.sig)
}
