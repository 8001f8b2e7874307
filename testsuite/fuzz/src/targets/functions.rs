//! ELF files whose unwind table and symbols say where functions begin: what packaging believes of them stays in bounds,
//! and what it makes of them is a valid module.

use super::{Target, as_is};
use brainworm_cpu::ahead::SPAN_PAGES;
use brainworm_cpu::jit::{Request, Wanted, translate};
use brainworm_pack::functions::file_segments;
use std::sync::atomic::{AtomicU64, Ordering};
use wasmparser::Validator;

pub(crate) const TARGET: Target = Target { name: "functions", seeds, repair: as_is, run, told };

/// Function starts that were found in all inputs.
static STARTS: AtomicU64 = AtomicU64::new(0);
/// Where the file lies in the image.
const IMAGE_AT: u32 = 0x1_0000;

fn told() -> String {
    format!(", {} function starts", STARTS.load(Ordering::Relaxed))
}

/// Two functions that call each other, one with a loop and one with a jump table's dispatch.
const CODE: [u8; 48] = [
    0x53, 0x89, 0xfb, 0x85, 0xdb, 0x7e, 0x0a, 0xff, 0xcb, 0xe8, 0x12, 0, 0, 0, 0xeb, 0xf3, 0x90, 0x5b, 0xc3, 0x90,
    0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x83, 0xff, 4, 0x77, 7, 0xff, 0x24, 0xfd,
    0, 4, 0x40, 0, 0x31, 0xc0, 0xc3, 0xcc,
];

fn seeds() -> Vec<Vec<u8>> {
    let word = |file: &mut Vec<u8>, at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    let mut file = vec![0; 0x800];
    word(&mut file, 0, b"\x7fELF\x02\x01\x01");
    for (at, half) in [(16, 2u16), (18, 62), (52, 64), (54, 56), (56, 2), (58, 64), (60, 2)] {
        word(&mut file, at, &half.to_le_bytes());
    }
    for (at, long) in [(32, 64u64), (40, 0x300)] {
        word(&mut file, at, &long.to_le_bytes());
    }
    // Program headers: the code, and the table of the unwinder.
    for (at, kind, flags, offset, len) in [(64, 1u32, 5u32, 0u64, 0x800u64), (120, 0x6474_e550, 4, 0x200, 0x1c)] {
        word(&mut file, at, &kind.to_le_bytes());
        word(&mut file, at + 4, &flags.to_le_bytes());
        for (nth, long) in [offset, 0x40_0000 + offset, 0x40_0000 + offset, len, len].into_iter().enumerate() {
            word(&mut file, at + 8 + 8 * nth, &long.to_le_bytes());
        }
    }
    word(&mut file, 0x200, &[1, 0x1b, 3, 0x3b]);
    for (at, number) in [(0x208, 2i32), (0x20c, 0x200), (0x214, 0x220)] {
        word(&mut file, at, &number.to_le_bytes());
    }
    // Section headers: one of symbols.
    for (at, long) in [(0x344, 2u64), (0x358, 0x600), (0x360, 0x30)] {
        word(&mut file, at, &long.to_le_bytes());
    }
    word(&mut file, 0x400, &CODE);
    for (at, address) in [(0x600, 0x40_0400u64), (0x618, 0x40_0420)] {
        word(&mut file, at + 4, &[2, 0, 1, 0]);
        word(&mut file, at + 8, &address.to_le_bytes());
    }
    vec![file]
}

fn run(bytes: &[u8]) {
    let end = IMAGE_AT as u64 + bytes.len().next_multiple_of(4096) as u64;
    for segment in file_segments(IMAGE_AT, bytes, SPAN_PAGES) {
        assert!(
            segment.bytes.start >= IMAGE_AT && segment.bytes.end as u64 <= end,
            "{:?} lies in the file",
            segment.bytes
        );
        assert!(segment.bytes.len() <= (SPAN_PAGES << 12) as usize && segment.bytes.start % 4096 == 0, "whole pages");
        assert!(segment.starts.iter().all(|start| segment.bytes.contains(start)), "functions lie in their segment");
        assert!(segment.starts.is_sorted(), "ascending");
        STARTS.fetch_add(segment.starts.len() as u64, Ordering::Relaxed);
        let first = segment.bytes.start;
        let code = &bytes[(first - IMAGE_AT) as usize..((segment.bytes.end - IMAGE_AT) as usize).min(bytes.len())];
        let ends = segment.starts.iter().skip(1).chain([&segment.bytes.end]);
        let wanted = segment.starts.iter().zip(ends).zip(100..).take(8).map(|((start, end), place)| Wanted {
            start: start - first,
            range: start - first..end - first,
            reach: u32::MAX,
            place,
            limit: u32::MAX,
            ..Wanted::default()
        });
        let functions: Vec<Wanted> = wanted.collect();
        let translated = translate(&Request { code, base: 0x40_0000, functions: &functions, table_len: 200 });
        if !translated.functions.is_empty() {
            Validator::new().validate_all(&translated.wasm).expect("what is emitted is valid");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_seeds_are_found() {
        let found = file_segments(IMAGE_AT, &seeds()[0], SPAN_PAGES);
        assert_eq!(found[0].starts, [IMAGE_AT + 0x400, IMAGE_AT + 0x420]);
    }
}
