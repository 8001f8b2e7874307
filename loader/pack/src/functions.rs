//! The executable segments of the packed image's programs and libraries, and where functions begin in them.
//!
//! Functions are found from what every linked ELF file keeps: the sorted table of `.eh_frame_hdr`, the dynamic symbols,
//! and the full symbols where the file was not stripped. All of it is a hint from a file nobody vouches for: what is out
//! of bounds is left out, and a wrong hint only makes a poor choice of what to translate together.

use brainworm_abi::FileKind;
use brainworm_abi::image::{Image, ImageError};
use std::collections::BTreeSet;
use std::ops::Range;

const PT_LOAD: u32 = 1;
const PT_GNU_EH_FRAME: u32 = 0x6474_e550;
const PF_X: u32 = 1;
const SHT_SYMTAB: u32 = 2;
const SHT_DYNSYM: u32 = 11;
const STT_FUNC: u8 = 2;
const STT_GNU_IFUNC: u8 = 10;
const SYMBOL: usize = 24;
/// A count of 4 bytes (DW_EH_PE_udata4).
const UDATA4: u8 = 3;
/// Table of `.eh_frame_hdr` relative to its start, 4 bytes signed (DW_EH_PE_datarel | DW_EH_PE_sdata4).
const TABLE_ENCODING: u8 = 0x3b;
/// Function starts, symbols and sections looked at in one file at most: headers may name the same table thousands of times.
const HINTS_MAX: usize = 1 << 20;
/// Program headers looked at: execve(2) takes no more than 64 KiB of them, either.
const PROGRAMS_MAX: u16 = (65536 / 56) as u16;

/// A part of an executable segment, as it lies in the image: what is checked and entered as one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Whole pages, as bytes of the image.
    pub bytes: Range<u32>,
    /// Where functions begin, ascending.
    pub starts: Vec<u32>,
}

