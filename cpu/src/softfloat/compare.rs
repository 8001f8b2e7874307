//! Comparison, minimum and maximum.

use core::cmp::Ordering;

use super::{Class, Env, Flags, Format, Num};

/// How two numbers stand to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the four relations of IEEE 754 5.11")]
pub enum Order {
    Less,
    Equal,
    Greater,
    Unordered,
}

/// Compares. A signaling NaN is always invalid; `quiet` says whether a quiet NaN is not.
pub fn compare<F: Format>(env: &mut Env, a: F::Bits, b: F::Bits, quiet: bool) -> Order {
    let (a, b) = (F::operand(env, a), F::operand(env, b));
    if bad(&a) || bad(&b) {
        let is_invalid = |n: &Num| n.class == Class::Signaling || n.class == Class::Unsupported;
        if !quiet || is_invalid(&a) || is_invalid(&b) {
            env.raise(Flags::IE);
        }
        return Order::Unordered;
    }
    env.denormals(&[&a, &b]);
    match order(&a, &b) {
        Ordering::Less => Order::Less,
        Ordering::Equal => Order::Equal,
        Ordering::Greater => Order::Greater,
    }
}

fn bad(n: &Num) -> bool {
    n.is_nan() || n.class == Class::Unsupported
}

/// Orders two that are no NaNs.
fn order(a: &Num, b: &Num) -> Ordering {
    if a.is_zero() && b.is_zero() {
        return Ordering::Equal;
    }
    // Rank by magnitude, then mirror for negatives.
    let key = |n: &Num| match n.class {
        Class::Zero => (0, 0, 0),
        Class::Infinity => (2, 0, 0),
        _ => (1, n.exp, n.sig),
    };
    match (a.sign, b.sign) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => key(a).cmp(&key(b)),
        (true, true) => key(b).cmp(&key(a)),
    }
}

/// MINSD and its like (SDM Vol. 2B): the second operand when either is a NaN (invalid) or both are zeros.
pub fn min<F: Format>(env: &mut Env, a: F::Bits, b: F::Bits) -> F::Bits {
    pick::<F>(env, a, b, Ordering::Less)
}

/// MAXSD and its like.
pub fn max<F: Format>(env: &mut Env, a: F::Bits, b: F::Bits) -> F::Bits {
    pick::<F>(env, a, b, Ordering::Greater)
}

fn pick<F: Format>(env: &mut Env, a: F::Bits, b: F::Bits, first: Ordering) -> F::Bits {
    let (x, y) = (F::operand(env, a), F::operand(env, b));
    if x.is_nan() || y.is_nan() {
        env.raise(Flags::IE);
        // Not quieted, but flushed where DAZ says so.
        return F::encode(y);
    }
    env.denormals(&[&x, &y]);
    F::encode(if order(&x, &y) == first { x } else { y })
}
