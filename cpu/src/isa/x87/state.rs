//! FXSAVE and XSAVE images, for the instructions and for whoever builds a signal frame.
//!
//! ```text
//!     0  x87 and SSE, 512 bytes (SDM Vol. 1 10.5.1); 464..512 belong to software
//!   512  header: XSTATE_BV, XCOMP_BV, zeros (SDM Vol. 1 13.4.2)
//!   576  upper halves of ymm0..ymm15, where AVX is enabled: the same in the compacted format, there is nothing between
//! ```

use super::control::kept_control;
use super::stack::*;
use crate::isa::sse::mxcsr::MASK as MXCSR_MASK;
use crate::softfloat::F80;
use crate::{Cpu, Exception};

/// Bytes of the FXSAVE image.
pub const FXSAVE_SIZE: usize = 512;
/// Bytes of an FXSAVE image that the instruction writes; the rest stays as it was.
pub const FXSAVE_WRITTEN: usize = 416;
/// Where the XSAVE header begins.
pub const HEADER: usize = 512;
/// Where the AVX state begins in the standard format (CPUID leaf 0xd, subleaf 2).
pub const AVX_OFFSET: usize = 576;
/// Bytes of AVX state.
pub const AVX_SIZE: usize = 256;
/// State components: x87, SSE, AVX (SDM Vol. 1 13.1).
pub const X87: u64 = 1;
/// See [`X87`].
pub const SSE: u64 = 2;
/// See [`X87`].
pub const AVX: u64 = 4;
/// The components the machine enables: XCR0.
pub const XCR0: u64 = X87 | SSE | AVX;
/// Bytes of a standard-format image with everything enabled.
pub const XSAVE_SIZE: usize = AVX_OFFSET + AVX_SIZE;

/// The tag word in one bit a register: full or not (SDM Vol. 1 10.5.1.1).
fn abridged_tags(cpu: &Cpu) -> u8 {
    (0..8).fold(0, |tags, p| tags | u8::from(cpu.ftw >> (2 * p) & 3 != 3) << p)
}

pub(super) fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    out[at..at + bytes.len()].copy_from_slice(bytes);
}

fn word(image: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([image[at], image[at + 1]])
}

pub(super) fn quad(image: &[u8], at: usize) -> u64 {
    (0..8).fold(0, |v, k| v | u64::from(image[at + k]) << (8 * k))
}

pub(super) fn save_x87(cpu: &Cpu, out: &mut [u8]) {
    put(out, 0, &cpu.fcw.to_le_bytes());
    put(out, 2, &cpu.fsw.to_le_bytes());
    put(out, 4, &[abridged_tags(cpu), 0]);
    put(out, 6, &(cpu.fop & 0x7ff).to_le_bytes());
    put(out, 8, &cpu.fip.to_le_bytes());
    put(out, 16, &cpu.fdp.to_le_bytes());
    for n in 0..8 {
        let v = raw(cpu, n as u8);
        put(out, 32 + 16 * n, &v.sig.to_le_bytes());
        put(out, 40 + 16 * n, &u64::from(v.se).to_le_bytes());
    }
}

pub(super) fn save_mxcsr(cpu: &Cpu, out: &mut [u8]) {
    put(out, 24, &cpu.mxcsr.to_le_bytes());
    put(out, 28, &MXCSR_MASK.to_le_bytes());
}

pub(super) fn save_xmm(cpu: &Cpu, out: &mut [u8]) {
    for (n, y) in cpu.ymm.iter().enumerate() {
        put(out, 160 + 16 * n, &y.0[0].to_le_bytes());
        put(out, 168 + 16 * n, &y.0[1].to_le_bytes());
    }
}

pub(super) fn save_avx(cpu: &Cpu, out: &mut [u8]) {
    for (n, y) in cpu.ymm.iter().enumerate() {
        put(out, 16 * n, &y.0[2].to_le_bytes());
        put(out, 16 * n + 8, &y.0[3].to_le_bytes());
    }
}

fn load_x87(cpu: &mut Cpu, image: &[u8]) {
    cpu.fcw = kept_control(word(image, 0));
    cpu.fsw = word(image, 2);
    cpu.fop = word(image, 6) & 0x7ff;
    cpu.fip = quad(image, 8);
    cpu.fdp = quad(image, 16);
    for n in 0..8 {
        set_st(cpu, n as u8, F80::new(quad(image, 32 + 16 * n), word(image, 40 + 16 * n)));
    }
    cpu.ftw = (0..8).fold(0, |tags, p| if image[4] >> p & 1 != 0 { tags } else { tags | 3 << (2 * p) });
    update_pending(cpu);
}

fn load_xmm(cpu: &mut Cpu, image: &[u8]) {
    for (n, y) in cpu.ymm.iter_mut().enumerate() {
        y.0[0] = quad(image, 160 + 16 * n);
        y.0[1] = quad(image, 168 + 16 * n);
    }
}

