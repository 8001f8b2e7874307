//! A terminal as an open file: reading with VMIN and VTIME, writing, readiness.

use super::termios::{TOSTOP, VMIN, VTIME};
use super::{State, Tty};
use crate::PathRef;
use alloc::sync::Arc;
use brainworm_abi::{Errno, File, Io, IoctlMem, Nanos, OpenFlags, Readiness, Stat, StatFs, WaitPoint};
use core::any::Any;
use core::sync::atomic::{AtomicBool, Ordering};

const SIGTTIN: u8 = 21;
const SIGTTOU: u8 = 22;
/// VTIME counts tenths of a second.
const TENTH: Nanos = 100_000_000;
/// A timed read nobody came back for in this time was interrupted.
const STALE: Nanos = 1_000_000_000;

/// One open description of a terminal.
pub(crate) struct TtyFile {
    pub(super) tty: Arc<Tty>,
    path: PathRef,
    is_nonblocking: AtomicBool,
}

impl TtyFile {
    /// Opens a terminal; without O_NOCTTY it becomes the controlling terminal of a session leader that has none.
    pub(crate) fn open(
        io: &mut Io<'_>,
        tty: &Arc<Tty>,
        path: &PathRef,
        flags: OpenFlags,
    ) -> Result<Arc<TtyFile>, Errno> {
        {
            let mut state = tty.state.lock();
            if state.is_locked || state.is_hung_up {
                return Err(Errno::EIO);
            }
            if state.is_exclusive && !io.caller.is_privileged {
                return Err(Errno::EBUSY);
            }
            state.opens += 1;
            state.was_opened = true;
        }
        if !flags.contains(OpenFlags::O_NOCTTY) {
            tty.adopt(io);
        }
        let is_nonblocking = AtomicBool::new(flags.contains(OpenFlags::O_NONBLOCK));
        Ok(Arc::new(TtyFile { tty: tty.clone(), path: path.clone(), is_nonblocking }))
    }

    /// When bytes can be read: how many at least, and until when to wait for them.
    fn want(&self, state: &State, buf_len: usize) -> (usize, Option<Nanos>) {
        if state.line.is_canonical() {
            return (1, None);
        }
        let (min, time) = (state.line.termios.cc[VMIN] as usize, state.line.termios.cc[VTIME] as Nanos * TENTH);
        if time == 0 {
            return (min.min(buf_len), None);
        }
        if min == 0 {
            return (1, state.timed_read.map(|began| began + time));
        }
        // The clock starts with the first byte.
        let until = (state.line.available() > 0).then(|| state.last_input + time);
        (min.min(buf_len), until)
    }
}

impl File for TtyFile {
    fn stat(&self, io: &mut Io<'_>) -> Result<Stat, Errno> {
        self.path.inode().stat(io)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn read(&self, io: &mut Io<'_>, _pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        self.tty.check_background(io, SIGTTIN)?;
        if buf.is_empty() {
            return Ok(0);
        }
        if self.tty.state.lock().line.available() == 0 {
            self.tty.pump(io);
        }
        let now = io.host.monotonic();
        let mut state = self.tty.state.lock();
        if state.timed_read.is_some_and(|began| {
            let time = state.line.termios.cc[VTIME] as Nanos * TENTH;
            now > began + time + STALE
        }) {
            state.timed_read = None;
        }
        let (min, until) = self.want(&state, buf.len());
        let available = state.line.available();
        let is_late = until.is_some_and(|until| now >= until);
        let is_impatient = available > 0 && self.is_nonblocking.load(Ordering::Relaxed);
        if available >= min || is_late || is_impatient || state.is_hung_up {
            state.timed_read = None;
            let n = if available == 0 { 0 } else { state.line.read(buf) };
            drop(state);
            self.tty.master_wait.notify();
            return Ok(n);
        }
        let is_timed = !state.line.is_canonical() && min == 1 && state.line.termios.cc[VMIN] == 0;
        if is_timed && state.timed_read.is_none() {
            state.timed_read = Some(now);
        }
        Err(Errno::EAGAIN)
    }
    fn write(&self, io: &mut Io<'_>, pos: u64, _append: bool, bytes: &[u8]) -> Result<(usize, u64), Errno> {
        let stops = self.tty.state.lock().line.termios.has_local(TOSTOP);
        if stops {
            self.tty.check_background(io, SIGTTOU)?;
        }
        let mut state = self.tty.state.lock();
        let mut done = 0;
        loop {
            self.tty.flush(io, &mut state);
            if state.is_hung_up {
                return Err(Errno::EIO);
            }
            let n = state.line.write(&bytes[done..]);
            done += n;
            if n == 0 || done == bytes.len() {
                break;
            }
        }
        self.tty.flush(io, &mut state);
        drop(state);
        self.tty.master_wait.notify();
        if done == 0 && !bytes.is_empty() { Err(Errno::EAGAIN) } else { Ok((done, pos)) }
    }
    fn readiness(&self, io: &mut Io<'_>) -> Readiness {
        if self.tty.state.lock().line.available() == 0 {
            self.tty.pump(io);
        }
        let state = self.tty.state.lock();
        let mut ready = Readiness::empty();
        if state.is_hung_up {
            return Readiness::IN | Readiness::OUT | Readiness::HUP | Readiness::ERR;
        }
        let (min, time) = (state.line.termios.cc[VMIN], state.line.termios.cc[VTIME]);
        let need = if state.line.is_canonical() || time != 0 { 1 } else { (min as usize).max(1) };
        if state.line.available() >= need {
            ready |= Readiness::IN | Readiness::RDNORM;
        }
        if state.line.has_room() {
            ready |= Readiness::OUT | Readiness::WRNORM;
        }
        ready
    }
    fn wait_point(&self) -> Option<&WaitPoint> {
        Some(&self.tty.wait)
    }
    fn wake_at(&self, io: &mut Io<'_>) -> Option<Nanos> {
        let _ = io;
        let state = self.tty.state.lock();
        self.want(&state, usize::MAX).1
    }
    fn ioctl(&self, io: &mut Io<'_>, mem: &mut dyn IoctlMem, request: u32, arg: u64) -> Result<u64, Errno> {
        if self.tty.state.lock().is_hung_up {
            return Err(Errno::EIO);
        }
        self.tty.ioctl(io, mem, request, arg)
    }
    fn statfs(&self, io: &mut Io<'_>) -> Result<StatFs, Errno> {
        self.path.inode().statfs(io)
    }
    fn set_flags(&self, _io: &mut Io<'_>, flags: OpenFlags) {
        self.is_nonblocking.store(flags.contains(OpenFlags::O_NONBLOCK), Ordering::Relaxed);
    }
    fn close(&self, _io: &mut Io<'_>) {
        let mut state = self.tty.state.lock();
        state.opens = state.opens.saturating_sub(1);
        let is_last = state.opens == 0;
        if is_last {
            state.is_exclusive = false;
        }
        drop(state);
        if is_last {
            self.tty.master_wait.notify();
        }
    }
}
