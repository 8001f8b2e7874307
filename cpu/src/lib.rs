//! x86-64 as data and meaning: decoding, what each instruction does (`isa`), and the tiers that run it.
//!
//! Knows nothing of Linux: it sees registers ([`Cpu`]), memory through [`Bus`], and says why it stopped ([`Exit`]).
//! It makes bytes (WebAssembly) and never loads them.
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;

mod mem;
pub mod softfloat;
mod state;

pub use mem::{Access, Bus, CodePage, HostAddr, MemFault, MemFaultKind, MemView, Resolved};
pub use state::{Cpu, Exception, Exit, Gpr, LazyFlags, Ymm};
