//! Machine code to WebAssembly: a region of guest code becomes one wasm function.
//!
//! `region` finds the blocks and puts the function together, `flow` structures its control flow, `lower` and `words` write
//! the instructions by running their meanings ([`crate::isa`]) over a writer instead of values. Shared by both compiling
//! tiers; loading the bytes is the host's business.

mod flow;
mod lower;
mod region;
mod words;

pub use crate::ahead::Env;
pub use region::{EXIT_BUDGET, EXIT_GOTO, EXIT_INTERPRET, Region, module};
