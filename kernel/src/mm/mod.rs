//! Guest memory: frames, address spaces, page faults, and the border where user addresses become bytes.
//!
//! `frames` is the only file of the kernel with unsafe code. The CPU reads `tables` directly and comes back through
//! `fault` (its `Bus`); handlers of system calls copy through `user`.

mod fault;
mod files;
mod frames;
pub(crate) mod layout;
mod map;
mod remap;
mod space;
mod tables;
#[cfg(test)]
mod tests;
mod user;

pub(crate) use fault::UserMem;
#[cfg(test)]
pub(crate) use frames::tests::test_arena;
pub use frames::{Arena, FramePeek, Frames, MemoryUse};
pub(crate) use map::{MapLimits, Request};
pub use space::VmaFlags;
pub(crate) use space::{Backing, ProgramInfo, Space, Vma};
