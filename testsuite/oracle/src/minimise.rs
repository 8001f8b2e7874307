//! Shrinks a failing case towards zero while it keeps failing.

use crate::bench::Bench;
use crate::case::Case;
use crate::memory::Image;
use crate::state::State;

/// The smallest case found; `budget` as in `Bench::run`.
pub fn minimise(bench: &mut Bench, case: &Case, budget: i64) -> Case {
    // Everything at once first: most cases hang on a few words.
    let mut current = case.clone();
    let blank = State::new();
    let attempts: [fn(&mut Case, &State); 6] = [
        |c, _| c.image = Image::new(),
        |c, b| c.state.ymm = b.ymm,
        |c, b| (c.state.fpr, c.state.fcw, c.state.fsw, c.state.ftw) = (b.fpr, b.fcw, b.fsw, b.ftw),
        |c, b| c.state.mxcsr = b.mxcsr,
        |c, _| c.state.rflags = 0,
        |c, b| c.state.gpr = b.gpr,
    ];
    for attempt in attempts {
        let mut candidate = current.clone();
        attempt(&mut candidate, &blank);
        if fails(bench, &candidate, budget) {
            current = candidate;
        }
    }
    for ((name, value), (_, rest)) in current.state.words().into_iter().zip(blank.words()) {
        if name == "rip" || value == rest {
            continue;
        }
        for smaller in smaller(value, rest) {
            let mut candidate = current.clone();
            candidate.state.set_word(&name, smaller);
            if fails(bench, &candidate, budget) {
                current = candidate;
                break;
            }
        }
    }
    for block in [2048, 256, 32] {
        let mut blocks: Vec<u64> = current.image.words().iter().map(|(addr, _)| addr / block * block).collect();
        blocks.dedup();
        for addr in blocks {
            let mut candidate = current.clone();
            candidate.image.write(addr, &vec![0; block as usize]);
            if fails(bench, &candidate, budget) {
                current = candidate;
            }
        }
    }
    for (addr, value) in current.image.words().into_iter().take(400) {
        for smaller in smaller(value, 0).into_iter().take(3) {
            let mut candidate = current.clone();
            candidate.image.write(addr, &smaller.to_le_bytes());
            if fails(bench, &candidate, budget) {
                current = candidate;
                break;
            }
        }
    }
    current
}

fn fails(bench: &mut Bench, case: &Case, budget: i64) -> bool {
    case.state.is_loadable() && !bench.case(case, budget).is_empty()
}

/// Simpler values for a word, simplest first.
fn smaller(value: u64, rest: u64) -> Vec<u64> {
    let mut all = vec![
        rest,
        0,
        1,
        value & 0xff,
        value & 0xffff,
        value & 0xffff_ffff,
        value & 0xffff_ffff_0000_0000,
        value & value.wrapping_neg(),
        if value == 0 { 0 } else { 1 << (63 - value.leading_zeros()) },
    ];
    all.retain(|v| *v != value);
    all
}
