//! XSAVE, XSAVEOPT, XSAVEC and XRSTOR of the x87 and SSE components against the processor: whole images, bit for bit but
//! for the x87's pointers.

use std::arch::asm;

use brainworm_cpu::isa::x87::state::{fxsave_image, load_fxsave_image};
use brainworm_cpu::{
    Access, Bus, CodePage, Cpu, Engine, Exception, Exit, HostAddr, MemFault, MemFaultKind, MemView, Resolved,
};

use super::operands::Rng;
use super::rounds;

const IMAGE: usize = 576;

#[repr(C, align(64))]
#[derive(Clone, Copy, PartialEq)]
struct Image([u8; IMAGE]);

/// One page of code and one of data, both always there.
struct Pages {
    bytes: Vec<u8>,
}

const CODE: u64 = 0x1000;
const DATA: u64 = 0x2000;

impl Bus for Pages {
    fn view(&self) -> MemView {
        MemView { base: self.bytes.as_ptr().cast_mut(), read: [].as_ptr(), write: [].as_ptr(), len: 0, code_tag: 1 }
    }
    fn resolve(&mut self, addr: u64, access: Access) -> Result<Resolved, MemFault> {
        if addr >> 12 == 1 || addr >> 12 == 2 {
            return Ok(Resolved { host: HostAddr(addr as u32 - CODE as u32), wrote_code: false });
        }
        Err(MemFault { addr, access, kind: MemFaultKind::Unmapped })
    }
    fn fetch(&mut self, rip: u64) -> Result<CodePage, MemFault> {
        let r = self.resolve(rip, Access::Fetch)?;
        Ok(CodePage { host: HostAddr(r.host.0 & !0xfff) })
    }
    fn take_stale(&mut self) -> Option<HostAddr> {
        None
    }
}

/// What stops the engine after the instruction: UD2.
const DONE: Exit = Exit::Exception(Exception::InvalidOpcode);

/// Runs `0f xx /n [rdi]` in the engine with the image at rdi.
fn engine(cpu: &mut Cpu, code: &[u8], mask: u32, image: &mut Image) -> Exit {
    let mut pages = Pages { bytes: vec![0; 0x2000] };
    pages.bytes[..code.len()].copy_from_slice(code);
    pages.bytes[code.len()..][..2].copy_from_slice(&[0x0f, 0x0b]);
    pages.bytes[0x1000..][..IMAGE].copy_from_slice(&image.0);
    cpu.rip = CODE;
    (cpu.gpr[0], cpu.gpr[2], cpu.gpr[7]) = (u64::from(mask), 0, DATA);
    let exit = Engine::new().run(cpu, &mut pages, &mut 10);
    image.0.copy_from_slice(&pages.bytes[0x1000..][..IMAGE]);
    exit
}

/// A random FXSAVE image, often with a component in its initial configuration. No pointers.
fn state(r: &mut Rng) -> Image {
    let mut image = Image([0; IMAGE]);
    image.0[..2].copy_from_slice(&0x37fu16.to_le_bytes());
    image.0[24..28].copy_from_slice(&0x1f80u32.to_le_bytes());
    if r.below(2) == 0 {
        let fsw = r.next() as u16 & 0x7f3f & !0x3f;
        image.0[..2].copy_from_slice(&r.fcw().to_le_bytes());
        image.0[2..4].copy_from_slice(&fsw.to_le_bytes());
        image.0[4] = r.next() as u8;
        for n in 0..8 {
            let v = r.f80(None);
            image.0[32 + 16 * n..][..8].copy_from_slice(&v.sig.to_le_bytes());
            image.0[40 + 16 * n..][..2].copy_from_slice(&v.se.to_le_bytes());
        }
    }
    if r.below(2) == 0 {
        image.0[24..28].copy_from_slice(&r.mxcsr().to_le_bytes());
    }
    if r.below(2) == 0 {
        for b in &mut image.0[160..416] {
            *b = r.next() as u8;
        }
    }
    image
}

/// Loads `state`, runs `$ins [rdi]` on `image`, answers the state afterwards (FXSAVE), and leaves the image's new bytes.
macro_rules! silicon {
    ($ins:literal) => {
        |state: &Image, mask: u32, image: &mut Image| -> Image {
            let mut after = Image([0; IMAGE]);
            let default: u32 = 0x1f80;
            // SAFETY: everything that is changed is declared, x87 and MXCSR are put back.
            unsafe {
                asm!(
                    "fxrstor64 [{s}]",
                    concat!($ins, " [rdi]"),
                    "fxsave64 [{o}]",
                    "fninit",
                    "ldmxcsr [{d}]",
                    s = in(reg) state, o = in(reg) &mut after, d = in(reg) &default,
                    in("rdi") image, in("eax") mask, in("edx") 0,
                    out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _,
                    out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                    out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                    out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
                    out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
                );
            }
            after
        }
    };
}

