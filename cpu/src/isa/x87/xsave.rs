//! The instructions over the images of `state`: FXSAVE, FXRSTOR, the XSAVE family, XGETBV.

use super::meanings;
use super::stack::*;
use super::state::*;
use crate::insn::{Insn, Width};
use crate::{Cpu, Exception, Exit, Gpr, Guest};

fn raised<T>(r: Result<T, Exception>) -> Result<T, Exit> {
    r.map_err(Exit::Exception)
}

/// The address of an image; #GP unless it is a multiple of `align`.
fn image_address(cpu: &Cpu, i: &Insn, align: u64) -> Result<u64, Exit> {
    let addr = cpu.address(&i.mem);
    if addr.is_multiple_of(align) { Ok(addr) } else { Err(Exit::Exception(Exception::GeneralProtection)) }
}

/// Without REX.W the pointers have 32 bits and selectors, which are zero in 64-bit programs.
fn narrow_pointers(cpu: &Cpu) -> Cpu {
    Cpu { fip: cpu.fip & 0xffff_ffff, fdp: cpu.fdp & 0xffff_ffff, ..cpu.clone() }
}

fn save_legacy(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, wide: bool) -> Ran {
    let addr = image_address(cpu, i, 16)?;
    let image = if wide { fxsave_image(cpu) } else { fxsave_image(&narrow_pointers(cpu)) };
    memory(mem.check_write(1, last_byte(addr)))?;
    memory(mem.check_write(FXSAVE_SIZE as u32, addr))?;
    memory(mem.write_bytes(addr, &image[..FXSAVE_WRITTEN]))
}

/// The last byte of an FXSAVE image: processors try it first.
fn last_byte(addr: u64) -> u64 {
    addr.wrapping_add(FXSAVE_SIZE as u64 - 1)
}

fn load_legacy(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, wide: bool) -> Ran {
    let addr = image_address(cpu, i, 16)?;
    let mut image = [0; FXSAVE_SIZE];
    memory(mem.read(Width::W8, last_byte(addr)))?;
    memory(mem.read_bytes(addr, &mut image))?;
    raised(load_fxsave_image(cpu, &image))?;
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

fn save(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, variant: Variant) -> Ran {
    let addr = image_address(cpu, i, 64)?;
    let wanted = requested(cpu);
    let mut used = in_use(cpu);
    // The optimizing forms count MXCSR to SSE (SDM Vol. 1 13.6).
    if variant != Variant::Plain && cpu.mxcsr != 0x1f80 {
        used |= SSE;
    }
    let written = if variant == Variant::Plain { wanted } else { wanted & used };
    // Everything is checked before anything is written, and what is not written keeps its bytes.
    let len = if wanted & AVX != 0 { XSAVE_SIZE } else { AVX_OFFSET };
    let mut image = [0; XSAVE_SIZE];
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

fn load(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Ran {
    let addr = image_address(cpu, i, 64)?;
    let wanted = requested(cpu);
    let mut image = [0; XSAVE_SIZE];
    let len = if wanted & AVX != 0 { XSAVE_SIZE } else { AVX_OFFSET };
    memory(mem.read_bytes(addr, &mut image[..len]))?;
    raised(restore(cpu, &image, wanted))
}

/// XGETBV: XCR0, or with ecx = 1 what of it is in use.
fn get_xcr(cpu: &mut Cpu, _: &Insn, _: &mut Guest<'_>) -> Ran {
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
    fxsave => |cpu, i, mem| save_legacy(cpu, i, mem, false);
    fxsave64 => |cpu, i, mem| save_legacy(cpu, i, mem, true);
    fxrstor => |cpu, i, mem| load_legacy(cpu, i, mem, false);
    fxrstor64 => |cpu, i, mem| load_legacy(cpu, i, mem, true);
    xsave => |cpu, i, mem| save(cpu, i, mem, Variant::Plain);
    xsaveopt => |cpu, i, mem| save(cpu, i, mem, Variant::Optimized);
    xsavec => |cpu, i, mem| save(cpu, i, mem, Variant::Compact);
    xrstor => load;
    xgetbv => get_xcr;
}
