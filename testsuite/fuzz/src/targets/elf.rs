//! What execve(2) reads: ELF headers and `#!` lines.

use super::{Target, as_is};
use brainworm_abi::{Errno, GuestAddr, PAGE_SIZE};
use brainworm_loader::auxv::{self, Aux, Contents};
use brainworm_loader::{elf, passwd, script};

pub(crate) const TARGET: Target = Target { name: "elf", seeds, repair: as_is, run, told: super::no_more };

const PT_LOAD: u32 = 1;
const PT_INTERP: u32 = 3;

fn seeds() -> Vec<Vec<u8>> {
    let dynamic = [
        (PT_INTERP, 4, 0x200, 0x200, 15, 15),
        (PT_LOAD, 5, 0, 0, 0x1800, 0x1800),
        (PT_LOAD, 6, 0x1e00, 0x3e00, 0x300, 0x2000),
        (0x6474_e551, 6, 0, 0, 0, 0),
    ];
    let fixed = [(PT_LOAD, 5, 0, 0x40_0000, 0x1000, 0x1000), (PT_LOAD, 6, 0x1000, 0x40_1000, 8, 0x9000)];
    vec![
        program(3, &dynamic),
        program(2, &fixed),
        b"#! /usr/bin/env  -S python3 -u\nprint(1)\n".to_vec(),
        b"root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/srv:/bin/false\n".to_vec(),
    ]
}

fn program(kind: u16, headers: &[(u32, u32, u64, u64, u64, u64)]) -> Vec<u8> {
    let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend(kind.to_le_bytes());
    file.extend(62u16.to_le_bytes());
    file.extend(1u32.to_le_bytes());
    file.extend(0x40_0100u64.to_le_bytes());
    file.extend(64u64.to_le_bytes());
    file.extend([0; 12]);
    for half in [64, 56, headers.len() as u16, 0, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    for &(kind, flags, offset, vaddr, file_size, mem_size) in headers {
        file.extend(kind.to_le_bytes());
        file.extend(flags.to_le_bytes());
        for word in [offset, vaddr, vaddr, file_size, mem_size, 0x1000] {
            file.extend(word.to_le_bytes());
        }
    }
    file.resize(0x200, 0);
    file.extend(b"/lib64/ld.so.2\0");
    file.resize(0x280, 0x90);
    file
}

fn run(bytes: &[u8]) {
    let parsed = elf::parse(|offset, buf| {
        let rest = usize::try_from(offset).ok().and_then(|at| bytes.get(at..)).unwrap_or(&[]);
        let len = rest.len().min(buf.len());
        buf[..len].copy_from_slice(&rest[..len]);
        Ok::<usize, Errno>(len)
    });
    if let Ok(elf) = parsed {
        check(&elf);
    }
    let _ = script::parse(&bytes[..bytes.len().min(script::HEAD_LEN)]);
    let _ = passwd::users(bytes).count();
    let words: Vec<Vec<u8>> = bytes.split(|&b| b == 0).map(|w| w.to_vec()).collect();
    let (argv, envp) = words.split_at(words.len() / 2);
    let contents =
        Contents { argv, envp, execfn: argv.first().map_or(b"", |w| w), aux: Aux::default(), random: [1; 16] };
    if let Ok(stack) = auxv::build(&contents, 0x7000_0000, 0x2_0000) {
        assert!(stack.rsp % 16 == 0 && stack.bytes.len() <= 0x4_0000, "the stack is well-formed");
    }
}

/// What the kernel relies on.
fn check(elf: &elf::Elf) {
    let page = PAGE_SIZE as u64;
    assert!(elf.span.0 < elf.span.1 && elf.span.1 <= GuestAddr::USER_END.0, "the span lies in user space");
    assert!(elf.align.is_power_of_two() && elf.align >= page, "the alignment is one");
    for segment in &elf.segments {
        let mapping = segment.mapping();
        let whole = [mapping.start, mapping.file_len, mapping.file_offset, mapping.anon_len];
        assert!(whole.iter().all(|n| n % page == 0), "mappings are whole pages: {mapping:?}");
        let end = mapping.start + mapping.file_len + mapping.anon_len;
        assert!(mapping.start >= elf.span.0 && end <= elf.span.1, "mappings lie in the span: {mapping:?}");
        assert!(mapping.zero_len < page, "less than a page is cleared: {mapping:?}");
    }
    assert!(elf.memory_end() <= elf.span.1, "the heap begins after all segments");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read() {
        for program in &seeds()[..2] {
            let read = |offset: u64, buf: &mut [u8]| {
                let rest = &program[(offset as usize).min(program.len())..];
                let len = rest.len().min(buf.len());
                buf[..len].copy_from_slice(&rest[..len]);
                Ok::<usize, Errno>(len)
            };
            check(&elf::parse(read).unwrap());
        }
    }
}
