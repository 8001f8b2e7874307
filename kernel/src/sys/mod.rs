//! System calls: the table, and handlers by subject.
//!
//! A handler reads like the man page: check, look up, act, answer. It never waits on the stack: `Stop::Block` parks the
//! task and the call is made again (see `wait`). Layouts and user memory are `abi::linux`'s and `mm`'s.

pub mod args;
mod attr;
mod creds;
mod cx;
mod dir;
mod epoll;
mod event;
mod exit;
mod fd;
mod flags;
mod futex;
mod info;
mod inotify;
mod ioctl;
mod memory;
mod message;
mod mqueue;
mod open;
mod path;
mod poll;
mod process;
mod procmem;
mod rw;
mod show;
mod signal;
mod socket;
mod splice;
mod stat;
mod sysv;
pub mod table;
mod time;
pub(crate) mod trace;

pub use cx::Cx;
pub(crate) use cx::Shared;
pub(crate) use info::{RELEASE, VERSION};

use crate::wait::{Wait, WaitOn};
use brainworm_abi::Errno;

/// What a handler answers: the value for rax, or why there is none.
pub type SysResult = Result<u64, Stop>;

/// Why a handler did not answer a value.
pub enum Stop {
    /// The call failed.
    Errno(Errno),
    /// It cannot go on now: park, and make it again when something of the wait happens.
    Block(Wait),
    /// The task is gone (exit, execve of another thread).
    Exit,
    /// The registers are already right (execve, rt_sigreturn).
    Replaced,
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Stop {
        // A terminal stops a background job (see `abi::File`): the signal is among the effects, wait for it.
        if errno == Errno::ERESTART { Stop::Block(Wait::on(WaitOn::Signal)) } else { Stop::Errno(errno) }
    }
}
