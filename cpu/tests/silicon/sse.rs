//! SSE: scalar operations through their instructions, MXCSR flags and #XM included.

use std::arch::asm;

use brainworm_cpu::softfloat::{self as sf, Double, Env, Flags, Order, Single};

use super::operands::Rng;
use super::{rounds, trap};

/// What an instruction left: the register, MXCSR flags, and whether it raised #XM.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
struct Left {
    value: u64,
    flags: u8,
    faulted: bool,
}

/// Runs `$ins xmm0, xmm1` with xmm0 = a and xmm1 = b.
macro_rules! xmm {
    ($ins:literal) => {
        |mxcsr: u32, a: u64, b: u64, _c: u64| -> Left { xmm!(@run concat!($ins, " xmm0, xmm1"), mxcsr, a, b, 0u64) }
    };
    ($ins:literal, 3) => {
        |mxcsr: u32, a: u64, b: u64, c: u64| -> Left { xmm!(@run concat!($ins, " xmm0, xmm1, xmm2"), mxcsr, a, b, c) }
    };
    ($ins:literal, $imm:literal) => {
        |mxcsr: u32, a: u64, b: u64, _c: u64| -> Left { xmm!(@run concat!($ins, " xmm0, xmm1, ", $imm), mxcsr, a, b, 0u64) }
    };
    (@run $text:expr, $mxcsr:expr, $a:expr, $b:expr, $c:expr) => {{
        let mut modes: u32 = $mxcsr;
        let default: u32 = 0x1f80;
        let value: u64;
        trap::FAULTED.set(false);
        // SAFETY: touches only the named registers; MXCSR is put back.
        unsafe {
            asm!(
                "movq xmm0, {a}", "movq xmm1, {b}", "movq xmm2, {c}",
                "lea r11, [rip + 3f]",
                "ldmxcsr [{m}]",
                $text,
                "3:",
                "stmxcsr [{m}]",
                "ldmxcsr [{d}]",
                "movq {v}, xmm0",
                a = in(reg) $a, b = in(reg) $b, c = in(reg) $c, m = in(reg) &mut modes, d = in(reg) &default, v = lateout(reg) value,
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("r11") _,
            );
        }
        Left { value, flags: (modes & 0x3f) as u8, faulted: trap::FAULTED.get() }
    }};
}

/// Runs `$ins rax, xmm1` (or eax) with rax = 0.
macro_rules! to_gpr {
    ($ins:literal, $reg:literal) => {
        |mxcsr: u32, a: u64, _b: u64, _c: u64| -> Left {
            let mut modes: u32 = mxcsr;
            let default: u32 = 0x1f80;
            let value: u64;
            trap::FAULTED.set(false);
            // SAFETY: as above.
            unsafe {
                asm!(
                    "movq xmm1, {a}",
                    "lea r11, [rip + 3f]",
                    "ldmxcsr [{m}]",
                    concat!($ins, " ", $reg, ", xmm1"),
                    "3:",
                    "stmxcsr [{m}]",
                    "ldmxcsr [{d}]",
                    a = in(reg) a, m = in(reg) &mut modes, d = in(reg) &default,
                    inout("rax") 0u64 => value, out("xmm1") _, out("r11") _,
                );
            }
            Left { value, flags: (modes & 0x3f) as u8, faulted: trap::FAULTED.get() }
        }
    };
}

/// Runs `$ins xmm0, rax` (or eax) with xmm0 = 0.
macro_rules! from_gpr {
    ($ins:literal, $reg:literal) => {
        |mxcsr: u32, a: u64, _b: u64, _c: u64| -> Left {
            let mut modes: u32 = mxcsr;
            let default: u32 = 0x1f80;
            let value: u64;
            trap::FAULTED.set(false);
            // SAFETY: as above.
            unsafe {
                asm!(
                    "pxor xmm0, xmm0",
                    "lea r11, [rip + 3f]",
                    "ldmxcsr [{m}]",
                    concat!($ins, " xmm0, ", $reg),
                    "3:",
                    "stmxcsr [{m}]",
                    "ldmxcsr [{d}]",
                    "movq {v}, xmm0",
                    m = in(reg) &mut modes, d = in(reg) &default, v = lateout(reg) value,
                    in("rax") a, out("xmm0") _, out("r11") _,
                );
            }
            Left { value, flags: (modes & 0x3f) as u8, faulted: trap::FAULTED.get() }
        }
    };
}

