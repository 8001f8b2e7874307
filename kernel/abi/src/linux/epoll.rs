//! epoll(7).

use super::record::{Record, c_check, c_consts, c_flags};

c_consts! {
    /// Operations of epoll_ctl(2).
    OPERATIONS: u32 { EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3, }
}
c_flags! {
    /// Flags of epoll_create1(2).
    EpollCreateFlags: u32 { EPOLL_CLOEXEC = 0o2000000, }
}
c_flags! {
    /// Events of epoll_ctl(2): poll(2)'s, and how they are reported.
    EpollEvents: u32 {
        EPOLLIN = 0x1, EPOLLPRI = 0x2, EPOLLOUT = 0x4, EPOLLERR = 0x8, EPOLLHUP = 0x10, EPOLLRDNORM = 0x40,
        EPOLLRDBAND = 0x80, EPOLLWRNORM = 0x100, EPOLLWRBAND = 0x200, EPOLLMSG = 0x400, EPOLLRDHUP = 0x2000,
        EPOLLEXCLUSIVE = 1 << 28, EPOLLWAKEUP = 1 << 29, EPOLLONESHOT = 1 << 30, EPOLLET = 1 << 31,
    }
}

/// `struct epoll_event`, which is packed on x86-64: 12 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "epoll_ctl(2)")]
pub struct EpollEvent {
    pub events: u32,
    pub data: u64,
}
impl Record for EpollEvent {
    const SIZE: usize = 12;
    #[inline]
    fn store(&self, out: &mut [u8]) {
        self.events.store(&mut out[..4]);
        self.data.store(&mut out[4..]);
    }
    #[inline]
    fn load(bytes: &[u8]) -> EpollEvent {
        EpollEvent { events: u32::load(&bytes[..4]), data: u64::load(&bytes[4..]) }
    }
}
#[cfg(test)]
impl super::check::CLayout for EpollEvent {
    const C: &'static str = "struct epoll_event";
    fn fields() -> alloc::vec::Vec<(&'static str, usize, usize)> {
        alloc::vec![("events", 0, 4), ("data", 4, 8)]
    }
}

c_check! { "sys/epoll.h", consts [OPERATIONS], flags [EpollCreateFlags, EpollEvents], structs [EpollEvent] }
