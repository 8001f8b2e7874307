//! Two outcomes of one case side by side: which registers, flags, memory words or kinds of ending differ.

use crate::state::{State, Stop, USER_FLAGS};
use crate::tolerance::{Near, is_long_operand, nearness, undefined_flags, undefined_result};
use iced_x86::{Instruction, OpKind, Register};

/// Everything that differs in registers and ending, one line each; empty when the two agree. Memory is the caller's.
pub fn registers(insn: &Instruction, before: &State, native: &(State, Stop), engine: &(State, Stop)) -> Vec<String> {
    let mut lines = Vec::new();
    if !same_ending(insn, &native.1, &engine.1) {
        lines.push(format!("ends: native {:x?}, engine {:x?}", native.1, engine.1));
    }
    let flags = USER_FLAGS & !if native.1 == Stop::Landed { undefined_flags(insn, before) } else { 0 };
    let skipped = undefined_destination(insn, before);
    let (a, b) = (&native.0, &engine.0);
    if a.gpr == b.gpr && a.ymm == b.ymm && a.fpr == b.fpr && same_control(a, b, flags) {
        return lines;
    }
    let near = if native.1 == Stop::Landed { nearness(insn) } else { Near::Exact };
    for (n, ((name, x), (_, y))) in a.words().into_iter().zip(b.words()).enumerate() {
        let same = match name.as_str() {
            "rflags" => (x ^ y) & flags == 0,
            "fsw" if near == Near::OneUlp => (x ^ y) & !0x220 == 0,
            _ if n < 16 && skipped == Some(n) => true,
            _ if near == Near::Approximation && name.starts_with("ymm") => close_singles(x, y),
            _ if near == Near::OneUlp && name.starts_with("fpr") => (0..8).all(|r| one_ulp(a.fpr[r], b.fpr[r])),
            _ => x == y,
        };
        if !same {
            lines.push(match name.as_str() {
                "rflags" => {
                    format!("{}: native {x:#x}, engine {y:#x} (compared: {flags:#x})", flag_names((x ^ y) & flags))
                }
                _ => format!("{name}: native {x:#x}, engine {y:#x}"),
            });
        }
    }
    lines
}

fn same_ending(insn: &Instruction, native: &Stop, engine: &Stop) -> bool {
    match (native, engine) {
        (Stop::Page { addr: a, want, .. }, Stop::Page { addr: b, want: other, .. }) if is_long_operand(insn) => {
            want == other && a.wrapping_sub(*b).wrapping_add(1024) <= 2048
        }
        // Across the end of user space the parts before it fault first, or the whole is refused at once.
        (Stop::Page { addr, .. }, Stop::Vector(12 | 13)) if is_long_operand(insn) => addr >> 12 == 0x7_ffff_ffff,
        _ => native == engine,
    }
}

fn same_control(a: &State, b: &State, flags: u64) -> bool {
    (a.rflags ^ b.rflags) & flags == 0
        && (a.rip, a.mxcsr, a.fcw, a.fsw, a.ftw, a.seg_base) == (b.rip, b.mxcsr, b.fcw, b.fsw, b.ftw, b.seg_base)
}

/// The general register that holds an undefined result.
fn undefined_destination(insn: &Instruction, before: &State) -> Option<usize> {
    let register = (insn.op_count() > 0 && insn.op0_kind() == OpKind::Register).then(|| insn.op0_register())?;
    undefined_result(insn, before).then(|| register.full_register() as usize - Register::RAX as usize)
}

/// Two singles in a word, each within the bound of the approximations of this machine.
fn close_singles(x: u64, y: u64) -> bool {
    let close = |x: u32, y: u32| {
        let (p, q) = (f64::from(f32::from_bits(x)), f64::from(f32::from_bits(y)));
        x == y || (p.is_finite() && q.is_finite() && (p - q).abs() <= 2.0 * 1.5 / 4096.0 * p.abs())
    };
    close(x as u32, y as u32) && close((x >> 32) as u32, (y >> 32) as u32)
}

/// Two x87 values with at most one representable value between them and the same sign.
fn one_ulp(a: (u64, u16), b: (u64, u16)) -> bool {
    let key = |(significand, exponent): (u64, u16)| {
        (u128::from(exponent & 0x7fff).saturating_sub(1) << 63) + u128::from(significand)
    };
    a == b || (a.1 ^ b.1) & 0x8000 == 0 && key(a).abs_diff(key(b)) <= 1
}

fn flag_names(bits: u64) -> String {
    const NAMES: [(u64, &str); 9] = [
        (1, "CF"),
        (4, "PF"),
        (0x10, "AF"),
        (0x40, "ZF"),
        (0x80, "SF"),
        (0x400, "DF"),
        (0x800, "OF"),
        (0x4_0000, "AC"),
        (0x20_0000, "ID"),
    ];
    NAMES.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
}
