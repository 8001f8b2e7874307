//! Terminals: tty(4), pts(4), ioctl_tty(2), termios(3).
//!
//! A [`Tty`] is what a program has open as its terminal: the line discipline, the session and the foreground group. What
//! is on the other side is either the host's terminal (the console, which shows as /dev/pts/0) or the master side of a
//! pseudoterminal (`pty.rs`). `line.rs` is the line discipline, `control.rs` job control and ioctls, `file.rs` the open
//! file, `devpts.rs` the directory.

mod control;
mod devpts;
mod file;
mod line;
mod pty;
mod termios;
#[cfg(test)]
mod tests;

pub(crate) use devpts::DevPts;
pub(crate) use file::TtyFile;
pub(crate) use pty::PtyMaster;

use crate::device::makedev;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use brainworm_abi::{Bell, Effect, Errno, HostError, Io, Nanos, Pid, Stream, Timespec, WaitPoint, WinSize};
use hashbrown::HashMap;
use line::Line;
use spin::Mutex;

const SIGHUP: u8 = 1;
const SIGCONT: u8 = 18;
const SIGWINCH: u8 = 28;

/// What is on the other side.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The host's terminal; output goes to this stream.
    Host(Stream),
    Master,
}

pub(crate) struct Tty {
    index: u32,
    side: Side,
    state: Mutex<State>,
    /// Programs that read from and write to the terminal.
    wait: WaitPoint,
    /// The reader and writer of the master side.
    master_wait: WaitPoint,
}

struct State {
    line: Line,
    window: [u16; 4],
    /// The session it controls, and that session's foreground process group; 0 is none.
    session: Pid,
    foreground: Pid,
    /// Open descriptions of the terminal side; whether there ever was one.
    opens: u32,
    was_opened: bool,
    /// The other side is gone: reads end, writes fail.
    is_hung_up: bool,
    /// TIOCSPTLCK, TIOCEXCL, TIOCPKT.
    is_locked: bool,
    is_exclusive: bool,
    is_packet: bool,
    /// When input came last, and when a read that waits for VTIME began.
    last_input: Nanos,
    timed_read: Option<Nanos>,
    /// Owner and mode of the node in /dev/pts.
    uid: u32,
    gid: u32,
    mode: u32,
    created: Timespec,
}

impl Tty {
    fn new(bell: &Arc<Bell>, index: u32, side: Side, io: &Io<'_>) -> Arc<Tty> {
        let state = State {
            line: Line::default(),
            window: [0; 4],
            session: 0,
            foreground: 0,
            opens: 0,
            was_opened: false,
            is_hung_up: false,
            is_locked: side == Side::Master,
            is_exclusive: false,
            is_packet: false,
            last_input: 0,
            timed_read: None,
            uid: io.caller.fsuid,
            gid: TTY_GROUP,
            mode: 0o620,
            created: io.now,
        };
        let (wait, master_wait) = (WaitPoint::new(bell), WaitPoint::new(bell));
        Arc::new(Tty { index, side, state: Mutex::new(state), wait, master_wait })
    }
    /// Its name for the kernel: the device number, as tty_nr of /proc/PID/stat has it.
    pub(crate) fn id(&self) -> u32 {
        makedev(PTS_MAJOR, self.index as u64) as u32
    }

    /// Typed bytes come in; answers how many were taken.
    fn receive(&self, io: &mut Io<'_>, bytes: &[u8]) -> usize {
        let mut state = self.state.lock();
        let foreground = state.foreground;
        let effects = &mut *io.effects;
        let taken = state.line.receive(bytes, &mut |signal| {
            if foreground != 0 {
                effects.push(Effect::SignalGroup { pgid: foreground, signal });
            }
        });
        state.last_input = io.host.monotonic();
        self.flush(io, &mut state);
        drop(state);
        self.wait.notify();
        self.master_wait.notify();
        taken
    }

    /// Console: takes what the host has, as long as there is room for it.
    fn pump(&self, io: &mut Io<'_>) {
        if !matches!(self.side, Side::Host(_)) {
            return;
        }
        let mut buf = [0; 256];
        // Bounded by the queue in most modes; signals could keep it empty for ever.
        for _ in 0..64 {
            if self.state.lock().line.is_full() {
                return;
            }
            match io.host.read(Stream::Stdin, &mut buf) {
                Ok(0) => {
                    self.state.lock().line.push_end();
                    return;
                }
                Ok(n) => {
                    self.receive(io, &buf[..n.min(buf.len())]);
                }
                Err(HostError::WouldBlock) => return,
                Err(_) => {
                    self.hang_up(io);
                    return;
                }
            }
        }
    }

    /// Console: gives the host what it takes. The master side comes and reads.
    fn flush(&self, io: &mut Io<'_>, state: &mut State) {
        let Side::Host(stream) = self.side else { return };
        while !state.line.output.is_empty() {
            let (front, _) = state.line.output.as_slices();
            match io.host.write(stream, front) {
                Ok(0) | Err(HostError::WouldBlock) => return,
                Ok(n) => {
                    let n = n.min(front.len());
                    state.line.output.drain(..n);
                }
                Err(_) => {
                    state.line.output.clear();
                    state.is_hung_up = true;
                }
            }
        }
    }

