//! The vector words: wasm's simd128 instructions by name, with their opcode and their meaning on lanes.
//!
//! The enums are declared once; `wasm` writes the opcode, the interpreter evaluates the meaning.

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
        fn $from(x: Bytes) -> [$ty; 16 / size_of::<$ty>()] {
            core::array::from_fn(|i| {
                const N: usize = size_of::<$ty>();
                <$ty>::from_le_bytes(core::array::from_fn(|k| x[i * N + k]))
            })
        }
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

/// Declares an enum of words: name, opcode after the 0xfd prefix, meaning.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $shape:ty { $($word:ident $op:literal $meaning:expr;)* }) => {
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
            /// The meaning on lanes.
            #[inline(always)]
            pub fn meaning(self) -> $shape {
                match self { $($name::$word => {
                    let meaning: $shape = $meaning;
                    meaning
                })* }
            }
        }
    };
}

macro_rules! map1 {
    ($from:ident, $to:ident, $f:expr) => {
        |a| $to($from(a).map($f))
    };
}
macro_rules! map2 {
    ($from:ident, $to:ident, $f:expr) => {
        |a, b| {
            let (a, b) = ($from(a), $from(b));
            let f = $f;
            $to(core::array::from_fn(|i| f(a[i], b[i])))
        }
    };
}
macro_rules! cmp {
    ($from:ident, $to:ident, $ty:ty, $op:tt) => {
        map2!($from, $to, |a, b| if a $op b { !(0 as $ty) } else { 0 })
    };
}
macro_rules! shift {
    ($from:ident, $to:ident, $op:ident) => {
        |a, n| $to($from(a).map(|x| x.$op(n)))
    };
}
macro_rules! extend {
    ($from:ident, $to:ident, $ty:ty, $offset:expr) => {
        |a| {
            let a = $from(a);
            $to(core::array::from_fn(|i| a[i + $offset] as $ty))
        }
    };
}
macro_rules! extmul {
    ($from:ident, $to:ident, $ty:ty, $offset:expr) => {
        |a, b| {
            let (a, b) = ($from(a), $from(b));
            $to(core::array::from_fn(|i| (a[i + $offset] as $ty).wrapping_mul(b[i + $offset] as $ty)))
        }
    };
}
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
    VUn: fn(Bytes) -> Bytes {
        V128Not 0x4d map1!(u8s, of_u8s, |x| !x);
        I8x16Abs 0x60 map1!(i8s, of_i8s, i8::wrapping_abs);
        I8x16Neg 0x61 map1!(i8s, of_i8s, i8::wrapping_neg);
        I8x16Popcnt 0x62 map1!(u8s, of_u8s, |x| x.count_ones() as u8);
        I16x8Abs 0x80 map1!(i16s, of_i16s, i16::wrapping_abs);
        I16x8Neg 0x81 map1!(i16s, of_i16s, i16::wrapping_neg);
        I32x4Abs 0xa0 map1!(i32s, of_i32s, i32::wrapping_abs);
        I32x4Neg 0xa1 map1!(i32s, of_i32s, i32::wrapping_neg);
        I64x2Abs 0xc0 map1!(i64s, of_i64s, i64::wrapping_abs);
        I64x2Neg 0xc1 map1!(i64s, of_i64s, i64::wrapping_neg);
        I16x8ExtendLowI8x16S 0x87 extend!(i8s, of_i16s, i16, 0);
        I16x8ExtendHighI8x16S 0x88 extend!(i8s, of_i16s, i16, 8);
        I16x8ExtendLowI8x16U 0x89 extend!(u8s, of_u16s, u16, 0);
        I16x8ExtendHighI8x16U 0x8a extend!(u8s, of_u16s, u16, 8);
        I32x4ExtendLowI16x8S 0xa7 extend!(i16s, of_i32s, i32, 0);
        I32x4ExtendHighI16x8S 0xa8 extend!(i16s, of_i32s, i32, 4);
        I32x4ExtendLowI16x8U 0xa9 extend!(u16s, of_u32s, u32, 0);
        I32x4ExtendHighI16x8U 0xaa extend!(u16s, of_u32s, u32, 4);
        I64x2ExtendLowI32x4S 0xc7 extend!(i32s, of_i64s, i64, 0);
        I64x2ExtendHighI32x4S 0xc8 extend!(i32s, of_i64s, i64, 2);
        I64x2ExtendLowI32x4U 0xc9 extend!(u32s, of_u64s, u64, 0);
        I64x2ExtendHighI32x4U 0xca extend!(u32s, of_u64s, u64, 2);
    }
}

