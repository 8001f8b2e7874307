//! Biased random operands: what rounds, ties, cancels, over- and underflows, and every special.

use brainworm_cpu::softfloat::F80;

/// xorshift64*: small, seedable, the same everywhere.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }

    /// A significand pattern of `bits` bits.
    fn pattern(&mut self, bits: u32) -> u64 {
        let mask = u64::MAX >> (64 - bits);
        let r = self.next();
        let k = self.below(u64::from(bits)) as u32;
        mask & match self.below(9) {
            0 => 0,
            1 => u64::MAX,
            2 => 1 << k,
            3 => r << k,
            4 => u64::MAX << k,
            5 => (1u64 << k).wrapping_sub(1),
            6 => (1 << (bits - 1)) | (r & 3),
            _ => r,
        }
    }

    /// A biased exponent of a format whose field is `bits` wide; `near` draws it towards another.
    fn exponent(&mut self, bits: u32, near: Option<u64>) -> u64 {
        let max = (1u64 << bits) - 1;
        let bias = max >> 1;
        let spread = |r: &mut Rng, c: u64, w: u64| (c + r.below(2 * w + 1)).saturating_sub(w).min(max);
        if let (Some(e), 0..=3) = (near, self.below(8)) {
            return match self.below(3) {
                0 => spread(self, e, 2),
                1 => spread(self, e, 70),
                // The product or quotient lands near the ends.
                _ => {
                    let centre = (2 * bias).saturating_sub(e);
                    let off = [0, bias / 2, bias][self.below(3) as usize];
                    spread(self, centre + off, 70)
                }
            };
        }
        match self.below(12) {
            0 => 0,
            1 => max,
            2 => 1,
            3 => max - 1,
            4 | 5 => spread(self, bias, 3),
            6 | 7 => spread(self, bias, 70),
            8 => spread(self, bias / 2, 70),
            _ => self.below(max + 1),
        }
    }

    fn hidden(&mut self, frac: u32, exp: u32, near: Option<u64>) -> u64 {
        let near_exp = near.map(|n| n >> frac & ((1 << exp) - 1));
        if let (Some(n), 0) = (near, self.below(16)) {
            // A neighbour, of either sign.
            return n.wrapping_add(self.below(5)).wrapping_sub(2) & (u64::MAX >> (63 - frac - exp))
                ^ self.below(2) << (frac + exp);
        }
        self.below(2) << (frac + exp) | self.exponent(exp, near_exp) << frac | self.pattern(frac)
    }

    pub(crate) fn f32(&mut self, near: Option<u32>) -> u32 {
        self.hidden(23, 8, near.map(u64::from)) as u32
    }

    pub(crate) fn f64(&mut self, near: Option<u64>) -> u64 {
        self.hidden(52, 11, near)
    }

    pub(crate) fn f80(&mut self, near: Option<F80>) -> F80 {
        let e = self.exponent(15, near.map(|n| u64::from(n.se & 0x7fff)));
        let mut sig = self.pattern(63);
        // Few unsupported encodings and pseudo-denormals, or nothing else would be tested.
        let odd = self.below(40) == 0;
        if (e != 0) != odd {
            sig |= 1 << 63;
        }
        if let (Some(n), 0) = (near, self.below(16)) {
            return F80::new(n.sig.wrapping_add(self.below(5)).wrapping_sub(2), n.se ^ (self.below(2) as u16) << 15);
        }
        // Values that fit narrower formats, so that precision control has exact and tied cases.
        if self.below(3) == 0 {
            sig = sig >> 11 << 11 | if self.below(2) == 0 { 1 << 10 } else { 0 };
        } else if self.below(4) == 0 {
            sig = sig >> 40 << 40 | if self.below(2) == 0 { 1 << 39 } else { 0 };
        }
        F80::new(sig, (self.below(2) as u16) << 15 | e as u16)
    }

    /// MXCSR without flags. Masked mostly; DAZ, FTZ and rounding at random.
    pub(crate) fn mxcsr(&mut self) -> u32 {
        let r = self.next() as u32;
        let masks = if self.below(4) == 0 { r & 0x1f80 } else { 0x1f80 };
        let daz_ftz = if self.below(2) == 0 { r & 0x8040 } else { 0 };
        masks | daz_ftz | r & 0x6000
    }

    /// An x87 control word: masked mostly.
    pub(crate) fn fcw(&mut self) -> u16 {
        let r = self.next() as u16;
        let masks = if self.below(4) == 0 { r & 0x3f } else { 0x3f };
        masks | 0x40 | r & 0xf00
    }
}
