//! x87 arithmetic: one instruction between FLDCW and FNSAVE, so that unmasked exceptions are seen but never taken.

use std::arch::asm;

use brainworm_cpu::softfloat::{self as sf, Double, Env, Extended, F80, Flags, Order, Quotient, Single};

use super::operands::Rng;
use super::rounds;

/// FNSAVE's image, 64-bit form: 28 bytes of environment, then ST0..ST7 of 10 bytes each.
#[repr(C, align(16))]
struct Saved([u8; 112]);

impl Saved {
    fn status(&self) -> u16 {
        u16::from_le_bytes([self.0[4], self.0[5]])
    }
    fn st(&self, i: usize) -> F80 {
        let b = &self.0[28 + 10 * i..][..10];
        F80::new(u64::from_le_bytes(b[..8].try_into().unwrap()), u16::from_le_bytes([b[8], b[9]]))
    }
}

fn bytes(v: F80) -> [u8; 16] {
    let mut out = [0; 16];
    out[..8].copy_from_slice(&v.sig.to_le_bytes());
    out[8..10].copy_from_slice(&v.se.to_le_bytes());
    out
}

/// Runs an instruction with st0 = a, st1 = b under a control word; `{p}` in it is a pointer to `mem`.
macro_rules! x87 {
    ($ins:literal) => {
        |fcw: u16, a: F80, b: F80, mem: &mut [u8; 16]| -> Saved {
            let (a, b) = (bytes(a), bytes(b));
            let mut out = Saved([0; 112]);
            // SAFETY: the x87 is left as FNINIT leaves it, which is how the ABI wants it.
            unsafe {
                asm!(
                    "fninit",
                    "fld tbyte ptr [{b}]",
                    "fld tbyte ptr [{a}]",
                    "fldcw [{w}]",
                    concat!($ins, " /* {p} */"),
                    "fnsave [{o}]",
                    a = in(reg) &a, b = in(reg) &b, w = in(reg) &fcw, o = in(reg) &mut out, p = in(reg) mem,
                    out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
                    out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
                );
            }
            out
        }
    };
}

/// What to compare besides the exceptions.
#[derive(PartialEq, Debug, Clone, Copy)]
enum Ours {
    /// The new st0, unless an exception found before the computation is unmasked.
    St0(F80),
    /// The new st0 and st1, likewise.
    Both(F80, F80),
    /// The bytes stored, unless any but PE is unmasked.
    Mem(u128),
    /// The condition bits C3 C2 C0, in the status word's places.
    Codes(u16),
}

const C0: u16 = 1 << 8;
const C1: u16 = 1 << 9;
const C2: u16 = 1 << 10;
const C3: u16 = 1 << 14;

fn check(
    name: &str,
    silicon: impl Fn(u16, F80, F80, &mut [u8; 16]) -> Saved,
    ours: impl Fn(&mut Env, F80, F80, [u8; 16]) -> Ours,
) {
    // With underflow unmasked AMD's report it, and scale the result, also where a denormal is only passed on.
    let reports_underflow = crate::is_amd() && (name.starts_with("fprem") || name == "fscale");
    let mut rng = Rng::new(name.bytes().fold(7, |h, b| h.wrapping_mul(31) + u64::from(b)));
    for _ in 0..rounds(20_000) {
        let fcw = rng.fcw();
        let a = rng.f80(None);
        let b = rng.f80(Some(a));
        let mem0 = match rng.below(3) {
            0 => u128::from(rng.f32(None)),
            1 => u128::from(rng.f64(None)),
            _ => u128::from(rng.next() >> rng.below(64)),
        }
        .to_le_bytes();
        let mut mem = mem0;
        let real = silicon(fcw, a, b, &mut mem);
        let mut env = Env::x87(fcw);
        let got = ours(&mut env, a, b, mem0);
        let real_flags = Flags::from_bits_truncate(real.status() as u8);
        let what = || {
            format!(
                "{name} fcw={fcw:#x} a={a:x?} b={b:x?} mem={mem0:x?} ours {got:x?} {:?} up {}",
                env.raised, env.rounded_up
            )
        };
        let has_more = real_flags == env.raised | Flags::UE && real_flags != env.raised;
        if reports_underflow && has_more && fcw & Flags::UE.bits() as u16 == 0 {
            continue;
        }
        assert_eq!(env.raised, real_flags, "{}; silicon {:x?} {:x?} {:#x}", what(), real.st(0), mem, real.status());
        match got {
            Ours::St0(v) if !env.stopped() => assert_eq!(v, real.st(0), "{}", what()),
            Ours::Both(v, w) if !env.stopped() => assert_eq!((v, w), (real.st(0), real.st(1)), "{}", what()),
            Ours::Mem(v) if (env.faults() & !Flags::PE).is_empty() => {
                assert_eq!(v, u128::from_le_bytes(mem), "{} {:x?}", what(), mem);
            }
            Ours::Codes(c) => assert_eq!(c, real.status() & (C0 | C2 | C3), "{} {:#x}", what(), real.status()),
            _ => {}
        }
        if !env.stopped() && !matches!(got, Ours::Codes(_)) {
            assert_eq!(env.rounded_up, real.status() & C1 != 0, "C1 of {}; silicon {:#x}", what(), real.status());
        }
    }
}

