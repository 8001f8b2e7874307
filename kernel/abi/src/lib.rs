//! The contracts everybody speaks: guest addresses, `Errno`, open files, the packed image's layout, the host.
//!
//! Lowest crate of the workspace: it depends on no other of ours, and `cpu` (which knows nothing of Linux) does not
//! depend on it. It holds types and traits, no behaviour beyond what keeps a type's own invariant.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod addr;
pub mod driven;
mod errno;
mod file;
mod frame;
mod host;
pub mod image;
pub mod linux;
mod no_files;
mod proc;
mod time;
mod wait;

pub use addr::{GuestAddr, PAGE_SHIFT, PAGE_SIZE};
pub use errno::Errno;
pub use file::{Effect, File, FileKind, Io, IoctlMem, OpenFlags, Readiness, Stat, StatFs};
pub use frame::{Frame, FrameStore};
pub use host::{
    ChunkId, CodeId, DirEntry, Event, ExitStatus, Host, HostError, HostFileId, HostFiles, HostResult, HostStat,
    Interest, Pause, Publish, Stream, WinSize,
};
pub use no_files::NoFiles;
pub use proc::{Pid, ProcInfo, ProcNode};
pub use time::{Nanos, Timespec};
pub use wait::{Bell, WaitKey, WaitPoint};
