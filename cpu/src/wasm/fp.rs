//! Floating point in lowered code: WebAssembly's own operations, which are x86's under the usual MXCSR (round to nearest,
//! all masked, no DAZ or FTZ) but for NaNs. Where a NaN comes out, or MXCSR is unusual, the function is left and the
//! interpreter does the instruction, so payloads and signs are x86's.
//!
//! The sticky flags of MXCSR are not kept here: a program that clears them with LDMXCSR to look at them later sets
//! [`Cpu::fp_watched`](crate::Cpu::fp_watched), and all its floating point is the interpreter's from then on.

use super::lower::{Lower, NoLowering, V, X};
use super::region::EXIT_INTERPRET;
use crate::emit::Emit;
use crate::fp::{FpCvt, FpOp, FpType, Lanes};
use crate::insn::Width;
use crate::vec::Shape;
use wasm_encoder::{InstructionSink, ValType};

/// 2^31 and 2^63: what is not below does not fit a signed integer.
const LIMIT32: f64 = 2_147_483_648.0;
const LIMIT64: f64 = 9_223_372_036_854_775_808.0;

impl Lower<'_> {
    /// Leaves unless MXCSR is as it mostly is; once in a block.
    fn guard(&mut self) {
        self.usage.fp = true;
        if !self.fp_checked {
            self.push_fp_usual();
            self.sink().i32_eqz();
            self.leave_if(EXIT_INTERPRET);
            self.fp_checked = self.conditional == 0;
        }
    }

    /// Arithmetic.
    pub(super) fn arith(&mut self, op: FpOp, t: FpType, lanes: Lanes, a: X, b: X) -> Result<X, NoLowering> {
        match op {
            FpOp::Rcp | FpOp::Rsqrt => return Err(NoLowering),
            _ => {}
        }
        self.guard();
        match (lanes, op) {
            (Lanes::Packed, _) => Ok(self.packed(op, t, a, b)),
            (Lanes::Scalar, FpOp::Cmp(_)) => Ok(self.scalar_mask(op, t, a, b)),
            (Lanes::Scalar, _) => Ok(self.scalar(op, t, a, b)),
        }
    }

    fn scalar(&mut self, op: FpOp, t: FpType, a: X, b: X) -> X {
        let ty = if t == FpType::F64 { ValType::F64 } else { ValType::F32 };
        let (x, y) = (self.temporary(ty), self.temporary(ty));
        self.push_lane(t, a);
        self.set(x);
        self.push_lane(t, b);
        self.set(y);
        let wide = t == FpType::F64;
        match op {
            FpOp::Min | FpOp::Max => {
                // The second operand unless the first is truly less (greater): NaNs and equal zeros too.
                self.sink().local_get(x).local_get(y).local_get(x).local_get(y);
                let mut sink = self.sink();
                match (op, wide) {
                    (FpOp::Min, true) => sink.f64_lt(),
                    (FpOp::Min, false) => sink.f32_lt(),
                    (_, true) => sink.f64_gt(),
                    (_, false) => sink.f32_gt(),
                };
                self.sink().select();
            }
            FpOp::Sqrt | FpOp::Round(_) => {
                self.get(y);
                let mut sink = self.sink();
                match (op, wide) {
                    (FpOp::Sqrt, true) => sink.f64_sqrt(),
                    (FpOp::Sqrt, false) => sink.f32_sqrt(),
                    (FpOp::Round(imm), true) => match mode(imm) {
                        0 => sink.f64_nearest(),
                        1 => sink.f64_floor(),
                        2 => sink.f64_ceil(),
                        _ => sink.f64_trunc(),
                    },
                    (FpOp::Round(imm), false) => match mode(imm) {
                        0 => sink.f32_nearest(),
                        1 => sink.f32_floor(),
                        2 => sink.f32_ceil(),
                        _ => sink.f32_trunc(),
                    },
                    _ => return a,
                };
            }
            _ => {
                self.sink().local_get(x).local_get(y);
                let mut sink = self.sink();
                match (op, wide) {
                    (FpOp::Sub, true) => sink.f64_sub(),
                    (FpOp::Sub, false) => sink.f32_sub(),
                    (FpOp::Mul, true) => sink.f64_mul(),
                    (FpOp::Mul, false) => sink.f32_mul(),
                    (FpOp::Div, true) => sink.f64_div(),
                    (FpOp::Div, false) => sink.f32_div(),
                    (_, true) => sink.f64_add(),
                    (_, false) => sink.f32_add(),
                };
            }
        }
        self.put_lane(t, a, !matches!(op, FpOp::Min | FpOp::Max))
    }

    /// Lane 0 as a float.
    fn push_lane(&mut self, t: FpType, x: X) {
        if t == FpType::F64 {
            self.push_double(x);
        } else {
            self.push_x(x);
            self.sink().f32x4_extract_lane(0);
        }
    }

    /// The float on the stack as lane 0 of `a`; leaves if it is a NaN and `check`.
    fn put_lane(&mut self, t: FpType, a: X, check: bool) -> X {
        let result = self.temporary(if t == FpType::F64 { ValType::F64 } else { ValType::F32 });
        self.set(result);
        if check {
            self.get(result);
            self.sink().local_get(result);
            let mut sink = self.sink();
            if t == FpType::F64 {
                sink.f64_ne()
            } else {
                sink.f32_ne()
            };
            self.leave_if(EXIT_INTERPRET);
        }
        match (t, a) {
            (FpType::F64, X::Halves(_, high)) => X::Halves(result, high),
            (FpType::F64, X::Const(_, high)) => X::Halves(result, V::Const(high)),
            _ => {
                self.push_x(a);
                self.get(result);
                let mut sink = self.sink();
                if t == FpType::F64 {
                    sink.f64x2_replace_lane(0)
                } else {
                    sink.f32x4_replace_lane(0)
                };
                self.vector()
            }
        }
    }

    /// cmpsd, cmpss: a mask in lane 0.
    fn scalar_mask(&mut self, op: FpOp, t: FpType, a: X, b: X) -> X {
        let all = self.packed(op, t, a, b);
        if t == FpType::F64 {
            let (mask, high) = (self.low_half(all), self.high_half(a));
            if let X::Halves(..) = a {
                self.push(mask);
                self.sink().f64_reinterpret_i64();
                return self.halves(high);
            }
            return self.vreplace(Shape::I64x2, 0, a, mask);
        }
        let mask = self.vextract(Shape::I32x4, 0, all);
        self.vreplace(Shape::I32x4, 0, a, mask)
    }

    /// All lanes; leaves if a NaN comes out of arithmetic.
    fn packed(&mut self, op: FpOp, t: FpType, a: X, b: X) -> X {
        let (a, b) = (self.as_vector(a), self.as_vector(b));
        let wide = t == FpType::F64;
        let result = match op {
            FpOp::Min | FpOp::Max => {
                // pmin(x, y) is y < x ? y : x, and the operands are the other way round.
                self.sink().local_get(b).local_get(a);
                let mut sink = self.sink();
                match (op, wide) {
                    (FpOp::Min, true) => sink.f64x2_pmin(),
                    (FpOp::Min, false) => sink.f32x4_pmin(),
                    (_, true) => sink.f64x2_pmax(),
                    (_, false) => sink.f32x4_pmax(),
                };
                return self.vector();
            }
            FpOp::Cmp(predicate) => return self.mask(predicate, wide, a, b),
            FpOp::AddSub => {
                let (difference, sum) =
                    (self.packed_plain(FpOp::Sub, wide, a, b), self.packed_plain(FpOp::Add, wide, a, b));
                let lanes = if wide {
                    [0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31]
                } else {
                    [0, 1, 2, 3, 20, 21, 22, 23, 8, 9, 10, 11, 28, 29, 30, 31]
                };
                self.vshuffle(lanes, difference, sum)
            }
            _ => self.packed_plain(op, wide, a, b),
        };
        let result = self.as_vector(result);
        self.leave_if_nan(wide, result);
        X::Vector(result)
    }

    fn leave_if_nan(&mut self, wide: bool, result: u32) {
        self.sink().local_get(result).local_get(result);
        let mut sink = self.sink();
        if wide {
            sink.f64x2_ne()
        } else {
            sink.f32x4_ne()
        };
        self.sink().v128_any_true();
        self.leave_if(EXIT_INTERPRET);
    }

    fn packed_plain(&mut self, op: FpOp, wide: bool, a: u32, b: u32) -> X {
        if !matches!(op, FpOp::Sqrt | FpOp::Round(_)) {
            self.sink().local_get(a);
        }
        self.sink().local_get(b);
        let mut sink = self.sink();
        match (op, wide) {
            (FpOp::Sub, true) => sink.f64x2_sub(),
            (FpOp::Sub, false) => sink.f32x4_sub(),
            (FpOp::Mul, true) => sink.f64x2_mul(),
            (FpOp::Mul, false) => sink.f32x4_mul(),
            (FpOp::Div, true) => sink.f64x2_div(),
            (FpOp::Div, false) => sink.f32x4_div(),
            (FpOp::Sqrt, true) => sink.f64x2_sqrt(),
            (FpOp::Sqrt, false) => sink.f32x4_sqrt(),
            (FpOp::Round(imm), true) => match mode(imm) {
                0 => sink.f64x2_nearest(),
                1 => sink.f64x2_floor(),
                2 => sink.f64x2_ceil(),
                _ => sink.f64x2_trunc(),
            },
            (FpOp::Round(imm), false) => match mode(imm) {
                0 => sink.f32x4_nearest(),
                1 => sink.f32x4_floor(),
                2 => sink.f32x4_ceil(),
                _ => sink.f32x4_trunc(),
            },
            (_, true) => sink.f64x2_add(),
            (_, false) => sink.f32x4_add(),
        };
        self.vector()
    }

    /// cmpps and its kin: predicates 4..=7 are 0..=3 negated, 3 is unordered. Those from 8 on say the same the other way
    /// round, where only unordered operands make a difference; from 16 on they differ in what they report.
    fn mask(&mut self, predicate: u8, wide: bool, a: u32, b: u32) -> X {
        let pair = |e: &mut Self, x: u32, y: u32, op: fn(&mut InstructionSink<'_>, bool)| {
            e.sink().local_get(x).local_get(y);
            op(&mut e.sink(), wide);
        };
        let ne: fn(&mut InstructionSink<'_>, bool) = |s, wide| _ = if wide { s.f64x2_ne() } else { s.f32x4_ne() };
        let lt: fn(&mut InstructionSink<'_>, bool) = |s, wide| _ = if wide { s.f64x2_lt() } else { s.f32x4_lt() };
        let le: fn(&mut InstructionSink<'_>, bool) = |s, wide| _ = if wide { s.f64x2_le() } else { s.f32x4_le() };
        let negated = (predicate & 4 != 0) != (predicate & 8 != 0);
        match predicate & 11 {
            8 => {
                pair(self, a, b, lt);
                pair(self, b, a, lt);
                self.sink().v128_or();
            }
            9 => pair(self, b, a, le),
            10 => pair(self, b, a, lt),
            11 => _ = self.sink().v128_const(-1),
            0 => pair(self, a, b, |s, wide| _ = if wide { s.f64x2_eq() } else { s.f32x4_eq() }),
            1 => pair(self, a, b, lt),
            2 => pair(self, a, b, le),
            _ => {
                pair(self, a, a, ne);
                pair(self, b, b, ne);
                self.sink().v128_or();
            }
        }
        if negated {
            self.sink().v128_not();
        }
        self.vector()
    }

    /// A v128 local with the value.
    pub(super) fn as_vector(&mut self, x: X) -> u32 {
        match x {
            X::Vector(l) => l,
            _ => {
                self.push_x(x);
                let into = self.temporary(ValType::V128);
                self.set(into);
                into
            }
        }
    }

    /// Conversions between vectors.
    pub(super) fn convert(&mut self, op: FpCvt, a: X, b: X) -> X {
        self.guard();
        match op {
            FpCvt::Ss2sd => {
                self.push_lane(FpType::F32, b);
                self.sink().f64_promote_f32();
                return self.put_lane(FpType::F64, a, true);
            }
            FpCvt::Sd2ss => {
                self.push_double(b);
                self.sink().f32_demote_f64();
                return self.put_lane(FpType::F32, a, true);
            }
            _ => {}
        }
        let from = self.as_vector(b);
        self.sink().local_get(from);
        match op {
            FpCvt::Ps2pd => _ = self.sink().f64x2_promote_low_f32x4(),
            FpCvt::Pd2ps => _ = self.sink().f32x4_demote_f64x2_zero(),
            FpCvt::Dq2ps => _ = self.sink().f32x4_convert_i32x4_s(),
            FpCvt::Dq2pd => _ = self.sink().f64x2_convert_low_i32x4_s(),
            FpCvt::Ps2dq => _ = self.sink().f32x4_nearest(),
            FpCvt::Pd2dq => _ = self.sink().f64x2_nearest(),
            _ => {}
        }
        let X::Vector(whole) = self.vector() else { return a };
        match op {
            FpCvt::Ps2pd | FpCvt::Pd2ps => self.leave_if_nan(op == FpCvt::Ps2pd, whole),
            FpCvt::Ps2dq | FpCvt::Tps2dq => {
                // Saturation gives x86's answer below the range; above it and for NaNs that is the lowest integer.
                self.sink().local_get(whole).i32x4_trunc_sat_f32x4_s();
                self.sink().i32_const(i32::MIN).i32x4_splat();
                self.sink().local_get(whole).f32_const((LIMIT32 as f32).into()).f32x4_splat().f32x4_lt();
                self.sink().v128_bitselect();
                return self.vector();
            }
            FpCvt::Pd2dq | FpCvt::Tpd2dq => {
                self.sink().local_get(whole).i32x4_trunc_sat_f64x2_s_zero();
                self.sink().i32_const(i32::MIN).i32x4_splat();
                // The masks of both lanes side by side; the zeros above stay.
                self.sink().local_get(whole).f64_const(LIMIT32.into()).f64x2_splat().f64x2_lt();
                self.sink().v128_const(-1);
                self.sink().i8x16_shuffle([0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23]);
                self.sink().v128_bitselect();
                return self.vector();
            }
            _ => {}
        }
        X::Vector(whole)
    }

    /// Lane 0 to an integer.
    pub(super) fn integer_of(&mut self, t: FpType, w: Width, truncate: bool, x: X) -> V {
        self.guard();
        self.push_lane(t, x);
        if t == FpType::F32 {
            self.sink().f64_promote_f32();
        }
        if !truncate {
            self.sink().f64_nearest();
        }
        let whole = self.temporary(ValType::F64);
        self.set(whole);
        self.get(whole);
        if w == Width::W64 {
            self.sink().i64_trunc_sat_f64_s().i64_const(i64::MIN);
            self.sink().local_get(whole).f64_const(LIMIT64.into()).f64_lt().select();
            self.value()
        } else {
            // Truncation first: 2147483647.5 fits. Saturation answers for what is too low.
            self.sink().i32_trunc_sat_f64_s().i32_const(i32::MIN);
            self.sink().local_get(whole).f64_const(LIMIT32.into()).f64_lt().select();
            self.short()
        }
    }

    /// An integer into lane 0.
    pub(super) fn of_integer(&mut self, t: FpType, w: Width, a: X, v: V) -> X {
        self.guard();
        if w == Width::W64 {
            self.push(v);
        } else {
            self.push32(v);
        }
        let mut sink = self.sink();
        match (t, w) {
            (FpType::F64, Width::W64) => sink.f64_convert_i64_s(),
            (FpType::F64, _) => sink.f64_convert_i32_s(),
            (FpType::F32, Width::W64) => sink.f32_convert_i64_s(),
            (FpType::F32, _) => sink.f32_convert_i32_s(),
        };
        self.put_lane(t, a, false)
    }

    /// comiss & co.
    pub(super) fn compare(&mut self, t: FpType, a: X, b: X) -> V {
        self.guard();
        let ty = if t == FpType::F64 { ValType::F64 } else { ValType::F32 };
        let (x, y) = (self.temporary(ty), self.temporary(ty));
        self.push_lane(t, a);
        self.set(x);
        self.push_lane(t, b);
        self.set(y);
        V::Order(t, x, y)
    }
}

/// 0 nearest, 1 down, 2 up, 3 towards zero; MXCSR's mode, which is nearest, if bit 2 is set.
fn mode(imm: u8) -> u8 {
    if imm & 4 != 0 { 0 } else { imm & 3 }
}
