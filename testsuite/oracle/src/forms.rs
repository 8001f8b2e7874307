//! Which instruction forms exist for us: iced-x86's `Code`s of 64-bit user mode, by feature level, and those the oracle
//! cannot run, each with its reason.

use iced_x86::{Code, CpuidFeature as F, EncodingKind, Mnemonic as M, OpCodeOperandKind as K};

/// Feature levels in the order of `docs/isa.md`.
pub const LEVELS: [&str; 24] = [
    "base", "x87", "mmx", "sse", "sse2", "sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", "lzcnt", "bmi1", "bmi2", "adx",
    "movbe", "aes", "pclmul", "sha", "f16c", "avx", "avx2", "fma", "xsave", "other",
];

/// A form the oracle exercises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Form {
    /// The form.
    pub code: Code,
    /// Its feature level, one of `LEVELS`.
    pub level: &'static str,
}

/// All forms in scope.
pub fn all() -> Vec<Form> {
    Code::values()
        .filter_map(|code| Some(Form { code, level: level(code)? }))
        .filter(|f| reason(f.code).is_none())
        .collect()
}

/// Forms of 64-bit user mode that the oracle leaves out, with the reason.
pub fn left_out() -> Vec<(Form, &'static str)> {
    Code::values()
        .filter_map(|code| Some(Form { code, level: level(code)? }))
        .filter_map(|form| Some((form, reason(form.code)?)))
        .collect()
}

/// The feature level of a form; `None` for what 64-bit user mode on our CPU never has.
fn level(code: Code) -> Option<&'static str> {
    let op = code.op_code();
    if !op.is_instruction() || !op.mode64() || !op.intel_decoder64() || op.decoder_option() != 0 || op.fwait() {
        return None;
    }
    if !matches!(op.encoding(), EncodingKind::Legacy | EncodingKind::VEX) {
        return None;
    }
    let mut level = "base";
    for feature in code.cpuid_features() {
        level = match feature {
            F::INTEL8086
            | F::INTEL186
            | F::INTEL286
            | F::INTEL386
            | F::INTEL486
            | F::X64
            | F::CMOV
            | F::CX8
            | F::CMPXCHG16B
            | F::CPUID
            | F::MULTIBYTENOP
            | F::PAUSE
            | F::FXSR
            | F::CLFSH
            | F::PREFETCHW
            | F::SYSCALL
            | F::TSC
            | F::MSR
            | F::RDPMC => level,
            F::FPU | F::FPU287 | F::FPU387 => "x87",
            F::MMX => "mmx",
            F::SSE => "sse",
            F::SSE2 => "sse2",
            F::SSE3 => "sse3",
            F::SSSE3 => "ssse3",
            F::SSE4_1 => "sse4.1",
            F::SSE4_2 => "sse4.2",
            F::POPCNT => "popcnt",
            F::LZCNT => "lzcnt",
            F::BMI1 => "bmi1",
            F::BMI2 => "bmi2",
            F::ADX => "adx",
            F::MOVBE => "movbe",
            F::AES | F::VAES => "aes",
            F::PCLMULQDQ | F::VPCLMULQDQ => "pclmul",
            F::SHA => "sha",
            F::F16C => "f16c",
            F::AVX if level == "base" => "avx",
            F::AVX => level,
            F::AVX2 => "avx2",
            F::FMA => "fma",
            F::XSAVE | F::XSAVEC | F::XSAVEOPT => "xsave",
            F::RDTSCP | F::RDPID | F::RDRAND | F::RDSEED | F::CLFLUSHOPT | F::CLWB | F::FSGSBASE => "other",
            _ => return None,
        };
    }
    Some(level)
}

/// Why a form cannot be compared; `None` when it can.
fn reason(code: Code) -> Option<&'static str> {
    let op = code.op_code();
    Some(match code.mnemonic() {
        M::Syscall | M::Sysenter | M::Int => "calls the host's kernel",
        M::Sysexit | M::Sysexitq | M::Sysret | M::Sysretq | M::Iret | M::Iretd | M::Iretq | M::Retf => {
            "may replace CS of the test process"
        }
        M::Jmp | M::Call if is_far(code) => "may replace CS of the test process",
        M::Lss | M::Lfs | M::Lgs | M::Lds | M::Les => "loads a segment register of the test process",
        M::Mov if op.op0_kind() == K::seg_reg => "loads a segment register of the test process",
        M::Pop if matches!(op.op0_kind(), K::fs | K::gs) => "loads a segment register of the test process",
        M::Cpuid | M::Xgetbv => "the engine describes another CPU on purpose",
        M::Rdtsc | M::Rdtscp | M::Rdpid | M::Rdrand | M::Rdseed | M::Rdpmc => {
            "the answer is not a function of the state"
        }
        M::Xsave | M::Xsave64 | M::Xsavec | M::Xsavec64 | M::Xsaveopt | M::Xsaveopt64 | M::Xrstor | M::Xrstor64 => {
            "depends on the components the host enables and on its init tracking"
        }
        M::Sgdt | M::Sidt | M::Sldt | M::Str | M::Smsw => "UMIP: emulated or refused as the host's kernel likes",
        M::Lar | M::Lsl | M::Verr | M::Verw => "reads the host's descriptor tables",
        M::Mov if op.op1_kind() == K::seg_reg => "reads the host's selectors",
        M::Push if matches!(op.op0_kind(), K::fs | K::gs) => "reads the host's selectors",
        M::Wrfsbase | M::Wrgsbase | M::Rdfsbase | M::Rdgsbase => "the engine does not announce FSGSBASE",
        M::Int1 => "#DB without a cause the engine knows",
        _ => return None,
    })
}

fn is_far(code: Code) -> bool {
    let op = code.op_code();
    matches!(op.op0_kind(), K::farbr2_2 | K::farbr4_2)
        || (op.op0_kind() == K::mem && matches!(code.mnemonic(), M::Jmp | M::Call))
}
