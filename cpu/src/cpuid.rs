//! CPUID: what the rows of the table let us announce, and what of it a machine shows.

use crate::isa::x87::state::{AVX_OFFSET, AVX_SIZE, XCR0, XSAVE_SIZE};

/// What CPUID shows (the x86-64 psABI's levels, 3.1.1). Whatever is not shown runs all the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
#[repr(u32)]
pub enum Level {
    /// x86-64 itself: up to SSE2.
    V1,
    /// Up to SSE4.2 and POPCNT, with AES, PCLMULQDQ and SHA beside the level.
    V2,
    /// That and what of v3 works on general registers: BMI1, BMI2, LZCNT, MOVBE; ADX.
    #[default]
    Usual,
    /// AVX, AVX2, FMA, F16C, and the registers' state for XSAVE.
    V3,
}

impl Level {
    /// From its number; unknown ones are the usual.
    pub const fn of_index(index: u64) -> Level {
        match index {
            0 => Level::V1,
            1 => Level::V2,
            3 => Level::V3,
            _ => Level::Usual,
        }
    }
}

/// What an instruction needs announced. [`Feature::Base`] is x86-64 itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the manual's names")]
pub enum Feature {
    Base,
    Mmx,
    Sse,
    Sse2,
    Sse3,
    Ssse3,
    Sse41,
    Sse42,
    Popcnt,
    Lzcnt,
    Movbe,
    Bmi1,
    Bmi2,
    Adx,
    Cx16,
    Lahf,
    FsGsBase,
    Rdtscp,
    Rdpid,
    ClflushOpt,
    Clwb,
    Prefetchw,
    Xsave,
    Aes,
    Pclmulqdq,
    Sha,
    Avx,
    Avx2,
    Fma,
    F16c,
    Rdrand,
    Rdseed,
}

impl Feature {
    /// Where CPUID shows it: leaf (1, 7 or 0x8000_0001), register (0 = eax .. 3 = edx), bit. `None`: nowhere.
    const fn place(self) -> Option<(u32, usize, u32)> {
        Some(match self {
            Feature::Base => return None,
            Feature::Xsave => (1, 2, 26),
            Feature::Fma => (1, 2, 12),
            Feature::Avx => (1, 2, 28),
            Feature::F16c => (1, 2, 29),
            Feature::Avx2 => (7, 1, 5),
            Feature::Mmx => (1, 3, 23),
            Feature::Sse => (1, 3, 25),
            Feature::Sse2 => (1, 3, 26),
            Feature::Sse3 => (1, 2, 0),
            Feature::Pclmulqdq => (1, 2, 1),
            Feature::Ssse3 => (1, 2, 9),
            Feature::Cx16 => (1, 2, 13),
            Feature::Sse41 => (1, 2, 19),
            Feature::Sse42 => (1, 2, 20),
            Feature::Movbe => (1, 2, 22),
            Feature::Popcnt => (1, 2, 23),
            Feature::Aes => (1, 2, 25),
            Feature::Rdrand => (1, 2, 30),
            Feature::FsGsBase => (7, 1, 0),
            Feature::Bmi1 => (7, 1, 3),
            Feature::Bmi2 => (7, 1, 8),
            Feature::Rdseed => (7, 1, 18),
            Feature::Adx => (7, 1, 19),
            Feature::ClflushOpt => (7, 1, 23),
            Feature::Clwb => (7, 1, 24),
            Feature::Sha => (7, 1, 29),
            Feature::Rdpid => (7, 2, 22),
            Feature::Lahf => (EXTENDED, 2, 0),
            Feature::Lzcnt => (EXTENDED, 2, 5),
            Feature::Prefetchw => (EXTENDED, 2, 8),
            Feature::Rdtscp => (EXTENDED, 3, 27),
        })
    }
}

impl Feature {
    /// The lowest level that shows it.
    const fn level(self) -> Level {
        match self {
            Feature::Base | Feature::Mmx | Feature::Sse | Feature::Sse2 => Level::V1,
            Feature::FsGsBase | Feature::Rdtscp | Feature::Rdpid | Feature::ClflushOpt | Feature::Clwb => Level::V1,
            Feature::Prefetchw | Feature::Rdrand | Feature::Rdseed => Level::V1,
            Feature::Bmi1 | Feature::Bmi2 | Feature::Lzcnt | Feature::Movbe | Feature::Adx => Level::Usual,
            Feature::Avx | Feature::Avx2 | Feature::Fma | Feature::F16c | Feature::Xsave => Level::V3,
            _ => Level::V2,
        }
    }
}

/// The leaf of AMD's feature bits.
const EXTENDED: u32 = 0x8000_0001;

/// The bits of a feature leaf that the table's rows stand for.
fn features(shown: Level, leaf: u32) -> [u32; 4] {
    let mut registers = [0; 4];
    for row in crate::isa::table::ROWS {
        match row.feature.place() {
            Some((at, register, bit)) if at == leaf && row.feature.level() <= shown => registers[register] |= 1 << bit,
            _ => {}
        }
    }
    registers
}

/// A cache as leaf 4 describes it: type (1 data, 2 instructions, 3 both), level, ways, sets; lines of 64 bytes.
const fn cache(kind: u32, level: u32, ways: u32, sets: u32) -> [u32; 4] {
    [kind | level << 5 | 1 << 8, 63 | (ways - 1) << 22, sets - 1, 0]
}