/// Compares `rounds` random states; `ours` gives the value the instruction leaves in the low element.
fn check(
    name: &str,
    wide: bool,
    silicon: impl Fn(u32, u64, u64, u64) -> Left,
    ours: impl Fn(&mut Env, u64, u64, u64) -> u64,
    operand: Operand,
) {
    trap::arm();
    let mut rng = Rng::new(name.bytes().fold(7, |h, b| h.wrapping_mul(31) + u64::from(b)));
    for _ in 0..rounds(20_000) {
        let mxcsr = rng.mxcsr();
        let [a, b, c] = operand.draw(&mut rng);
        let real = silicon(mxcsr, a, b, c);
        let mut env = Env::sse(mxcsr);
        let value = ours(&mut env, a, b, c);
        let faulted = !env.faults().is_empty();
        let mask = if wide { u64::MAX } else { 0xffff_ffff };
        let got =
            Left { value: if faulted { real.value & mask } else { value & mask }, flags: env.raised.bits(), faulted };
        let real = Left { value: real.value & mask, ..real };
        assert_eq!(
            got,
            real,
            "{name} mxcsr={mxcsr:#x} a={a:#x} b={b:#x} c={c:#x}: ours {:#x} {:?}, silicon {:#x} {:?}",
            got.value,
            env.raised,
            real.value,
            Flags::from_bits_truncate(real.flags)
        );
    }
}

#[derive(Clone, Copy)]
enum Operand {
    F32,
    F64,
    Int,
}

impl Operand {
    fn draw(self, r: &mut Rng) -> [u64; 3] {
        match self {
            Operand::F32 => {
                let a = r.f32(None);
                let b = r.f32(Some(a));
                let near = if r.below(2) == 0 { a } else { b };
                [a, b, r.f32(Some(near))].map(u64::from)
            }
            Operand::F64 => {
                let a = r.f64(None);
                let b = r.f64(Some(a));
                let n = if r.below(2) == 0 { a } else { b };
                [a, b, r.f64(Some(n))]
            }
            Operand::Int => {
                let v = r.next();
                let v = if r.below(2) == 0 { v >> r.below(64) } else { v << r.below(64) };
                [if r.below(2) == 0 { v } else { v.wrapping_neg() }, 0, 0]
            }
        }
    }
}

macro_rules! binary {
    ($test:ident, $op:path, $single:literal, $double:literal) => {
        #[test]
        fn $test() {
            check(
                $single,
                false,
                xmm!($single),
                |e, a, b, _| u64::from($op(e, Sel::<Single>::N, a as u32, b as u32)),
                Operand::F32,
            );
            check($double, true, xmm!($double), |e, a, b, _| $op(e, Sel::<Double>::N, a, b), Operand::F64);
        }
    };
}

/// Names the format as a value, so that a macro can pass one generic function for both.
struct Sel<F>(F);
impl<F> Sel<F> {
    const N: std::marker::PhantomData<F> = std::marker::PhantomData;
}

macro_rules! named {
    ($($name:ident)*) => { mod named { use super::*; use sf::Format; use std::marker::PhantomData; $(
        pub(super) fn $name<F: Format>(e: &mut Env, _: PhantomData<F>, a: F::Bits, b: F::Bits) -> F::Bits { sf::$name::<F>(e, a, b) }
    )* } };
}
named!(add sub mul div min max);

binary!(add, named::add, "addss", "addsd");
binary!(sub, named::sub, "subss", "subsd");
binary!(mul, named::mul, "mulss", "mulsd");
binary!(div, named::div, "divss", "divsd");
binary!(min, named::min, "minss", "minsd");
binary!(max, named::max, "maxss", "maxsd");

#[test]
fn sqrt() {
    check("sqrtss", false, xmm!("sqrtss"), |e, _, b, _| u64::from(sf::sqrt::<Single>(e, b as u32)), Operand::F32);
    check("sqrtsd", true, xmm!("sqrtsd"), |e, _, b, _| sf::sqrt::<Double>(e, b), Operand::F64);
}

#[test]
fn formats() {
    check("cvtss2sd", true, xmm!("cvtss2sd"), |e, _, b, _| sf::convert::<Single, Double>(e, b as u32), Operand::F32);
    check(
        "cvtsd2ss",
        false,
        xmm!("cvtsd2ss"),
        |e, _, b, _| u64::from(sf::convert::<Double, Single>(e, b)),
        Operand::F64,
    );
}

#[test]
fn to_integers() {
    use sf::Round;
    let low = |v: i64| u64::from(v as u32);
    check(
        "cvtsd2si64",
        true,
        to_gpr!("cvtsd2si", "rax"),
        |e, a, _, _| sf::to_int::<Double>(e, a, 64, e.round) as u64,
        Operand::F64,
    );
    check(
        "cvtsd2si32",
        true,
        to_gpr!("cvtsd2si", "eax"),
        |e, a, _, _| low(sf::to_int::<Double>(e, a, 32, e.round)),
        Operand::F64,
    );
    check(
        "cvttsd2si64",
        true,
        to_gpr!("cvttsd2si", "rax"),
        |e, a, _, _| sf::to_int::<Double>(e, a, 64, Round::Zero) as u64,
        Operand::F64,
    );
    check(
        "cvttsd2si32",
        true,
        to_gpr!("cvttsd2si", "eax"),
        |e, a, _, _| low(sf::to_int::<Double>(e, a, 32, Round::Zero)),
        Operand::F64,
    );
    check(
        "cvtss2si64",
        true,
        to_gpr!("cvtss2si", "rax"),
        |e, a, _, _| sf::to_int::<Single>(e, a as u32, 64, e.round) as u64,
        Operand::F32,
    );
    check(
        "cvtss2si32",
        true,
        to_gpr!("cvtss2si", "eax"),
        |e, a, _, _| low(sf::to_int::<Single>(e, a as u32, 32, e.round)),
        Operand::F32,
    );
    check(
        "cvttss2si64",
        true,
        to_gpr!("cvttss2si", "rax"),
        |e, a, _, _| sf::to_int::<Single>(e, a as u32, 64, Round::Zero) as u64,
        Operand::F32,
    );
    check(
        "cvttss2si32",
        true,
        to_gpr!("cvttss2si", "eax"),
        |e, a, _, _| low(sf::to_int::<Single>(e, a as u32, 32, Round::Zero)),
        Operand::F32,
    );
}

