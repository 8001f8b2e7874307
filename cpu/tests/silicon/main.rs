//! Floating point against the processor this test runs on: every operation under random modes and biased random
//! operands, compared bit for bit and flag for flag. `SILICON_ROUNDS` multiplies the number of states.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

mod operands;
mod packed;
mod sse;
mod trap;
mod x87;
mod xsave;

/// How many states a test tries.
fn rounds(base: u64) -> u64 {
    std::env::var("SILICON_ROUNDS").ok().and_then(|v| v.parse::<u64>().ok()).unwrap_or(1) * base
}

/// This machine's processor is AMD's: a few results are its own, where the engine follows Intel's manual.
fn is_amd() -> bool {
    std::fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| text.contains("AuthenticAMD"))
}
