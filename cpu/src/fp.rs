//! Floating point of SSE on values: what the words `fp*` of [`Emit`](crate::emit::Emit) mean for the interpreter.
//!
//! Results and MXCSR flags are x86's, always. Where MXCSR is in its usual state (round to nearest, all masked, no DAZ or
//! FTZ) and neither operands nor result are special, `host` takes the host's own operation; everything else goes to
//! [`softfloat`](crate::softfloat). Nothing depends on the host's NaNs or on its floating-point flags.

mod approx;
mod host;
pub(crate) mod quick;

use crate::Exception;
use crate::insn::Width;
use crate::softfloat::{self as sf, Double, Env, Flags, Format, Order, Round, Single};
use crate::vec::{self, Bytes, Shape};

/// Element type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "IEEE single and double")]
pub enum FpType {
    F32,
    F64,
}

/// Which lanes take part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lanes {
    /// Lane 0; the others come from the first operand.
    Scalar,
    /// All.
    Packed,
}

/// Arithmetic words. Those of one operand take the second.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "named as the instructions")]
pub enum FpOp {
    Add,
    Sub,
    Mul,
    Div,
    Sqrt,
    Min,
    Max,
    /// cmpps & co with predicate 0..=7 (0..=31 as AVX has them).
    Cmp(u8),
    /// Subtracts in even lanes, adds in odd ones.
    AddSub,
    /// roundps & co with their immediate.
    Round(u8),
    Rcp,
    Rsqrt,
}

/// Conversions between vectors, named as the instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "named as the instructions")]
pub enum FpCvt {
    Ss2sd,
    Sd2ss,
    Ps2pd,
    Pd2ps,
    Dq2ps,
    Dq2pd,
    Ps2dq,
    Tps2dq,
    Pd2dq,
    Tpd2dq,
}

/// Set in what is passed for MXCSR: exceptions are noted from bit [`COLLECTED`] on, and raised by [`raise`].
const COLLECT: u32 = 1 << 31;
/// See [`COLLECT`].
const COLLECTED: u32 = 16;

/// From now on exceptions are collected.
pub fn collect(mxcsr: &mut u32) {
    *mxcsr |= COLLECT;
}

/// Raises what was collected, as if one instruction had computed all of it; nothing if nothing was to be collected.
pub fn raise(mxcsr: &mut u32) -> Result<(), Exception> {
    let raised = Flags::from_bits_truncate((*mxcsr >> COLLECTED) as u8);
    *mxcsr &= 0xffff;
    Lanewise { modes: Env::sse(*mxcsr), raised }.finish(mxcsr)
}

/// The inexact flag in MXCSR.
const PE: u32 = 1 << 5;

/// All exceptions masked, round to nearest, no DAZ, no FTZ; flags at will: the host's arithmetic is x86's then.
#[inline(always)]
fn is_usual(mxcsr: u32) -> bool {
    mxcsr & 0xffc0 == 0x1f80
}

/// An element type as the code below needs it: its format, its lanes, and the fast paths of the host.
trait Elem: Format {
    /// Lanes in 128 bits.
    const COUNT: usize;
    fn get(x: &Bytes, lane: usize) -> Self::Bits;
    fn set(x: &mut Bytes, lane: usize, v: Self::Bits);
    /// All ones or none.
    fn mask(yes: bool) -> Self::Bits;
    /// The host's answer under usual modes, with PE noted in `mxcsr`; None where it might be wrong.
    fn fast(mxcsr: &mut u32, op: FpOp, lane: usize, a: Self::Bits, b: Self::Bits) -> Option<Self::Bits>;
    /// rcpps, rsqrtps; there are none for doubles.
    fn approximate(op: FpOp, a: Self::Bits) -> Self::Bits;
    /// As `sf::compare`, when neither is NaN or denormal.
    fn fast_compare(a: Self::Bits, b: Self::Bits) -> Option<Order>;
}

