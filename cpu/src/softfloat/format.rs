//! The three encodings, and the one unpacked form all operations work on.

use super::Env;

/// What an encoding stands for (SDM Vol. 1 4.8.3, 8.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the classes of IEEE 754")]
pub enum Class {
    Zero,
    /// Normal or denormal.
    Finite,
    Infinity,
    Quiet,
    Signaling,
    /// x87 only: unnormals, pseudo-NaNs, pseudo-infinities.
    Unsupported,
}

/// A number taken apart: `(-1)^sign * sig * 2^(exp - 63)` when finite.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Num {
    /// What it is.
    pub class: Class,
    /// True: negative.
    pub sign: bool,
    /// Finite, and encoded with the smallest exponent and no hidden bit (or as an x87 pseudo-denormal).
    pub denormal: bool,
    /// Exponent of the leading bit. Meaningless unless finite.
    pub exp: i32,
    /// Finite: bit 63 set. NaN: the payload, left-aligned below bit 63, which is set; bit 62 is the quiet bit.
    pub sig: u64,
}

impl Num {
    /// A signed zero.
    pub const fn zero(sign: bool) -> Num {
        Num { class: Class::Zero, sign, denormal: false, exp: 0, sig: 0 }
    }

    /// A signed infinity.
    pub const fn infinity(sign: bool) -> Num {
        Num { class: Class::Infinity, sign, denormal: false, exp: 0, sig: 1 << 63 }
    }

    /// The NaN of masked invalid operations: negative, quiet, no payload (SDM Vol. 1 4.8.3.7).
    pub const DEFAULT_NAN: Num = Num { class: Class::Quiet, sign: true, denormal: false, exp: 0, sig: 0b11 << 62 };

    /// Any significand and the exponent of its bit 63, normalized.
    pub(crate) fn finite(sign: bool, exp: i32, sig: u64) -> Num {
        if sig == 0 {
            return Num::zero(sign);
        }
        let up = sig.leading_zeros();
        Num { class: Class::Finite, sign, denormal: false, exp: exp - up as i32, sig: sig << up }
    }

    /// Quiet or signaling NaN.
    pub fn is_nan(&self) -> bool {
        matches!(self.class, Class::Quiet | Class::Signaling)
    }

    /// Zero.
    pub fn is_zero(&self) -> bool {
        self.class == Class::Zero
    }

    /// Infinity.
    pub fn is_infinity(&self) -> bool {
        self.class == Class::Infinity
    }

    /// The same with the other sign.
    pub(crate) fn negated(self) -> Num {
        Num { sign: !self.sign, ..self }
    }

    /// The same NaN, quiet.
    pub(crate) fn quieted(self) -> Num {
        Num { class: Class::Quiet, sig: self.sig | 0b11 << 62, ..self }
    }
}

/// A floating-point format. The markers [`Half`], [`Single`], [`Double`] and [`Extended`] implement it.
pub trait Format {
    /// The encoding.
    type Bits: Copy;
    /// Significand bits, the leading one included.
    const PRECISION: u32;
    /// Exponent of the largest finite numbers; `1 - MAX_EXP` is that of the smallest normal ones.
    const MAX_EXP: i32;
    /// Exponent of the smallest normal numbers.
    const MIN_EXP: i32 = 1 - Self::MAX_EXP;
    /// What an unmasked overflow subtracts from the exponent, and an underflow adds (SDM Vol. 1 8.5.4).
    const ADJUST: i32 = (Self::MAX_EXP + 1) / 2 * 3;

    /// Takes an encoding apart, without regard to modes.
    fn unpack(bits: Self::Bits) -> Num;
    /// Puts together `sign`, an exponent and a significand: finite with bit 63 set, denormal with it clear and
    /// `exp == MIN_EXP`, infinity and NaN with `exp == MAX_EXP + 1`. Low bits beyond the precision are dropped.
    fn pack(sign: bool, exp: i32, sig: u64) -> Self::Bits;
    /// Significand bits of a result under these modes.
    fn precision(_env: &Env) -> u32 {
        Self::PRECISION
    }

    /// Takes an operand apart under DAZ.
    fn operand(env: &Env, bits: Self::Bits) -> Num {
        let n = Self::unpack(bits);
        if n.denormal && env.daz { Num::zero(n.sign) } else { n }
    }

    /// Encodes a number that the format is known to hold: zero, infinity, NaN, or a value that came from it.
    fn encode(n: Num) -> Self::Bits {
        match n.class {
            Class::Zero => Self::pack(n.sign, Self::MIN_EXP, 0),
            Class::Finite if n.exp < Self::MIN_EXP => {
                Self::pack(n.sign, Self::MIN_EXP, n.sig.unbounded_shr((Self::MIN_EXP - n.exp) as u32))
            }
            Class::Finite => Self::pack(n.sign, n.exp, n.sig),
            _ => Self::pack(n.sign, Self::MAX_EXP + 1, n.sig),
        }
    }
}

