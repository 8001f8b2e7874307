//! rcpps and rsqrtps (SDM Vol. 2B): 12 bits good, no exceptions, denormals are zeros whatever MXCSR says.
//!
//! The SDM only bounds the error (1.5 * 2^-12). Intel's processors answer the value at the middle of an interval, rounded
//! to 12 bits: 2048 intervals of the significand for the reciprocal, 1024 for the root. So do we.

const SIGN: u32 = 1 << 31;
const INFINITY: u32 = 0xff << 23;
const QUIET: u32 = 1 << 22;
const INDEFINITE: u32 = 0xffc0_0000;

/// 1 / x.
pub(super) fn rcp(x: u32) -> u32 {
    let sign = x & SIGN;
    let exp = x >> 23 & 0xff;
    match exp {
        0 => return sign | INFINITY,
        0xff if x << 9 != 0 => return x | QUIET,
        // The result would be tiny: zero.
        253.. => return sign,
        _ => {}
    }
    // The middle is d / 4096; its reciprocal, scaled to 13 bits with the leading one.
    let d = 4097 + 2 * (x >> 12 & 0x7ff);
    let r = ((1 << 26) + d) / (2 * d);
    sign | (253 - exp) << 23 | (r - 4096) << 11
}

/// 1 / sqrt(x).
pub(super) fn rsqrt(x: u32) -> u32 {
    let exp = x >> 23 & 0xff;
    if exp == 0 {
        return x & SIGN | INFINITY;
    }
    if exp == 0xff && x << 9 != 0 {
        return x | QUIET;
    }
    if x & SIGN != 0 {
        return INDEFINITE;
    }
    if exp == 0xff {
        return 0;
    }
    // x = m * 2^e with m in [1, 4) and an even e; the middle of m's interval is d / 2048.
    let odd = (exp + 1) & 1;
    let d = u64::from(2049 + 2 * (x >> 13 & 0x3ff)) << odd;
    let r = (((1u64 << 39) / d).isqrt() as u32).div_ceil(2);
    let half = (exp - odd).div_ceil(2);
    (190 - half) << 23 | (r - 4096) << 11
}
