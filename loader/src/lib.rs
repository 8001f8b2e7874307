//! What stands between a file and a running program: ELF headers, `#!` lines, the first stack, who runs what.
//!
//! Everything here is a pure function of bytes: the kernel reads files, lays out memory and copies; this crate only
//! says what to do. `kernel::task::exec` is the main user. The packed image's reader is `abi::image`, because `fs`
//! needs it too; packing lives in `pack`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod auxv;
pub mod elf;
pub mod passwd;
pub mod script;
pub mod start;
pub mod words;
