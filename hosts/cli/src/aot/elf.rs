//! The executable segments of the packed image's programs and libraries, and where functions begin in them.
//!
//! Functions are found from what every linked ELF file keeps: the sorted table of `.eh_frame_hdr`, the dynamic symbols,
//! and the full symbols where the file was not stripped. All of it is a hint from a file nobody vouches for: what is out
//! of bounds is left out, and a wrong hint only makes a poor choice of what to translate together.

use brainworm_abi::FileKind;
use brainworm_abi::image::{Image, ImageError};
use brainworm_cpu::ahead::SPAN_PAGES;
use std::collections::BTreeSet;
use std::ops::Range;

const PT_LOAD: u32 = 1;
const PT_GNU_EH_FRAME: u32 = 0x6474_e550;
const PF_X: u32 = 1;
const SHT_SYMTAB: u32 = 2;
const SHT_DYNSYM: u32 = 11;
const STT_FUNC: u8 = 2;
const STT_GNU_IFUNC: u8 = 10;
/// Table of `.eh_frame_hdr` relative to its start, 4 bytes signed (DW_EH_PE_datarel | DW_EH_PE_sdata4).
const TABLE_ENCODING: u8 = 0x3b;
/// Function starts and symbols looked at in one file at most.
const HINTS_MAX: usize = 1 << 20;

/// A part of an executable segment, as it lies in the image: what is checked and entered as one.
pub(crate) struct Segment {
    /// Whole pages, as bytes of the image.
    pub(crate) bytes: Range<u32>,
    /// Where functions begin, ascending.
    pub(crate) starts: Vec<u32>,
}

/// All executable segments of an image, ascending, none over [`SPAN_PAGES`] long.
pub(crate) fn segments(image: &Image<'_>) -> Result<Vec<Segment>, ImageError> {
    let mut files = BTreeSet::new();
    for id in 1..=image.layout().inode_count {
        let inode = image.inode(id)?;
        if inode.kind() == FileKind::Regular && inode.is_mappable() {
            files.insert(image.data(id)?);
        }
    }
    let mut segments = Vec::new();
    for (at, len) in files {
        let bytes = image.bytes();
        if let Some(file) = bytes.get(at as usize..(at + len) as usize) {
            segments.extend(file_segments(at as u32, file));
        }
    }
    segments.sort_by_key(|segment| segment.bytes.start);
    Ok(segments)
}

struct Program {
    kind: u32,
    flags: u32,
    offset: u64,
    vaddr: u64,
    filesz: u64,
}

fn number<const N: usize>(bytes: &[u8], at: u64) -> Option<[u8; N]> {
    bytes.get(usize::try_from(at).ok()?..)?.first_chunk().copied()
}
fn u16_at(bytes: &[u8], at: u64) -> Option<u16> {
    number(bytes, at).map(u16::from_le_bytes)
}
fn u32_at(bytes: &[u8], at: u64) -> Option<u32> {
    number(bytes, at).map(u32::from_le_bytes)
}
fn u64_at(bytes: &[u8], at: u64) -> Option<u64> {
    number(bytes, at).map(u64::from_le_bytes)
}

/// The program headers of an x86-64 ELF file (elf(5)); none for anything else.
fn programs(file: &[u8]) -> Vec<Program> {
    let is_ours = file.starts_with(b"\x7fELF\x02\x01") && u16_at(file, 18) == Some(62);
    let (Some(table), Some(size), Some(count)) = (u64_at(file, 32), u16_at(file, 54), u16_at(file, 56)) else {
        return Vec::new();
    };
    let count = if is_ours && size as usize >= 56 { count } else { 0 };
    let header = |index: u64| {
        let at = table.checked_add(index * size as u64)?;
        Some(Program {
            kind: u32_at(file, at)?,
            flags: u32_at(file, at + 4)?,
            offset: u64_at(file, at + 8)?,
            vaddr: u64_at(file, at + 16)?,
            filesz: u64_at(file, at + 32)?,
        })
    };
    (0..count as u64).filter_map(header).collect()
}

fn file_segments(image_at: u32, file: &[u8]) -> Vec<Segment> {
    let programs = programs(file);
    let mut addresses = BTreeSet::new();
    for program in programs.iter().filter(|program| program.kind == PT_GNU_EH_FRAME) {
        unwind_starts(file, program, &mut addresses);
    }
    symbol_starts(file, &mut addresses);
    let mut segments = Vec::new();
    for program in programs.iter().filter(|program| program.kind == PT_LOAD && program.flags & PF_X != 0) {
        let end = program.offset.saturating_add(program.filesz).min(file.len() as u64);
        if program.offset >= end {
            continue;
        }
        let place = |addr: u64| image_at as u64 + (addr - program.vaddr) + program.offset;
        let inside = program.vaddr..program.vaddr.saturating_add(end - program.offset);
        let starts: Vec<u32> = addresses.range(inside).map(|&addr| place(addr) as u32).collect();
        let page = program.offset & !0xfff;
        let whole = (image_at as u64 + page) as u32..(image_at as u64 + end.next_multiple_of(4096)) as u32;
        for start in whole.clone().step_by((SPAN_PAGES << 12) as usize) {
            let bytes = start..whole.end.min(start.saturating_add(SPAN_PAGES << 12));
            let starts = starts.iter().copied().filter(|start| bytes.contains(start)).collect();
            segments.push(Segment { bytes, starts });
        }
    }
    segments
}

/// The first addresses of functions, from the binary search table of `.eh_frame_hdr` (LSB 5.0 10.6.2).
fn unwind_starts(file: &[u8], header: &Program, into: &mut BTreeSet<u64>) {
    let at = header.offset;
    let Some([1, frame, count, table]) = number::<4>(file, at) else { return };
    // The pointer to `.eh_frame` and the count: 4 bytes each in all files linkers make.
    if frame & 0xf != 0xb || count != 3 || table != TABLE_ENCODING {
        return;
    }
    let count = u32_at(file, at + 8).unwrap_or(0).min(HINTS_MAX as u32) as u64;
    let starts = (0..count).map_while(|index| u32_at(file, at + 12 + index * 8));
    into.extend(starts.map(|start| header.vaddr.wrapping_add(start as i32 as u64)));
}

/// The addresses of function symbols.
fn symbol_starts(file: &[u8], into: &mut BTreeSet<u64>) {
    let (Some(table), Some(size), Some(count)) = (u64_at(file, 40), u16_at(file, 58), u16_at(file, 60)) else {
        return;
    };
    for index in 0..count as u64 {
        let Some(at) = table.checked_add(index * size as u64) else { return };
        let is_symbols = matches!(u32_at(file, at.saturating_add(4)), Some(SHT_SYMTAB | SHT_DYNSYM));
        if !is_symbols {
            continue;
        }
        let (Some(offset), Some(len)) = (u64_at(file, at + 24), u64_at(file, at + 32)) else { return };
        for symbol in (offset..offset.saturating_add(len)).step_by(24).take(HINTS_MAX) {
            let (Some([kind, _, section @ ..]), Some(value)) =
                (number::<4>(file, symbol.saturating_add(4)), u64_at(file, symbol.saturating_add(8)))
            else {
                break;
            };
            if matches!(kind & 0xf, STT_FUNC | STT_GNU_IFUNC) && u16::from_le_bytes(section) != 0 {
                into.insert(value);
            }
        }
    }
}
