//! Floating point of SSE on values: what the words `fp*` of [`Emit`](crate::emit::Emit) mean for the interpreter.

use crate::Exception;
use crate::insn::Width;
use crate::vec::Bytes;

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

/// Arithmetic words.
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
    /// cmpps & co with predicate 0..=7.
    Cmp(u8),
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

/// [`Emit::fp`](crate::emit::Emit::fp) on values.
pub fn arith(_mxcsr: &mut u32, _op: FpOp, _t: FpType, _lanes: Lanes, _a: Bytes, _b: Bytes) -> Result<Bytes, Exception> {
    Err(Exception::InvalidOpcode)
}

/// [`Emit::fp_convert`](crate::emit::Emit::fp_convert) on values.
pub fn convert(_mxcsr: &mut u32, _op: FpCvt, _a: Bytes, _b: Bytes) -> Result<Bytes, Exception> {
    Err(Exception::InvalidOpcode)
}

/// [`Emit::fp_to_int`](crate::emit::Emit::fp_to_int) on values.
pub fn to_int(_mxcsr: &mut u32, _t: FpType, _w: Width, _truncate: bool, _x: Bytes) -> Result<u64, Exception> {
    Err(Exception::InvalidOpcode)
}

/// [`Emit::fp_from_int`](crate::emit::Emit::fp_from_int) on values.
pub fn from_int(_mxcsr: &mut u32, _t: FpType, _w: Width, _a: Bytes, _v: u64) -> Result<Bytes, Exception> {
    Err(Exception::InvalidOpcode)
}

/// [`Emit::fp_compare`](crate::emit::Emit::fp_compare) on values: CF, PF, ZF as bits of rflags.
pub fn compare(_mxcsr: &mut u32, _t: FpType, _quiet: bool, _a: Bytes, _b: Bytes) -> Result<u64, Exception> {
    Err(Exception::InvalidOpcode)
}
