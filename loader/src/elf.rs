//! ELF64 x86-64 headers: checked once, turned into a list of things to map (elf(5), corresponds to fs/binfmt_elf.c).
//!
//! Every number of the file is a claim. Whatever Linux would find out while mapping (and kill the process for) is
//! refused here, before the old program is gone: absurd headers are ENOEXEC.

use abi::{Errno, GuestAddr, PAGE_SIZE};
use alloc::vec;
use alloc::vec::Vec;
use brainworm_abi as abi;

const EHDR_LEN: usize = 64;
/// Bytes of a program header (AT_PHENT).
pub const PHDR_LEN: usize = 56;
/// Linux reads at most this much of program headers.
const PHDRS_MAX: usize = 65536;
const PATH_MAX: u64 = 4096;
const PAGE: u64 = PAGE_SIZE as u64;

const PT_LOAD: u32 = 1;
const PT_INTERP: u32 = 3;
const PT_GNU_STACK: u32 = 0x6474_e551;
const ET_EXEC: u16 = 2;
const ET_DYN: u16 = 3;
const EM_X86_64: u16 = 62;

/// Where an ELF file may be put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// ET_EXEC: at the addresses it names.
    Fixed,
    /// ET_DYN: anywhere; addresses count from the load bias.
    Relocatable,
}

bitflags::bitflags! {
    /// `p_flags` of a program header.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct SegmentFlags: u32 {
        /// PF_X
        const EXEC = 1;
        /// PF_W
        const WRITE = 2;
        /// PF_R
        const READ = 4;
    }
}

/// A PT_LOAD segment, checked: `offset` and `vaddr` agree modulo the page, `file_size <= mem_size`, nothing wraps and
/// everything ends below the end of user space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the program header's fields, elf(5)")]
pub struct Segment {
    pub offset: u64,
    pub vaddr: u64,
    pub file_size: u64,
    pub mem_size: u64,
    pub flags: SegmentFlags,
}

/// How to map a segment. Addresses are page aligned and without the load bias.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// Bytes mapped from the file (whole pages; 0: none).
    pub file_len: u64,
    /// Offset in the file of `start`.
    pub file_offset: u64,
    /// Bytes at `zero_from` to clear up to the end of the file's part: the start of .bss. Only when the segment has more
    /// memory than file; a segment that cannot be written keeps them (as Linux does).
    pub zero_from: u64,
    /// Length of that.
    pub zero_len: u64,
    /// Bytes of anonymous memory right after the file's part (whole pages).
    pub anon_len: u64,
    /// Access.
    pub flags: SegmentFlags,
}

impl Segment {
    /// The pages of this segment.
    pub fn mapping(&self) -> Mapping {
        let start = self.vaddr & !(PAGE - 1);
        let file_end = self.vaddr + self.file_size;
        let file_len = if self.file_size == 0 { 0 } else { ceil(file_end) - start };
        let mem_len = ceil(self.vaddr + self.mem_size) - start;
        let clears = self.mem_size > self.file_size && file_len != 0 && self.flags.contains(SegmentFlags::WRITE);
        Mapping {
            start,
            file_len,
            file_offset: self.offset & !(PAGE - 1),
            zero_from: file_end,
            zero_len: if clears { start + file_len - file_end } else { 0 },
            anon_len: mem_len - file_len,
            flags: self.flags,
        }
    }
}

/// What execve(2) needs to know of an ELF file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Elf {
    /// Whether it can be moved.
    pub kind: Kind,
    /// First instruction, without the bias.
    pub entry: u64,
    /// Address of the program headers in memory (AT_PHDR) without the bias; `None` when no segment holds them.
    pub phdr: Option<u64>,
    /// Number of program headers (AT_PHNUM).
    pub phnum: u16,
    /// PT_LOAD segments in the file's order, at least one.
    pub segments: Vec<Segment>,
    /// PT_INTERP: path of the dynamic linker.
    pub interpreter: Option<Vec<u8>>,
    /// PT_GNU_STACK asks for an executable stack. Without the header Linux gives an x86-64 program a plain one.
    pub executable_stack: bool,
    /// Page-aligned first and one-past-last address of all segments, without the bias.
    pub span: (u64, u64),
    /// Largest alignment of a segment (a power of two, at least the page): the bias is a multiple of it.
    pub align: u64,
}

