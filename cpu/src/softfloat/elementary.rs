//! The x87's transcendental instructions: F2XM1, FYL2X, FYL2XP1, FPATAN, FSIN, FCOS, FPTAN (SDM Vol. 1 8.3.6 to 8.3.10).
//!
//! Computed with about 120 good bits and rounded once, so that results are correctly rounded but for freak cases, and
//! within one ulp of any processor that keeps Intel's promise. Arguments of the trigonometric instructions are reduced by
//! the same 66-bit pi that processors use. Series: see each function.

use super::format::Extended;
use super::round::round_to;
use super::wide::{Fraction, Wide, reciprocal};
use super::{Class, Env, F80, Flags, Format, Num, Round};

const LN_2: Wide = Wide::new(-1, 0xb17217f7_d1cf79ab_c9e3b398_03f2f6af);
const LOG2_E: Wide = Wide::new(0, 0xb8aa3b29_5c17f0bb_be87fed0_691d3e89);
const PI: Wide = Wide::new(1, 0xc90fdaa2_2168c234_c4c6628b_80dc1cd1);
const HALF_PI: Wide = Wide::new(0, 0xc90fdaa2_2168c234_c4c6628b_80dc1cd1);
/// The processor's own pi, 66 bits of it: pi/2 in units of 2^-65.
const HALF_PI_66: u128 = 0x3_243f6a88_85a308d3;
/// atan(i / 8).
const ATAN_EIGHTHS: [Wide; 9] = [
    Wide::new(0, 0),
    Wide::new(-4, 0xfeadd4d5_617b6e32_c897989f_3e888ef8),
    Wide::new(-3, 0xfadbafc9_6406eb15_6dc79ef5_f7a217e6),
    Wide::new(-2, 0xb7b0ca0f_26f78473_8aa32122_dcfe4483),
    Wide::new(-2, 0xed63382b_0dda7b45_6fe445ec_bc3a8d03),
    Wide::new(-1, 0x8f005d5e_f7f59f9b_5c835e16_65c43748),
    Wide::new(-1, 0xa4bc7d19_34f70924_19a87f2a_457dac9f),
    Wide::new(-1, 0xb8053e2b_c2319e73_cb2da552_10a4443d),
    Wide::new(-1, 0xc90fdaa2_2168c234_c4c6628b_80dc1cd1),
];

fn finish(env: &mut Env, w: Wide) -> F80 {
    if w.sig == 0 {
        return Extended::encode(Num::zero(w.sign));
    }
    round_to::<Extended>(env, w.sign, w.exp, w.sig, 64)
}

/// F2XM1: `2^a - 1` for -1 <= a <= 1. Outside, where the SDM defines nothing, `a` comes back, as on real processors.
pub fn exp2_minus_1(env: &mut Env, a: F80) -> F80 {
    let n = Extended::operand(env, a);
    if let Some(nan) = env.nan1::<Extended>(n) {
        return nan;
    }
    match n.class {
        Class::Zero => return a,
        Class::Infinity if n.sign => return finish(env, Wide::ONE.negated()),
        Class::Infinity => return a,
        _ => {}
    }
    if env.denormals(&[&n]) {
        return a;
    }
    if n.exp > 0 || n.exp == 0 && n.sig << 1 != 0 {
        env.raise(Flags::PE);
        return a;
    }
    if n.exp == 0 {
        env.raise(Flags::PE);
        let w = if n.sign { Wide { exp: -1, ..Wide::ONE }.negated() } else { Wide::ONE };
        return finish(env, w);
    }
    // e^y - 1 = y (1 + y/2 (1 + y/3 (...))) with y = a ln 2.
    let y = Wide::from_num(&n).mul(LN_2);
    let t = y.to_fraction();
    let mut acc = Fraction::ONE;
    for k in (2..=27).rev() {
        let step = t.mul(acc).mul(reciprocal(k));
        acc = if n.sign { step.complement() } else { Fraction(Fraction::ONE.0 + step.0) };
    }
    finish(env, y.mul(acc.to_wide()).inexact())
}

