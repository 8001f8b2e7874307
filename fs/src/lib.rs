//! The virtual filesystem: what a path leads to and what an open file does. Nothing here blocks and nothing here knows
//! of tasks: a call that cannot go on answers `EAGAIN`, the kernel waits at a `WaitPoint` and calls again.
//!
//! # For the kernel
//!
//! * [`Vfs::boot`] builds the tree once (packed root with a writable layer, /dev, /proc, /sys, host directories) and
//!   answers the [`PathRef`] of `/`. A task keeps two `PathRef`s, root and working directory.
//! * [`Vfs::stdio`] gives descriptors 0, 1, 2 of the first process; [`Vfs::event`] takes every `Event` the host pushes.
//! * Path calls take an [`At`]: the task's root, and the directory that relative paths start from (the working
//!   directory, or the `PathRef` of a directory descriptor; `At::or_empty` for AT_EMPTY_PATH). They are named as the
//!   system call: [`Vfs::open`], [`Vfs::stat`], [`Vfs::mkdir`], [`Vfs::rename`] ... The `_place` forms act on a
//!   `PathRef`, for calls on descriptors (fchmod, fchown, futimens).
//! * [`Opened`] is a file and its place; a description keeps both. When the last descriptor of a description goes,
//!   call `file.close(io)` exactly once. Opening a FIFO may have to wait: [`Opened::is_ready`].
//! * Objects of other crates (sockets, eventfd, epoll) get a place from [`Vfs::anonymous`], pipes come from
//!   [`Vfs::pipe`], shared memory from [`Vfs::memfd`] and [`Vfs::shared_memory`].
//! * Advisory locks and inotify(7) are the kernel's, by `PathRef::id`.
//! * A call on a path that answers `EAGAIN` (host directories only) waits at [`Vfs::wait_point`].
//! * Frames of files that went away come back when the kernel calls [`Vfs::reap`]: after unlink, close, exit and when
//!   memory runs out.
//!
//! # Inside
//!
//! `walk.rs` resolves paths over `dentry.rs` (names and mounts); `vfs/` checks permissions and does what a call asks,
//! by the trait in `inode.rs`. Filesystems: `mem/` (tmpfs, and the root over `image.rs`), `procfs/`, `sysfs.rs`, `hostfs.rs`. Open
//! files without a filesystem: `pipe.rs`, `stream.rs` (the host's standard streams), `device.rs`, `tty/`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod dentry;
mod device;
mod dir_file;
mod fixed;
mod hostfs;
mod image;
mod inode;
mod mem;
mod perm;
mod pipe;
mod procfs;
mod stream;
mod sysfs;
#[cfg(test)]
mod testing;
mod text_file;
mod tty;
mod vfs;
mod walk;

pub use dentry::PathRef;
pub use pipe::{PIPE_BUF, Pipe, PipeEnd};
pub use procfs::ProcMem;
pub use vfs::{
    Access, BootConfig, MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, MS_REMOUNT, MountFormat, Opened,
    RenameFlags, TimeSet, Vfs, XattrSet,
};
pub use walk::{At, Resolve};