impl Elf {
    /// Bytes of address space all segments span.
    pub fn span_len(&self) -> u64 {
        self.span.1 - self.span.0
    }
    /// Where the heap begins (brk(2)), without the bias: the end of the highest segment's memory.
    pub fn memory_end(&self) -> u64 {
        self.segments.iter().map(|s| s.vaddr + s.mem_size).max().unwrap_or(0)
    }
}

/// True when the file begins as an ELF file does.
pub fn is_elf(head: &[u8]) -> bool {
    head.starts_with(b"\x7fELF")
}

/// Reads and checks the headers. `read(offset, buf)` answers how many bytes it read (short at the end of file only);
/// its own errors (a page that is not there yet, EIO) pass through.
pub fn parse<E: From<Errno>>(mut read: impl FnMut(u64, &mut [u8]) -> Result<usize, E>) -> Result<Elf, E> {
    let mut head = [0; EHDR_LEN];
    exactly(&mut read, 0, &mut head)?;
    let header = Header::decode(&head).ok_or(Errno::ENOEXEC)?;
    let mut table = vec![0; header.phnum as usize * PHDR_LEN];
    exactly(&mut read, header.phoff, &mut table)?;

    let mut elf = Elf {
        kind: header.kind,
        entry: header.entry,
        phdr: None,
        phnum: header.phnum,
        segments: Vec::new(),
        interpreter: None,
        executable_stack: false,
        span: (u64::MAX, 0),
        align: PAGE,
    };
    for phdr in table.chunks_exact(PHDR_LEN).map(Phdr::decode) {
        match phdr.kind {
            PT_LOAD => elf.add_segment(&phdr, header.phoff)?,
            PT_INTERP if elf.interpreter.is_none() => elf.interpreter = Some(interpreter(&mut read, &phdr)?),
            PT_GNU_STACK => elf.executable_stack = phdr.flags & SegmentFlags::EXEC.bits() != 0,
            _ => {}
        }
    }
    // An entry point outside of all segments is the program's own SIGSEGV, as on Linux.
    if elf.segments.is_empty() {
        return Err(Errno::ENOEXEC.into());
    }
    Ok(elf)
}

struct Header {
    kind: Kind,
    entry: u64,
    phoff: u64,
    phnum: u16,
}

impl Header {
    fn decode(head: &[u8; EHDR_LEN]) -> Option<Header> {
        let ident_is_ours = is_elf(head) && head[4..6] == [2, 1]; // ELFCLASS64, ELFDATA2LSB
        let kind = match u16_at(head, 16) {
            ET_EXEC => Kind::Fixed,
            ET_DYN => Kind::Relocatable,
            _ => return None,
        };
        let phnum = u16_at(head, 56);
        let table_len = phnum as usize * PHDR_LEN;
        let table_fits = (1..=PHDRS_MAX).contains(&table_len) && u16_at(head, 54) as usize == PHDR_LEN;
        let phoff = u64_at(head, 32);
        phoff.checked_add(table_len as u64)?;
        (ident_is_ours && u16_at(head, 18) == EM_X86_64 && table_fits).then_some(Header {
            kind,
            entry: u64_at(head, 24),
            phoff,
            phnum,
        })
    }
}

struct Phdr {
    kind: u32,
    flags: u32,
    offset: u64,
    vaddr: u64,
    file_size: u64,
    mem_size: u64,
    align: u64,
}

impl Phdr {
    fn decode(bytes: &[u8]) -> Phdr {
        Phdr {
            kind: u32_at(bytes, 0),
            flags: u32_at(bytes, 4),
            offset: u64_at(bytes, 8),
            vaddr: u64_at(bytes, 16),
            file_size: u64_at(bytes, 32),
            mem_size: u64_at(bytes, 40),
            align: u64_at(bytes, 48),
        }
    }
}

