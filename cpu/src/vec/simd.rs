//! [`Bytes`] and wasm's own vectors, where the interpreter is wasm.

use super::{Bytes, Shape, halves, of_halves};
use core::arch::wasm32 as host;
pub(super) use core::arch::wasm32::v128;

/// As the engine has it.
#[inline(always)]
pub(super) fn v128(x: Bytes) -> v128 {
    let (low, high) = halves(x);
    host::u64x2(low, high)
}

/// As the meanings have it.
#[inline(always)]
pub(super) fn bytes(x: v128) -> Bytes {
    of_halves(host::u64x2_extract_lane::<0>(x), host::u64x2_extract_lane::<1>(x))
}

/// As [`super::shuffle`]. Indices that are not below 16 give 0.
#[inline(always)]
pub(super) fn shuffle(lanes: [u8; 16], a: Bytes, b: Bytes) -> Bytes {
    let lanes = v128(lanes);
    let from_a = host::u8x16_swizzle(v128(a), lanes);
    let from_b = host::u8x16_swizzle(v128(b), host::u8x16_sub(lanes, host::u8x16_splat(16)));
    bytes(host::v128_or(from_a, from_b))
}

/// As [`super::bitmask`].
#[inline(always)]
pub(super) fn bitmask(shape: Shape, a: Bytes) -> u64 {
    let a = v128(a);
    match shape {
        Shape::I8x16 => host::u8x16_bitmask(a) as u64,
        Shape::I16x8 => host::u16x8_bitmask(a) as u64,
        Shape::I32x4 => host::u32x4_bitmask(a) as u64,
        Shape::I64x2 => host::u64x2_bitmask(a) as u64,
    }
}
