//! The x87's packed decimal format: 18 digits and a sign byte (SDM Vol. 1 8.1.2, 4.7).

use super::format::Extended;
use super::{Env, F80, Flags, Format, to_int};

/// The packed decimal indefinite that an invalid FBSTP stores.
pub const INDEFINITE: [u8; 10] = [0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0xff];

/// FBLD. Exact: 18 digits need 60 bits. Digits above 9 are undefined by the SDM; they count with their weight.
pub fn from_bcd(bytes: [u8; 10]) -> F80 {
    let magnitude = bytes[..9]
        .iter()
        .rev()
        .fold(0u64, |sum, &b| sum.wrapping_mul(100).wrapping_add(u64::from(b >> 4) * 10 + u64::from(b & 15)));
    Extended::encode(super::Num::finite(bytes[9] & 0x80 != 0, 63, magnitude))
}

/// FBSTP: rounds to an integer by the current mode; IE and the indefinite when it has more than 18 digits.
pub fn to_bcd(env: &mut Env, a: F80) -> [u8; 10] {
    const LIMIT: u64 = 1_000_000_000_000_000_000;
    let before = env.raised;
    let mode = env.round;
    let v = to_int::<Extended>(env, a, 64, mode);
    let mut rest = v.unsigned_abs();
    if env.raised.contains(Flags::IE) || rest >= LIMIT {
        env.raised = before | Flags::IE;
        env.rounded_up = false;
        return INDEFINITE;
    }
    let mut out = [0u8; 10];
    for byte in &mut out[..9] {
        let two = (rest % 100) as u8;
        *byte = ((two / 10) << 4) | (two % 10);
        rest /= 100;
    }
    out[9] = if a.se >> 15 != 0 { 0x80 } else { 0 };
    out
}
