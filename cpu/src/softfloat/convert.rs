//! Between the floating-point formats.

use super::{Env, Format, round_exact};

/// Converts `a` from one format to another: CVTSD2SS and its like, FLD, FST. Not subject to precision control.
pub fn convert<From: Format, To: Format>(env: &mut Env, a: From::Bits) -> To::Bits {
    let n = From::operand(env, a);
    if let Some(nan) = env.nan1::<To>(n) {
        return nan;
    }
    // FLD and FST do not report the x87's own denormals, and others do not stop them.
    let reports = !env.x87 || From::PRECISION < 64;
    if reports && env.denormals(&[&n]) && !env.x87 {
        return To::encode(super::Num::zero(n.sign));
    }
    round_exact::<To>(env, n)
}
