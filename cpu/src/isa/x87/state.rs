//! FXSAVE and XSAVE images: the instructions, and the same images for whoever builds a signal frame.
//!
//! ```text
//!     0  x87 and SSE, 512 bytes (SDM Vol. 1 10.5.1); 464..512 belong to software
//!   512  header: XSTATE_BV, XCOMP_BV, zeros (SDM Vol. 1 13.4.2)
//!   576  upper halves of ymm0..ymm15, where AVX is enabled: the same in the compacted format, there is nothing between
//! ```

use super::control::kept_control;
use super::meanings;
use super::stack::*;
use crate::insn::{Insn, Width};
use crate::isa::sse::mxcsr::MASK as MXCSR_MASK;
use crate::softfloat::F80;
use crate::{Cpu, Exception, Exit, Gpr, Guest};

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
/// The components the machine enables: XCR0. AVX joins when CPUID announces it.
pub const XCR0: u64 = X87 | SSE;
/// Bytes of a standard-format image with everything enabled.
pub const XSAVE_SIZE: usize = if XCR0 & AVX != 0 { AVX_OFFSET + AVX_SIZE } else { AVX_OFFSET };
/// The largest image of any configuration, for buffers.
const LARGEST: usize = AVX_OFFSET + AVX_SIZE;

/// The tag word in one bit a register: full or not (SDM Vol. 1 10.5.1.1).
fn abridged_tags(cpu: &Cpu) -> u8 {
    (0..8).fold(0, |tags, p| tags | u8::from(cpu.ftw >> (2 * p) & 3 != 3) << p)
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    out[at..at + bytes.len()].copy_from_slice(bytes);
}

fn word(image: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([image[at], image[at + 1]])
}

fn quad(image: &[u8], at: usize) -> u64 {
    (0..8).fold(0, |v, k| v | u64::from(image[at + k]) << (8 * k))
}

fn save_x87(cpu: &Cpu, out: &mut [u8]) {
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

fn save_mxcsr(cpu: &Cpu, out: &mut [u8]) {
    put(out, 24, &cpu.mxcsr.to_le_bytes());
    put(out, 28, &MXCSR_MASK.to_le_bytes());
}

fn save_xmm(cpu: &Cpu, out: &mut [u8]) {
    for (n, y) in cpu.ymm.iter().enumerate() {
        put(out, 160 + 16 * n, &y.0[0].to_le_bytes());
        put(out, 168 + 16 * n, &y.0[1].to_le_bytes());
    }
}

fn save_avx(cpu: &Cpu, out: &mut [u8]) {
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
pub fn fxsave(cpu: &Cpu) -> [u8; FXSAVE_SIZE] {
    let mut out = [0; FXSAVE_SIZE];
    save_x87(cpu, &mut out);
    save_mxcsr(cpu, &mut out);
    save_xmm(cpu, &mut out);
    out
}

/// Loads an FXSAVE64 image. #GP when MXCSR has reserved bits, and then nothing is changed.
pub fn fxrstor(cpu: &mut Cpu, image: &[u8; FXSAVE_SIZE]) -> Result<(), Exception> {
    let mxcsr = mxcsr_of(image)?;
    load_x87(cpu, image);
    load_xmm(cpu, image);
    cpu.mxcsr = mxcsr;
    Ok(())
}

/// The components that are not in their initial configuration (SDM Vol. 1 13.6).
fn in_use(cpu: &Cpu) -> u64 {
    let initial = Cpu::new();
    let x87 = (cpu.fcw, cpu.fsw, cpu.ftw, cpu.fop, cpu.fip, cpu.fdp)
        != (initial.fcw, initial.fsw, initial.ftw, initial.fop, initial.fip, initial.fdp)
        || cpu.fpr.iter().any(|r| *r != (0, 0));
    let sse = cpu.ymm.iter().any(|y| y.0[0] | y.0[1] != 0);
    let avx = cpu.ymm.iter().any(|y| y.0[2] | y.0[3] != 0);
    u64::from(x87) | u64::from(sse) << 1 | u64::from(avx) << 2
}

/// The standard-format XSAVE image of all enabled components, as a signal frame wants it.
pub fn xsave(cpu: &Cpu) -> [u8; XSAVE_SIZE] {
    let mut out = [0; XSAVE_SIZE];
    out[..FXSAVE_SIZE].copy_from_slice(&fxsave(cpu));
    put(&mut out, HEADER, &XCR0.to_le_bytes());
    if XCR0 & AVX != 0 {
        save_avx(cpu, &mut out[AVX_OFFSET..]);
    }
    out
}

/// Loads a standard-format image (XRSTOR with everything requested). #GP as the instruction, with nothing changed.
pub fn xrstor(cpu: &mut Cpu, image: &[u8; XSAVE_SIZE]) -> Result<(), Exception> {
    let mut all = [0; LARGEST];
    all[..XSAVE_SIZE].copy_from_slice(image);
    restore(cpu, &all, XCR0)
}

/// XRSTOR of the components in `wanted` from an image in either format.
fn restore(cpu: &mut Cpu, image: &[u8; LARGEST], wanted: u64) -> Result<(), Exception> {
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

fn raised<T>(r: Result<T, Exception>) -> Result<T, Exit> {
    r.map_err(Exit::Exception)
}

/// The address of an image; #GP unless it is a multiple of `align`.
fn image_address(cpu: &Cpu, i: &Insn, align: u64) -> Result<u64, Exit> {
    let addr = cpu.address(&i.mem);
    if addr % align != 0 { Err(Exit::Exception(Exception::GeneralProtection)) } else { Ok(addr) }
}

/// Without REX.W the pointers have 32 bits and selectors, which are zero in 64-bit programs.
fn narrow_pointers(cpu: &Cpu) -> Cpu {
    Cpu { fip: cpu.fip & 0xffff_ffff, fdp: cpu.fdp & 0xffff_ffff, ..cpu.clone() }
}

fn fxsave_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, wide: bool) -> Ran {
    let addr = image_address(cpu, i, 16)?;
    let image = if wide { fxsave(cpu) } else { fxsave(&narrow_pointers(cpu)) };
    memory(mem.check_write(1, last_byte(addr)))?;
    memory(mem.check_write(FXSAVE_SIZE as u32, addr))?;
    memory(mem.write_bytes(addr, &image[..FXSAVE_WRITTEN]))
}

/// The last byte of an FXSAVE image: processors try it first.
fn last_byte(addr: u64) -> u64 {
    addr.wrapping_add(FXSAVE_SIZE as u64 - 1)
}

fn fxrstor_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, wide: bool) -> Ran {
    let addr = image_address(cpu, i, 16)?;
    let mut image = [0; FXSAVE_SIZE];
    memory(mem.read(Width::W8, last_byte(addr)))?;
    memory(mem.read_bytes(addr, &mut image))?;
    raised(fxrstor(cpu, &image))?;
    if !wide {
        (cpu.fip, cpu.fdp) = (cpu.fip & 0xffff_ffff, cpu.fdp & 0xffff_ffff);
    }
    Ok(())
}

/// The components an XSAVE instruction asks for.
fn requested(cpu: &Cpu) -> u64 {
    let (low, high) = (cpu.gpr[Gpr::RAX.0 as usize] as u32, cpu.gpr[Gpr::RDX.0 as usize] as u32);
    (u64::from(high) << 32 | u64::from(low)) & XCR0
}

/// The variants of XSAVE.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    /// Standard format, everything requested is written.
    Plain,
    /// Standard format; what is in its initial configuration need not be written.
    Optimized,
    /// Compacted format.
    Compact,
}

