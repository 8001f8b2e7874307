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
