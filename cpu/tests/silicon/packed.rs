//! The interpreter's floating-point words ([`brainworm_cpu::fp`]) against whole instructions: packed and scalar forms, all
//! modes, flags already set or not.

use std::arch::asm;

use brainworm_cpu::fp::{self, FpCvt, FpOp, FpType, Lanes};
use brainworm_cpu::insn::Width;
use brainworm_cpu::vec::Bytes;

use super::operands::Rng;
use super::{rounds, trap};

type Result = (u32, Option<Bytes>);

/// Runs `$ins xmm0, xmm1`, answers MXCSR and xmm0 (None: #XM).
macro_rules! silicon {
    ($ins:literal) => { silicon!(@ concat!($ins, " xmm0, xmm1")) };
    ($ins:literal, $imm:literal) => { silicon!(@ concat!($ins, " xmm0, xmm1, ", $imm)) };
    (@ $text:expr) => {
        |mxcsr: u32, a: Bytes, b: Bytes| -> Result {
            let mut modes = mxcsr;
            let default: u32 = 0x1f80;
            let mut out = a;
            trap::FAULTED.set(false);
            // SAFETY: touches only the named registers; MXCSR is put back.
            unsafe {
                asm!(
                    "movups xmm0, [{a}]", "movups xmm1, [{b}]",
                    "lea r11, [rip + 3f]",
                    "ldmxcsr [{m}]",
                    $text,
                    "3:",
                    "stmxcsr [{m}]",
                    "ldmxcsr [{d}]",
                    "movups [{a}], xmm0",
                    a = in(reg) &mut out, b = in(reg) &b, m = in(reg) &mut modes, d = in(reg) &default,
                    out("xmm0") _, out("xmm1") _, out("r11") _,
                );
            }
            // The handler masks everything.
            let faulted = trap::FAULTED.get();
            (modes & !0x1f80 | mxcsr & 0x1f80, (!faulted).then_some(out))
        }
    };
}

#[derive(Clone, Copy)]
enum Kind {
    F32,
    F64,
    I32,
}

fn vector(r: &mut Rng, kind: Kind, near: Option<&Bytes>) -> Bytes {
    let mut x = [0; 16];
    // Often four plain values, or one special would hide what the other lanes do.
    let plain = r.below(2) == 0;
    match kind {
        Kind::F32 => {
            for (k, c) in x.chunks_mut(4).enumerate() {
                let close = near.map(|n| u32::from_le_bytes(n[4 * k..][..4].try_into().unwrap()));
                let mut v = r.f32(close);
                if plain {
                    v = v & 0x8fff_ffff | 0x3800_0000;
                }
                c.copy_from_slice(&v.to_le_bytes());
            }
        }
        Kind::F64 => {
            for (k, c) in x.chunks_mut(8).enumerate() {
                let close = near.map(|n| u64::from_le_bytes(n[8 * k..][..8].try_into().unwrap()));
                let mut v = r.f64(close);
                if plain {
                    v = v & 0x8fff_ffff_ffff_ffff | 0x3800_0000_0000_0000;
                }
                c.copy_from_slice(&v.to_le_bytes());
            }
        }
        Kind::I32 => {
            for c in x.chunks_mut(4) {
                let v = r.next() as i64 >> (32 + r.below(32));
                c.copy_from_slice(&(v as u32).to_le_bytes());
            }
        }
    }
    x
}

