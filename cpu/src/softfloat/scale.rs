//! FSCALE and FXTRACT (SDM Vol. 2A).

use super::format::Extended;
use super::{Class, Env, F80, Flags, Format, Num, round_exact};

/// `a * 2^trunc(b)`.
pub fn scale(env: &mut Env, a: F80, b: F80) -> F80 {
    let (x, y) = (Extended::operand(env, a), Extended::operand(env, b));
    if let Some(nan) = env.nan2::<Extended>(x, y) {
        return nan;
    }
    if y.is_infinity() {
        if x.is_infinity() && y.sign || x.is_zero() && !y.sign {
            return env.invalid::<Extended>();
        }
        if env.denormals(&[&x]) {
            return a;
        }
        return Extended::encode(if y.sign { Num::zero(x.sign) } else { Num::infinity(x.sign) });
    }
    if env.denormals(&[&x, &y]) || x.class != Class::Finite || y.is_zero() {
        return Extended::encode(x);
    }
    // A scale beyond 2^16 over- or underflows whatever it is applied to.
    let magnitude = match y.class {
        Class::Zero => 0,
        _ if y.exp < 0 => 0,
        _ if y.exp > 16 => 1 << 17,
        _ => (y.sig >> (63 - y.exp)) as i32,
    };
    let by = if y.sign { -magnitude } else { magnitude };
    round_exact::<Extended>(env, Num { exp: x.exp + by, ..x })
}

/// The exponent and the significand of `a`, both as numbers.
pub fn extract(env: &mut Env, a: F80) -> (F80, F80) {
    let n = Extended::operand(env, a);
    if let Some(nan) = env.nan1::<Extended>(n) {
        return (nan, nan);
    }
    match n.class {
        Class::Infinity => (Extended::encode(Num::infinity(false)), a),
        Class::Zero => {
            env.raise(Flags::ZE);
            (Extended::encode(Num::infinity(true)), a)
        }
        _ => {
            env.denormals(&[&n]);
            let exp = super::from_int::<Extended>(env, i64::from(n.exp));
            (exp, Extended::encode(Num { exp: 0, ..n }))
        }
    }
}