macro_rules! elem {
    ($format:ident, $bits:ty, $shape:expr, $module:ident, $approximate:expr) => {
        impl Elem for $format {
            const COUNT: usize = 16 / size_of::<$bits>();
            #[inline(always)]
            fn get(x: &Bytes, lane: usize) -> $bits {
                vec::extract($shape, lane as u8, *x) as $bits
            }
            #[inline(always)]
            fn set(x: &mut Bytes, lane: usize, v: $bits) {
                *x = vec::replace($shape, lane as u8, *x, v as u64);
            }
            fn mask(yes: bool) -> $bits {
                if yes { <$bits>::MAX } else { 0 }
            }
            #[inline(always)]
            fn fast(mxcsr: &mut u32, op: FpOp, lane: usize, a: $bits, b: $bits) -> Option<$bits> {
                use host::$module as host;
                match op {
                    FpOp::Add => host::add(mxcsr, a, b),
                    FpOp::Sub => host::add(mxcsr, a, host::negated(b)),
                    FpOp::AddSub if lane & 1 == 0 => host::add(mxcsr, a, host::negated(b)),
                    FpOp::AddSub => host::add(mxcsr, a, b),
                    FpOp::Mul => host::mul(mxcsr, a, b),
                    FpOp::Div => host::div(mxcsr, a, b),
                    FpOp::Sqrt => host::sqrt(mxcsr, b),
                    FpOp::Min => host::pick(a, b, true),
                    FpOp::Max => host::pick(a, b, false),
                    FpOp::Cmp(p) => host::compare(a, b).map(|o| Self::mask(holds(p, o))),
                    FpOp::Round(_) | FpOp::Rcp | FpOp::Rsqrt => None,
                }
            }
            fn approximate(op: FpOp, a: $bits) -> $bits {
                $approximate(op, a)
            }
            #[inline(always)]
            fn fast_compare(a: $bits, b: $bits) -> Option<Order> {
                host::$module::compare(a, b)
            }
        }
    };
}
elem!(Single, u32, Shape::I32x4, single, |op, a| if op == FpOp::Rcp { approx::rcp(a) } else { approx::rsqrt(a) });
elem!(Double, u64, Shape::I64x2, double, |_, a| a);

/// Whether predicate `p` of cmpps (SDM Vol. 2A, CMPPD, table 3-1) holds for two operands that stand in relation `order`.
#[inline(always)]
fn holds(p: u8, order: Order) -> bool {
    // A bit for each relation: less, equal, greater, unordered.
    const TRUE_FOR: [u8; 16] = [
        0b0010, 0b0001, 0b0011, 0b1000, 0b1101, 0b1110, 0b1100, 0b0111, // eq lt le unord neq nlt nle ord
        0b1010, 0b1001, 0b1011, 0b0000, 0b0101, 0b0110, 0b0100, 0b1111, // eq_uq nge ngt false neq_oq ge gt true
    ];
    TRUE_FOR[p as usize & 15] >> order as u32 & 1 != 0
}

/// Whether predicate `p` leaves quiet NaNs unreported.
fn is_quiet(p: u8) -> bool {
    let orders = matches!(p & 7, 1 | 2 | 5 | 6);
    orders == (p & 16 != 0)
}

/// One lane in software.
fn exact<F: Elem>(env: &mut Env, op: FpOp, lane: usize, a: F::Bits, b: F::Bits) -> F::Bits {
    match op {
        FpOp::Add => sf::add::<F>(env, a, b),
        FpOp::Sub => sf::sub::<F>(env, a, b),
        FpOp::AddSub if lane & 1 == 0 => sf::sub::<F>(env, a, b),
        FpOp::AddSub => sf::add::<F>(env, a, b),
        FpOp::Mul => sf::mul::<F>(env, a, b),
        FpOp::Div => sf::div::<F>(env, a, b),
        FpOp::Sqrt => sf::sqrt::<F>(env, b),
        FpOp::Min => sf::min::<F>(env, a, b),
        FpOp::Max => sf::max::<F>(env, a, b),
        FpOp::Cmp(p) => F::mask(holds(p, sf::compare::<F>(env, a, b, is_quiet(p)))),
        FpOp::Round(imm) => {
            let mode = if imm & 4 != 0 { env.round } else { Round::from_bits(u32::from(imm)) };
            sf::round_to_int::<F>(env, b, mode, imm & 8 != 0)
        }
        FpOp::Rcp | FpOp::Rsqrt => F::approximate(op, b),
    }
}

