//! The container's standard streams where the host has no terminal: byte-exact pipes to the outside.

use crate::inode::Inode;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::{
    Bell, Errno, Event, File, FileKind, HostError, Interest, Io, IoctlMem, OpenFlags, Readiness, Stat, StatFs, Stream,
    Timespec, WaitPoint,
};
use core::any::Any;
use spin::Mutex;

const FIONREAD: u32 = 0x541b;
/// How much `readiness` reads ahead to know whether there is something.
const PEEK: usize = 4096;

/// One standard stream; both the inode and the open file.
pub(crate) struct HostStream {
    stream: Stream,
    dev: u64,
    ino: u64,
    created: Timespec,
    wait: WaitPoint,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Read ahead by `readiness`; comes before what the host still has.
    ahead: Vec<u8>,
    is_at_end: bool,
    /// The host said WouldBlock to a write and no event came since.
    is_full: bool,
    /// The host said Closed to a write.
    is_closed: bool,
}

impl HostStream {
    pub(crate) fn new(bell: &Arc<Bell>, stream: Stream, dev: u64, ino: u64, created: Timespec) -> Arc<HostStream> {
        Arc::new(HostStream { stream, dev, ino, created, wait: WaitPoint::new(bell), state: Mutex::default() })
    }

    /// Something happened outside.
    pub(crate) fn event(&self, event: Event) {
        match (event, self.stream) {
            (Event::Readable, Stream::Stdin) => self.wait.notify(),
            (Event::Writable, Stream::Stdout | Stream::Stderr) => {
                self.state.lock().is_full = false;
                self.wait.notify();
            }
            _ => {}
        }
    }

    /// Reads ahead so that `readiness` can tell; a stream that ended is readable too.
    fn look_ahead(&self, io: &mut Io<'_>) -> (usize, bool) {
        let mut state = self.state.lock();
        if state.ahead.is_empty() && !state.is_at_end {
            let mut buf = [0; PEEK];
            match io.host.read(self.stream, &mut buf) {
                Ok(0) | Err(HostError::Closed | HostError::Refused) => state.is_at_end = true,
                Ok(n) => state.ahead.extend_from_slice(&buf[..n.min(PEEK)]),
                Err(HostError::WouldBlock) => {}
                Err(HostError::Errno(_)) => state.is_at_end = true,
            }
        }
        (state.ahead.len(), state.is_at_end)
    }

    fn metadata(&self) -> Stat {
        Stat {
            dev: self.dev,
            ino: self.ino,
            // Everyone in the container may open /dev/stdout again, whoever it runs as.
            mode: FileKind::Fifo as u32 | 0o666,
            nlink: 1,
            blksize: 4096,
            atime: self.created,
            mtime: self.created,
            ctime: self.created,
            ..Stat::default()
        }
    }
}

impl File for HostStream {
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        Ok(self.metadata())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn interest(&self) -> Interest {
        let stdin = self.stream == Stream::Stdin;
        Interest { stdin, output: !stdin, files: false }
    }
    fn read(&self, io: &mut Io<'_>, _pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        if self.stream != Stream::Stdin {
            return Err(Errno::EBADF);
        }
        let mut state = self.state.lock();
        if buf.is_empty() {
            return Ok(0);
        }
        if !state.ahead.is_empty() {
            let n = buf.len().min(state.ahead.len());
            buf[..n].copy_from_slice(&state.ahead[..n]);
            state.ahead.drain(..n);
            return Ok(n);
        }
        if state.is_at_end {
            return Ok(0);
        }
        match io.host.read(self.stream, buf) {
            Ok(0) | Err(HostError::Closed | HostError::Refused) => {
                state.is_at_end = true;
                Ok(0)
            }
            Ok(n) => Ok(n.min(buf.len())),
            Err(HostError::WouldBlock) => Err(Errno::EAGAIN),
            Err(HostError::Errno(e)) => Err(e),
        }
    }
    fn write(&self, io: &mut Io<'_>, pos: u64, _append: bool, bytes: &[u8]) -> Result<(usize, u64), Errno> {
        if self.stream == Stream::Stdin {
            return Err(Errno::EBADF);
        }
        if bytes.is_empty() {
            return Ok((0, pos));
        }
        match io.host.write(self.stream, bytes) {
            // A host that takes nothing without an error is full.
            Ok(0) | Err(HostError::WouldBlock) => {
                self.state.lock().is_full = true;
                Err(Errno::EAGAIN)
            }
            Ok(n) => Ok((n.min(bytes.len()), pos)),
            Err(HostError::Closed) => {
                self.state.lock().is_closed = true;
                Err(Errno::EPIPE)
            }
            Err(HostError::Errno(e)) => Err(e),
            Err(HostError::Refused) => Err(Errno::EIO),
        }
    }
    fn readiness(&self, io: &mut Io<'_>) -> Readiness {
        if self.stream == Stream::Stdin {
            return match self.look_ahead(io) {
                (0, false) => Readiness::empty(),
                // An ended file or /dev/null is readable, an ended pipe hung up: this may be either.
                (0, true) => Readiness::IN | Readiness::RDNORM | Readiness::HUP,
                _ => Readiness::IN | Readiness::RDNORM,
            };
        }
        let state = self.state.lock();
        if state.is_closed {
            Readiness::ERR
        } else if state.is_full {
            Readiness::empty()
        } else {
            Readiness::OUT | Readiness::WRNORM
        }
    }
    fn wait_point(&self) -> Option<&WaitPoint> {
        Some(&self.wait)
    }
    fn ioctl(&self, io: &mut Io<'_>, mem: &mut dyn IoctlMem, request: u32, arg: u64) -> Result<u64, Errno> {
        if request != FIONREAD || self.stream != Stream::Stdin {
            return Err(Errno::ENOTTY);
        }
        let (len, _) = self.look_ahead(io);
        mem.write(arg, &(len as u32).to_le_bytes())?;
        Ok(0)
    }
}

