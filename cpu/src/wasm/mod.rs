//! Machine code to WebAssembly: a region of guest code becomes one wasm function.
//!
//! `discover` finds the blocks, `region` puts the function together, `flow` structures its control flow. `lower`, with
//! `values`, `words`, `arith`, `flags`, `fp`, `memory`, `liveness` and `state`, writes the instructions by running their
//! meanings ([`crate::isa`]) over a writer instead of values. Shared by both compiling tiers; loading the bytes is the host's
//! business.

mod arith;
mod discover;
mod flags;
mod flow;
mod fp;
mod liveness;
mod lower;
mod memory;
mod region;
mod state;
mod values;
mod words;

pub use crate::ahead::Env;
pub use discover::Seen;
pub use region::{
    EXIT_BUDGET, EXIT_GOTO, EXIT_INTERPRET, EXIT_STOP, Link, Region, SLOTS, STEP_ON, Slot, module, slot_of,
};
pub use state::jump_function;