/// Collects the exceptions of lanes computed one by one, as the processor does for a packed instruction: all lanes are
/// looked at before any is computed, so an unmasked exception found there leaves those of results unreported (SDM Vol. 1
/// 11.5.2.1).
pub(crate) struct Lanewise {
    modes: Env,
    raised: Flags,
}

impl Lanewise {
    pub(crate) fn new(mxcsr: u32) -> Lanewise {
        Lanewise { modes: Env::sse(mxcsr), raised: Flags::empty() }
    }

    pub(crate) fn lane<T>(&mut self, f: impl FnOnce(&mut Env) -> T) -> T {
        let mut env = self.modes;
        let v = f(&mut env);
        self.raised |= env.raised;
        v
    }

    /// Notes the flags; an unmasked one is #XM.
    pub(crate) fn finish(self, mxcsr: &mut u32) -> Result<(), Exception> {
        if *mxcsr & COLLECT != 0 {
            *mxcsr |= u32::from(self.raised.bits()) << COLLECTED;
            return Ok(());
        }
        let before = self.raised & Flags::PRE;
        let raised = if (before & !self.modes.masked).is_empty() { self.raised } else { before };
        *mxcsr |= u32::from(raised.bits());
        if (raised & !self.modes.masked).is_empty() { Ok(()) } else { Err(Exception::Simd) }
    }
}

#[cold]
#[inline(never)]
fn arith_exactly<F: Elem>(mxcsr: &mut u32, op: FpOp, count: usize, a: Halves, b: Halves) -> Result<Halves, Exception> {
    let mut all = Lanewise::new(*mxcsr);
    let (a, b) = (&vec::of_halves(a.0, a.1), &vec::of_halves(b.0, b.1));
    let mut out = *a;
    for lane in 0..count.min(F::COUNT) {
        let (x, y) = (F::get(a, lane), F::get(b, lane));
        let v = all.lane(|env| exact::<F>(env, op, lane, x, y));
        F::set(&mut out, lane, v);
    }
    all.finish(mxcsr)?;
    Ok(vec::halves(out))
}

/// A vector as two numbers: passed like this to what is out of line, it need not go through memory elsewhere.
type Halves = (u64, u64);

#[inline(always)]
fn arith_of<F: Elem>(mxcsr: &mut u32, op: FpOp, lanes: Lanes, a: Bytes, b: Bytes) -> Result<Bytes, Exception> {
    let count = if lanes == Lanes::Scalar { 1 } else { F::COUNT };
    if is_usual(*mxcsr)
        && let Some(out) = arith_fast::<F>(mxcsr, op, count, a, b)
    {
        return Ok(out);
    }
    // Flags that the first lanes noted are noted again.
    let (low, high) = arith_exactly::<F>(mxcsr, op, count, vec::halves(a), vec::halves(b))?;
    Ok(vec::of_halves(low, high))
}

/// The first lanes by the host, under usual modes; `None` where it might be wrong.
#[inline(always)]
fn arith_fast<F: Elem>(mxcsr: &mut u32, op: FpOp, count: usize, a: Bytes, b: Bytes) -> Option<Bytes> {
    let mut out = a;
    for lane in 0..count {
        let v = F::fast(mxcsr, op, lane, F::get(&a, lane), F::get(&b, lane))?;
        F::set(&mut out, lane, v);
    }
    Some(out)
}

/// [`Emit::fp`](crate::emit::Emit::fp) on values.
#[inline(always)]
pub fn arith(mxcsr: &mut u32, op: FpOp, t: FpType, lanes: Lanes, a: Bytes, b: Bytes) -> Result<Bytes, Exception> {
    match t {
        FpType::F32 => arith_of::<Single>(mxcsr, op, lanes, a, b),
        FpType::F64 => arith_of::<Double>(mxcsr, op, lanes, a, b),
    }
}

