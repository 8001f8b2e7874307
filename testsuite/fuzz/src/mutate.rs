//! Seeded randomness, and small damage to well-formed inputs.

/// xorshift64*: small, fast, the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    /// Neighbouring seeds give unrelated streams.
    pub(crate) fn new(seed: u64) -> Random {
        let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Random((z ^ (z >> 27)) | 1)
    }
    /// 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
    /// 0..n; 0 when n is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() >> 16) as usize % n }
    }
    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// Numbers that lie at edges.
const EDGES: [u64; 14] = [
    0,
    1,
    2,
    0x7f,
    0xff,
    0xfff,
    0x1000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_f000,
    i64::MAX as u64,
    u64::MAX - 0xfff,
    u64::MAX,
];

/// One to eight changes.
pub(crate) fn mutate(random: &mut Random, bytes: &mut Vec<u8>, others: &[Vec<u8>]) {
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len());
        match random.below(8) {
            0 | 1 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            2 if !bytes.is_empty() => bytes[at] = random.next() as u8,
            3 => {
                // A number, aligned as numbers mostly are.
                let width = [1, 2, 4, 8][random.below(4)];
                let at = at / width * width;
                let edge = EDGES[random.below(EDGES.len())].to_le_bytes();
                if let Some(place) = bytes.get_mut(at..at + width) {
                    place.copy_from_slice(&edge[..width]);
                }
            }
            4 => bytes.truncate(bytes.len() - random.below(bytes.len().min(600))),
            5 => {
                let len = random.below(64.min(bytes.len() - at));
                let piece = bytes[at..at + len].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            6 => {
                let other = &others[random.below(others.len())];
                let from = random.below(other.len());
                let len = random.below(512).min(other.len() - from).min(bytes.len() - at);
                bytes[at..at + len].copy_from_slice(&other[from..from + len]);
            }
            _ => {
                let len = random.below(16).min(bytes.len() - at);
                bytes.drain(at..at + len);
            }
        }
    }
}
