//! The host's floating point where it gives x86's answer: round to nearest, nothing special in sight.
//!
//! Each function answers None when it might be wrong, and then has noted nothing it should not. The inexact flag, where
//! it is not set already, is found by an error-free test; where that cannot tell, None.

use super::PE;
use crate::softfloat::Order;

macro_rules! host {
    ($module:ident, $float:ty, $bits:ty, $frac:literal, $exp:literal, $sqrt:path) => {
        pub(super) mod $module {
            use super::*;

            const EXP_MAX: $bits = (1 << $exp) - 1;
            const SIGN: $bits = 1 << ($frac + $exp);

            #[inline(always)]
            fn float(x: $bits) -> $float {
                <$float>::from_bits(x)
            }
            #[inline(always)]
            fn exponent(x: $bits) -> $bits {
                x >> $frac & EXP_MAX
            }
            #[inline(always)]
            fn is_zero(x: $bits) -> bool {
                x << 1 == 0
            }
            #[inline(always)]
            fn is_denormal(x: $bits) -> bool {
                (x << 1).wrapping_sub(1) < (1 << ($frac + 1)) - 1
            }
            /// Normal, and not the smallest ones: whether those were tiny before rounding cannot be seen.
            #[inline(always)]
            fn is_plain(x: $bits) -> bool {
                exponent(x).wrapping_sub(2) < EXP_MAX - 2
            }
            /// Bits of the significand down to its lowest one.
            #[inline(always)]
            fn span(x: $bits) -> u32 {
                $frac + 1 - (x | 1 << $frac).trailing_zeros()
            }
            /// The other sign. A NaN's would change too, but NaNs never leave this module.
            #[inline(always)]
            pub(in super::super) fn negated(x: $bits) -> $bits {
                x ^ SIGN
            }

            #[inline(always)]
            pub(in super::super) fn add(mxcsr: &mut u32, a: $bits, b: $bits) -> Option<$bits> {
                if is_denormal(a) || is_denormal(b) {
                    return None;
                }
                let (x, y) = (float(a), float(b));
                let sum = x + y;
                // Near the largest number the error test itself could overflow. A denormal sum is exact.
                if exponent(sum.to_bits()) >= EXP_MAX - 1 {
                    return None;
                }
                if *mxcsr & PE == 0 {
                    // What rounding took, exactly (Knuth's two-sum).
                    let part = sum - x;
                    let error = (x - (sum - part)) + (y - part);
                    if error != 0.0 {
                        *mxcsr |= PE;
                    }
                }
                Some(sum.to_bits())
            }

            #[inline(always)]
            pub(in super::super) fn mul(mxcsr: &mut u32, a: $bits, b: $bits) -> Option<$bits> {
                if is_denormal(a) || is_denormal(b) {
                    return None;
                }
                let product = (float(a) * float(b)).to_bits();
                if !is_plain(product) {
                    let exact = is_zero(product) && (is_zero(a) || is_zero(b));
                    return if exact { Some(product) } else { None };
                }
                if *mxcsr & PE == 0 {
                    // The exact product of spans m and n has a span of m + n or one less.
                    let bits = span(a) + span(b);
                    if bits == $frac + 2 {
                        return None;
                    }
                    if bits > $frac + 2 {
                        *mxcsr |= PE;
                    }
                }
                Some(product)
            }

            #[inline(always)]
            pub(in super::super) fn div(mxcsr: &mut u32, a: $bits, b: $bits) -> Option<$bits> {
                if is_denormal(a) || is_denormal(b) {
                    return None;
                }
                let quotient = (float(a) / float(b)).to_bits();
                if !is_plain(quotient) {
                    return if is_zero(a) && is_zero(quotient) { Some(quotient) } else { None };
                }
                note_root(mxcsr, quotient, b, a)?;
                Some(quotient)
            }

            #[inline(always)]
            pub(in super::super) fn sqrt(mxcsr: &mut u32, a: $bits) -> Option<$bits> {
                if is_zero(a) {
                    return Some(a);
                }
                // Negative, NaN, infinity, denormal.
                if a & SIGN != 0 || !is_plain(a) {
                    return None;
                }
                let root = $sqrt(float(a))?.to_bits();
                note_root(mxcsr, root, root, a)?;
                Some(root)
            }

            /// Notes PE unless `x * y == whole` exactly; None: cannot tell.
            #[inline(always)]
            fn note_root(mxcsr: &mut u32, x: $bits, y: $bits, whole: $bits) -> Option<()> {
                if *mxcsr & PE == 0 {
                    if (float(x) * float(y)).to_bits() != whole {
                        *mxcsr |= PE;
                    } else if span(x) + span(y) > $frac + 1 {
                        return None;
                    }
                }
                Some(())
            }

            /// The smaller or the larger one.
            #[inline(always)]
            pub(in super::super) fn pick(a: $bits, b: $bits, smaller: bool) -> Option<$bits> {
                let wanted = if smaller { Order::Less } else { Order::Greater };
                Some(if compare(a, b)? == wanted { a } else { b })
            }

            #[inline(always)]
            pub(in super::super) fn compare(a: $bits, b: $bits) -> Option<Order> {
                if is_denormal(a) || is_denormal(b) {
                    return None;
                }
                let (x, y) = (float(a), float(b));
                if x < y {
                    Some(Order::Less)
                } else if x == y {
                    Some(Order::Equal)
                } else if x > y {
                    Some(Order::Greater)
                } else {
                    None
                }
            }
        }
    };
}
host!(single, f32, u32, 23, 8, root32);
host!(double, f64, u64, 52, 11, root64);

