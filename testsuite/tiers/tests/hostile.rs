//! Translation at run time of code that nobody meant to be translated: it ends, what comes out is bounded, and engines
//! take it.

use brainworm_cpu::jit::{Request, Wanted, translate};
use brainworm_oracle::rng::Rng;
use std::time::{Duration, Instant};
use wasmtime::{Engine, Module};

const LEN: usize = 16 * 1024;
/// A module may have so many bytes for each byte of code, and some more.
const BYTES_FOR_ONE: usize = 200;
/// Patience, on a machine that does other things too.
const LIMIT: Duration = Duration::from_secs(20);

/// Translates functions that begin at these offsets, all of the code being theirs, with these blocks as if they had run.
fn check(name: &str, engine: &Engine, code: &[u8], starts: &[u32], seen: Vec<u32>) -> usize {
    check_with(name, engine, code, starts, &seen, 0);
    check_with(name, engine, code, starts, &seen, u32::MAX)
}

fn check_with(name: &str, engine: &Engine, code: &[u8], starts: &[u32], seen: &[u32], reach: u32) -> usize {
    let range = 0..code.len() as u32;
    let wanted = |(number, &start): (usize, &u32)| {
        let seen = seen.iter().copied().filter(|at| *at >= start).collect();
        Wanted {
            start,
            range: range.clone(),
            seen,
            reach,
            place: 100 + number as u32,
            limit: u32::MAX,
            ..Wanted::default()
        }
    };
    let functions: Vec<Wanted> = starts.iter().enumerate().map(wanted).collect();
    let begin = Instant::now();
    let translated = translate(&Request { code, base: 0x40_0000, functions: &functions, table_len: 200 });
    let took = begin.elapsed();
    assert!(took < LIMIT, "{name}: {took:?}");
    if translated.functions.is_empty() {
        return 0;
    }
    if let Err(error) = Module::validate(engine, &translated.wasm) {
        panic!("{name}: {error:#}");
    }
    let limit = code.len() * starts.len() * BYTES_FOR_ONE + 65536;
    assert!(translated.wasm.len() < limit, "{name}: {} bytes of {}", translated.wasm.len(), code.len());
    for done in &translated.functions {
        assert!(done.bytes.end as usize <= code.len() && done.bytes.start < done.bytes.end, "{name}: {:?}", done.bytes);
        assert!(done.entries.iter().all(|at| done.bytes.contains(at)), "{name}");
    }
    translated.functions.len()
}

fn every(step: usize) -> Vec<u32> {
    (0..LEN as u32).step_by(step).collect()
}

#[test]
fn hostile_code_is_translated_within_bounds_or_not_at_all() {
    let engine = Engine::default();
    let mut rng = Rng::new(7);
    let mut done = 0;
    for round in 0..60 {
        let code: Vec<u8> = (0..LEN).map(|_| rng.bits() as u8).collect();
        let starts: Vec<u32> = (0..4).map(|_| rng.below(LEN as u64) as u32).collect();
        done += check(&format!("noise {round}"), &engine, &code, &starts, every(40));
    }
    assert!(done > 50, "{done} of 240: most noise begins with an instruction");

    // Short instructions and jumps only, to anywhere: into the middle of others, forwards, backwards.
    for round in 0..40 {
        let mut code = Vec::new();
        while code.len() < LEN - 8 {
            let distance = (rng.below(LEN as u64) as i32 - code.len() as i32).to_le_bytes();
            match rng.below(6) {
                0 => code.extend([&[0xe9][..], &distance].concat()),
                1 | 2 => code.extend([&[0x0f, 0x80 | rng.below(16) as u8][..], &distance].concat()),
                3 => code.extend([&[0xe8][..], &distance].concat()),
                4 => code.extend([0x70 | rng.below(16) as u8, rng.bits() as u8]),
                _ => code.extend([0x01, 0xc0 | rng.below(64) as u8]),
            }
        }
        check(&format!("jumps {round}"), &engine, &code, &[0, 5, 1000], every(64));
    }
}

