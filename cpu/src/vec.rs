//! The vector words: wasm's simd128 instructions by name, with their opcode and their meaning on lanes.
//!
//! The enums are declared once; `wasm` writes the opcode, the interpreter evaluates the meaning: lane by lane, and where it
//! is wasm itself by the instruction ([`simd`]).

#[cfg(target_arch = "wasm32")]
mod simd;

/// Lane shapes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "wasm's names")]
pub enum Shape {
    I8x16,
    I16x8,
    I32x4,
    I64x2,
}

impl Shape {
    /// Bytes in a lane.
    pub const fn bytes(self) -> u32 {
        match self {
            Shape::I8x16 => 1,
            Shape::I16x8 => 2,
            Shape::I32x4 => 4,
            Shape::I64x2 => 8,
        }
    }
}

/// 128 bits, little endian.
pub type Bytes = [u8; 16];

macro_rules! lanes {
    ($ty:ty, $from:ident, $to:ident) => {
        #[cfg(not(target_arch = "wasm32"))]
        fn $from(x: Bytes) -> [$ty; 16 / size_of::<$ty>()] {
            core::array::from_fn(|i| {
                const N: usize = size_of::<$ty>();
                <$ty>::from_le_bytes(core::array::from_fn(|k| x[i * N + k]))
            })
        }
        #[cfg(not(target_arch = "wasm32"))]
        fn $to(x: [$ty; 16 / size_of::<$ty>()]) -> Bytes {
            const N: usize = size_of::<$ty>();
            core::array::from_fn(|i| x[i / N].to_le_bytes()[i % N])
        }
    };
}
lanes!(u8, u8s, of_u8s);
lanes!(i8, i8s, of_i8s);
lanes!(u16, u16s, of_u16s);
lanes!(i16, i16s, of_i16s);
lanes!(u32, u32s, of_u32s);
lanes!(i32, i32s, of_i32s);
lanes!(u64, u64s, of_u64s);
lanes!(i64, i64s, of_i64s);

/// What a word does: the instruction of this name, or the same on lanes.
#[cfg(target_arch = "wasm32")]
macro_rules! meaning {
    (one $instruction:ident $on_lanes:expr) => {
        |a| simd::bytes(core::arch::wasm32::$instruction(simd::v128(a)))
    };
    (two $instruction:ident $on_lanes:expr) => {
        |a, b| simd::bytes(core::arch::wasm32::$instruction(simd::v128(a), simd::v128(b)))
    };
    (shift $instruction:ident $on_lanes:expr) => {
        |a, n| simd::bytes(core::arch::wasm32::$instruction(simd::v128(a), n))
    };
}
#[cfg(not(target_arch = "wasm32"))]
macro_rules! meaning {
    ($operands:ident $instruction:ident $on_lanes:expr) => {
        $on_lanes
    };
}

/// The method that does it, by the kind of operands.
macro_rules! evaluate {
    (@second two) => { Bytes };
    (@second shift) => { u32 };
    (one $($word:ident $instruction:ident $on_lanes:expr;)*) => {
        /// What it does.
        #[inline(always)]
        pub fn evaluate(self, a: Bytes) -> Bytes {
            match self { $(Self::$word => {
                let f: fn(Bytes) -> Bytes = meaning!(one $instruction $on_lanes);
                f(a)
            })* }
        }
    };
    ($operands:ident $($word:ident $instruction:ident $on_lanes:expr;)*) => {
        /// What it does.
        #[inline(always)]
        pub fn evaluate(self, a: Bytes, b: evaluate!(@second $operands)) -> Bytes {
            match self { $(Self::$word => {
                let f: fn(Bytes, evaluate!(@second $operands)) -> Bytes = meaning!($operands $instruction $on_lanes);
                f(a, b)
            })* }
        }
    };
}