/// The host's square root, if `core` has a safe one for it: WebAssembly only.
#[inline(always)]
fn root64(x: f64) -> Option<f64> {
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    {
        use core::arch::wasm32::{f64x2_extract_lane, f64x2_splat, f64x2_sqrt};
        return Some(f64x2_extract_lane::<0>(f64x2_sqrt(f64x2_splat(x))));
    }
    #[allow(unreachable_code, reason = "hosts without one of the above")]
    {
        let _ = x;
        None
    }
}

/// A double's root has enough bits that rounding it again gives the single's.
#[inline(always)]
fn root32(x: f32) -> Option<f32> {
    root64(f64::from(x)).map(|r| r as f32)
}

/// cvtss2sd.
#[inline(always)]
pub(super) fn widen(v: u32) -> Option<u64> {
    let exp = v >> 23 & 0xff;
    if exp == 0xff || exp == 0 && v << 1 != 0 {
        return None;
    }
    Some(f64::from(f32::from_bits(v)).to_bits())
}

/// cvtsd2ss.
#[inline(always)]
pub(super) fn narrow(mxcsr: &mut u32, v: u64) -> Option<u32> {
    let x = f64::from_bits(v);
    let r = x as f32;
    let exp = r.to_bits() >> 23 & 0xff;
    if exp.wrapping_sub(2) >= 0xfd && v << 1 != 0 {
        return None;
    }
    if f64::from(r) != x {
        *mxcsr |= PE;
    }
    Some(r.to_bits())
}

/// cvtsd2si, cvttsd2si to 32 or 64 bits.
#[inline(always)]
pub(super) fn to_int(mxcsr: &mut u32, v: u64, bits: u32, truncate: bool) -> Option<i64> {
    let x = f64::from_bits(v);
    // Adding this leaves no bits below the units, so the host rounds to nearest even there.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let whole = if truncate {
        x
    } else if x > -1e15 && x < 1e15 {
        (x + SHIFT) - SHIFT
    } else {
        return None;
    };
    // NaN fails both comparisons.
    let (below, limit) = if bits == 32 {
        (whole > -2_147_483_649.0, 2_147_483_648.0)
    } else {
        (whole >= -9_223_372_036_854_775_808.0, 9_223_372_036_854_775_808.0)
    };
    if !(below && whole < limit) {
        return None;
    }
    let r = whole as i64;
    if r as f64 != x {
        *mxcsr |= PE;
    }
    Some(r)
}

/// cvtsi2sd.
#[inline(always)]
pub(super) fn double_from_int(mxcsr: &mut u32, v: i64) -> u64 {
    let r = v as f64;
    if i128::from(v) != r as i128 {
        *mxcsr |= PE;
    }
    r.to_bits()
}

/// cvtsi2ss.
#[inline(always)]
pub(super) fn single_from_int(mxcsr: &mut u32, v: i64) -> u32 {
    let r = v as f32;
    if i128::from(v) != r as i128 {
        *mxcsr |= PE;
    }
    r.to_bits()
}