macro_rules! op {
    ($test:ident, $ins:literal, $ours:expr) => {
        #[test]
        fn $test() {
            check($ins, x87!($ins), $ours);
        }
    };
}

op!(add, "fadd st, st(1)", |e, a, b, _| Ours::St0(sf::add::<Extended>(e, a, b)));
op!(sub, "fsub st, st(1)", |e, a, b, _| Ours::St0(sf::sub::<Extended>(e, a, b)));
op!(subr, "fsubr st, st(1)", |e, a, b, _| Ours::St0(sf::sub::<Extended>(e, b, a)));
op!(mul, "fmul st, st(1)", |e, a, b, _| Ours::St0(sf::mul::<Extended>(e, a, b)));
op!(div, "fdiv st, st(1)", |e, a, b, _| Ours::St0(sf::div::<Extended>(e, a, b)));
op!(sqrt, "fsqrt", |e, a, _, _| Ours::St0(sf::sqrt::<Extended>(e, a)));
op!(rndint, "frndint", |e, a, _, _| Ours::St0(sf::round_to_int::<Extended>(e, a, e.round, false)));
op!(scale, "fscale", |e, a, b, _| Ours::St0(sf::scale(e, a, b)));

fn f32_at(m: [u8; 16]) -> u32 {
    u32::from_le_bytes(m[..4].try_into().unwrap())
}
fn f64_at(m: [u8; 16]) -> u64 {
    u64::from_le_bytes(m[..8].try_into().unwrap())
}

op!(load32, "fld dword ptr [{p}]", |e, _, _, m| Ours::St0(sf::convert::<Single, Extended>(e, f32_at(m))));
op!(load64, "fld qword ptr [{p}]", |e, _, _, m| Ours::St0(sf::convert::<Double, Extended>(e, f64_at(m))));
op!(store32, "fst dword ptr [{p}]", |e, a, _, m| {
    let v = sf::convert::<Extended, Single>(e, a);
    Ours::Mem(u128::from_le_bytes(m) >> 32 << 32 | u128::from(v))
});
op!(store64, "fst qword ptr [{p}]", |e, a, _, m| {
    let v = sf::convert::<Extended, Double>(e, a);
    Ours::Mem(u128::from_le_bytes(m) >> 64 << 64 | u128::from(v))
});
op!(fist16, "fist word ptr [{p}]", |e, a, _, m| {
    let v = sf::to_int::<Extended>(e, a, 16, e.round);
    Ours::Mem(u128::from_le_bytes(m) >> 16 << 16 | u128::from(v as u16))
});
op!(fist32, "fist dword ptr [{p}]", |e, a, _, m| {
    let v = sf::to_int::<Extended>(e, a, 32, e.round);
    Ours::Mem(u128::from_le_bytes(m) >> 32 << 32 | u128::from(v as u32))
});
op!(fistp64, "fistp qword ptr [{p}]", |e, a, _, m| {
    let v = sf::to_int::<Extended>(e, a, 64, e.round);
    Ours::Mem(u128::from_le_bytes(m) >> 64 << 64 | u128::from(v as u64))
});
op!(fild64, "fild qword ptr [{p}]", |e, _, _, m| Ours::St0(sf::from_int::<Extended>(e, f64_at(m) as i64)));
op!(fbstp, "fbstp tbyte ptr [{p}]", |e, a, _, m| {
    let v = sf::to_bcd(e, a);
    let mut out = m;
    out[..10].copy_from_slice(&v);
    Ours::Mem(u128::from_le_bytes(out))
});

fn codes(o: Order) -> Ours {
    Ours::Codes(match o {
        Order::Greater => 0,
        Order::Less => C0,
        Order::Equal => C3,
        Order::Unordered => C0 | C2 | C3,
    })
}

op!(fcom, "fcom st(1)", |e, a, b, _| { codes(sf::compare::<Extended>(e, a, b, false)) });
op!(fucom, "fucom st(1)", |e, a, b, _| { codes(sf::compare::<Extended>(e, a, b, true)) });

#[test]
fn remainders() {
    let codes = |nearest: bool| {
        move |e: &mut Env, a: F80, b: F80, _: [u8; 16]| {
            let (_, quotient) = sf::prem(e, a, b, nearest);
            let (q, c2) = match quotient {
                Quotient::Known(q) => (u16::from(q), 0),
                Quotient::Unfinished => (0, C2),
                Quotient::None => (0, 0),
            };
            e.rounded_up = q & 1 != 0;
            Ours::Codes(c2 | (q & 4) << 6 | (q & 2) << 13)
        }
    };
    check("fprem codes", x87!("fprem"), codes(false));
    check("fprem1 codes", x87!("fprem1"), codes(true));
    let value = |nearest: bool| {
        move |e: &mut Env, a: F80, b: F80, _: [u8; 16]| {
            let (value, quotient) = sf::prem(e, a, b, nearest);
            e.rounded_up = matches!(quotient, Quotient::Known(q) if q & 1 != 0);
            Ours::St0(value)
        }
    };
    check("fprem", x87!("fprem"), value(false));
    check("fprem1", x87!("fprem1"), value(true));
}