/// Declares an enum of words: name, opcode after the 0xfd prefix, name in `core::arch::wasm32`, meaning.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $operands:ident {
        $($word:ident $op:literal $instruction:ident $meaning:expr;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs, reason = "wasm's names")]
        #[repr(u8)]
        pub enum $name { $($word,)* }
        impl $name {
            /// All words.
            pub const ALL: &'static [$name] = &[$($name::$word,)*];
            /// The wasm opcode (after the simd prefix 0xfd).
            pub const fn opcode(self) -> u32 {
                match self { $($name::$word => $op,)* }
            }
            evaluate!($operands $($word $instruction $meaning;)*);
        }
    };
}

#[cfg(not(target_arch = "wasm32"))]
macro_rules! map1 {
    ($from:ident, $to:ident, $f:expr) => {
        |a| $to($from(a).map($f))
    };
}
#[cfg(not(target_arch = "wasm32"))]
macro_rules! map2 {
    ($from:ident, $to:ident, $f:expr) => {
        |a, b| {
            let (a, b) = ($from(a), $from(b));
            let f = $f;
            $to(core::array::from_fn(|i| f(a[i], b[i])))
        }
    };
}
#[cfg(not(target_arch = "wasm32"))]
macro_rules! cmp {
    ($from:ident, $to:ident, $ty:ty, $op:tt) => {
        map2!($from, $to, |a, b| if a $op b { !(0 as $ty) } else { 0 })
    };
}
#[cfg(not(target_arch = "wasm32"))]
macro_rules! shift {
    ($from:ident, $to:ident, $op:ident) => {
        |a, n| $to($from(a).map(|x| x.$op(n)))
    };
}
#[cfg(not(target_arch = "wasm32"))]
macro_rules! extend {
    ($from:ident, $to:ident, $ty:ty, $offset:expr) => {
        |a| {
            let a = $from(a);
            $to(core::array::from_fn(|i| a[i + $offset] as $ty))
        }
    };
}
#[cfg(not(target_arch = "wasm32"))]
macro_rules! extmul {
    ($from:ident, $to:ident, $ty:ty, $offset:expr) => {
        |a, b| {
            let (a, b) = ($from(a), $from(b));
            $to(core::array::from_fn(|i| (a[i + $offset] as $ty).wrapping_mul(b[i + $offset] as $ty)))
        }
    };
}
#[cfg(not(target_arch = "wasm32"))]
macro_rules! narrow {
    ($from:ident, $to:ident, $ty:ty, $n:expr) => {
        |a, b| {
            let (a, b) = ($from(a), $from(b));
            $to(core::array::from_fn(|i| {
                let v = if i < $n { a[i] } else { b[i - $n] };
                v.clamp(<$ty>::MIN as _, <$ty>::MAX as _) as $ty
            }))
        }
    };
}

