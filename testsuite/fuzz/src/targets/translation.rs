//! Any bytes as machine code that is to be translated: it ends within its bounds, and what comes out is a valid module.
//!
//! An input is a seed for where functions and blocks are said to begin, and the code.

use super::{Target, as_is, code};
use brainworm_cpu::jit::{Request, Wanted, translate};
use brainworm_oracle::rng::Rng;
use std::sync::atomic::{AtomicU64, Ordering};
use wasmparser::Validator;

pub(crate) const TARGET: Target = Target { name: "translation", seeds: code::seeds, repair: as_is, run, told };

/// Bytes of WebAssembly there may be for each byte of code and function, and beside them.
const BYTES_FOR_ONE: usize = 400;
const BYTES_BESIDE: usize = 64 << 10;
/// Bytes of all modules.
static BYTES: AtomicU64 = AtomicU64::new(0);

fn told() -> String {
    format!(", {} bytes of WebAssembly", BYTES.load(Ordering::Relaxed))
}

fn run(input: &[u8]) {
    let Some((seed, code)) = input.split_first_chunk() else { return };
    let mut rng = Rng::new(u64::from_le_bytes(*seed));
    let len = code.len() as u64 + 1;
    let mut wanted = |place| {
        let (start, other) = (rng.below(len) as u32, rng.below(len) as u32);
        let whole = rng.percent(70);
        let range = if whole { 0..len as u32 } else { start.min(other)..start.max(other) };
        let mut seen: Vec<u32> = (0..rng.below(12)).map(|_| rng.below(len) as u32).collect();
        seen.sort_unstable();
        seen.dedup();
        let entries = (0..rng.below(3)).map(|_| rng.below(len) as u32).collect();
        let reach = if rng.percent(60) { rng.below(4) as u32 } else { u32::MAX };
        Wanted { start, entries, range, seen, reach, place, limit: u32::MAX }
    };
    let functions: Vec<Wanted> = (100..102).map(&mut wanted).collect();
    let translated = translate(&Request { code, base: rng.bits() << 12, functions: &functions, table_len: 200 });
    if translated.functions.is_empty() {
        return;
    }
    Validator::new().validate_all(&translated.wasm).expect("what is emitted is valid");
    let limit = (code.len() * functions.len()) * BYTES_FOR_ONE + BYTES_BESIDE;
    assert!(translated.wasm.len() < limit, "{} bytes of {}", translated.wasm.len(), code.len());
    for done in &translated.functions {
        assert!(done.bytes.end as usize <= code.len() && done.entries.iter().all(|at| done.bytes.contains(at)));
    }
    BYTES.fetch_add(translated.wasm.len() as u64, Ordering::Relaxed);
}
