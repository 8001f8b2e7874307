//! x86-64 as data and meaning: decoding, what each instruction does (`isa`), and the tiers that run it.
//!
//! Knows nothing of Linux: it sees registers ([`Cpu`]), memory through [`Bus`], and says why it stopped ([`Exit`]).
//! It makes bytes (WebAssembly) and never loads them.
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;

pub mod ahead;
pub mod cpuid;
pub mod decode;
pub mod emit;
pub mod flags;
pub mod fp;
pub mod helper;
pub mod insn;
pub mod interp;
pub mod isa;
pub mod jit;
mod mem;
pub mod softfloat;
mod state;
pub mod vec;
pub mod wasm;

pub use insn::Insn;
pub use interp::Engine;
pub use mem::{
    Access, Bus, Called, Checked, Code, CodePage, Guest, HostAddr, MemFault, MemFaultKind, MemView, Resolved, entry,
};
pub use state::{Cpu, Exception, Exit, Gpr, LazyFlags, Ymm};