#[test]
fn extract() {
    check("fxtract", x87!("fxtract"), |e, a, _, _| {
        let (exp, sig) = sf::extract(e, a);
        Ours::Both(sig, exp)
    });
}

/// How far apart two results are, in units of the last place; none when they are not neighbours in kind.
fn ulps(a: F80, b: F80) -> Option<u64> {
    let place = |v: F80| i128::from(v.se & 0x7fff) << 63 | i128::from(v.sig & !(1 << 63));
    let special = |v: F80| v.se & 0x7fff == 0x7fff;
    if a == b {
        return Some(0);
    }
    if a.se >> 15 != b.se >> 15 || special(a) || special(b) {
        return None;
    }
    u64::try_from((place(a) - place(b)).abs()).ok()
}

/// Transcendentals: specials exactly, values within one ulp, exceptions as far as they follow from the value.
fn near(
    name: &str,
    range: impl Fn(&mut Rng, F80) -> F80,
    silicon: impl Fn(u16, F80, F80, &mut [u8; 16]) -> Saved,
    ours: impl Fn(&mut Env, F80, F80) -> Option<(F80, Option<F80>)>,
) {
    let mut rng = Rng::new(name.bytes().fold(7, |h, b| h.wrapping_mul(31) + u64::from(b)));
    let (mut differ, mut flags, total) = (0, 0, rounds(20_000));
    for _ in 0..total {
        let fcw = rng.fcw() | 0x3f;
        let a = rng.f80(None);
        let a = if rng.below(4) == 0 { a } else { range(&mut rng, a) };
        let b = rng.f80(None);
        let real = silicon(fcw, a, b, &mut [0; 16]);
        let mut env = Env::x87(fcw);
        let got = ours(&mut env, a, b);
        let what = || {
            format!(
                "{name} fcw={fcw:#x} a={a:x?} b={b:x?} ours {got:x?} {:?}; silicon {:x?} {:x?} {:#x}",
                env.raised,
                real.st(0),
                real.st(1),
                real.status()
            )
        };
        assert_eq!(got.is_none(), real.status() & C2 != 0, "range of {}", what());
        let Some((v, second)) = got else { continue };
        let mut pairs = vec![(v, if second.is_some() { real.st(1) } else { real.st(0) })];
        pairs.extend(second.map(|w| (w, real.st(0))));
        for (ours, theirs) in pairs {
            let apart = ulps(ours, theirs);
            assert!(apart.is_some_and(|u| u <= 1), "{apart:?} ulps: {}", what());
            differ += u64::from(apart != Some(0));
        }
        let real_flags = Flags::from_bits_truncate(real.status() as u8);
        let must = Flags::IE | Flags::DE | Flags::ZE;
        assert_eq!(env.raised & must, real_flags & must, "{}", what());
        if env.raised != real_flags {
            flags += 1;
            if flags < 4 {
                println!("flags: {}", what());
            }
        }
    }
    println!("{name}: {differ} of {total} results one ulp apart, {flags} with other OE UE PE");
}

/// The same significand with an exponent from a range of unbiased ones.
fn spread(low: i64, high: i64) -> impl Fn(&mut Rng, F80) -> F80 {
    move |r, a| {
        let e = low + r.below((high - low + 1) as u64) as i64 + 16383;
        F80::new(a.sig | 1 << 63, a.se & 0x8000 | e as u16)
    }
}

#[test]
fn transcendental() {
    near("fsin", spread(-40, 70), x87!("fsin"), |e, a, _| sf::sin(e, a).map(|v| (v, None)));
    near("fcos", spread(-40, 70), x87!("fcos"), |e, a, _| sf::cos(e, a).map(|v| (v, None)));
    near("fsincos", spread(-40, 70), x87!("ffree st(7); fsincos"), |e, a, _| {
        sf::sin_cos(e, a).map(|(s, c)| (s, Some(c)))
    });
    near("fptan", spread(-40, 70), x87!("ffree st(7); fptan"), |e, a, _| sf::tan(e, a).map(|(t, o)| (t, Some(o))));
    near("f2xm1", spread(-70, -1), x87!("f2xm1"), |e, a, _| Some((sf::exp2_minus_1(e, a), None)));
    near("fyl2x", spread(-70, 70), x87!("fyl2x"), |e, a, b| Some((sf::y_log2_x(e, a, b), None)));
    near("fpatan", spread(-70, 70), x87!("fpatan"), |e, a, b| Some((sf::atan2(e, b, a), None)));
    near("fyl2xp1", spread(-70, -3), x87!("fyl2xp1"), |e, a, b| Some((sf::y_log2_x_plus_1(e, a, b), None)));
}
