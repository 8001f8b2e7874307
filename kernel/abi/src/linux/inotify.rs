//! inotify(7).

use super::record::{c_check, c_flags, c_struct};

c_flags! {
    /// Flags of inotify_init1(2).
    InotifyInitFlags: u32 { IN_NONBLOCK = 0o4000, IN_CLOEXEC = 0o2000000, }
}
c_flags! {
    /// Events and options of a watch.
    InotifyMask: u32 {
        IN_ACCESS = 1, IN_MODIFY = 2, IN_ATTRIB = 4, IN_CLOSE_WRITE = 8, IN_CLOSE_NOWRITE = 0x10, IN_OPEN = 0x20,
        IN_MOVED_FROM = 0x40, IN_MOVED_TO = 0x80, IN_CREATE = 0x100, IN_DELETE = 0x200, IN_DELETE_SELF = 0x400,
        IN_MOVE_SELF = 0x800, IN_UNMOUNT = 0x2000, IN_Q_OVERFLOW = 0x4000, IN_IGNORED = 0x8000,
        IN_ONLYDIR = 0x0100_0000, IN_DONT_FOLLOW = 0x0200_0000, IN_EXCL_UNLINK = 0x0400_0000,
        IN_MASK_CREATE = 0x1000_0000, IN_MASK_ADD = 0x2000_0000, IN_ISDIR = 0x4000_0000, IN_ONESHOT = 0x8000_0000,
    }
}
impl InotifyMask {
    /// The events a watch can ask for.
    pub const IN_ALL_EVENTS: InotifyMask = InotifyMask::from_bits_retain(0xfff);
}
c_struct! {
    /// `struct inotify_event` before the name.
    InotifyEvent: 16, "struct inotify_event" { wd: i32, mask: u32, cookie: u32, len: u32, }
}

c_check! { "sys/inotify.h", consts [], flags [InotifyInitFlags, InotifyMask], structs [InotifyEvent] }