words! {
    /// Words of one operand.
    VUn: one {
        V128Not 0x4d v128_not map1!(u8s, of_u8s, |x| !x);
        I8x16Abs 0x60 i8x16_abs map1!(i8s, of_i8s, i8::wrapping_abs);
        I8x16Neg 0x61 i8x16_neg map1!(i8s, of_i8s, i8::wrapping_neg);
        I8x16Popcnt 0x62 i8x16_popcnt map1!(u8s, of_u8s, |x| x.count_ones() as u8);
        I16x8Abs 0x80 i16x8_abs map1!(i16s, of_i16s, i16::wrapping_abs);
        I16x8Neg 0x81 i16x8_neg map1!(i16s, of_i16s, i16::wrapping_neg);
        I32x4Abs 0xa0 i32x4_abs map1!(i32s, of_i32s, i32::wrapping_abs);
        I32x4Neg 0xa1 i32x4_neg map1!(i32s, of_i32s, i32::wrapping_neg);
        I64x2Abs 0xc0 i64x2_abs map1!(i64s, of_i64s, i64::wrapping_abs);
        I64x2Neg 0xc1 i64x2_neg map1!(i64s, of_i64s, i64::wrapping_neg);
        I16x8ExtendLowI8x16S 0x87 i16x8_extend_low_i8x16 extend!(i8s, of_i16s, i16, 0);
        I16x8ExtendHighI8x16S 0x88 i16x8_extend_high_i8x16 extend!(i8s, of_i16s, i16, 8);
        I16x8ExtendLowI8x16U 0x89 i16x8_extend_low_u8x16 extend!(u8s, of_u16s, u16, 0);
        I16x8ExtendHighI8x16U 0x8a i16x8_extend_high_u8x16 extend!(u8s, of_u16s, u16, 8);
        I32x4ExtendLowI16x8S 0xa7 i32x4_extend_low_i16x8 extend!(i16s, of_i32s, i32, 0);
        I32x4ExtendHighI16x8S 0xa8 i32x4_extend_high_i16x8 extend!(i16s, of_i32s, i32, 4);
        I32x4ExtendLowI16x8U 0xa9 i32x4_extend_low_u16x8 extend!(u16s, of_u32s, u32, 0);
        I32x4ExtendHighI16x8U 0xaa i32x4_extend_high_u16x8 extend!(u16s, of_u32s, u32, 4);
        I64x2ExtendLowI32x4S 0xc7 i64x2_extend_low_i32x4 extend!(i32s, of_i64s, i64, 0);
        I64x2ExtendHighI32x4S 0xc8 i64x2_extend_high_i32x4 extend!(i32s, of_i64s, i64, 2);
        I64x2ExtendLowI32x4U 0xc9 i64x2_extend_low_u32x4 extend!(u32s, of_u64s, u64, 0);
        I64x2ExtendHighI32x4U 0xca i64x2_extend_high_u32x4 extend!(u32s, of_u64s, u64, 2);
    }
}

