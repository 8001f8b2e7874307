//! CPUID: what the rows of the table let us announce.

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
    Rdrand,
    Rdseed,
}

/// eax, ebx, ecx, edx of a leaf.
pub fn leaf(leaf: u32, subleaf: u32) -> [u32; 4] {
    let _ = subleaf;
    match leaf {
        0 => [1, 0x756e_6547, 0x6c65_746e, 0x4965_6e69],
        _ => [0; 4],
    }
}