impl Elf {
    fn add_segment(&mut self, phdr: &Phdr, phoff: u64) -> Result<(), Errno> {
        let end = phdr.vaddr.checked_add(phdr.mem_size).ok_or(Errno::ENOEXEC)?;
        let file_end = phdr.offset.checked_add(phdr.file_size).ok_or(Errno::ENOEXEC)?;
        let is_sane = phdr.file_size <= phdr.mem_size
            && end <= GuestAddr::USER_END.0
            && file_end <= i64::MAX as u64
            && phdr.vaddr % PAGE == phdr.offset % PAGE;
        if !is_sane {
            return Err(Errno::ENOEXEC);
        }
        if phdr.mem_size == 0 {
            return Ok(()); // Linux maps nothing for it
        }
        // As Linux: what is no power of two does not count.
        if phdr.align.is_power_of_two() && phdr.align <= GuestAddr::USER_END.0 {
            self.align = self.align.max(phdr.align);
        }
        if self.phdr.is_none() && (phdr.offset..file_end).contains(&phoff) {
            self.phdr = Some(phoff - phdr.offset + phdr.vaddr);
        }
        self.span = (self.span.0.min(phdr.vaddr & !(PAGE - 1)), self.span.1.max(ceil(end)));
        self.segments.push(Segment {
            offset: phdr.offset,
            vaddr: phdr.vaddr,
            file_size: phdr.file_size,
            mem_size: phdr.mem_size,
            flags: SegmentFlags::from_bits_truncate(phdr.flags),
        });
        Ok(())
    }
}

fn interpreter<E: From<Errno>>(
    read: &mut impl FnMut(u64, &mut [u8]) -> Result<usize, E>,
    phdr: &Phdr,
) -> Result<Vec<u8>, E> {
    if !(2..=PATH_MAX).contains(&phdr.file_size) {
        return Err(Errno::ENOEXEC.into());
    }
    let mut path = vec![0; phdr.file_size as usize];
    exactly(read, phdr.offset, &mut path)?;
    if path.last() != Some(&0) {
        return Err(Errno::ENOEXEC.into());
    }
    let len = path.iter().position(|&b| b == 0).unwrap_or(0);
    path.truncate(len);
    Ok(path)
}

/// Fills `buf` from `offset`; a file that ends before is ENOEXEC.
fn exactly<E: From<Errno>>(
    read: &mut impl FnMut(u64, &mut [u8]) -> Result<usize, E>,
    offset: u64,
    buf: &mut [u8],
) -> Result<(), E> {
    let mut done = 0;
    while done < buf.len() {
        let at = offset.checked_add(done as u64).ok_or(Errno::ENOEXEC)?;
        match read(at, &mut buf[done..])? {
            0 => return Err(Errno::ENOEXEC.into()),
            n => done = done.saturating_add(n),
        }
    }
    Ok(())
}

/// Rounded up to the page; addresses here end below USER_END.
fn ceil(addr: u64) -> u64 {
    (addr + PAGE - 1) & !(PAGE - 1)
}