    /// The other side is gone: SIGHUP for the session's leader and the foreground group (credentials(7)).
    fn hang_up(&self, io: &mut Io<'_>) {
        let (session, foreground) = {
            let mut state = self.state.lock();
            if state.is_hung_up && state.session == 0 {
                return;
            }
            state.is_hung_up = true;
            (core::mem::take(&mut state.session), core::mem::take(&mut state.foreground))
        };
        if session != 0 {
            io.effects.push(Effect::SignalProcess { pid: session, signal: SIGHUP });
            io.effects.push(Effect::SignalProcess { pid: session, signal: SIGCONT });
            io.effects.push(Effect::ReleaseTty { tty: self.id() });
        }
        if foreground != 0 && foreground != session {
            io.effects.push(Effect::SignalGroup { pgid: foreground, signal: SIGHUP });
            io.effects.push(Effect::SignalGroup { pgid: foreground, signal: SIGCONT });
        }
        self.wait.notify();
        self.master_wait.notify();
    }

    fn set_window(&self, io: &mut Io<'_>, window: [u16; 4]) {
        let mut state = self.state.lock();
        if state.window != window {
            state.window = window;
            if state.foreground != 0 {
                io.effects.push(Effect::SignalGroup { pgid: state.foreground, signal: SIGWINCH });
            }
        }
    }
}

/// Major number of /dev/pts.
const PTS_MAJOR: u64 = 136;
/// gid=5 of the devpts mount: group `tty` of every distribution.
const TTY_GROUP: u32 = 5;
/// kernel.pty.max.
const MAX_PTYS: u32 = 4096;

/// All terminals of a machine.
pub(crate) struct Ttys {
    bell: Arc<Bell>,
    live: Mutex<HashMap<u32, Weak<Tty>>>,
    console: Mutex<Option<Arc<Tty>>>,
}

impl Ttys {
    pub(crate) fn new(bell: &Arc<Bell>) -> Arc<Ttys> {
        Arc::new(Ttys { bell: bell.clone(), live: Mutex::default(), console: Mutex::new(None) })
    }
    fn add(&self, io: &Io<'_>, side: Side) -> Result<Arc<Tty>, Errno> {
        let mut live = self.live.lock();
        live.retain(|_, tty| tty.strong_count() > 0);
        let index = (0..MAX_PTYS).find(|index| !live.contains_key(index)).ok_or(Errno::ENOSPC)?;
        let tty = Tty::new(&self.bell, index, side, io);
        live.insert(index, Arc::downgrade(&tty));
        Ok(tty)
    }
    /// The terminal /dev/pts/`index`.
    pub(crate) fn get(&self, index: u32) -> Option<Arc<Tty>> {
        self.live.lock().get(&index).and_then(Weak::upgrade)
    }
    /// The terminal with this id, for /dev/tty.
    pub(crate) fn by_id(&self, id: u32) -> Option<Arc<Tty>> {
        let (major, minor) = crate::device::split_dev(id as u64);
        if major == PTS_MAJOR { self.get(minor as u32) } else { None }
    }
    fn indices(&self) -> Vec<u32> {
        let mut indices: Vec<u32> =
            self.live.lock().iter().filter(|(_, tty)| tty.strong_count() > 0).map(|(&index, _)| index).collect();
        indices.sort_unstable();
        indices
    }
    fn remove(&self, index: u32) {
        self.live.lock().remove(&index);
    }

    pub(crate) fn console(&self) -> Option<Arc<Tty>> {
        self.console.lock().clone()
    }
    /// Makes the console: the host has a terminal. Without a known window the host edits lines and echoes itself, so
    /// nothing is done twice here.
    pub(crate) fn open_console(&self, io: &mut Io<'_>, output: Stream) -> Result<Arc<Tty>, Errno> {
        if let Some(console) = self.console() {
            return Ok(console);
        }
        let tty = self.add(io, Side::Host(output))?;
        {
            let mut state = tty.state.lock();
            match io.host.window() {
                Some(WinSize { rows, cols }) => state.window = [rows, cols, 0, 0],
                None => {
                    state.window = [24, 80, 0, 0];
                    state.line.termios.lflag &= !(termios::ECHO | termios::ISIG);
                    state.line.termios.oflag &= !termios::OPOST;
                }
            }
        }
        *self.console.lock() = Some(tty.clone());
        Ok(tty)
    }

    /// Something happened outside.
    pub(crate) fn event(&self, io: &mut Io<'_>, event: brainworm_abi::Event) {
        let Some(console) = self.console() else { return };
        match event {
            brainworm_abi::Event::Readable => {
                console.pump(io);
                // A full queue takes the rest when it was read.
                console.wait.notify();
            }
            brainworm_abi::Event::Writable => {
                console.flush(io, &mut console.state.lock());
                console.wait.notify();
            }
            brainworm_abi::Event::Resize(WinSize { rows, cols }) => console.set_window(io, [rows, cols, 0, 0]),
            _ => {}
        }
    }

    /// A session's leader exited: its terminal controls nobody any more, who is in the foreground hears of it.
    pub(crate) fn session_ended(&self, io: &mut Io<'_>, id: u32, session: Pid) {
        let Some(tty) = self.by_id(id) else { return };
        let mut state = tty.state.lock();
        if state.session == session {
            state.session = 0;
            let foreground = core::mem::take(&mut state.foreground);
            if foreground != 0 {
                io.effects.push(Effect::SignalGroup { pgid: foreground, signal: SIGHUP });
                io.effects.push(Effect::SignalGroup { pgid: foreground, signal: SIGCONT });
            }
        }
    }
}