/// [`Emit::fp_convert`](crate::emit::Emit::fp_convert) on values.
#[inline(always)]
pub fn convert(mxcsr: &mut u32, op: FpCvt, a: Bytes, b: Bytes) -> Result<Bytes, Exception> {
    if is_usual(*mxcsr)
        && let Some(x) = convert_fast(mxcsr, op, a, b)
    {
        return Ok(x);
    }
    convert_exactly(mxcsr, op, a, b)
}

/// Conversions of one element by the host, under usual modes.
#[inline(always)]
fn convert_fast(mxcsr: &mut u32, op: FpCvt, a: Bytes, b: Bytes) -> Option<Bytes> {
    match op {
        FpCvt::Ss2sd => host::widen(Single::get(&b, 0)).map(|v| vec::replace(Shape::I64x2, 0, a, v)),
        FpCvt::Sd2ss => host::narrow(mxcsr, Double::get(&b, 0)).map(|v| vec::replace(Shape::I32x4, 0, a, u64::from(v))),
        _ => None,
    }
}

/// Conversions lane by lane: the host where it is right, software elsewhere.
#[inline(never)]
fn convert_exactly(mxcsr: &mut u32, op: FpCvt, a: Bytes, b: Bytes) -> Result<Bytes, Exception> {
    let usual = is_usual(*mxcsr);
    let mut all = Lanewise::new(*mxcsr);
    let mut out = [0; 16];
    let int = |lane: usize| i64::from(Single::get(&b, lane) as i32);
    match op {
        FpCvt::Ss2sd | FpCvt::Sd2ss => out = a,
        _ => {}
    }
    let count = match op {
        FpCvt::Ss2sd | FpCvt::Sd2ss => 1,
        FpCvt::Dq2ps | FpCvt::Ps2dq | FpCvt::Tps2dq => 4,
        _ => 2,
    };
    for lane in 0..count {
        all.lane(|env| match op {
            FpCvt::Ss2sd | FpCvt::Ps2pd => {
                let v = Single::get(&b, lane);
                let fast = if usual { host::widen(v) } else { None };
                let v = fast.unwrap_or_else(|| sf::convert::<Single, Double>(env, v));
                Double::set(&mut out, lane, v);
            }
            FpCvt::Sd2ss | FpCvt::Pd2ps => {
                let v = Double::get(&b, lane);
                let fast = if usual { host::narrow(mxcsr, v) } else { None };
                let v = fast.unwrap_or_else(|| sf::convert::<Double, Single>(env, v));
                Single::set(&mut out, lane, v);
            }
            FpCvt::Dq2ps => Single::set(&mut out, lane, sf::from_int::<Single>(env, int(lane))),
            FpCvt::Dq2pd => Double::set(&mut out, lane, sf::from_int::<Double>(env, int(lane))),
            FpCvt::Ps2dq | FpCvt::Tps2dq => {
                let mode = if op == FpCvt::Ps2dq { env.round } else { Round::Zero };
                let v = sf::to_int::<Single>(env, Single::get(&b, lane), 32, mode);
                Single::set(&mut out, lane, v as u32);
            }
            FpCvt::Pd2dq | FpCvt::Tpd2dq => {
                let mode = if op == FpCvt::Pd2dq { env.round } else { Round::Zero };
                let v = sf::to_int::<Double>(env, Double::get(&b, lane), 32, mode);
                Single::set(&mut out, lane, v as u32);
            }
        });
    }
    all.finish(mxcsr)?;
    Ok(out)
}

/// [`Emit::fp_to_int`](crate::emit::Emit::fp_to_int) on values.
#[inline(always)]
pub fn to_int(mxcsr: &mut u32, t: FpType, w: Width, truncate: bool, x: Bytes) -> Result<u64, Exception> {
    if is_usual(*mxcsr)
        && let Some(v) = to_int_fast(mxcsr, t, w, truncate, x)
    {
        return Ok(v);
    }
    to_int_exactly(mxcsr, t, w, truncate, x)
}

/// The same by the host, under usual modes.
#[inline(always)]
fn to_int_fast(mxcsr: &mut u32, t: FpType, w: Width, truncate: bool, x: Bytes) -> Option<u64> {
    // Every single is a double of the same value, and the conversion to integer does not report denormals.
    let wide = match t {
        FpType::F32 => host::widen(Single::get(&x, 0))?,
        FpType::F64 => Double::get(&x, 0),
    };
    host::to_int(mxcsr, wide, w.bits(), truncate).map(|v| w.trunc(v as u64))
}

