//! IEEE 754 arithmetic in integers, bit- and flag-exact to what x86 processors do, for SSE and for the x87.
//!
//! Every operation unpacks its operands to [`Num`], works on exact or sticky significands, and rounds once (`round.rs`).
//! [`Env`] carries the modes in (rounding, masks, DAZ, FTZ, precision control) and the exceptions out. What SSE and x87
//! do differently (which NaN survives, what an unmasked underflow answers) is decided by `Env::x87`.
//!
//! Neighbours: `fp.rs` comes here when the host's own operation is not provably right; `isa/x87` for everything. This
//! module knows no registers and no memory.
//!
//! **Contract for unmasked exceptions**: an operation that raises an unmasked IE, DE or ZE stops there, raises nothing
//! else, and its answer means nothing. After an unmasked OE, UE or PE the answer is what the x87 writes to a register
//! (SDM Vol. 1 8.5.4, 8.5.5); SSE instructions drop it. See [`Env::faults`].

mod arith;
mod bcd;
mod compare;
mod convert;
mod divide;
mod elementary;
mod fma;
mod format;
mod integer;
mod nan;
mod rem;
mod round;
mod scale;
mod wide;

pub use arith::{add, mul, sub};
pub use bcd::{INDEFINITE as BCD_INDEFINITE, from_bcd, to_bcd};
pub use compare::{Order, compare, max, min};
pub use convert::convert;
pub use divide::{div, sqrt};
pub use elementary::{ONE, atan2, cos, exp2_minus_1, sin, sin_cos, tan, y_log2_x, y_log2_x_plus_1};
pub use fma::fma;
pub use format::{Class, Double, Extended, F80, Format, Half, Num, Single};
pub use integer::{from_int, from_uint, round_to_int, to_int, to_uint};
pub use rem::{Quotient, prem};
pub use round::{round, round_exact};
pub use scale::{extract, scale};

bitflags::bitflags! {
    /// The six exceptions, where MXCSR and the x87 status word have them (SDM Vol. 1 4.9.1).
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Flags: u8 {
        /// Invalid operation.
        const IE = 1 << 0;
        /// Denormal operand.
        const DE = 1 << 1;
        /// Division by zero.
        const ZE = 1 << 2;
        /// Overflow.
        const OE = 1 << 3;
        /// Underflow.
        const UE = 1 << 4;
        /// Inexact.
        const PE = 1 << 5;
        /// Those found before anything is computed (SDM Vol. 1 4.9.2).
        const PRE = Self::IE.bits() | Self::DE.bits() | Self::ZE.bits();
    }
}

/// Rounding mode, by the encoding of both control words (SDM Vol. 1 4.8.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the four modes of IEEE 754")]
pub enum Round {
    Nearest,
    Down,
    Up,
    Zero,
}

impl Round {
    /// From the two bits of a rounding control field.
    pub fn from_bits(rc: u32) -> Round {
        match rc & 3 {
            0 => Round::Nearest,
            1 => Round::Down,
            2 => Round::Up,
            _ => Round::Zero,
        }
    }
}

/// The modes an operation runs under, and what it raised.
#[derive(Clone, Copy, Debug)]
pub struct Env {
    /// Rounding mode.
    pub round: Round,
    /// Significand bits of [`Extended`] results: 24, 53 or 64 (x87 precision control; only + - * / and sqrt obey it).
    pub precision: u32,
    /// Exceptions that get the masked response.
    pub masked: Flags,
    /// SSE: denormal operands are zeros.
    pub daz: bool,
    /// SSE: tiny results are zeros (while UE is masked).
    pub ftz: bool,
    /// The x87's rules where they differ from SSE's.
    pub x87: bool,
    /// An operand came from memory and was a denormal there, though it is none in the format of the operation.
    pub memory_denormal: bool,
    /// Exceptions raised; starts empty for each operation (packed ones: see `merge`).
    pub raised: Flags,
    /// The last rounding made the magnitude larger (C1 of the x87).
    pub rounded_up: bool,
}

impl Env {
    /// The modes in MXCSR (SDM Vol. 1 10.2.3).
    pub fn sse(mxcsr: u32) -> Env {
        Env {
            round: Round::from_bits(mxcsr >> 13),
            precision: 64,
            masked: Flags::from_bits_truncate((mxcsr >> 7) as u8),
            daz: mxcsr & (1 << 6) != 0,
            ftz: mxcsr & (1 << 15) != 0,
            x87: false,
            memory_denormal: false,
            raised: Flags::empty(),
            rounded_up: false,
        }
    }

    /// The modes in the x87 control word (SDM Vol. 1 8.1.5). The reserved precision 1 acts as 64 bits.
    pub fn x87(fcw: u16) -> Env {
        Env {
            round: Round::from_bits(u32::from(fcw) >> 10),
            precision: match (fcw >> 8) & 3 {
                0 => 24,
                2 => 53,
                _ => 64,
            },
            masked: Flags::from_bits_truncate(fcw as u8),
            daz: false,
            ftz: false,
            x87: true,
            memory_denormal: false,
            raised: Flags::empty(),
            rounded_up: false,
        }
    }

    /// The raised exceptions that are not masked.
    pub fn faults(&self) -> Flags {
        self.raised & !self.masked
    }

    /// Records an exception.
    pub fn raise(&mut self, flags: Flags) {
        self.raised |= flags;
    }

    /// Whether an unmasked exception found before the computation ends the operation.
    pub fn stopped(&self) -> bool {
        self.faults().intersects(Flags::PRE)
    }

    /// Raises DE when one of the operands is a denormal; true when that ends the operation.
    pub(crate) fn denormals(&mut self, operands: &[&Num]) -> bool {
        if self.memory_denormal || operands.iter().any(|n| n.denormal) {
            self.raise(Flags::DE);
        }
        self.stopped()
    }

    /// The sign of an exact zero difference (IEEE 754 6.3).
    pub(crate) fn zero_sign(&self) -> bool {
        self.round == Round::Down
    }
}