fn check(
    name: &str,
    kind: Kind,
    silicon: impl Fn(u32, Bytes, Bytes) -> Result,
    ours: impl Fn(&mut u32, Bytes, Bytes) -> std::result::Result<Bytes, brainworm_cpu::Exception>,
) {
    trap::arm();
    // AMD's tables for these differ from Intel's, which the engine has; the manuals bound the error.
    let is_approximate = crate::is_amd() && (name.starts_with("rcp") || name.starts_with("rsqrt"));
    let mut rng = Rng::new(name.bytes().fold(9, |h, b| h.wrapping_mul(31) + u64::from(b)));
    for _ in 0..rounds(20_000) {
        // Half under the usual modes, where the fast paths are.
        let modes = if rng.below(2) == 0 { 0x1f80 } else { rng.mxcsr() };
        let flags = if rng.below(2) == 0 { 0 } else { rng.next() as u32 & 0x3f };
        // An unmasked flag that is already set does nothing.
        let mxcsr = modes | flags;
        let a = vector(&mut rng, kind, None);
        let b = vector(&mut rng, kind, Some(&a));
        let real = silicon(mxcsr, a, b);
        let mut modes = mxcsr;
        let got = ours(&mut modes, a, b).ok();
        if is_approximate && modes == real.0 && got.zip(real.1).is_some_and(|(got, real)| is_close(got, real)) {
            continue;
        }
        assert_eq!(
            (modes, got),
            real,
            "{name} mxcsr={mxcsr:#x} a={:x} b={:x} got {:x?} silicon {:x?}",
            u128::from_le_bytes(a),
            u128::from_le_bytes(b),
            got.map(u128::from_le_bytes),
            real.1.map(u128::from_le_bytes)
        );
    }
}

/// Singles of which each is within 1.5 * 2^-12 of the same number (SDM Vol. 2, RCPPS), or the same.
fn is_close(a: Bytes, b: Bytes) -> bool {
    let singles = |x: Bytes| x.as_chunks().0.to_vec().into_iter().map(f32::from_le_bytes);
    singles(a).zip(singles(b)).all(|(a, b)| a.to_bits() == b.to_bits() || (a - b).abs() <= 3.0 / 4096.0 * b.abs())
}

macro_rules! arith {
    ($($test:ident $op:expr, $ss:literal $sd:literal $ps:literal $pd:literal;)*) => { $(
        #[test]
        fn $test() {
            use {FpType::*, Lanes::*};
            check($ss, Kind::F32, silicon!($ss), |m, a, b| fp::arith(m, $op, F32, Scalar, a, b));
            check($sd, Kind::F64, silicon!($sd), |m, a, b| fp::arith(m, $op, F64, Scalar, a, b));
            check($ps, Kind::F32, silicon!($ps), |m, a, b| fp::arith(m, $op, F32, Packed, a, b));
            check($pd, Kind::F64, silicon!($pd), |m, a, b| fp::arith(m, $op, F64, Packed, a, b));
        }
    )* };
}

arith! {
    add FpOp::Add, "addss" "addsd" "addps" "addpd";
    sub FpOp::Sub, "subss" "subsd" "subps" "subpd";
    mul FpOp::Mul, "mulss" "mulsd" "mulps" "mulpd";
    div FpOp::Div, "divss" "divsd" "divps" "divpd";
    sqrt FpOp::Sqrt, "sqrtss" "sqrtsd" "sqrtps" "sqrtpd";
    min FpOp::Min, "minss" "minsd" "minps" "minpd";
    max FpOp::Max, "maxss" "maxsd" "maxps" "maxpd";
    cmp_eq FpOp::Cmp(0), "cmpeqss" "cmpeqsd" "cmpeqps" "cmpeqpd";
    cmp_lt FpOp::Cmp(1), "cmpltss" "cmpltsd" "cmpltps" "cmpltpd";
    cmp_le FpOp::Cmp(2), "cmpless" "cmplesd" "cmpleps" "cmplepd";
    cmp_unord FpOp::Cmp(3), "cmpunordss" "cmpunordsd" "cmpunordps" "cmpunordpd";
    cmp_neq FpOp::Cmp(4), "cmpneqss" "cmpneqsd" "cmpneqps" "cmpneqpd";
    cmp_nlt FpOp::Cmp(5), "cmpnltss" "cmpnltsd" "cmpnltps" "cmpnltpd";
    cmp_nle FpOp::Cmp(6), "cmpnless" "cmpnlesd" "cmpnleps" "cmpnlepd";
    cmp_ord FpOp::Cmp(7), "cmpordss" "cmpordsd" "cmpordps" "cmpordpd";
}