#[cold]
#[inline(never)]
fn to_int_exactly(mxcsr: &mut u32, t: FpType, w: Width, truncate: bool, x: Bytes) -> Result<u64, Exception> {
    let mut all = Lanewise::new(*mxcsr);
    let v = all.lane(|env| {
        let mode = if truncate { Round::Zero } else { env.round };
        match t {
            FpType::F32 => sf::to_int::<Single>(env, Single::get(&x, 0), w.bits(), mode),
            FpType::F64 => sf::to_int::<Double>(env, Double::get(&x, 0), w.bits(), mode),
        }
    });
    all.finish(mxcsr)?;
    Ok(w.trunc(v as u64))
}

/// [`Emit::fp_from_int`](crate::emit::Emit::fp_from_int) on values.
#[inline(always)]
pub fn from_int(mxcsr: &mut u32, t: FpType, w: Width, a: Bytes, v: u64) -> Result<Bytes, Exception> {
    let v = w.sext(v);
    if is_usual(*mxcsr) {
        return Ok(from_int_fast(mxcsr, t, a, v));
    }
    from_int_exactly(mxcsr, t, a, v)
}

/// The same by the host, under usual modes.
#[inline(always)]
fn from_int_fast(mxcsr: &mut u32, t: FpType, mut a: Bytes, v: i64) -> Bytes {
    match t {
        FpType::F32 => Single::set(&mut a, 0, host::single_from_int(mxcsr, v)),
        FpType::F64 => Double::set(&mut a, 0, host::double_from_int(mxcsr, v)),
    }
    a
}

#[cold]
#[inline(never)]
fn from_int_exactly(mxcsr: &mut u32, t: FpType, mut a: Bytes, v: i64) -> Result<Bytes, Exception> {
    let mut all = Lanewise::new(*mxcsr);
    match t {
        FpType::F32 => Single::set(&mut a, 0, all.lane(|env| sf::from_int::<Single>(env, v))),
        FpType::F64 => Double::set(&mut a, 0, all.lane(|env| sf::from_int::<Double>(env, v))),
    }
    all.finish(mxcsr)?;
    Ok(a)
}

/// [`Emit::fp_compare`](crate::emit::Emit::fp_compare) on values: CF, PF, ZF as bits of rflags.
#[inline(always)]
pub fn compare(mxcsr: &mut u32, t: FpType, quiet: bool, a: Bytes, b: Bytes) -> Result<u64, Exception> {
    match t {
        FpType::F32 => compare_of::<Single>(mxcsr, quiet, a, b),
        FpType::F64 => compare_of::<Double>(mxcsr, quiet, a, b),
    }
}

#[inline(always)]
fn compare_of<F: Elem>(mxcsr: &mut u32, quiet: bool, a: Bytes, b: Bytes) -> Result<u64, Exception> {
    let (a, b) = (F::get(&a, 0), F::get(&b, 0));
    match F::fast_compare(a, b) {
        Some(order) => Ok(order_flags(order)),
        None => compare_exactly::<F>(mxcsr, quiet, a, b),
    }
}

#[cold]
#[inline(never)]
fn compare_exactly<F: Elem>(mxcsr: &mut u32, quiet: bool, a: F::Bits, b: F::Bits) -> Result<u64, Exception> {
    let mut all = Lanewise::new(*mxcsr);
    let order = all.lane(|env| sf::compare::<F>(env, a, b, quiet));
    all.finish(mxcsr)?;
    Ok(order_flags(order))
}

/// CF, PF and ZF after COMISD, FCOMI and their like (SDM Vol. 2A, COMISD).
#[inline(always)]
pub(crate) fn order_flags(order: Order) -> u64 {
    use crate::flags::bits::{CF, PF, ZF};
    match order {
        Order::Greater => 0,
        Order::Less => CF,
        Order::Equal => ZF,
        Order::Unordered => CF | PF | ZF,
    }
}