/// `log2(m)` from `s = (m - 1) / (m + 1)`, |s| < 0.18: 2 atanh(s) / ln 2, atanh(s) = s (1 + s^2/3 + s^4/5 + ...).
fn log2_from_ratio(s: Wide) -> Wide {
    let z = s.mul(s).to_fraction();
    let mut acc = reciprocal(49);
    for k in (0..24).rev() {
        acc = Fraction(reciprocal(2 * k + 1).0 + z.mul(acc).0);
    }
    let w = s.mul(acc.to_wide()).mul(LOG2_E);
    Wide { exp: w.exp + 1, ..w }
}

/// FYL2X: `y * log2(x)`.
pub fn y_log2_x(env: &mut Env, x: F80, y: F80) -> F80 {
    let (x, y) = (Extended::operand(env, x), Extended::operand(env, y));
    if let Some(nan) = env.nan2::<Extended>(y, x) {
        return nan;
    }
    if x.sign && !x.is_zero() {
        return env.invalid::<Extended>();
    }
    if x.is_zero() {
        if y.is_zero() {
            return env.invalid::<Extended>();
        }
        if y.is_infinity() {
            return Extended::encode(Num::infinity(!y.sign));
        }
        env.raise(Flags::ZE);
        return Extended::encode(Num::infinity(!y.sign));
    }
    let is_one = x.class == Class::Finite && x.exp == 0 && x.sig << 1 == 0;
    if x.is_infinity() && y.is_zero() || is_one && y.is_infinity() {
        return env.invalid::<Extended>();
    }
    if env.denormals(&[&x, &y]) {
        return F80::INDEFINITE;
    }
    let below_one = !x.is_infinity() && x.exp < 0;
    if x.is_infinity() || y.is_infinity() {
        return Extended::encode(Num::infinity(y.sign != below_one));
    }
    if y.is_zero() || is_one {
        return Extended::encode(Num::zero(y.sign != below_one));
    }
    // x = 2^e * m with m between sqrt(1/2) and sqrt(2).
    const SQRT_2: u64 = 0xb504_f333_f9de_6484;
    let (e, m) = if x.sig > SQRT_2 { (x.exp + 1, -1) } else { (x.exp, 0) };
    let m = Wide::new(m, u128::from(x.sig) << 64);
    let mut log = Wide::from_int(i64::from(e));
    if m.sig == Wide::ONE.sig {
        // Exact, yet processors report it as inexact.
        env.raise(Flags::PE);
        if log.mul(Wide::from_num(&y)).exp < Extended::MIN_EXP {
            env.raise(Flags::UE);
        }
    } else {
        let s = m.add(Wide::ONE.negated()).div(m.add(Wide::ONE));
        log = log.add(log2_from_ratio(s)).inexact();
    }
    finish(env, log.mul(Wide::from_num(&y)))
}

/// FYL2XP1: `y * log2(x + 1)` for |x| < 1 - sqrt(1/2). Outside, the SDM defines nothing.
pub fn y_log2_x_plus_1(env: &mut Env, x: F80, y: F80) -> F80 {
    let (x, y) = (Extended::operand(env, x), Extended::operand(env, y));
    if let Some(nan) = env.nan2::<Extended>(y, x) {
        return nan;
    }
    if x.is_infinity() && x.sign || x.is_zero() && y.is_infinity() || x.is_infinity() && y.is_zero() {
        return env.invalid::<Extended>();
    }
    if env.denormals(&[&x, &y]) {
        return F80::INDEFINITE;
    }
    if x.is_infinity() || y.is_infinity() {
        return Extended::encode(Num::infinity(x.sign != y.sign));
    }
    if x.is_zero() || y.is_zero() {
        return Extended::encode(Num::zero(x.sign != y.sign));
    }
    let wide = Wide::from_num(&x);
    if x.exp >= -1 {
        // Far outside the domain the ratio's series does not converge: go through the plain logarithm.
        let sum = wide.add(Wide::ONE);
        if sum.sign || sum.sig == 0 {
            env.raise(Flags::PE);
            return Extended::encode(x);
        }
        let half = sum.sig >> 64 > 0xb504_f333_f9de_6484;
        let (e, m) = if half { (sum.exp + 1, -1) } else { (sum.exp, 0) };
        let m = Wide::new(m, sum.sig);
        let s = m.add(Wide::ONE.negated()).div(m.add(Wide::ONE));
        let log = Wide::from_int(i64::from(e)).add(log2_from_ratio(s));
        return finish(env, log.mul(Wide::from_num(&y)).inexact());
    }
    let two = Wide { exp: 1, ..Wide::ONE };
    let s = wide.div(two.add(wide));
    finish(env, log2_from_ratio(s).mul(Wide::from_num(&y)).inexact())
}