words! {
    /// Words of two operands.
    VBin: fn(Bytes, Bytes) -> Bytes {
        I8x16Swizzle 0x0e |a, b| core::array::from_fn(|i| if b[i] < 16 { a[b[i] as usize] } else { 0 });
        I8x16Eq 0x23 cmp!(u8s, of_u8s, u8, ==);
        I8x16Ne 0x24 cmp!(u8s, of_u8s, u8, !=);
        I8x16LtS 0x25 cmp!(i8s, of_i8s, i8, <);
        I8x16LtU 0x26 cmp!(u8s, of_u8s, u8, <);
        I8x16GtS 0x27 cmp!(i8s, of_i8s, i8, >);
        I8x16GtU 0x28 cmp!(u8s, of_u8s, u8, >);
        I16x8Eq 0x2d cmp!(u16s, of_u16s, u16, ==);
        I16x8Ne 0x2e cmp!(u16s, of_u16s, u16, !=);
        I16x8LtS 0x2f cmp!(i16s, of_i16s, i16, <);
        I16x8LtU 0x30 cmp!(u16s, of_u16s, u16, <);
        I16x8GtS 0x31 cmp!(i16s, of_i16s, i16, >);
        I16x8GtU 0x32 cmp!(u16s, of_u16s, u16, >);
        I32x4Eq 0x37 cmp!(u32s, of_u32s, u32, ==);
        I32x4Ne 0x38 cmp!(u32s, of_u32s, u32, !=);
        I32x4LtS 0x39 cmp!(i32s, of_i32s, i32, <);
        I32x4LtU 0x3a cmp!(u32s, of_u32s, u32, <);
        I32x4GtS 0x3b cmp!(i32s, of_i32s, i32, >);
        I32x4GtU 0x3c cmp!(u32s, of_u32s, u32, >);
        I64x2Eq 0xd6 cmp!(u64s, of_u64s, u64, ==);
        I64x2Ne 0xd7 cmp!(u64s, of_u64s, u64, !=);
        I64x2LtS 0xd8 cmp!(i64s, of_i64s, i64, <);
        I64x2GtS 0xd9 cmp!(i64s, of_i64s, i64, >);
        V128And 0x4e map2!(u64s, of_u64s, |a, b| a & b);
        V128Andnot 0x4f map2!(u64s, of_u64s, |a: u64, b: u64| a & !b);
        V128Or 0x50 map2!(u64s, of_u64s, |a, b| a | b);
        V128Xor 0x51 map2!(u64s, of_u64s, |a, b| a ^ b);
        I8x16NarrowI16x8S 0x65 narrow!(i16s, of_i8s, i8, 8);
        I8x16NarrowI16x8U 0x66 narrow!(i16s, of_u8s, u8, 8);
        I16x8NarrowI32x4S 0x85 narrow!(i32s, of_i16s, i16, 4);
        I16x8NarrowI32x4U 0x86 narrow!(i32s, of_u16s, u16, 4);
        I8x16Add 0x6e map2!(u8s, of_u8s, u8::wrapping_add);
        I8x16AddSatS 0x6f map2!(i8s, of_i8s, i8::saturating_add);
        I8x16AddSatU 0x70 map2!(u8s, of_u8s, u8::saturating_add);
        I8x16Sub 0x71 map2!(u8s, of_u8s, u8::wrapping_sub);
        I8x16SubSatS 0x72 map2!(i8s, of_i8s, i8::saturating_sub);
        I8x16SubSatU 0x73 map2!(u8s, of_u8s, u8::saturating_sub);
        I8x16MinS 0x76 map2!(i8s, of_i8s, Ord::min);
        I8x16MinU 0x77 map2!(u8s, of_u8s, Ord::min);
        I8x16MaxS 0x78 map2!(i8s, of_i8s, Ord::max);
        I8x16MaxU 0x79 map2!(u8s, of_u8s, Ord::max);
        I8x16AvgrU 0x7b map2!(u8s, of_u8s, |a: u8, b: u8| (a as u16 + b as u16).div_ceil(2) as u8);
        I16x8Add 0x8e map2!(u16s, of_u16s, u16::wrapping_add);
        I16x8AddSatS 0x8f map2!(i16s, of_i16s, i16::saturating_add);
        I16x8AddSatU 0x90 map2!(u16s, of_u16s, u16::saturating_add);
        I16x8Sub 0x91 map2!(u16s, of_u16s, u16::wrapping_sub);
        I16x8SubSatS 0x92 map2!(i16s, of_i16s, i16::saturating_sub);
        I16x8SubSatU 0x93 map2!(u16s, of_u16s, u16::saturating_sub);
        I16x8Mul 0x95 map2!(u16s, of_u16s, u16::wrapping_mul);
        I16x8MinS 0x96 map2!(i16s, of_i16s, Ord::min);
        I16x8MinU 0x97 map2!(u16s, of_u16s, Ord::min);
        I16x8MaxS 0x98 map2!(i16s, of_i16s, Ord::max);
        I16x8MaxU 0x99 map2!(u16s, of_u16s, Ord::max);
        I16x8AvgrU 0x9b map2!(u16s, of_u16s, |a: u16, b: u16| (a as u32 + b as u32).div_ceil(2) as u16);
        I16x8ExtmulLowI8x16S 0x9c extmul!(i8s, of_i16s, i16, 0);
        I16x8ExtmulHighI8x16S 0x9d extmul!(i8s, of_i16s, i16, 8);
        I16x8ExtmulLowI8x16U 0x9e extmul!(u8s, of_u16s, u16, 0);
        I16x8ExtmulHighI8x16U 0x9f extmul!(u8s, of_u16s, u16, 8);
        I32x4Add 0xae map2!(u32s, of_u32s, u32::wrapping_add);
        I32x4Sub 0xb1 map2!(u32s, of_u32s, u32::wrapping_sub);
        I32x4Mul 0xb5 map2!(u32s, of_u32s, u32::wrapping_mul);
        I32x4MinS 0xb6 map2!(i32s, of_i32s, Ord::min);
        I32x4MinU 0xb7 map2!(u32s, of_u32s, Ord::min);
        I32x4MaxS 0xb8 map2!(i32s, of_i32s, Ord::max);
        I32x4MaxU 0xb9 map2!(u32s, of_u32s, Ord::max);
        I32x4DotI16x8S 0xba |a, b| {
            let (a, b) = (i16s(a), i16s(b));
            let product = |i: usize| a[i] as i32 * b[i] as i32;
            of_i32s(core::array::from_fn(|i| product(2 * i).wrapping_add(product(2 * i + 1))))
        };
        I32x4ExtmulLowI16x8S 0xbc extmul!(i16s, of_i32s, i32, 0);
        I32x4ExtmulHighI16x8S 0xbd extmul!(i16s, of_i32s, i32, 4);
        I32x4ExtmulLowI16x8U 0xbe extmul!(u16s, of_u32s, u32, 0);
        I32x4ExtmulHighI16x8U 0xbf extmul!(u16s, of_u32s, u32, 4);
        I64x2Add 0xce map2!(u64s, of_u64s, u64::wrapping_add);
        I64x2Sub 0xd1 map2!(u64s, of_u64s, u64::wrapping_sub);
        I64x2Mul 0xd5 map2!(u64s, of_u64s, u64::wrapping_mul);
        I64x2ExtmulLowI32x4S 0xdc extmul!(i32s, of_i64s, i64, 0);
        I64x2ExtmulHighI32x4S 0xdd extmul!(i32s, of_i64s, i64, 2);
        I64x2ExtmulLowI32x4U 0xde extmul!(u32s, of_u64s, u64, 0);
        I64x2ExtmulHighI32x4U 0xdf extmul!(u32s, of_u64s, u64, 2);
    }
}

