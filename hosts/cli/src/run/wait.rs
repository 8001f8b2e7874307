//! poll(2) on our own descriptors, never changing their flags: others share them.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// Things to wait for, and which of them happened. Streams by descriptor.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) streams: [bool; 3],
    pub(crate) bell: bool,
}

/// Waits for standard streams, for `bell`, or for the time; `None`: without end. A signal may end it early.
pub(crate) fn wait(streams: [bool; 3], bell: Option<BorrowedFd<'_>>, timeout: Option<Duration>) -> Ready {
    let standard =
        [(stdio::stdin(), PollFlags::IN), (stdio::stdout(), PollFlags::OUT), (stdio::stderr(), PollFlags::OUT)];
    // What is not asked for must not be in the list: its hang-up would be reported all the same.
    let asked = (0..3).filter(|&i| streams[i]).map(|i| (i, standard[i].0, standard[i].1));
    let asked: Vec<_> = asked.chain(bell.map(|bell| (3, bell, PollFlags::IN))).collect();
    let mut fds: Vec<_> = asked.iter().map(|&(_, fd, flags)| PollFd::from_borrowed_fd(fd, flags)).collect();
    let timeout = timeout.map(|t| Timespec { tv_sec: t.as_secs() as i64, tv_nsec: t.subsec_nanos() as i64 });
    let mut ready = Ready::default();
    if poll(&mut fds, timeout.as_ref()).is_ok() {
        for (fd, &(i, _, _)) in fds.iter().zip(&asked) {
            let happened = !fd.revents().is_empty();
            match ready.streams.get_mut(i) {
                Some(stream) => *stream = happened,
                None => ready.bell = happened,
            }
        }
    }
    ready
}
