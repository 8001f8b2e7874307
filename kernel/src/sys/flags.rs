//! Which types of `abi::linux` are arguments of file calls: flags, refused when unknown, and structures behind pointers.
//! The table takes them from here.

use super::args::{flag_arg, opaque};
pub(super) use brainworm_abi::OpenFlags;
pub(super) use brainworm_abi::linux::epoll::{EpollCreateFlags, EpollEvent};
pub(super) use brainworm_abi::linux::eventfd::{EventfdFlags, SignalfdFlags};
pub(super) use brainworm_abi::linux::fcntl::{
    AtFlags, CloseRangeFlags, FallocMode, Flock, OpenHow, RenameFlags, RwFlags, SpliceFlags,
};
pub(super) use brainworm_abi::linux::inotify::{InotifyInitFlags, InotifyMask};
pub(super) use brainworm_abi::linux::ipc::MqAttr;
pub(super) use brainworm_abi::linux::mman::MemfdFlags;
pub(super) use brainworm_abi::linux::poll::SigsetArg;
pub(super) use brainworm_abi::linux::signal::SigInfo;
pub(super) use brainworm_abi::linux::socket::{MsgFlags, MsgHdr, SocketFlags};
pub(super) use brainworm_abi::linux::stat::{StatC, StatfsC, Statx};
pub(super) use brainworm_abi::linux::system::{MountFlags, UmountFlags, XattrFlags};
pub(super) use brainworm_abi::linux::time::{Itimerspec, TimerfdFlags, TimerfdSetFlags, TimespecC, Timeval, Utimbuf};

flag_arg!(AtFlags);
flag_arg!(RwFlags, |bits| RwFlags::from_bits(bits as u32).ok_or(brainworm_abi::Errno::EOPNOTSUPP));
flag_arg!(RenameFlags);
flag_arg!(CloseRangeFlags);
flag_arg!(FallocMode, |bits| FallocMode::from_bits(bits as u32).ok_or(brainworm_abi::Errno::EOPNOTSUPP));
flag_arg!(SpliceFlags);
flag_arg!(MemfdFlags);
flag_arg!(XattrFlags);
flag_arg!(MountFlags, retain);
flag_arg!(UmountFlags);
flag_arg!(InotifyInitFlags);
flag_arg!(InotifyMask);
flag_arg!(EpollCreateFlags);
flag_arg!(EventfdFlags);
flag_arg!(SignalfdFlags);
flag_arg!(TimerfdFlags);
flag_arg!(TimerfdSetFlags);
flag_arg!(SocketFlags);
flag_arg!(MsgFlags, truncate);

opaque!(
    StatC,
    StatfsC,
    Statx,
    [TimespecC; 2],
    [Timeval; 2],
    Timeval,
    Utimbuf,
    EpollEvent,
    SigsetArg,
    Itimerspec,
    SigInfo,
    Flock,
    OpenHow,
    MsgHdr,
    MqAttr,
);