/// FPATAN: the angle of the point (x, y), from -pi to pi.
pub fn atan2(env: &mut Env, y: F80, x: F80) -> F80 {
    let (x, y) = (Extended::operand(env, x), Extended::operand(env, y));
    if let Some(nan) = env.nan2::<Extended>(y, x) {
        return nan;
    }
    if env.denormals(&[&x, &y]) {
        return F80::INDEFINITE;
    }
    let angle = |env: &mut Env, w: Wide| finish(env, w.with_sign(y.sign).inexact());
    // Multiples of pi/4 at the ends.
    let down = |w: Wide, by: i32| Wide { exp: w.exp - by, ..w };
    if y.is_zero() || x.is_infinity() && !y.is_infinity() {
        return if x.sign { angle(env, PI) } else { Extended::encode(Num::zero(y.sign)) };
    }
    if y.is_infinity() && x.is_infinity() {
        let quarter = down(HALF_PI, 1);
        return if x.sign { angle(env, HALF_PI.add(quarter)) } else { angle(env, quarter) };
    }
    if x.is_zero() || y.is_infinity() {
        return angle(env, HALF_PI);
    }
    let (u, v) = (Wide::from_num(&y).with_sign(false), Wide::from_num(&x).with_sign(false));
    let steep = (u.exp, u.sig) > (v.exp, v.sig);
    let base = atan(if steep { v.div(u) } else { u.div(v) });
    let first = if steep { HALF_PI.add(base.negated()) } else { base };
    angle(env, if x.sign { PI.add(first.negated()) } else { first })
}

/// atan of a number in [0, 1]: around the nearest eighth c, atan(t) = atan(c) + atan((t - c) / (1 + t c)), then the
/// series u (1 - u^2/3 + u^4/5 - ...) with |u| <= 1/16.
fn atan(t: Wide) -> Wide {
    let eighth = if t.exp < -4 { 0 } else { ((t.to_fraction().0 >> 123) + 1) >> 1 } as usize;
    let mut u = t;
    if eighth != 0 {
        let c = Wide::from_int(eighth as i64).mul(Wide { exp: -3, ..Wide::ONE });
        u = t.add(c.negated()).div(Wide::ONE.add(t.mul(c)));
    }
    let z = u.mul(u).to_fraction();
    let mut acc = reciprocal(33);
    for k in (0..16).rev() {
        acc = Fraction(reciprocal(2 * k + 1).0 - z.mul(acc).0);
    }
    ATAN_EIGHTHS[eighth].add(u.mul(acc.min(Fraction::BELOW_ONE).to_wide()))
}

/// An argument reduced to [-pi/4, pi/4], and the quadrant it came from.
struct Reduced {
    r: Wide,
    quadrant: u32,
}

/// None: 2^63 or more, which the instructions leave to the program.
fn reduce(n: &Num) -> Option<Reduced> {
    if n.exp >= 63 {
        return None;
    }
    // Below 1/2 there is nothing to take off.
    if n.exp < -1 {
        return Some(Reduced { r: Wide::from_num(n), quadrant: 0 });
    }
    let units = u128::from(n.sig) << (n.exp + 2);
    let (mut turns, mut rest) = (units / HALF_PI_66, units % HALF_PI_66);
    let mut sign = n.sign;
    if rest > HALF_PI_66 / 2 {
        turns += 1;
        rest = HALF_PI_66 - rest;
        sign = !sign;
    }
    // A negative argument runs through the quadrants backwards.
    let quadrant = if n.sign { (turns as u32).wrapping_neg() } else { turns as u32 } & 3;
    Some(Reduced { r: Wide::normalized(sign, 62, rest), quadrant })
}