#[test]
fn from_integers() {
    check(
        "cvtsi2sd64",
        true,
        from_gpr!("cvtsi2sd", "rax"),
        |e, a, _, _| sf::from_int::<Double>(e, a as i64),
        Operand::Int,
    );
    check(
        "cvtsi2sd32",
        true,
        from_gpr!("cvtsi2sd", "eax"),
        |e, a, _, _| sf::from_int::<Double>(e, i64::from(a as i32)),
        Operand::Int,
    );
    check(
        "cvtsi2ss64",
        false,
        from_gpr!("cvtsi2ss", "rax"),
        |e, a, _, _| u64::from(sf::from_int::<Single>(e, a as i64)),
        Operand::Int,
    );
    check(
        "cvtsi2ss32",
        false,
        from_gpr!("cvtsi2ss", "eax"),
        |e, a, _, _| u64::from(sf::from_int::<Single>(e, i64::from(a as i32))),
        Operand::Int,
    );
}

#[test]
fn compares() {
    let mask = |e: &mut Env, a: u64, b: u64, quiet: bool, yes: &[Order]| {
        if yes.contains(&sf::compare::<Double>(e, a, b, quiet)) { u64::MAX } else { 0 }
    };
    check(
        "cmplesd",
        true,
        xmm!("cmplesd"),
        |e, a, b, _| mask(e, a, b, false, &[Order::Less, Order::Equal]),
        Operand::F64,
    );
    check("cmpeqsd", true, xmm!("cmpeqsd"), |e, a, b, _| mask(e, a, b, true, &[Order::Equal]), Operand::F64);
    check("cmpunordsd", true, xmm!("cmpunordsd"), |e, a, b, _| mask(e, a, b, true, &[Order::Unordered]), Operand::F64);
    check(
        "cmpltss",
        false,
        xmm!("cmpltss"),
        |e, a, b, _| {
            if sf::compare::<Single>(e, a as u32, b as u32, false) == Order::Less { u64::MAX } else { 0 }
        },
        Operand::F32,
    );
}

#[test]
fn integral() {
    use sf::Round;
    check(
        "roundsd 4",
        true,
        xmm!("roundsd", "4"),
        |e, _, b, _| sf::round_to_int::<Double>(e, b, e.round, false),
        Operand::F64,
    );
    check(
        "roundsd 1",
        true,
        xmm!("roundsd", "1"),
        |e, _, b, _| sf::round_to_int::<Double>(e, b, Round::Down, false),
        Operand::F64,
    );
    check(
        "roundss 10",
        false,
        xmm!("roundss", "10"),
        |e, _, b, _| u64::from(sf::round_to_int::<Single>(e, b as u32, Round::Up, true)),
        Operand::F32,
    );
}

#[test]
fn fused() {
    if !is_x86_feature_detected!("fma") {
        return;
    }
    // 213: xmm1 * xmm0 + xmm2, and NaNs are looked for in this order.
    check(
        "vfmadd213sd",
        true,
        xmm!("vfmadd213sd", 3),
        |e, a, b, c| sf::fma::<Double>(e, b, a, c, (false, false)),
        Operand::F64,
    );
    check(
        "vfmadd213ss",
        false,
        xmm!("vfmadd213ss", 3),
        |e, a, b, c| u64::from(sf::fma::<Single>(e, b as u32, a as u32, c as u32, (false, false))),
        Operand::F32,
    );
    check(
        "vfmsub213sd",
        true,
        xmm!("vfmsub213sd", 3),
        |e, a, b, c| sf::fma::<Double>(e, b, a, c, (false, true)),
        Operand::F64,
    );
    check(
        "vfnmadd213sd",
        true,
        xmm!("vfnmadd213sd", 3),
        |e, a, b, c| sf::fma::<Double>(e, b, a, c, (true, false)),
        Operand::F64,
    );
    check(
        "vfnmsub213sd",
        true,
        xmm!("vfnmsub213sd", 3),
        |e, a, b, c| sf::fma::<Double>(e, b, a, c, (true, true)),
        Operand::F64,
    );
}