/// The inode of a stream, so that it has a place in /proc/PID/fd and can be opened again there.
pub(crate) struct StreamInode(pub(crate) Arc<HostStream>);

impl Inode for StreamInode {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn kind(&self) -> FileKind {
        FileKind::Fifo
    }
    fn id(&self) -> (u64, u64) {
        (self.0.dev, self.0.ino)
    }
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        Ok(self.0.metadata())
    }
    fn statfs(&self, _io: &mut Io<'_>) -> Result<StatFs, Errno> {
        Ok(StatFs { bsize: 4096, namelen: 255, ..StatFs::default() })
    }
    fn open(
        self: Arc<Self>,
        _io: &mut Io<'_>,
        _path: &crate::PathRef,
        _flags: OpenFlags,
    ) -> Result<Arc<dyn File>, Errno> {
        Ok(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use alloc::vec::Vec;
    use brainworm_abi::{Errno, Event, HostError, Readiness};

    #[test]
    fn input_is_exact_and_can_be_waited_for() {
        let (mut w, t) = World::boot(Vec::new());
        let [stdin, ..] = t.vfs.stdio(&mut w.io(), &t.root).unwrap();
        let read = |w: &mut World, n: usize| {
            let mut buf = alloc::vec![0; n];
            let n = stdin.file.read(&mut w.io(), 0, &mut buf)?;
            buf.truncate(n);
            Ok(buf)
        };
        assert_eq!(read(&mut w, 5), Err(Errno::EAGAIN));
        assert_eq!(stdin.file.readiness(&mut w.io()), Readiness::empty());
        w.host.input.push_back(Ok(b"a\0\xff\r\nbc".to_vec()));
        let before = stdin.file.wait_point().unwrap().sequence();
        t.vfs.event(&mut w.io(), Event::Readable);
        assert_ne!(stdin.file.wait_point().unwrap().sequence(), before);
        assert!(stdin.file.readiness(&mut w.io()).contains(Readiness::IN));
        assert_eq!(read(&mut w, 5).unwrap(), b"a\0\xff\r\n");
        assert_eq!(read(&mut w, 5).unwrap(), b"bc");
        w.host.input.push_back(Err(HostError::Closed));
        assert!(stdin.file.readiness(&mut w.io()).contains(Readiness::HUP | Readiness::IN));
        assert_eq!(read(&mut w, 5).unwrap(), b"");
        assert_eq!(stdin.file.write(&mut w.io(), 0, false, b"x"), Err(Errno::EBADF));
    }

    #[test]
    fn output_may_be_partial_blocked_or_closed() {
        let (mut w, t) = World::boot(Vec::new());
        let [_, stdout, _] = t.vfs.stdio(&mut w.io(), &t.root).unwrap();
        w.host.room = 3;
        assert_eq!(stdout.file.write(&mut w.io(), 0, false, b"abcde"), Ok((3, 0)));
        assert_eq!(stdout.file.write(&mut w.io(), 0, false, b"de"), Err(Errno::EAGAIN));
        assert_eq!(stdout.file.readiness(&mut w.io()), Readiness::empty());
        w.host.room = 10;
        t.vfs.event(&mut w.io(), Event::Writable);
        assert!(stdout.file.readiness(&mut w.io()).contains(Readiness::OUT));
        assert_eq!(stdout.file.write(&mut w.io(), 0, false, b"de"), Ok((2, 0)));
        assert_eq!(w.host.output, b"abcde");
        w.host.is_closed = true;
        assert_eq!(stdout.file.write(&mut w.io(), 0, false, b"x"), Err(Errno::EPIPE));
    }
}