fn xsave_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, variant: Variant) -> Ran {
    let addr = image_address(cpu, i, 64)?;
    let wanted = requested(cpu);
    let mut used = in_use(cpu);
    // The optimizing forms count MXCSR to SSE (SDM Vol. 1 13.6).
    if variant != Variant::Plain && cpu.mxcsr != 0x1f80 {
        used |= SSE;
    }
    let written = if variant == Variant::Plain { wanted } else { wanted & used };
    // Everything is checked before anything is written, and what is not written keeps its bytes.
    let len = if wanted & AVX != 0 { LARGEST } else { AVX_OFFSET };
    let mut image = [0; LARGEST];
    memory(mem.check_write(len as u32, addr))?;
    memory(mem.read_bytes(addr, &mut image[..len]))?;
    if written & X87 != 0 {
        save_x87(cpu, &mut image);
    }
    let has_mxcsr = match variant {
        Variant::Compact => written & SSE != 0,
        _ => wanted & (SSE | AVX) != 0,
    };
    if has_mxcsr {
        save_mxcsr(cpu, &mut image);
    }
    if written & SSE != 0 {
        save_xmm(cpu, &mut image);
    }
    if written & AVX != 0 {
        save_avx(cpu, &mut image[AVX_OFFSET..]);
    }
    if variant == Variant::Compact {
        put(&mut image, HEADER, &(wanted & used).to_le_bytes());
        put(&mut image, HEADER + 8, &(wanted | 1 << 63).to_le_bytes());
    } else {
        let present = quad(&image, HEADER) & !wanted | wanted & used;
        put(&mut image, HEADER, &present.to_le_bytes());
    }
    memory(mem.write_bytes(addr, &image[..len]))
}

fn xrstor_(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Ran {
    let addr = image_address(cpu, i, 64)?;
    let wanted = requested(cpu);
    let mut image = [0; LARGEST];
    let len = if wanted & AVX != 0 { LARGEST } else { AVX_OFFSET };
    memory(mem.read_bytes(addr, &mut image[..len]))?;
    raised(restore(cpu, &image, wanted))
}

/// XGETBV: XCR0, or with ecx = 1 what of it is in use.
fn xgetbv_(cpu: &mut Cpu, _: &Insn, _: &mut Guest<'_>) -> Ran {
    let v = match cpu.gpr[Gpr::RCX.0 as usize] as u32 {
        0 => XCR0,
        1 => XCR0 & in_use(cpu),
        _ => return Err(Exit::Exception(Exception::GeneralProtection)),
    };
    cpu.gpr[Gpr::RAX.0 as usize] = v & 0xffff_ffff;
    cpu.gpr[Gpr::RDX.0 as usize] = v >> 32;
    Ok(())
}

meanings! {
    fxsave_meaning => |cpu, i, mem| fxsave_(cpu, i, mem, false);
    fxsave64_meaning => |cpu, i, mem| fxsave_(cpu, i, mem, true);
    fxrstor_meaning => |cpu, i, mem| fxrstor_(cpu, i, mem, false);
    fxrstor64_meaning => |cpu, i, mem| fxrstor_(cpu, i, mem, true);
    xsave_meaning => |cpu, i, mem| xsave_(cpu, i, mem, Variant::Plain);
    xsaveopt_meaning => |cpu, i, mem| xsave_(cpu, i, mem, Variant::Optimized);
    xsavec_meaning => |cpu, i, mem| xsave_(cpu, i, mem, Variant::Compact);
    xrstor_meaning => xrstor_;
    xgetbv => xgetbv_;
}
