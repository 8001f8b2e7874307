//! A small Linux-compatible kernel for x86-64 guests: tasks, memory, signals, system calls.
//!
//! Two entry points drive it, whatever the host: [`Kernel::run`] works until a budget is used up or everything waits, and
//! [`Kernel::push`] tells what happened outside. All guest state is data below [`Kernel`]; nothing ever waits on a stack.
//! The CPU is `brainworm_cpu`, files are `brainworm_fs`, sockets `brainworm_net`; none of them knows tasks.
#![no_std]
#![deny(unsafe_code)]
// Everything below hangs from private modules; `pub` there means: meant for handlers of other subjects.
#![allow(unreachable_pub, reason = "see above")]

extern crate alloc;

mod audit;
mod boot;
mod events;
mod inotify;
mod ipc;
mod locks;
mod machine;
mod mm;
mod outside;
mod poll;
mod proc;
mod run;
mod running;
mod sched;
mod signal;
mod slab;
mod sys;
mod task;
#[cfg(test)]
mod testing;
mod timers;
mod wait;
mod world;

pub use machine::{BootConfig, BootError, Kernel};
pub use mm::{Arena, MemoryUse};
pub use outside::Connection;
pub use sys::table::{Level, Row, TABLE, markdown};