// The callers' slices have fixed lengths that hold these fields.
fn u16_at(b: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([b[at], b[at + 1]])
}
fn u32_at(b: &[u8], at: usize) -> u32 {
    u16_at(b, at) as u32 | (u16_at(b, at + 2) as u32) << 16
}
fn u64_at(b: &[u8], at: usize) -> u64 {
    u32_at(b, at) as u64 | (u32_at(b, at + 4) as u64) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_bytes(file: &[u8]) -> Result<Elf, Errno> {
        parse(|offset, buf| {
            let rest = file.get(offset as usize..).unwrap_or(&[]);
            let n = rest.len().min(buf.len()).min(40); // short reads
            buf[..n].copy_from_slice(&rest[..n]);
            Ok(n)
        })
    }

    /// A file of one header, these program headers (kind, flags, offset, vaddr, filesz, memsz, align) and `/ld\0`.
    fn file(kind: u16, phdrs: &[(u32, u32, u64, u64, u64, u64, u64)]) -> Vec<u8> {
        let mut f = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        f.extend(kind.to_le_bytes());
        f.extend(62u16.to_le_bytes());
        f.extend(1u32.to_le_bytes());
        f.extend(0x401000u64.to_le_bytes());
        f.extend(64u64.to_le_bytes());
        f.extend([0; 12]);
        f.extend(64u16.to_le_bytes());
        f.extend(56u16.to_le_bytes());
        f.extend((phdrs.len() as u16).to_le_bytes());
        f.extend([0; 6]);
        for p in phdrs {
            f.extend(p.0.to_le_bytes());
            f.extend(p.1.to_le_bytes());
            for v in [p.2, p.3, p.3, p.4, p.5, p.6] {
                f.extend(v.to_le_bytes());
            }
        }
        f.extend(b"/ld\0");
        f
    }

    #[test]
    fn a_program_with_bss_and_a_linker() {
        let elf = parse_bytes(&file(
            3,
            &[
                (PT_INTERP, 4, 64 + 56 * 4, 0, 4, 4, 1),
                (PT_LOAD, 5, 0, 0, 0x1234, 0x1234, 0x1000),
                (PT_LOAD, 6, 0x1e00, 0x3e00, 0x300, 0x3000, 0x4000),
                (PT_GNU_STACK, 6, 0, 0, 0, 0, 0),
            ],
        ))
        .unwrap();
        assert_eq!(elf.kind, Kind::Relocatable);
        assert_eq!(elf.interpreter.as_deref(), Some(&b"/ld"[..]));
        assert_eq!((elf.phdr, elf.phnum, elf.align, elf.span), (Some(64), 4, 0x4000, (0, 0x7000)));
        assert!(!elf.executable_stack);
        assert_eq!(elf.memory_end(), 0x6e00);
        let text = elf.segments[0].mapping();
        assert_eq!((text.start, text.file_len, text.zero_len, text.anon_len), (0, 0x2000, 0, 0));
        let data = elf.segments[1].mapping();
        assert_eq!((data.start, data.file_offset, data.file_len), (0x3000, 0x1000, 0x2000));
        assert_eq!((data.zero_from, data.zero_len, data.anon_len), (0x4100, 0xf00, 0x2000));
    }

    #[test]
    fn absurd_headers_are_enoexec() {
        let load = (PT_LOAD, 5, 0, 0x400000, 0x100, 0x100, 0x1000);
        let good = file(2, &[load]);
        assert!(parse_bytes(&good).is_ok());
        let with = |at: usize, bytes: &[u8]| {
            let mut f = good.clone();
            f[at..at + bytes.len()].copy_from_slice(bytes);
            f
        };
        let cases: &[(&str, Vec<u8>)] = &[
            ("empty", vec![]),
            ("cut in the header", good[..63].to_vec()),
            ("cut in the program headers", good[..80].to_vec()),
            ("32 bits", with(4, &[1])),
            ("big endian", with(5, &[2])),
            ("relocatable object", with(16, &[1])),
            ("aarch64", with(18, &[183])),
            ("program headers at the end of the world", with(32, &[0xff; 8])),
            ("wrong size of a program header", with(54, &[32])),
            ("no program headers", with(56, &[0, 0])),
            ("too many program headers", with(56, &[0xff, 0xff])),
            ("nothing to load", file(2, &[(PT_GNU_STACK, 6, 0, 0, 0, 0, 0)])),
            ("only an empty segment", file(2, &[(PT_LOAD, 5, 0, 0x400000, 0, 0, 0x1000)])),
            ("more file than memory", file(2, &[(PT_LOAD, 5, 0, 0x400000, 0x200, 0x100, 0x1000)])),
            ("address wraps", file(2, &[(PT_LOAD, 5, 0, u64::MAX - 0xfff, 0x100, 0x2000, 0x1000)])),
            ("kernel address", file(2, &[(PT_LOAD, 5, 0, 0x7fff_ffff_f000, 0x100, 0x100, 0x1000)])),
            ("offset wraps", file(2, &[(PT_LOAD, 5, u64::MAX - 0xfff, 0x400000, 0x1000, 0x1000, 0x1000)])),
            ("offset and address differ in the page", file(2, &[(PT_LOAD, 5, 1, 0x400000, 0x100, 0x100, 0x1000)])),
            ("linker's name too long", file(2, &[load, (PT_INTERP, 4, 0, 0, 5000, 5000, 1)])),
            ("linker's name without an end", file(2, &[load, (PT_INTERP, 4, 64 + 112, 0, 3, 3, 1)])),
            ("linker's name out of the file", file(2, &[load, (PT_INTERP, 4, 1 << 40, 0, 4, 4, 1)])),
        ];
        for (what, bytes) in cases {
            assert_eq!(parse_bytes(bytes), Err(Errno::ENOEXEC), "{what}");
        }
    }
}