words! {
    /// Words of two operands.
    VBin: two {
        I8x16Swizzle 0x0e i8x16_swizzle |a, b| core::array::from_fn(|i| if b[i] < 16 { a[b[i] as usize] } else { 0 });
        I8x16Eq 0x23 i8x16_eq cmp!(u8s, of_u8s, u8, ==);
        I8x16Ne 0x24 i8x16_ne cmp!(u8s, of_u8s, u8, !=);
        I8x16LtS 0x25 i8x16_lt cmp!(i8s, of_i8s, i8, <);
        I8x16LtU 0x26 u8x16_lt cmp!(u8s, of_u8s, u8, <);
        I8x16GtS 0x27 i8x16_gt cmp!(i8s, of_i8s, i8, >);
        I8x16GtU 0x28 u8x16_gt cmp!(u8s, of_u8s, u8, >);
        I16x8Eq 0x2d i16x8_eq cmp!(u16s, of_u16s, u16, ==);
        I16x8Ne 0x2e i16x8_ne cmp!(u16s, of_u16s, u16, !=);
        I16x8LtS 0x2f i16x8_lt cmp!(i16s, of_i16s, i16, <);
        I16x8LtU 0x30 u16x8_lt cmp!(u16s, of_u16s, u16, <);
        I16x8GtS 0x31 i16x8_gt cmp!(i16s, of_i16s, i16, >);
        I16x8GtU 0x32 u16x8_gt cmp!(u16s, of_u16s, u16, >);
        I32x4Eq 0x37 i32x4_eq cmp!(u32s, of_u32s, u32, ==);
        I32x4Ne 0x38 i32x4_ne cmp!(u32s, of_u32s, u32, !=);
        I32x4LtS 0x39 i32x4_lt cmp!(i32s, of_i32s, i32, <);
        I32x4LtU 0x3a u32x4_lt cmp!(u32s, of_u32s, u32, <);
        I32x4GtS 0x3b i32x4_gt cmp!(i32s, of_i32s, i32, >);
        I32x4GtU 0x3c u32x4_gt cmp!(u32s, of_u32s, u32, >);
        I64x2Eq 0xd6 i64x2_eq cmp!(u64s, of_u64s, u64, ==);
        I64x2Ne 0xd7 i64x2_ne cmp!(u64s, of_u64s, u64, !=);
        I64x2LtS 0xd8 i64x2_lt cmp!(i64s, of_i64s, i64, <);
        I64x2GtS 0xd9 i64x2_gt cmp!(i64s, of_i64s, i64, >);
        V128And 0x4e v128_and map2!(u64s, of_u64s, |a, b| a & b);
        V128Andnot 0x4f v128_andnot map2!(u64s, of_u64s, |a: u64, b: u64| a & !b);
        V128Or 0x50 v128_or map2!(u64s, of_u64s, |a, b| a | b);
        V128Xor 0x51 v128_xor map2!(u64s, of_u64s, |a, b| a ^ b);
        I8x16NarrowI16x8S 0x65 i8x16_narrow_i16x8 narrow!(i16s, of_i8s, i8, 8);
        I8x16NarrowI16x8U 0x66 u8x16_narrow_i16x8 narrow!(i16s, of_u8s, u8, 8);
        I16x8NarrowI32x4S 0x85 i16x8_narrow_i32x4 narrow!(i32s, of_i16s, i16, 4);
        I16x8NarrowI32x4U 0x86 u16x8_narrow_i32x4 narrow!(i32s, of_u16s, u16, 4);
        I8x16Add 0x6e i8x16_add map2!(u8s, of_u8s, u8::wrapping_add);
        I8x16AddSatS 0x6f i8x16_add_sat map2!(i8s, of_i8s, i8::saturating_add);
        I8x16AddSatU 0x70 u8x16_add_sat map2!(u8s, of_u8s, u8::saturating_add);
        I8x16Sub 0x71 i8x16_sub map2!(u8s, of_u8s, u8::wrapping_sub);
        I8x16SubSatS 0x72 i8x16_sub_sat map2!(i8s, of_i8s, i8::saturating_sub);
        I8x16SubSatU 0x73 u8x16_sub_sat map2!(u8s, of_u8s, u8::saturating_sub);
        I8x16MinS 0x76 i8x16_min map2!(i8s, of_i8s, Ord::min);
        I8x16MinU 0x77 u8x16_min map2!(u8s, of_u8s, Ord::min);
        I8x16MaxS 0x78 i8x16_max map2!(i8s, of_i8s, Ord::max);
        I8x16MaxU 0x79 u8x16_max map2!(u8s, of_u8s, Ord::max);
        I8x16AvgrU 0x7b u8x16_avgr map2!(u8s, of_u8s, |a: u8, b: u8| (a as u16 + b as u16).div_ceil(2) as u8);
        I16x8Add 0x8e i16x8_add map2!(u16s, of_u16s, u16::wrapping_add);
        I16x8AddSatS 0x8f i16x8_add_sat map2!(i16s, of_i16s, i16::saturating_add);
        I16x8AddSatU 0x90 u16x8_add_sat map2!(u16s, of_u16s, u16::saturating_add);
        I16x8Sub 0x91 i16x8_sub map2!(u16s, of_u16s, u16::wrapping_sub);
        I16x8SubSatS 0x92 i16x8_sub_sat map2!(i16s, of_i16s, i16::saturating_sub);
        I16x8SubSatU 0x93 u16x8_sub_sat map2!(u16s, of_u16s, u16::saturating_sub);
        I16x8Mul 0x95 i16x8_mul map2!(u16s, of_u16s, u16::wrapping_mul);
        I16x8MinS 0x96 i16x8_min map2!(i16s, of_i16s, Ord::min);
        I16x8MinU 0x97 u16x8_min map2!(u16s, of_u16s, Ord::min);
        I16x8MaxS 0x98 i16x8_max map2!(i16s, of_i16s, Ord::max);
        I16x8MaxU 0x99 u16x8_max map2!(u16s, of_u16s, Ord::max);
        I16x8AvgrU 0x9b u16x8_avgr map2!(u16s, of_u16s, |a: u16, b: u16| (a as u32 + b as u32).div_ceil(2) as u16);
        I16x8ExtmulLowI8x16S 0x9c i16x8_extmul_low_i8x16 extmul!(i8s, of_i16s, i16, 0);
        I16x8ExtmulHighI8x16S 0x9d i16x8_extmul_high_i8x16 extmul!(i8s, of_i16s, i16, 8);
        I16x8ExtmulLowI8x16U 0x9e i16x8_extmul_low_u8x16 extmul!(u8s, of_u16s, u16, 0);
        I16x8ExtmulHighI8x16U 0x9f i16x8_extmul_high_u8x16 extmul!(u8s, of_u16s, u16, 8);
        I32x4Add 0xae i32x4_add map2!(u32s, of_u32s, u32::wrapping_add);
        I32x4Sub 0xb1 i32x4_sub map2!(u32s, of_u32s, u32::wrapping_sub);
        I32x4Mul 0xb5 i32x4_mul map2!(u32s, of_u32s, u32::wrapping_mul);
        I32x4MinS 0xb6 i32x4_min map2!(i32s, of_i32s, Ord::min);
        I32x4MinU 0xb7 u32x4_min map2!(u32s, of_u32s, Ord::min);
        I32x4MaxS 0xb8 i32x4_max map2!(i32s, of_i32s, Ord::max);
        I32x4MaxU 0xb9 u32x4_max map2!(u32s, of_u32s, Ord::max);
        I32x4DotI16x8S 0xba i32x4_dot_i16x8 |a, b| {
            let (a, b) = (i16s(a), i16s(b));
            let product = |i: usize| a[i] as i32 * b[i] as i32;
            of_i32s(core::array::from_fn(|i| product(2 * i).wrapping_add(product(2 * i + 1))))
        };
        I32x4ExtmulLowI16x8S 0xbc i32x4_extmul_low_i16x8 extmul!(i16s, of_i32s, i32, 0);
        I32x4ExtmulHighI16x8S 0xbd i32x4_extmul_high_i16x8 extmul!(i16s, of_i32s, i32, 4);
        I32x4ExtmulLowI16x8U 0xbe i32x4_extmul_low_u16x8 extmul!(u16s, of_u32s, u32, 0);
        I32x4ExtmulHighI16x8U 0xbf i32x4_extmul_high_u16x8 extmul!(u16s, of_u32s, u32, 4);
        I64x2Add 0xce i64x2_add map2!(u64s, of_u64s, u64::wrapping_add);
        I64x2Sub 0xd1 i64x2_sub map2!(u64s, of_u64s, u64::wrapping_sub);
        I64x2Mul 0xd5 i64x2_mul map2!(u64s, of_u64s, u64::wrapping_mul);
        I64x2ExtmulLowI32x4S 0xdc i64x2_extmul_low_i32x4 extmul!(i32s, of_i64s, i64, 0);
        I64x2ExtmulHighI32x4S 0xdd i64x2_extmul_high_i32x4 extmul!(i32s, of_i64s, i64, 2);
        I64x2ExtmulLowI32x4U 0xde i64x2_extmul_low_u32x4 extmul!(u32s, of_u64s, u64, 0);
        I64x2ExtmulHighI32x4U 0xdf i64x2_extmul_high_u32x4 extmul!(u32s, of_u64s, u64, 2);
    }
}

