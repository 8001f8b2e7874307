//! Numbers with 128-bit significands, and 128-bit fractions: what the elementary functions compute in.

use super::Num;
use super::round::shr_sticky;

/// `(-1)^sign * sig * 2^(exp - 127)`, bit 127 of `sig` set, or zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wide {
    pub(super) sign: bool,
    pub(super) exp: i32,
    pub(super) sig: u128,
}

impl Wide {
    pub(super) const ONE: Wide = Wide { sign: false, exp: 0, sig: 1 << 127 };

    pub(super) const fn new(exp: i32, sig: u128) -> Wide {
        Wide { sign: false, exp, sig }
    }

    /// A finite number or zero, exactly.
    pub(super) fn from_num(n: &Num) -> Wide {
        Wide { sign: n.sign, exp: n.exp, sig: u128::from(n.sig) << 64 }
    }

    pub(super) fn from_int(v: i64) -> Wide {
        Wide::normalized(v < 0, 127, u128::from(v.unsigned_abs()))
    }

    /// `sig * 2^(exp - 127)` with any `sig`.
    pub(super) fn normalized(sign: bool, exp: i32, sig: u128) -> Wide {
        if sig == 0 {
            return Wide { sign, exp: 0, sig };
        }
        let up = sig.leading_zeros();
        Wide { sign, exp: exp - up as i32, sig: sig << up }
    }

    pub(super) fn negated(self) -> Wide {
        Wide { sign: !self.sign, ..self }
    }

    pub(super) fn with_sign(self, sign: bool) -> Wide {
        Wide { sign, ..self }
    }

    /// Marks the value as not exact, so that rounding sees it (it is never a tie either).
    pub(super) fn inexact(self) -> Wide {
        Wide { sig: self.sig | 1, ..self }
    }

    /// The product; the lowest bit is sticky.
    pub(super) fn mul(self, other: Wide) -> Wide {
        let sign = self.sign != other.sign;
        if self.sig == 0 || other.sig == 0 {
            return Wide { sign, exp: 0, sig: 0 };
        }
        let (high, low) = mul_full(self.sig, other.sig);
        let exp = self.exp + other.exp;
        if high >> 127 != 0 {
            return Wide { sign, exp: exp + 1, sig: high | u128::from(low != 0) };
        }
        Wide { sign, exp, sig: high << 1 | low >> 127 | u128::from(low << 1 != 0) }
    }

    /// The quotient by a number that is not zero; the lowest bit is sticky.
    pub(super) fn div(self, other: Wide) -> Wide {
        let sign = self.sign != other.sign;
        if self.sig == 0 {
            return Wide { sign, exp: 0, sig: 0 };
        }
        let mut exp = self.exp - other.exp;
        // The dividend has 129 bits where it needs doubling to reach the divisor.
        let (mut rest, mut quotient) = (self.sig, 0u128);
        if rest < other.sig {
            exp -= 1;
            quotient = 1;
            rest = rest.wrapping_shl(1).wrapping_sub(other.sig);
        } else {
            quotient |= 1;
            rest -= other.sig;
        }
        for _ in 0..127 {
            let carry = rest >> 127 != 0;
            rest <<= 1;
            quotient <<= 1;
            if carry || rest >= other.sig {
                rest = rest.wrapping_sub(other.sig);
                quotient |= 1;
            }
        }
        Wide { sign, exp, sig: quotient | u128::from(rest != 0) }
    }

    /// The sum, normalized, exact but for a sticky lowest bit. `sig == 0`: exactly nothing.
    ///
    /// With operands of at most 106 bits the sticky bit is exact: bits get lost only when the exponents differ by more
    /// than one, and then a difference loses at most one leading bit.
    pub(super) fn add(self, other: Wide) -> Wide {
        if self.sig == 0 {
            return other;
        }
        if other.sig == 0 {
            return self;
        }
        let (big, small) = if (self.exp, self.sig) >= (other.exp, other.sig) { (self, other) } else { (other, self) };
        let low = shr_sticky(small.sig, (big.exp - small.exp) as u32);
        if big.sign == small.sign {
            let (sum, carry) = big.sig.overflowing_add(low);
            if !carry {
                return Wide { sig: sum, ..big };
            }
            return Wide { exp: big.exp + 1, sig: shr_sticky(sum, 1) | 1 << 127, ..big };
        }
        Wide::normalized(big.sign, big.exp, big.sig - low)
    }

    /// The magnitude as a [`Fraction`]; it must be below two.
    pub(super) fn to_fraction(self) -> Fraction {
        debug_assert!(self.exp <= 0, "a fraction is below two");
        Fraction(self.sig.unbounded_shr(self.exp.unsigned_abs()))
    }
}

/// The 256-bit product, high and low.
fn mul_full(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (a1, a0, b1, b0) = (a >> 64, a & LOW, b >> 64, b & LOW);
    let low = a0 * b0;
    let (mid1, mid2) = (a1 * b0, a0 * b1);
    let mid = (low >> 64) + (mid1 & LOW) + (mid2 & LOW);
    let high = a1 * b1 + (mid1 >> 64) + (mid2 >> 64) + (mid >> 64);
    (high, mid << 64 | low & LOW)
}

/// A number in [0, 2) with 127 bits after the point, for the inner loops of series.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Fraction(pub(super) u128);

impl Fraction {
    pub(super) const ONE: Fraction = Fraction(1 << 127);
    /// The largest number below one.
    pub(super) const BELOW_ONE: Fraction = Fraction((1 << 127) - 1);

    /// The product, rounded down; it must be below two.
    pub(super) fn mul(self, other: Fraction) -> Fraction {
        let (high, low) = mul_full(self.0, other.0);
        Fraction(high << 1 | low >> 127)
    }

    /// `1 - self`.
    pub(super) fn complement(self) -> Fraction {
        Fraction(Fraction::ONE.0 - self.0)
    }

    pub(super) fn to_wide(self) -> Wide {
        Wide::normalized(false, 0, self.0)
    }
}

/// `1 / n` for n = 1, 2, 3 ...: the coefficients of every series here.
const RECIPROCALS: [u128; 64] = {
    let mut table = [0; 64];
    let mut n = 1;
    while n < table.len() {
        table[n] = (1 << 127) / n as u128;
        n += 1;
    }
    table
};

/// `1 / n`, n below 64.
pub(super) fn reciprocal(n: usize) -> Fraction {
    Fraction(RECIPROCALS[n])
}