fn load_avx(cpu: &mut Cpu, image: &[u8]) {
    for (n, y) in cpu.ymm.iter_mut().enumerate() {
        y.0[2] = quad(image, 16 * n);
        y.0[3] = quad(image, 16 * n + 8);
    }
}

fn mxcsr_of(image: &[u8]) -> Result<u32, Exception> {
    let v = quad(image, 24) as u32;
    if v & !MXCSR_MASK != 0 { Err(Exception::GeneralProtection) } else { Ok(v) }
}

/// The FXSAVE64 image of the registers.
pub fn fxsave_image(cpu: &Cpu) -> [u8; FXSAVE_SIZE] {
    let mut out = [0; FXSAVE_SIZE];
    save_x87(cpu, &mut out);
    save_mxcsr(cpu, &mut out);
    save_xmm(cpu, &mut out);
    out
}

/// Loads an FXSAVE64 image. #GP when MXCSR has reserved bits, and then nothing is changed.
pub fn load_fxsave_image(cpu: &mut Cpu, image: &[u8; FXSAVE_SIZE]) -> Result<(), Exception> {
    let mxcsr = mxcsr_of(image)?;
    load_x87(cpu, image);
    load_xmm(cpu, image);
    cpu.mxcsr = mxcsr;
    Ok(())
}

/// The components that are not in their initial configuration (SDM Vol. 1 13.6).
pub(super) fn in_use(cpu: &Cpu) -> u64 {
    let initial = Cpu::new();
    let x87 = (cpu.fcw, cpu.fsw, cpu.ftw, cpu.fop, cpu.fip, cpu.fdp)
        != (initial.fcw, initial.fsw, initial.ftw, initial.fop, initial.fip, initial.fdp)
        || cpu.fpr.iter().any(|r| *r != (0, 0));
    let sse = cpu.ymm.iter().any(|y| y.0[0] | y.0[1] != 0);
    let avx = cpu.ymm.iter().any(|y| y.0[2] | y.0[3] != 0);
    u64::from(x87) | u64::from(sse) << 1 | u64::from(avx) << 2
}

/// The standard-format XSAVE image of all enabled components, as a signal frame wants it.
pub fn xsave_image(cpu: &Cpu) -> [u8; XSAVE_SIZE] {
    let mut out = [0; XSAVE_SIZE];
    out[..FXSAVE_SIZE].copy_from_slice(&fxsave_image(cpu));
    put(&mut out, HEADER, &XCR0.to_le_bytes());
    save_avx(cpu, &mut out[AVX_OFFSET..]);
    out
}

/// Loads a standard-format image (XRSTOR with everything requested). #GP as the instruction, with nothing changed.
pub fn load_xsave_image(cpu: &mut Cpu, image: &[u8; XSAVE_SIZE]) -> Result<(), Exception> {
    restore(cpu, image, XCR0)
}

/// XRSTOR of the components in `wanted` from an image in either format.
pub(super) fn restore(cpu: &mut Cpu, image: &[u8; XSAVE_SIZE], wanted: u64) -> Result<(), Exception> {
    let (present, layout) = (quad(image, HEADER), quad(image, HEADER + 8));
    let compact = layout >> 63 != 0;
    let wrong = if compact {
        layout << 1 >> 1 & !XCR0 != 0
            || present & !layout != 0
            || image[HEADER + 16..HEADER + 64].iter().any(|b| *b != 0)
    } else {
        present & !XCR0 != 0 || image[HEADER + 8..HEADER + 24].iter().any(|b| *b != 0)
    };
    if wrong {
        return Err(Exception::GeneralProtection);
    }
    // The standard format takes MXCSR with SSE or AVX, whatever is present; the compacted one with SSE, if present.
    let mxcsr = if compact {
        match (wanted & SSE != 0, present & SSE != 0) {
            (false, _) => cpu.mxcsr,
            (true, false) => 0x1f80,
            (true, true) => mxcsr_of(image)?,
        }
    } else if wanted & (SSE | AVX) != 0 {
        mxcsr_of(image)?
    } else {
        cpu.mxcsr
    };
    let zeros = [0; FXSAVE_SIZE];
    if wanted & X87 != 0 {
        if present & X87 != 0 {
            load_x87(cpu, image);
        } else {
            super::control::init(cpu);
            cpu.fpr = [(0, 0); 8];
        }
    }
    if wanted & SSE != 0 {
        load_xmm(cpu, if present & SSE != 0 { image } else { &zeros });
    }
    if wanted & AVX != 0 {
        load_avx(cpu, if present & AVX != 0 { &image[AVX_OFFSET..] } else { &zeros });
    }
    cpu.mxcsr = mxcsr;
    Ok(())
}