#[test]
fn rounding() {
    use {FpType::*, Lanes::*};
    check("roundps 0", Kind::F32, silicon!("roundps", "0"), |m, a, b| fp::arith(m, FpOp::Round(0), F32, Packed, a, b));
    check("roundpd 4", Kind::F64, silicon!("roundpd", "4"), |m, a, b| fp::arith(m, FpOp::Round(4), F64, Packed, a, b));
    check("roundss 9", Kind::F32, silicon!("roundss", "9"), |m, a, b| fp::arith(m, FpOp::Round(9), F32, Scalar, a, b));
    check("roundsd 2", Kind::F64, silicon!("roundsd", "2"), |m, a, b| fp::arith(m, FpOp::Round(2), F64, Scalar, a, b));
    check("roundsd 11", Kind::F64, silicon!("roundsd", "11"), |m, a, b| {
        fp::arith(m, FpOp::Round(11), F64, Scalar, a, b)
    });
    check("addsubps", Kind::F32, silicon!("addsubps"), |m, a, b| fp::arith(m, FpOp::AddSub, F32, Packed, a, b));
    check("addsubpd", Kind::F64, silicon!("addsubpd"), |m, a, b| fp::arith(m, FpOp::AddSub, F64, Packed, a, b));
}

#[test]
fn approximations() {
    use {FpType::F32, Lanes::*};
    check("rcpps", Kind::F32, silicon!("rcpps"), |m, a, b| fp::arith(m, FpOp::Rcp, F32, Packed, a, b));
    check("rsqrtps", Kind::F32, silicon!("rsqrtps"), |m, a, b| fp::arith(m, FpOp::Rsqrt, F32, Packed, a, b));
    check("rcpss", Kind::F32, silicon!("rcpss"), |m, a, b| fp::arith(m, FpOp::Rcp, F32, Scalar, a, b));
    check("rsqrtss", Kind::F32, silicon!("rsqrtss"), |m, a, b| fp::arith(m, FpOp::Rsqrt, F32, Scalar, a, b));
}

#[test]
fn conversions() {
    check("cvtss2sd", Kind::F32, silicon!("cvtss2sd"), |m, a, b| fp::convert(m, FpCvt::Ss2sd, a, b));
    check("cvtsd2ss", Kind::F64, silicon!("cvtsd2ss"), |m, a, b| fp::convert(m, FpCvt::Sd2ss, a, b));
    check("cvtps2pd", Kind::F32, silicon!("cvtps2pd"), |m, a, b| fp::convert(m, FpCvt::Ps2pd, a, b));
    check("cvtpd2ps", Kind::F64, silicon!("cvtpd2ps"), |m, a, b| fp::convert(m, FpCvt::Pd2ps, a, b));
    check("cvtdq2ps", Kind::I32, silicon!("cvtdq2ps"), |m, a, b| fp::convert(m, FpCvt::Dq2ps, a, b));
    check("cvtdq2pd", Kind::I32, silicon!("cvtdq2pd"), |m, a, b| fp::convert(m, FpCvt::Dq2pd, a, b));
    check("cvtps2dq", Kind::F32, silicon!("cvtps2dq"), |m, a, b| fp::convert(m, FpCvt::Ps2dq, a, b));
    check("cvttps2dq", Kind::F32, silicon!("cvttps2dq"), |m, a, b| fp::convert(m, FpCvt::Tps2dq, a, b));
    check("cvtpd2dq", Kind::F64, silicon!("cvtpd2dq"), |m, a, b| fp::convert(m, FpCvt::Pd2dq, a, b));
    check("cvttpd2dq", Kind::F64, silicon!("cvttpd2dq"), |m, a, b| fp::convert(m, FpCvt::Tpd2dq, a, b));
}

/// An integer result, put where `check` looks.
fn low(v: u64) -> Bytes {
    u128::from(v).to_le_bytes()
}