/// All executable segments of an image, ascending, none over so many pages long.
pub fn segments(image: &Image<'_>, pages_max: u32) -> Result<Vec<Segment>, ImageError> {
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
            segments.extend(file_segments(at as u32, file, pages_max));
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
    let count = if is_ours && size as usize >= 56 { count.min(PROGRAMS_MAX) } else { 0 };
    let header = |index: u64| {
        let at = table.checked_add(index * size as u64).filter(|at| *at < file.len() as u64)?;
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

/// Those of one file that lies at this byte of the image.
pub fn file_segments(image_at: u32, file: &[u8], pages_max: u32) -> Vec<Segment> {
    let programs = programs(file);
    let (mut addresses, mut left) = (BTreeSet::new(), HINTS_MAX);
    for program in programs.iter().filter(|program| program.kind == PT_GNU_EH_FRAME) {
        unwind_starts(file, program, &mut left, &mut addresses);
    }
    symbol_starts(file, &mut left, &mut addresses);
    // Segments may lie one over the other: the same starts count for each.
    let (mut segments, mut left) = (Vec::new(), HINTS_MAX);
    for program in programs.iter().filter(|program| program.kind == PT_LOAD && program.flags & PF_X != 0) {
        let end = program.offset.saturating_add(program.filesz).min(file.len() as u64);
        if program.offset >= end {
            continue;
        }
        let place = |addr: u64| image_at as u64 + (addr - program.vaddr) + program.offset;
        let inside = program.vaddr..program.vaddr.saturating_add(end - program.offset);
        let starts: Vec<u32> = addresses.range(inside).take(left).map(|&addr| place(addr) as u32).collect();
        left -= starts.len();
        let page = program.offset & !0xfff;
        let whole = (image_at as u64 + page) as u32..(image_at as u64 + end.next_multiple_of(4096)) as u32;
        for start in whole.clone().step_by((pages_max << 12) as usize) {
            let bytes = start..whole.end.min(start.saturating_add(pages_max << 12));
            let starts = starts.iter().copied().filter(|start| bytes.contains(start)).collect();
            segments.push(Segment { bytes, starts });
        }
    }
    segments
}

/// The first addresses of functions, from the binary search table of `.eh_frame_hdr` (LSB 5.0 10.6.2).
fn unwind_starts(file: &[u8], header: &Program, left: &mut usize, into: &mut BTreeSet<u64>) {
    let Some(head) = file.get(header.offset.min(file.len() as u64) as usize..) else { return };
    // The pointer to `.eh_frame` and the count: 4 bytes each in all files linkers make.
    let Some([1, frame, UDATA4, TABLE_ENCODING]) = number::<4>(head, 0) else { return };
    if frame & 0xf != 0xb {
        return;
    }
    let count = take(left, u32_at(head, 8).unwrap_or(0) as u64);
    let starts = (0..count).map_while(|index| u32_at(head, 12 + index * 8));
    into.extend(starts.map(|start| header.vaddr.wrapping_add(start as i32 as u64)));
}

/// The addresses of function symbols.
fn symbol_starts(file: &[u8], left: &mut usize, into: &mut BTreeSet<u64>) {
    let (Some(table), Some(size), Some(count)) = (u64_at(file, 40), u16_at(file, 58), u16_at(file, 60)) else {
        return;
    };
    for index in 0..take(left, count.into()) {
        let at = table.checked_add(index * size as u64).and_then(|at| file.get(usize::try_from(at).ok()?..));
        let Some(section) = at else { return };
        if !matches!(u32_at(section, 4), Some(SHT_SYMTAB | SHT_DYNSYM)) {
            continue;
        }
        let (Some(offset), Some(len)) = (u64_at(section, 24), u64_at(section, 32)) else { return };
        let symbols = file.get(offset.min(file.len() as u64) as usize..).unwrap_or_default();
        for symbol in symbols.chunks_exact(SYMBOL).take(take(left, len / SYMBOL as u64) as usize) {
            let [kind, _, section @ ..] = number::<4>(symbol, 4).unwrap_or_default();
            if matches!(kind & 0xf, STT_FUNC | STT_GNU_IFUNC) && u16::from_le_bytes(section) != 0 {
                into.extend(u64_at(symbol, 8));
            }
        }
    }
}

/// So many of `wanted` as are `left`, which are then gone.
fn take(left: &mut usize, wanted: u64) -> u64 {
    let taken = wanted.min(*left as u64);
    *left -= taken as usize;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file of one page with an executable segment at 0x40_0000, an unwind table with two functions, and two
    /// sections of symbols: the first says it has so many bytes.
    fn file(symbols: u64) -> Vec<u8> {
        let mut file = vec![0; 0x1000];
        let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, b"\x7fELF\x02\x01\x01");
        put(18, &62u16.to_le_bytes());
        put(32, &64u64.to_le_bytes());
        put(40, &0x300u64.to_le_bytes());
        for (at, half) in [(54, 56u16), (56, 2), (58, 64), (60, 2)] {
            put(at, &half.to_le_bytes());
        }
        for (at, kind, flags, offset) in [(64, PT_LOAD, PF_X, 0u64), (120, PT_GNU_EH_FRAME, 0, 0x200)] {
            put(at, &kind.to_le_bytes());
            put(at + 4, &flags.to_le_bytes());
            put(at + 8, &offset.to_le_bytes());
            put(at + 16, &(0x40_0000 + offset).to_le_bytes());
            put(at + 32, &0x1000u64.to_le_bytes());
        }
        put(0x200, &[1, 0x1b, UDATA4, TABLE_ENCODING]);
        put(0x208, &3u32.to_le_bytes());
        // 0x40_0400 and 0x40_0500, and others that are nowhere.
        for (at, far) in [(0x20c, 0x200), (0x214, 0x300), (0x21c, -0x7000_0000i32)] {
            put(at, &far.to_le_bytes());
        }
        // The section headers, and what they name: a function and an object, and a function.
        for (at, offset, len) in [(0x300usize, 0x400u64, symbols), (0x340, 0x480, 24)] {
            put(at + 4, &SHT_SYMTAB.to_le_bytes());
            put(at + 24, &offset.to_le_bytes());
            put(at + 32, &len.to_le_bytes());
        }
        for (at, kind, address) in
            [(0x400, STT_FUNC, 0x40_0600u64), (0x418, 1, 0x40_0700), (0x480, STT_FUNC, 0x40_0800)]
        {
            put(at + 4, &[kind, 0, 1, 0]);
            put(at + 8, &address.to_le_bytes());
        }
        file
    }

    #[test]
    fn functions_come_from_unwind_tables_and_symbols() {
        let starts = vec![0x1_0400, 0x1_0500, 0x1_0600, 0x1_0800];
        assert_eq!(file_segments(0x1_0000, &file(48), 16), [Segment { bytes: 0x1_0000..0x1_1000, starts }]);
        assert_eq!(file_segments(0, b"\x7fELF\x02\x01", 16), []);
    }

    #[test]
    fn tables_are_looked_at_within_bounds() {
        let left = |file: &[u8]| {
            let (mut left, mut found) = (HINTS_MAX, BTreeSet::new());
            symbol_starts(file, &mut left, &mut found);
            (left, found.contains(&0x40_0800))
        };
        // Two sections, and two symbols and one; a section that says it has them all leaves none for the next.
        assert_eq!((left(&file(48)), left(&file(u64::MAX))), ((HINTS_MAX - 5, true), (0, false)));
        // Segments that lie one over the other, more than there may be.
        let mut many = file(48);
        let header = many[64..120].to_vec();
        let table = many.len() as u64;
        many[32..40].copy_from_slice(&table.to_le_bytes());
        many[56..58].copy_from_slice(&u16::MAX.to_le_bytes());
        many.extend(header.repeat(u16::MAX.into()));
        assert_eq!(file_segments(0x1_0000, &many, 1024).len(), PROGRAMS_MAX as usize);
    }
}