/// binary16, which only conversions know.
pub struct Half;
/// binary32.
pub struct Single;
/// binary64.
pub struct Double;
/// The x87's 80-bit double extended format.
pub struct Extended;

/// An encoding of [`Extended`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct F80 {
    /// Significand with its explicit leading bit.
    pub sig: u64,
    /// Sign (bit 15) and biased exponent.
    pub se: u16,
}

impl F80 {
    /// The x87's real indefinite.
    pub const INDEFINITE: F80 = F80 { sig: 0b11 << 62, se: 0xffff };

    /// From the pair the register file holds.
    pub const fn new(sig: u64, se: u16) -> F80 {
        F80 { sig, se }
    }
}

/// Unpacks an interchange format whose fields are already left-aligned: `frac` below bit 63, `biased` unshifted.
fn unpack_hidden(sign: bool, biased: i32, max_exp: i32, frac: u64) -> Num {
    const HIDDEN: u64 = 1 << 63;
    let plain = Num { class: Class::Finite, sign, denormal: false, exp: biased - max_exp, sig: frac | HIDDEN };
    if biased == 0 {
        if frac == 0 {
            return Num::zero(sign);
        }
        let n = Num::finite(sign, 1 - max_exp, frac);
        return Num { denormal: true, ..n };
    }
    if biased <= 2 * max_exp {
        return plain;
    }
    let class = match frac {
        0 => Class::Infinity,
        f if f >> 62 != 0 => Class::Quiet,
        _ => Class::Signaling,
    };
    Num { class, ..plain }
}

/// The biased exponent of an interchange format's number in the form `pack` takes.
fn biased_hidden(exp: i32, max_exp: i32, sig: u64) -> u64 {
    if sig >> 63 == 0 { 0 } else { (exp + max_exp) as u64 }
}

impl Format for Half {
    type Bits = u16;
    const PRECISION: u32 = 11;
    const MAX_EXP: i32 = 15;

    fn unpack(bits: u16) -> Num {
        let frac = u64::from(bits & 0x3ff) << 53;
        unpack_hidden(bits >> 15 != 0, i32::from(bits >> 10 & 0x1f), 15, frac)
    }

    fn pack(sign: bool, exp: i32, sig: u64) -> u16 {
        u16::from(sign) << 15 | (biased_hidden(exp, 15, sig) as u16) << 10 | (sig >> 53) as u16 & 0x3ff
    }
}

impl Format for Single {
    type Bits = u32;
    const PRECISION: u32 = 24;
    const MAX_EXP: i32 = 127;

    fn unpack(bits: u32) -> Num {
        let frac = u64::from(bits & 0x7f_ffff) << 40;
        unpack_hidden(bits >> 31 != 0, (bits >> 23 & 0xff) as i32, 127, frac)
    }

    fn pack(sign: bool, exp: i32, sig: u64) -> u32 {
        u32::from(sign) << 31 | (biased_hidden(exp, 127, sig) as u32) << 23 | (sig >> 40) as u32 & 0x7f_ffff
    }
}

impl Format for Double {
    type Bits = u64;
    const PRECISION: u32 = 53;
    const MAX_EXP: i32 = 1023;

    fn unpack(bits: u64) -> Num {
        let frac = (bits & 0xf_ffff_ffff_ffff) << 11;
        unpack_hidden(bits >> 63 != 0, (bits >> 52 & 0x7ff) as i32, 1023, frac)
    }

    fn pack(sign: bool, exp: i32, sig: u64) -> u64 {
        u64::from(sign) << 63 | biased_hidden(exp, 1023, sig) << 52 | (sig >> 11) & 0xf_ffff_ffff_ffff
    }
}

impl Format for Extended {
    type Bits = F80;
    const PRECISION: u32 = 64;
    const MAX_EXP: i32 = 16383;

    fn unpack(bits: F80) -> Num {
        let sign = bits.se >> 15 != 0;
        let biased = i32::from(bits.se & 0x7fff);
        let sig = bits.sig;
        let plain = Num { class: Class::Finite, sign, denormal: false, exp: biased - 16383, sig };
        if biased == 0 {
            if sig == 0 {
                return Num::zero(sign);
            }
            // A pseudo-denormal has its leading bit: the same value as with exponent 1, but it is a denormal operand.
            return Num { denormal: true, ..Num::finite(sign, -16382, sig) };
        }
        let class = match sig {
            s if s >> 63 == 0 => Class::Unsupported,
            _ if biased < 0x7fff => Class::Finite,
            s if s << 1 == 0 => Class::Infinity,
            s if s >> 62 == 0b11 => Class::Quiet,
            _ => Class::Signaling,
        };
        Num { class, ..plain }
    }

    fn pack(sign: bool, exp: i32, sig: u64) -> F80 {
        let biased = if sig >> 63 == 0 { 0 } else { (exp + 16383) as u16 };
        F80 { sig, se: u16::from(sign) << 15 | biased }
    }

    fn precision(env: &Env) -> u32 {
        env.precision
    }
}