#[test]
fn integers() {
    use {FpType::*, Width::*};
    macro_rules! to_gpr {
        ($ins:literal, $reg:literal) => { silicon!(@ concat!($ins, " ", $reg, ", xmm1; movq xmm0, r11")) };
    }
    check("cvtsd2si64", Kind::F64, to_gpr!("cvtsd2si", "r11"), |m, _, b| fp::to_int(m, F64, W64, false, b).map(low));
    check("cvtsd2si32", Kind::F64, to_gpr!("cvtsd2si", "r11d"), |m, _, b| fp::to_int(m, F64, W32, false, b).map(low));
    check("cvttsd2si64", Kind::F64, to_gpr!("cvttsd2si", "r11"), |m, _, b| fp::to_int(m, F64, W64, true, b).map(low));
    check("cvttsd2si32", Kind::F64, to_gpr!("cvttsd2si", "r11d"), |m, _, b| fp::to_int(m, F64, W32, true, b).map(low));
    check("cvtss2si64", Kind::F32, to_gpr!("cvtss2si", "r11"), |m, _, b| fp::to_int(m, F32, W64, false, b).map(low));
    check("cvtss2si32", Kind::F32, to_gpr!("cvtss2si", "r11d"), |m, _, b| fp::to_int(m, F32, W32, false, b).map(low));
    check("cvttss2si64", Kind::F32, to_gpr!("cvttss2si", "r11"), |m, _, b| fp::to_int(m, F32, W64, true, b).map(low));
    check("cvttss2si32", Kind::F32, to_gpr!("cvttss2si", "r11d"), |m, _, b| fp::to_int(m, F32, W32, true, b).map(low));

    // r11 is no resume address any more: everything is masked.
    macro_rules! of_gpr {
        ($ins:literal, $reg:literal) => { silicon!(@ concat!("movq r11, xmm1; ", $ins, " xmm0, ", $reg)) };
    }
    let quad = |b: Bytes| u64::from_le_bytes(b[..8].try_into().unwrap());
    let masked = |m: u32| m | 0x1f80;
    check(
        "cvtsi2sd64",
        Kind::I32,
        |m, a, b| of_gpr!("cvtsi2sd", "r11")(masked(m), a, b),
        |m, a, b| {
            *m = masked(*m);
            fp::from_int(m, F64, W64, a, quad(b))
        },
    );
    check(
        "cvtsi2sd32",
        Kind::I32,
        |m, a, b| of_gpr!("cvtsi2sd", "r11d")(masked(m), a, b),
        |m, a, b| {
            *m = masked(*m);
            fp::from_int(m, F64, W32, a, quad(b))
        },
    );
    check(
        "cvtsi2ss64",
        Kind::I32,
        |m, a, b| of_gpr!("cvtsi2ss", "r11")(masked(m), a, b),
        |m, a, b| {
            *m = masked(*m);
            fp::from_int(m, F32, W64, a, quad(b))
        },
    );
    check(
        "cvtsi2ss32",
        Kind::I32,
        |m, a, b| of_gpr!("cvtsi2ss", "r11d")(masked(m), a, b),
        |m, a, b| {
            *m = masked(*m);
            fp::from_int(m, F32, W32, a, quad(b))
        },
    );
}

#[test]
fn orders() {
    use FpType::*;
    macro_rules! flags {
        ($ins:literal) => { silicon!(@ concat!($ins, " xmm0, xmm1; pushfq; pop r11; movq xmm0, r11")) };
    }
    let status = |r: std::result::Result<u64, _>| r.map(low);
    // OF, SF, AF become zero; only the status flags count.
    let cut = |r: Result| (r.0, r.1.map(|x| low(u64::from_le_bytes(x[..8].try_into().unwrap()) & 0x8d5)));
    check(
        "comisd",
        Kind::F64,
        |m, a, b| cut(flags!("comisd")(m, a, b)),
        |m, a, b| status(fp::compare(m, F64, false, a, b)),
    );
    check(
        "ucomisd",
        Kind::F64,
        |m, a, b| cut(flags!("ucomisd")(m, a, b)),
        |m, a, b| status(fp::compare(m, F64, true, a, b)),
    );
    check(
        "comiss",
        Kind::F32,
        |m, a, b| cut(flags!("comiss")(m, a, b)),
        |m, a, b| status(fp::compare(m, F32, false, a, b)),
    );
    check(
        "ucomiss",
        Kind::F32,
        |m, a, b| cut(flags!("ucomiss")(m, a, b)),
        |m, a, b| status(fp::compare(m, F32, true, a, b)),
    );
}