#[test]
fn chains_nests_and_giants_end() {
    let engine = Engine::default();
    let chain: Vec<u8> = [[0xe9, 11, 0, 0, 0], [0x90; 5], [0x90; 5]].concat().into_iter().chain([0x90]).collect();
    check("a chain", &engine, &chain.repeat(LEN / 16), &[0], Vec::new());
    check("a chain, every link seen", &engine, &chain.repeat(LEN / 16), &[0, 16], every(16));

    // An endless one: two bytes that jump to themselves, and a ring.
    check("a loop of one", &engine, &[0xeb, 0xfe].repeat(LEN / 2), &[0], every(2));
    let mut ring = chain.repeat(LEN / 16);
    let back = (-(LEN as i32) + 11).to_le_bytes();
    ring[LEN - 16..LEN - 11].copy_from_slice(&[&[0xe9][..], &back].concat());
    check("a ring", &engine, &ring, &[0], Vec::new());

    // Every conditional jump goes to the end: blocks within blocks.
    let nest: Vec<u8> = (0..LEN / 8)
        .flat_map(|n| [&[0x0f, 0x84][..], &((LEN - n * 8 - 6 - 1) as i32).to_le_bytes(), &[0x01, 0xc0]].concat())
        .collect();
    check("a nest", &engine, &nest, &[0], Vec::new());

    // One long block, and one of what has no lowering.
    let adds = [0x01, 0xd8].repeat(LEN / 2);
    assert_eq!(check("adds", &engine, &adds, &[0], Vec::new()), 0, "too long");
    assert_eq!(check_with("adds", &engine, &adds, &[0], &[], 0), 0, "too long");
    check("adds to memory", &engine, &[0x48, 0x01, 0x1c, 0x8e].repeat(2000), &[0], Vec::new());
    check("steps", &engine, &[0x0f, 0xa2].repeat(2000), &[0], every(2));
    check("x87", &engine, &[0xd9, 0xfe].repeat(2000), &[0], Vec::new());
    check("prefixes", &engine, &[0x66].repeat(LEN), &[0, 1, 2], every(1));
    check("nothing", &engine, &[], &[0], Vec::new());
}

#[test]
fn what_lies_outside_of_a_function_is_not_looked_at() {
    // call 2000; ret. What is called is nobody's, and may change without a word.
    let mut code = vec![0; 0x3000];
    code[..6].copy_from_slice(&[0xe8, 0xfb, 0x1f, 0, 0, 0xc3]);
    let translated = |code: &[u8]| {
        let wanted = Wanted {
            range: 0..0x1000,
            seen: vec![0],
            reach: u32::MAX,
            place: 100,
            limit: u32::MAX,
            ..Wanted::default()
        };
        translate(&Request { code, base: 0x40_0000, functions: &[wanted], table_len: 200 })
    };
    let before = translated(&code);
    code[0x2000..0x2006].copy_from_slice(&[0xff, 0x25, 0x10, 0, 0, 0]); // jmp [rip + 16]
    assert!(before == translated(&code) && before.functions.len() == 1);
}

#[test]
fn what_never_ran_is_left_out() {
    // 0: test eax, eax; je 0x40; call 0x100; 9: ret.  0x40: test ebx, ebx; je 0x60; ret.  0x60: add eax, ebx; ret
    let mut code = vec![0x90; 0x1000];
    code[..10].copy_from_slice(&[0x85, 0xc0, 0x74, 0x3c, 0xe8, 0xf7, 0, 0, 0, 0xc3]);
    code[0x40..0x45].copy_from_slice(&[0x85, 0xdb, 0x74, 0x1c, 0xc3]);
    code[0x60..0x63].copy_from_slice(&[0x01, 0xd8, 0xc3]);
    let bytes = |seen: &[u32], reach: u32| {
        let wanted =
            Wanted { range: 0..0x80, seen: seen.to_vec(), reach, place: 100, limit: u32::MAX, ..Wanted::default() };
        let request = Request { code: &code, base: 0x40_0000, functions: &[wanted], table_len: 200 };
        let done = translate(&request).functions.remove(0);
        (done.bytes.end, done.entries.contains(&9))
    };
    assert_eq!(bytes(&[0, 4], 0), (9, false), "neither was the branch taken nor did the call return");
    assert_eq!(bytes(&[0, 4, 9], 0), (10, true));
    assert_eq!(bytes(&[0, 4, 9, 0x40], 0), (0x45, true));
    assert_eq!(bytes(&[0, 4], 1), (0x45, true), "one branch, or one call, away");
    assert_eq!(bytes(&[0, 4], 2), (0x63, true));
    assert_eq!(bytes(&[0], u32::MAX), (0x63, true));
}

#[test]
fn functions_are_entered_where_others_jump_to() {
    // 0: xor eax, eax; 2: add eax, ebx; ret
    let code = [0x31, 0xc0, 0x01, 0xd8, 0xc3];
    let wanted =
        Wanted { entries: vec![2], range: 0..5, seen: vec![0], place: 100, limit: u32::MAX, ..Wanted::default() };
    let request = Request { code: &code, base: 0x40_0000, functions: &[wanted], table_len: 200 };
    assert_eq!(translate(&request).functions[0].entries, [0, 2]);
}