/// The processor's name, 48 bytes in leaves 0x8000_0002 to 4.
const BRAND: &[u8; 48] = b"brainworm x86-64\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// eax, ebx, ecx, edx of a leaf (SDM Vol. 2A, CPUID): a one-processor machine whose instructions are the table's. The
/// caches are plausible ones, since C libraries derive the thresholds of memcpy from them.
pub fn leaf(shown: Level, leaf: u32, subleaf: u32) -> [u32; 4] {
    let has_avx = shown >= Level::V3;
    match (leaf, subleaf) {
        (0, _) => [0xd, 0x756e_6547, 0x6c65_746e, 0x4965_6e69],
        // Family 6, model 0x5e; lines of 64 bytes, one processor. What every x86-64 has: FPU, TSC, MSR, PAE, CX8, APIC,
        // SEP, PGE, CMOV, PAT, CLFLUSH, FXSR. A hypervisor is under us.
        (1, _) => {
            let [_, _, ecx, edx] = features(shown, 1);
            // The operating system saves what XSAVE saves.
            let ecx = if has_avx { ecx | 1 << 27 } else { ecx };
            let base = 1 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 9 | 1 << 11 | 1 << 13 | 1 << 15 | 1 << 16;
            [0x506e3, 8 << 8 | 1 << 16, ecx | 1 << 31, edx | base | 1 << 19 | 1 << 24]
        }
        // "See leaf 4".
        (2, _) => [0x00fe_ff01, 0, 0, 0],
        (4, 0) => cache(1, 1, 8, 64),
        (4, 1) => cache(2, 1, 8, 64),
        (4, 2) => cache(3, 2, 16, 1024),
        (4, 3) => cache(3, 3, 16, 8192),
        // REP MOVSB and STOSB are the fast way to move memory here (ERMS, FSRM).
        (7, 0) => {
            let [_, ebx, ecx, edx] = features(shown, 7);
            // VAES and VPCLMULQDQ are AES's and PCLMULQDQ's rows in 256 bits.
            let ecx = if has_avx { ecx | 1 << 9 | 1 << 10 } else { ecx };
            [0, ebx | 1 << 9, ecx, edx | 1 << 4]
        }
        // Topology: one thread, one core.
        (0xb, 0) => [0, 1, 0x100, 0],
        (0xb, 1) => [0, 1, 0x201, 0],
        (0xb, n) => [0, 0, n & 0xff, 0],
        // The state that XSAVE knows: its size, then the variants of the instruction, then where AVX lies.
        (0xd, 0) if has_avx => [XCR0 as u32, XSAVE_SIZE as u32, XSAVE_SIZE as u32, (XCR0 >> 32) as u32],
        (0xd, 1) if has_avx => [0b111, XSAVE_SIZE as u32, 0, 0],
        (0xd, 2) if has_avx => [AVX_SIZE as u32, AVX_OFFSET as u32, 0, 0],
        (0x8000_0000, _) => [0x8000_0008, 0, 0, 0],
        // SYSCALL, NX, long mode.
        (EXTENDED, _) => {
            let [_, _, ecx, edx] = features(shown, EXTENDED);
            [0, 0, ecx, edx | 1 << 11 | 1 << 20 | 1 << 29]
        }
        (0x8000_0002..=0x8000_0004, _) => {
            let at = (leaf - 0x8000_0002) as usize * 16;
            core::array::from_fn(|r| (0..4).fold(0, |v, k| v | (BRAND[at + 4 * r + k] as u32) << (8 * k)))
        }
        // L2: 1 MiB, 16 ways (encoded 8), lines of 64 bytes.
        (0x8000_0006, _) => [0, 0, 1024 << 16 | 8 << 12 | 64, 0],
        // The time stamp counter is invariant.
        (0x8000_0007, _) => [0, 0, 0, 1 << 8],
        // 40 physical and 48 linear address bits.
        (0x8000_0008, _) => [48 << 8 | 40, 0, 0, 0],
        _ => [0; 4],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announces_what_the_rows_have_and_no_avx() {
        let [_, _, ecx, edx] = leaf(Level::Usual, 1, 0);
        assert!(edx & 1 << 26 != 0 && ecx & 1 << 19 != 0, "SSE2, SSE4.1");
        assert!(ecx & (1 << 26 | 1 << 27 | 1 << 28 | 1 << 12) == 0, "no XSAVE, OSXSAVE, AVX, FMA");
        assert!(leaf(Level::Usual, 7, 0)[1] & 1 << 8 != 0, "BMI2");
    }

    /// Each level is the psABI's: bits of leaf 1 ecx, 7 ebx, 0x8000_0001 ecx that it has, and that only the next has.
    #[test]
    fn levels_are_the_psabis() {
        let v2 = [1 | 1 << 9 | 1 << 13 | 1 << 19 | 1 << 20 | 1 << 23, 0, 1];
        let v3 = [1 << 12 | 1 << 22 | 1 << 26 | 1 << 27 | 1 << 28 | 1 << 29, 1 << 3 | 1 << 5 | 1 << 8, 1 << 5];
        for (level, has_v2, has_v3) in [(Level::V1, false, false), (Level::V2, true, false), (Level::V3, true, true)] {
            let all = [leaf(level, 1, 0)[2], leaf(level, 7, 0)[1], leaf(level, EXTENDED, 0)[2]];
            for (n, shown) in all.into_iter().enumerate() {
                let expected = if has_v2 { v2[n] } else { 0 } | if has_v3 { v3[n] } else { 0 };
                assert_eq!(shown & (v2[n] | v3[n]), expected, "{level:?} {n}");
            }
        }
        assert_eq!(leaf(Level::V3, 0xd, 0), [7, 832, 832, 0]);
        assert_eq!(leaf(Level::V2, 0xd, 0), [0; 4]);
    }
}