words! {
    /// Shifts of all lanes by one count, taken modulo the lane's bits.
    VShift: fn(Bytes, u32) -> Bytes {
        I8x16Shl 0x6b shift!(u8s, of_u8s, wrapping_shl);
        I8x16ShrS 0x6c shift!(i8s, of_i8s, wrapping_shr);
        I8x16ShrU 0x6d shift!(u8s, of_u8s, wrapping_shr);
        I16x8Shl 0x8b shift!(u16s, of_u16s, wrapping_shl);
        I16x8ShrS 0x8c shift!(i16s, of_i16s, wrapping_shr);
        I16x8ShrU 0x8d shift!(u16s, of_u16s, wrapping_shr);
        I32x4Shl 0xab shift!(u32s, of_u32s, wrapping_shl);
        I32x4ShrS 0xac shift!(i32s, of_i32s, wrapping_shr);
        I32x4ShrU 0xad shift!(u32s, of_u32s, wrapping_shr);
        I64x2Shl 0xcb shift!(u64s, of_u64s, wrapping_shl);
        I64x2ShrS 0xcc shift!(i64s, of_i64s, wrapping_shr);
        I64x2ShrU 0xcd shift!(u64s, of_u64s, wrapping_shr);
    }
}

/// Bytes picked from `a` (0..15) and `b` (16..31).
pub fn shuffle(lanes: [u8; 16], a: Bytes, b: Bytes) -> Bytes {
    lanes.map(|l| if l < 16 { a[l as usize] } else { b[l as usize & 15] })
}

/// The top bit of each lane.
pub fn bitmask(shape: Shape, a: Bytes) -> u64 {
    let n = shape.bytes() as usize;
    (0..16 / n).fold(0, |m, i| m | (a[i * n + n - 1] as u64 >> 7) << i)
}

/// A lane, zero-extended.
pub fn extract(shape: Shape, lane: u8, a: Bytes) -> u64 {
    let n = shape.bytes() as usize;
    let at = lane as usize * n & 15;
    (0..n).fold(0, |v, k| v | (a[(at + k) & 15] as u64) << (8 * k))
}

/// `a` with a lane replaced by the low bits of `v`.
pub fn replace(shape: Shape, lane: u8, mut a: Bytes, v: u64) -> Bytes {
    let n = shape.bytes() as usize;
    for k in 0..n {
        a[(lane as usize * n + k) & 15] = (v >> (8 * k)) as u8;
    }
    a
}

/// All lanes equal to the low bits of `v`.
pub fn splat(shape: Shape, v: u64) -> Bytes {
    let n = shape.bytes() as usize;
    core::array::from_fn(|i| (v >> (8 * (i % n))) as u8)
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