/// `1 - z/((s+1)(s+2)) (1 - z/((s+3)(s+4)) (...))`: sin(r)/r with s = 1, cos(r) with s = 0, z = r^2.
fn alternating(z: Fraction, start: usize) -> Fraction {
    let mut acc = Fraction::ONE;
    for k in (0..14).rev() {
        let n = start + 2 * k + 1;
        acc = z.mul(acc).mul(reciprocal(n)).mul(reciprocal(n + 1)).complement();
    }
    acc.min(Fraction::BELOW_ONE)
}

fn sin_reduced(r: Wide) -> Wide {
    if r.sig == 0 {
        return r;
    }
    r.mul(alternating(r.mul(r).to_fraction(), 1).to_wide()).inexact()
}

fn cos_reduced(r: Wide) -> Wide {
    if r.sig == 0 {
        return Wide::ONE;
    }
    alternating(r.mul(r).to_fraction(), 0).to_wide().inexact()
}

fn sin_wide(a: &Reduced) -> Wide {
    let w = if a.quadrant & 1 == 0 { sin_reduced(a.r) } else { cos_reduced(a.r) };
    if a.quadrant & 2 == 0 { w } else { w.negated() }
}

fn cos_wide(a: &Reduced) -> Wide {
    sin_wide(&Reduced { quadrant: a.quadrant + 1, ..*a })
}

/// The common start of the trigonometric instructions: specials, denormals, reduction. `Err`: the answer is known, or
/// None when the argument is out of range.
fn angle(env: &mut Env, a: F80, at_zero: F80) -> Result<Reduced, Option<F80>> {
    let n = Extended::operand(env, a);
    if let Some(nan) = env.nan1::<Extended>(n) {
        return Err(Some(nan));
    }
    if n.is_infinity() {
        return Err(Some(env.invalid::<Extended>()));
    }
    if n.is_zero() {
        return Err(Some(at_zero));
    }
    if env.denormals(&[&n]) {
        return Err(Some(a));
    }
    // Processors take so small an angle for its sine, whatever the rounding mode.
    if n.exp < -68 {
        env.round = Round::Nearest;
    }
    reduce(&n).ok_or(None)
}

/// One, as the instructions push it.
pub const ONE: F80 = F80::new(1 << 63, 0x3fff);

/// FSIN. None: the argument is 2^63 or more (C2).
pub fn sin(env: &mut Env, a: F80) -> Option<F80> {
    match angle(env, a, a) {
        Ok(r) => Some(finish(env, sin_wide(&r))),
        Err(known) => known,
    }
}

/// FCOS.
pub fn cos(env: &mut Env, a: F80) -> Option<F80> {
    match angle(env, a, ONE) {
        Ok(r) => Some(finish(env, cos_wide(&r))),
        Err(known) => known,
    }
}

/// FSINCOS: both.
pub fn sin_cos(env: &mut Env, a: F80) -> Option<(F80, F80)> {
    match angle(env, a, a) {
        Ok(r) => {
            let cos = finish(env, cos_wide(&r));
            Some((finish(env, sin_wide(&r)), cos))
        }
        Err(None) => None,
        Err(Some(known)) if Extended::unpack(known).is_zero() => Some((known, ONE)),
        Err(Some(nan)) => Some((nan, nan)),
    }
}

/// FPTAN: the tangent and the one it pushes (a NaN pushes itself).
pub fn tan(env: &mut Env, a: F80) -> Option<(F80, F80)> {
    match angle(env, a, a) {
        Ok(r) => Some((finish(env, sin_wide(&r).div(cos_wide(&r)).inexact()), ONE)),
        Err(None) => None,
        Err(Some(known)) if Extended::unpack(known).is_zero() => Some((known, ONE)),
        Err(Some(nan)) => Some((nan, nan)),
    }
}
