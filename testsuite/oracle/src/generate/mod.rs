//! Random cases: an encoded instruction and a state in which its operands meet memory that exists, mostly.
//!
//! `encode` chooses the bytes, `values` the contents, this module the addresses.

mod encode;
mod place;
pub mod values;

pub use encode::{Style, Subject, code_target, decode, encode, encode_at};
pub use place::{prepare, windows};

use crate::rng::Rng;
use crate::state::{State, USER_FLAGS};

/// Registers without any regard to an instruction.
pub fn registers(rng: &mut Rng) -> State {
    let mut state = State::new();
    for gpr in &mut state.gpr {
        *gpr = values::word(rng);
    }
    state.gpr[4] = place::stack(rng);
    state.rflags = rng.bits() & 0x8d5;
    if rng.percent(20) {
        state.rflags |= 0x400;
    }
    if rng.percent(3) {
        state.rflags |= rng.bits() & USER_FLAGS & !0x4_0000; // ID; not AC, which faults by the host's CR0.AM
    }
    for ymm in &mut state.ymm {
        *ymm = values::vector(rng);
    }
    if rng.percent(20) {
        let (a, b) = (rng.below(16) as usize, rng.below(16) as usize);
        state.ymm[a] = state.ymm[b];
    }
    state.mxcsr = values::mxcsr(rng);
    (state.fcw, state.fsw, state.ftw) = values::x87(rng);
    for fpr in &mut state.fpr {
        *fpr = values::extended(rng);
    }
    if rng.percent(15) {
        let (a, b) = (rng.below(8) as usize, rng.below(8) as usize);
        state.fpr[a] = state.fpr[b];
    }
    state
}
