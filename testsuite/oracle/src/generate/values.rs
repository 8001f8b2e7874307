//! Random contents, biased towards the values at which instructions change their mind.

use crate::rng::Rng;

/// A 64-bit integer: small, extreme, a power of two and its neighbours, a repeated byte, or anything.
pub fn word(rng: &mut Rng) -> u64 {
    match rng.below(12) {
        0 => 0,
        1 => rng.below(20),
        2 => rng.below(20).wrapping_neg(),
        3 => 1 << rng.below(64),
        4 => (1u64 << rng.below(64)).wrapping_sub(1),
        5 => (1u64 << rng.below(64)).wrapping_neg(),
        6 => rng.pick(&[
            0x7f,
            0x80,
            0xff,
            0x7fff,
            0x8000,
            0xffff,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
            0x7fff_ffff_ffff_ffff,
            0x8000_0000_0000_0000,
            0xffff_ffff_0000_0000,
        ]),
        7 => u64::from(rng.bits() as u8).wrapping_mul(0x0101_0101_0101_0101),
        8 => u64::from(rng.bits() as u32),
        9 => rng.bits() >> rng.below(64),
        _ => rng.bits(),
    }
}

/// A single: zeros, denormals, infinities, NaNs with payloads, integers, edges of integer ranges, or any bits.
pub fn single(rng: &mut Rng) -> u32 {
    let sign = (rng.bits() as u32 & 1) << 31;
    let magnitude = match rng.below(16) {
        0 => 0,
        1 => 1 + rng.below(0x7f_ffff) as u32,                   // denormal
        2 => rng.pick(&[1, 0x7f_ffff, 0x80_0000, 0x7f7f_ffff]), // ends of the denormal and normal ranges
        3 => 0x7f80_0000,
        4 => 0x7f80_0001 + rng.below(0x3f_ffff) as u32, // signalling
        5 => 0x7fc0_0000 + rng.below(0x40_0000) as u32,
        6 | 7 => (rng.below(1000) as f32).to_bits(),
        8 => (rng.below(1000) as f32 + 0.5).to_bits(),
        9 => rng.pick(&[0x4eff_ffff, 0x4f00_0000, 0x4f00_0001, 0x5eff_ffff, 0x5f00_0000, 0x4f80_0000]), // 2^31, 2^63
        10 => (rng.bits() as i32 as f32).abs().to_bits(),
        11 | 12 => 0x3f80_0000 + rng.below(0x80_0000) as u32, // [1, 2)
        13 => (64 + rng.below(128) as u32) << 23 | rng.bits() as u32 & 0x7f_ffff,
        14 => (rng.below(32) as u32) << 23 | rng.bits() as u32 & 0x7f_ffff,
        _ => rng.bits() as u32 & 0x7fff_ffff,
    };
    sign | magnitude
}

/// A double, by the same rules.
pub fn double(rng: &mut Rng) -> u64 {
    let sign = (rng.bits() & 1) << 63;
    let fraction = rng.bits() >> 12;
    let magnitude = match rng.below(18) {
        0 => 0,
        1 => 1 + (fraction >> rng.below(52)),
        2 => rng.pick(&[1, 0xf_ffff_ffff_ffff, 0x10_0000_0000_0000, 0x7fef_ffff_ffff_ffff]),
        3 => 0x7ff0_0000_0000_0000,
        4 => 0x7ff0_0000_0000_0001 + (fraction >> 1),
        5 => 0x7ff8_0000_0000_0000 + (fraction >> 1),
        6 | 7 => (rng.below(1000) as f64).to_bits(),
        8 => (rng.below(1000) as f64 + 0.5).to_bits(),
        9 => rng.pick(&[
            0x41df_ffff_ffc0_0000, // 2^31 - 1
            0x41e0_0000_0000_0000,
            0x41df_ffff_ffe0_0000, // 2^31 - 0.5
            0x43df_ffff_ffff_ffff,
            0x43e0_0000_0000_0000,
            0x41ef_ffff_ffe0_0000,
        ]),
        10 => (rng.bits() as i64 as f64).abs().to_bits(),
        11 | 12 => 0x3ff0_0000_0000_0000 | fraction,
        13 => (512 + rng.below(1024)) << 52 | fraction,
        14 => u64::from(f32::from_bits(single(rng) & 0x7fff_ffff).to_bits()) << 29 & 0x7fff_ffff_ffff_ffff,
        15 => f64::from(f32::from_bits(single(rng) & 0x7fff_ffff)).to_bits() & 0x7fff_ffff_ffff_ffff,
        16 => (890 + rng.below(40)) << 52 | fraction, // becomes a denormal single
        _ => rng.bits() & 0x7fff_ffff_ffff_ffff,
    };
    sign | magnitude
}