words! {
    /// Shifts of all lanes by one count, taken modulo the lane's bits.
    VShift: shift {
        I8x16Shl 0x6b i8x16_shl shift!(u8s, of_u8s, wrapping_shl);
        I8x16ShrS 0x6c i8x16_shr shift!(i8s, of_i8s, wrapping_shr);
        I8x16ShrU 0x6d u8x16_shr shift!(u8s, of_u8s, wrapping_shr);
        I16x8Shl 0x8b i16x8_shl shift!(u16s, of_u16s, wrapping_shl);
        I16x8ShrS 0x8c i16x8_shr shift!(i16s, of_i16s, wrapping_shr);
        I16x8ShrU 0x8d u16x8_shr shift!(u16s, of_u16s, wrapping_shr);
        I32x4Shl 0xab i32x4_shl shift!(u32s, of_u32s, wrapping_shl);
        I32x4ShrS 0xac i32x4_shr shift!(i32s, of_i32s, wrapping_shr);
        I32x4ShrU 0xad u32x4_shr shift!(u32s, of_u32s, wrapping_shr);
        I64x2Shl 0xcb i64x2_shl shift!(u64s, of_u64s, wrapping_shl);
        I64x2ShrS 0xcc i64x2_shr shift!(i64s, of_i64s, wrapping_shr);
        I64x2ShrU 0xcd u64x2_shr shift!(u64s, of_u64s, wrapping_shr);
    }
}