/// Without FOP, FIP, FDP and what only software owns.
fn cut(image: &Image) -> Image {
    let mut out = *image;
    out.0[6..24].fill(0);
    out.0[28..32].fill(0);
    out.0[416..512].fill(0);
    out
}

fn loaded(image: &Image) -> Cpu {
    let mut cpu = Cpu::new();
    load_fxsave_image(&mut cpu, image.0[..512].try_into().unwrap()).unwrap();
    cpu
}

fn show(what: &str, ours: &Image, theirs: &Image) -> String {
    let differ: Vec<_> = (0..IMAGE).filter(|&k| ours.0[k] != theirs.0[k]).collect();
    let at = |i: &Image| differ.iter().map(|&k| i.0[k]).collect::<Vec<_>>();
    format!("{what}: bytes {differ:?} ours {:x?} silicon {:x?}", at(ours), at(theirs))
}

fn check_save(name: &str, code: &[u8], silicon: impl Fn(&Image, u32, &mut Image) -> Image) {
    let mut r = Rng::new(name.len() as u64 * 977);
    for _ in 0..rounds(2_000) {
        let mut before = state(&mut r);
        // A processor may count a component as used that we find in its initial configuration (SDM Vol. 1 13.6): leave
        // none in it.
        before.0[1] ^= 4;
        before.0[160] |= 1;
        let mask = r.below(4) as u32;
        let mut theirs = Image([0; IMAGE]);
        for b in &mut theirs.0[..512] {
            *b = r.next() as u8;
        }
        theirs.0[512] = r.next() as u8 & 3;
        let mut ours = theirs;
        silicon(&before, mask, &mut theirs);
        let exit = engine(&mut loaded(&before), code, mask, &mut ours);
        assert_eq!(exit, DONE);
        let (ours, theirs) = (cut(&ours), cut(&theirs));
        assert!(ours == theirs, "{} mask {mask}", show(name, &ours, &theirs));
    }
}

#[test]
fn saves() {
    if !is_x86_feature_detected!("xsave") {
        return;
    }
    check_save("xsave", &[0x0f, 0xae, 0x27], silicon!("xsave"));
    if is_x86_feature_detected!("xsavec") {
        check_save("xsavec", &[0x0f, 0xc7, 0x27], silicon!("xsavec"));
    }
}

#[test]
fn what_is_initial_is_not_saved_by_the_optimizing_forms() {
    for code in [[0x0f, 0xae, 0x37], [0x0f, 0xc7, 0x27]] {
        let mut image = Image([0xaa; IMAGE]);
        image.0[512..].fill(0);
        assert_eq!(engine(&mut Cpu::new(), &code, 3, &mut image), DONE);
        assert_eq!((image.0[512], image.0[0], image.0[160]), (0, 0xaa, 0xaa));
        let mut cpu = Cpu::new();
        cpu.mxcsr = 0x1fa0;
        assert_eq!(engine(&mut cpu, &code, 3, &mut image), DONE);
        assert_eq!((image.0[512], image.0[0], image.0[24], image.0[160]), (2, 0xaa, 0xa0, 0));
    }
}

#[test]
fn restores() {
    if !is_x86_feature_detected!("xsave") {
        return;
    }
    let silicon = silicon!("xrstor");
    let mut r = Rng::new(5);
    for _ in 0..rounds(2_000) {
        let before = state(&mut r);
        let mask = r.below(4) as u32;
        let mut image = state(&mut r);
        image.0[512] = r.next() as u8 & 3;
        if is_x86_feature_detected!("xsavec") && r.below(2) == 0 {
            image.0[527] = 0x80;
            image.0[520] = image.0[512] | r.next() as u8 & 3;
        }
        let theirs = cut(&silicon(&before, mask, &mut image.clone()));
        let mut cpu = loaded(&before);
        assert_eq!(engine(&mut cpu, &[0x0f, 0xae, 0x2f], mask, &mut image.clone()), DONE);
        let mut ours = Image([0; IMAGE]);
        ours.0[..512].copy_from_slice(&fxsave_image(&cpu));
        let ours = cut(&ours);
        let header = &image.0[512..528];
        assert!(ours == theirs, "{} mask {mask} header {header:x?}", show("xrstor", &ours, &theirs));
    }
}

#[test]
fn a_bad_header_is_refused_and_changes_nothing() {
    let mut r = Rng::new(6);
    let (before, image) = (state(&mut r), state(&mut r));
    for (at, bit) in [(512, 0x08), (513, 1), (521, 1), (530, 1), (519, 0x80), (527, 0x81), (27, 1)] {
        let mut image = image;
        image.0[at] |= bit;
        if at == 527 {
            image.0[527] |= 1;
        }
        let mut cpu = loaded(&before);
        let exit = engine(&mut cpu, &[0x0f, 0xae, 0x2f], 3, &mut image);
        assert_eq!(exit, Exit::Exception(Exception::GeneralProtection), "byte {at}");
        assert!(fxsave_image(&cpu) == fxsave_image(&loaded(&before)));
    }
}