/// An x87 register: numbers, zeros, infinities, NaNs, denormals, pseudo-denormals, unnormals.
pub fn extended(rng: &mut Rng) -> (u64, u16) {
    const ONE: u64 = 1 << 63;
    let sign = (rng.bits() as u16 & 1) << 15;
    let (significand, exponent) = match rng.below(20) {
        0 | 1 => (0, 0),
        2 => (ONE, 0x7fff),
        3 => (ONE | 1 | rng.bits() >> 2, 0x7fff),
        4 => (ONE | 1 << 62 | rng.bits() >> 2, 0x7fff),
        5 => (1 + (rng.bits() >> 1 >> rng.below(63)), 0),
        6 => (ONE | rng.bits() >> 1, 0),                   // pseudo-denormal
        7 if rng.percent(30) => (rng.bits() >> 1, 0x4000), // unnormal: an invalid operand
        7 if rng.percent(40) => (rng.bits() >> 1, 0x7fff), // pseudo-NaN, pseudo-infinity
        8 | 9 => integer(rng.below(1000)),
        10 => integer(rng.bits()),
        11 => integer(1 << rng.below(64)),
        12 => (ONE | rng.bits() >> 1, 0x3fff),
        13 => (ONE | rng.bits() >> 1, 0x3fff - 70 + rng.below(140) as u16),
        14 => (ONE | rng.bits() >> 1, rng.pick(&[1, 2, 64, 65, 0x7ffe, 0x7ffd, 0x7fbf])),
        15 => (ONE | (rng.bits() >> 1) & !0x7ff, 0x3fff - 1023 - 60 + rng.below(80) as u16), // near double's denormals
        16 => (ONE | (rng.bits() >> 1) & !0x7ff, 0x3fff + 1010 + rng.below(20) as u16),
        17 => (ONE | rng.bits() >> 1, 0x3fff + rng.below(64) as u16),
        _ => (ONE | rng.bits() >> 1, rng.below(0x7fff) as u16),
    };
    (significand, exponent | sign)
}

fn integer(value: u64) -> (u64, u16) {
    if value == 0 {
        return (0, 0);
    }
    let shift = value.leading_zeros();
    (value << shift, 0x3fff + 63 - shift as u16)
}

/// 32 bytes in one of the ways vector code sees them.
pub fn vector(rng: &mut Rng) -> [u64; 4] {
    let style = rng.below(8);
    let mut all = [0; 4];
    for lane in &mut all {
        *lane = match style {
            0 => 0,
            1 | 2 => u64::from(single(rng)) | u64::from(single(rng)) << 32,
            3 | 4 => double(rng),
            5 => bytes(rng),
            6 => word(rng) & 0xffff_ffff | word(rng) << 32,
            _ => word(rng),
        };
    }
    all
}

/// Eight bytes, many of them equal, small or extreme: what string instructions and saturation look at.
fn bytes(rng: &mut Rng) -> u64 {
    (0..8).fold(0, |all, _| {
        let any = rng.bits() & 0xff;
        all << 8 | rng.pick(&[0, 1, 0x7f, 0x80, 0xff, 0x61, 0x62, any])
    })
}

/// Memory contents for windows around operands.
pub fn fill(rng: &mut Rng, out: &mut [u8]) {
    for chunk in out.chunks_mut(32) {
        let bytes: Vec<u8> = vector(rng).iter().flat_map(|w| w.to_le_bytes()).collect();
        chunk.copy_from_slice(&bytes[..chunk.len()]);
    }
}

/// MXCSR: mostly the default, else any rounding, DAZ, FTZ, sticky flags, sometimes unmasked exceptions.
pub fn mxcsr(rng: &mut Rng) -> u32 {
    if rng.percent(40) {
        return 0x1f80;
    }
    let mut value = 0x1f80 | (rng.below(4) as u32) << 13;
    if rng.percent(25) {
        value |= 0x8000;
    }
    if rng.percent(25) {
        value |= 0x40;
    }
    if rng.percent(30) {
        value |= rng.bits() as u32 & 0x3f;
    }
    if rng.percent(15) {
        value &= !(rng.bits() as u32 & 0x1f80);
    }
    value
}

/// x87 control word, status word and abridged tags that can occur together (ES and B follow from flags and masks).
pub fn x87(rng: &mut Rng) -> (u16, u16, u8) {
    let mut fcw = 0x37f;
    if rng.percent(60) {
        fcw = 0x7f | rng.pick(&[0x000, 0x200, 0x300, 0x300, 0x300]) | (rng.below(4) as u16) << 10;
        if rng.percent(15) {
            fcw &= !(rng.bits() as u16 & 0x3f);
        }
    }
    let mut fsw = (rng.below(8) as u16) << 11 | (rng.bits() as u16 & 0x4700);
    if rng.percent(25) {
        fsw |= rng.bits() as u16 & 0x7f;
    }
    if fsw & !fcw & 0x3f != 0 {
        if rng.percent(90) {
            fsw &= !0x7f;
        } else {
            fsw |= 0x8080;
        }
    }
    let ftw = match rng.below(10) {
        0 => 0,
        1 => 0xff,
        2 => rng.bits() as u8,
        _ => {
            // The upper registers of the stack are in use, as in real code.
            let used = 1 + rng.below(6) as u32;
            let mask = (1u16 << used) - 1;
            let top = u32::from(fsw >> 11 & 7);
            (mask << top | mask << top >> 8) as u8
        }
    };
    (fcw, fsw, ftw)
}