/// Bytes picked from `a` (0..15) and `b` (16..31).
#[inline(always)]
pub fn shuffle(lanes: [u8; 16], a: Bytes, b: Bytes) -> Bytes {
    #[cfg(target_arch = "wasm32")]
    return simd::shuffle(lanes, a, b);
    #[cfg(not(target_arch = "wasm32"))]
    lanes.map(|l| if l < 16 { a[l as usize] } else { b[l as usize & 15] })
}

/// The top bit of each lane.
#[inline(always)]
pub fn bitmask(shape: Shape, a: Bytes) -> u64 {
    #[cfg(target_arch = "wasm32")]
    return simd::bitmask(shape, a);
    #[cfg(not(target_arch = "wasm32"))]
    {
        let n = shape.bytes() as usize;
        (0..16 / n).fold(0, |m, i| m | (a[i * n + n - 1] as u64 >> 7) << i)
    }
}

/// The half a lane is in, the lane's place there in bits, and ones as wide as it.
#[inline(always)]
const fn place(shape: Shape, lane: u8) -> (bool, u32, u64) {
    let bits = 8 * shape.bytes();
    let at = lane as u32 * bits & 127;
    (at & 64 != 0, at & 63, u64::MAX >> (64 - bits))
}

/// A lane, zero-extended.
#[inline(always)]
pub fn extract(shape: Shape, lane: u8, a: Bytes) -> u64 {
    let ((low, high), (is_high, at, ones)) = (halves(a), place(shape, lane));
    (if is_high { high } else { low }) >> at & ones
}

/// `a` with a lane replaced by the low bits of `v`.
#[inline(always)]
pub fn replace(shape: Shape, lane: u8, a: Bytes, v: u64) -> Bytes {
    let ((low, high), (is_high, at, ones)) = (halves(a), place(shape, lane));
    let put = |half: u64| half & !(ones << at) | (v & ones) << at;
    if is_high { of_halves(low, put(high)) } else { of_halves(put(low), high) }
}

/// (a & mask) | (b & !mask).
#[inline(always)]
pub fn bitselect(a: Bytes, b: Bytes, mask: Bytes) -> Bytes {
    let (a, b, mask) = (halves(a), halves(b), halves(mask));
    of_halves(a.0 & mask.0 | b.0 & !mask.0, a.1 & mask.1 | b.1 & !mask.1)
}

/// True if any bit is set.
#[inline(always)]
pub fn any(a: Bytes) -> bool {
    let (low, high) = halves(a);
    low | high != 0
}

/// All lanes equal to the low bits of `v`.
#[inline(always)]
pub fn splat(shape: Shape, v: u64) -> Bytes {
    let (_, _, ones) = place(shape, 0);
    // u64::MAX / ones has a 1 at the bottom of each lane.
    let half = (v & ones).wrapping_mul(u64::MAX / ones);
    of_halves(half, half)
}

/// From two quadwords, low one first.
#[inline(always)]
pub fn of_halves(lo: u64, hi: u64) -> Bytes {
    ((hi as u128) << 64 | lo as u128).to_le_bytes()
}

/// The two quadwords, low one first.
#[inline(always)]
pub fn halves(x: Bytes) -> (u64, u64) {
    let x = u128::from_le_bytes(x);
    (x as u64, (x >> 64) as u64)
}
