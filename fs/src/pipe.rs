//! Pipes and FIFOs: pipe(7), fifo(7). A ring of bytes with two kinds of ends.
//!
//! A write of up to PIPE_BUF bytes happens as a whole or not at all; a longer one may be partial, and the kernel makes
//! the call again with the rest. Opening a FIFO never blocks here: the end tells whether the other side has come
//! (`PipeEnd::is_connected`), and the kernel waits for it.

use crate::inode::Inode;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::{Bell, Errno, File, Io, IoctlMem, OpenFlags, Readiness, Stat, Timespec, WaitPoint};
use core::any::Any;
use core::sync::atomic::{AtomicBool, Ordering};
use spin::Mutex;

/// Writes up to this size are atomic.
pub const PIPE_BUF: usize = 4096;
/// Capacity of a fresh pipe.
const DEFAULT_CAPACITY: usize = 65536;
/// Most an unprivileged process may ask for (/proc/sys/fs/pipe-max-size).
pub(crate) const MAX_CAPACITY: usize = 1 << 20;
const FIONREAD: u32 = 0x541b;

/// The bytes between the ends, and who holds ends.
pub struct Pipe {
    state: Mutex<State>,
    readable: WaitPoint,
    writable: WaitPoint,
}

/// What a FIFO's inode holds.
pub(crate) type Fifo = Pipe;

struct State {
    /// The ring; its length is a power of two and grows up to `capacity`. Empty while nobody holds an end.
    ring: Vec<u8>,
    head: usize,
    len: usize,
    capacity: usize,
    readers: u32,
    writers: u32,
    /// Opens so far: an open of the other side waits for a change.
    reader_opens: u32,
    writer_opens: u32,
}

impl Pipe {
    /// A pipe without ends.
    pub(crate) fn new(bell: &Arc<Bell>) -> Arc<Pipe> {
        Arc::new(Pipe {
            state: Mutex::new(State {
                ring: Vec::new(),
                head: 0,
                len: 0,
                capacity: DEFAULT_CAPACITY,
                readers: 0,
                writers: 0,
                reader_opens: 0,
                writer_opens: 0,
            }),
            readable: WaitPoint::new(bell),
            writable: WaitPoint::new(bell),
        })
    }

    /// A new end. fifo(7): a write-only end without readers is `ENXIO` with O_NONBLOCK.
    pub(crate) fn open(self: &Arc<Pipe>, inode: Arc<dyn Inode>, flags: OpenFlags) -> Result<Arc<PipeEnd>, Errno> {
        let mut state = self.state.lock();
        let (reads, writes) = (flags.reads(), flags.writes());
        // A pipe opened again through /proc/PID/fd waits for nobody (fs/pipe.c:fifo_open, is_pipe).
        let is_named = !inode.as_any().is::<PipeInode>();
        if is_named && writes && !reads && flags.contains(OpenFlags::O_NONBLOCK) && state.readers == 0 {
            return Err(Errno::ENXIO);
        }
        state.readers += u32::from(reads);
        state.writers += u32::from(writes);
        state.reader_opens = state.reader_opens.wrapping_add(u32::from(reads));
        state.writer_opens = state.writer_opens.wrapping_add(u32::from(writes));
        let is_connected = !is_named || reads && writes || if reads { state.writers > 0 } else { state.readers > 0 };
        let seen = if reads { state.writer_opens } else { state.reader_opens };
        drop(state);
        // Somebody may wait for this side to come.
        if reads {
            self.writable.notify();
        }
        if writes {
            self.readable.notify();
        }
        let end =
            PipeEnd { pipe: self.clone(), inode, reads, writes, seen, is_connected: AtomicBool::new(is_connected) };
        Ok(Arc::new(end))
    }

    /// Both sides at once: pipe2(2).
    pub(crate) fn ends(self: &Arc<Pipe>, inode: &Arc<dyn Inode>) -> (Arc<PipeEnd>, Arc<PipeEnd>) {
        {
            let mut state = self.state.lock();
            (state.readers, state.writers) = (1, 1);
            (state.reader_opens, state.writer_opens) = (1, 1);
        }
        let end = |reads| {
            let is_connected = AtomicBool::new(true);
            Arc::new(PipeEnd { pipe: self.clone(), inode: inode.clone(), reads, writes: !reads, seen: 0, is_connected })
        };
        (end(true), end(false))
    }

    fn close(&self, reads: bool, writes: bool) {
        let mut state = self.state.lock();
        state.readers = state.readers.saturating_sub(u32::from(reads));
        state.writers = state.writers.saturating_sub(u32::from(writes));
        if state.readers == 0 && state.writers == 0 {
            (state.ring, state.head, state.len) = (Vec::new(), 0, 0);
        }
        drop(state);
        self.readable.notify();
        self.writable.notify();
    }

    fn read(&self, buf: &mut [u8], take: bool) -> Result<usize, Errno> {
        if buf.is_empty() {
            return Ok(0);
        }
        let mut state = self.state.lock();
        if state.len == 0 {
            return if state.writers == 0 { Ok(0) } else { Err(Errno::EAGAIN) };
        }
        let was_full = state.capacity - state.len < PIPE_BUF;
        let n = state.copy_out(buf);
        if take {
            let ring = state.ring.len();
            state.head = (state.head + n) & (ring - 1);
            state.len -= n;
            let has_room = state.capacity - state.len >= PIPE_BUF;
            let both = state.readers > 0 && state.writers > 0;
            drop(state);
            if was_full && has_room && both {
                self.writable.notify();
            }
        }
        Ok(n)
    }

    fn write(&self, bytes: &[u8]) -> Result<usize, Errno> {
        let mut state = self.state.lock();
        if state.readers == 0 {
            return Err(Errno::EPIPE);
        }
        if bytes.is_empty() {
            return Ok(0);
        }
        let room = state.capacity - state.len;
        if room == 0 || bytes.len() <= PIPE_BUF && room < bytes.len() {
            return Err(Errno::EAGAIN);
        }
        let n = room.min(bytes.len());
        state.copy_in(&bytes[..n]);
        drop(state);
        self.readable.notify();
        Ok(n)
    }

    /// F_GETPIPE_SZ of fcntl(2).
    pub fn capacity(&self) -> usize {
        self.state.lock().capacity
    }

    /// F_SETPIPE_SZ of fcntl(2); answers the capacity that was set.
    pub fn set_capacity(&self, io: &Io<'_>, bytes: u64) -> Result<usize, Errno> {
        let capacity = bytes.max(PIPE_BUF as u64).checked_next_power_of_two().ok_or(Errno::EINVAL)?;
        if capacity > 1 << 31 {
            return Err(Errno::EINVAL);
        }
        let mut state = self.state.lock();
        let capacity = capacity as usize;
        if capacity > state.capacity && capacity > MAX_CAPACITY && !io.caller.is_privileged {
            return Err(Errno::EPERM);
        }
        if capacity < state.len {
            return Err(Errno::EBUSY);
        }
        if state.ring.len() > capacity {
            state.resize(capacity);
        }
        state.capacity = capacity;
        drop(state);
        self.writable.notify();
        Ok(capacity)
    }
}

impl State {
    fn copy_out(&self, buf: &mut [u8]) -> usize {
        let n = buf.len().min(self.len);
        let first = n.min(self.ring.len() - self.head);
        buf[..first].copy_from_slice(&self.ring[self.head..self.head + first]);
        buf[first..n].copy_from_slice(&self.ring[..n - first]);
        n
    }
    fn copy_in(&mut self, bytes: &[u8]) {
        let need = self.len + bytes.len();
        if need > self.ring.len() {
            self.resize(need.next_power_of_two().max(PIPE_BUF));
        }
        let mask = self.ring.len() - 1;
        let tail = (self.head + self.len) & mask;
        let first = bytes.len().min(self.ring.len() - tail);
        self.ring[tail..tail + first].copy_from_slice(&bytes[..first]);
        self.ring[..bytes.len() - first].copy_from_slice(&bytes[first..]);
        self.len = need;
    }
    fn resize(&mut self, size: usize) {
        let mut ring = alloc::vec![0; size];
        self.copy_out(&mut ring);
        (self.ring, self.head) = (ring, 0);
    }
}

/// One open end of a pipe or FIFO; both at once for a FIFO opened with O_RDWR.
pub struct PipeEnd {
    pipe: Arc<Pipe>,
    inode: Arc<dyn Inode>,
    reads: bool,
    writes: bool,
    /// Opens of the other side when this end was opened.
    seen: u32,
    is_connected: AtomicBool,
}

impl PipeEnd {
    /// The pipe, for its capacity.
    pub fn pipe(&self) -> &Pipe {
        &self.pipe
    }
    /// False while an open of a FIFO without O_NONBLOCK has to wait for the other side, at `wait_point`.
    pub fn is_connected(&self) -> bool {
        if !self.is_connected.load(Ordering::Relaxed) {
            let state = self.pipe.state.lock();
            let opens = if self.reads { state.writer_opens } else { state.reader_opens };
            self.is_connected.store(opens != self.seen, Ordering::Relaxed);
        }
        self.is_connected.load(Ordering::Relaxed)
    }
    /// Copies bytes out without taking them: tee(2).
    pub fn peek(&self, buf: &mut [u8]) -> Result<usize, Errno> {
        self.pipe.read(buf, false)
    }
    /// True when both are ends of one pipe, which splice(2) and tee(2) refuse.
    pub fn is_same_pipe(&self, other: &PipeEnd) -> bool {
        Arc::ptr_eq(&self.pipe, &other.pipe)
    }
}

impl File for PipeEnd {
    fn stat(&self, io: &mut Io<'_>) -> Result<Stat, Errno> {
        self.inode.stat(io)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn read(&self, _io: &mut Io<'_>, _pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        if self.reads { self.pipe.read(buf, true) } else { Err(Errno::EBADF) }
    }
    fn write(&self, _io: &mut Io<'_>, pos: u64, _append: bool, bytes: &[u8]) -> Result<(usize, u64), Errno> {
        if self.writes { Ok((self.pipe.write(bytes)?, pos)) } else { Err(Errno::EBADF) }
    }
    fn readiness(&self, _io: &mut Io<'_>) -> Readiness {
        let state = self.pipe.state.lock();
        let mut ready = Readiness::empty();
        if self.reads {
            if state.len > 0 {
                ready |= Readiness::IN | Readiness::RDNORM;
            }
            // A FIFO nobody opened for writing since is not hung up yet.
            if state.writers == 0 && (state.writer_opens != self.seen || self.is_connected.load(Ordering::Relaxed)) {
                ready |= Readiness::HUP;
            }
        }
        if self.writes {
            if state.capacity - state.len >= PIPE_BUF {
                ready |= Readiness::OUT | Readiness::WRNORM;
            }
            if state.readers == 0 {
                ready |= Readiness::ERR;
            }
        }
        ready
    }
    fn wait_point(&self) -> Option<&WaitPoint> {
        Some(if self.reads { &self.pipe.readable } else { &self.pipe.writable })
    }
    fn ioctl(&self, _io: &mut Io<'_>, mem: &mut dyn IoctlMem, request: u32, arg: u64) -> Result<u64, Errno> {
        match request {
            FIONREAD => {
                let len = self.pipe.state.lock().len as u32;
                mem.write(arg, &len.to_le_bytes())?;
                Ok(0)
            }
            _ => Err(Errno::ENOTTY),
        }
    }
    fn close(&self, _io: &mut Io<'_>) {
        self.pipe.close(self.reads, self.writes);
    }
}

/// The inode of a pipe without a name.
pub(crate) struct PipeInode {
    pub(crate) pipe: Arc<Pipe>,
    pub(crate) dev: u64,
    pub(crate) ino: u64,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) created: Timespec,
}

impl Inode for PipeInode {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn kind(&self) -> brainworm_abi::FileKind {
        brainworm_abi::FileKind::Fifo
    }
    fn id(&self) -> (u64, u64) {
        (self.dev, self.ino)
    }
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        Ok(Stat {
            dev: self.dev,
            ino: self.ino,
            mode: 0o010600,
            nlink: 1,
            uid: self.uid,
            gid: self.gid,
            blksize: PIPE_BUF as u32,
            atime: self.created,
            mtime: self.created,
            ctime: self.created,
            ..Stat::default()
        })
    }
    fn statfs(&self, _io: &mut Io<'_>) -> Result<brainworm_abi::StatFs, Errno> {
        const PIPEFS_MAGIC: u64 = 0x5049_5045;
        Ok(brainworm_abi::StatFs { kind: PIPEFS_MAGIC, bsize: 4096, namelen: 255, ..Default::default() })
    }
    fn fifo(&self) -> Option<Arc<Fifo>> {
        Some(self.pipe.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{TestMem, World};
    use alloc::vec;
    use alloc::vec::Vec;
    use brainworm_abi::{Errno, OpenFlags, Readiness};

    #[test]
    fn writes_are_whole_or_partial_by_their_size() {
        let (mut w, t) = World::boot(Vec::new());
        let (reader, writer) = t.vfs.pipe(&mut w.io());
        let write = |w: &mut World, n: usize| writer.file.write(&mut w.io(), 0, false, &vec![7; n]).map(|done| done.0);
        let read = |w: &mut World, n: usize| reader.file.read(&mut w.io(), 0, &mut vec![0; n]);
        assert_eq!(read(&mut w, 1), Err(Errno::EAGAIN));
        assert_eq!(write(&mut w, 65000), Ok(65000));
        assert_eq!(write(&mut w, 1000), Err(Errno::EAGAIN), "up to PIPE_BUF all or nothing");
        assert_eq!(write(&mut w, 5000), Ok(536), "more than PIPE_BUF takes what fits");
        assert_eq!(write(&mut w, 5000), Err(Errno::EAGAIN));
        assert_eq!(writer.file.readiness(&mut w.io()), Readiness::empty());
        let waits = writer.file.wait_point().unwrap().sequence();
        assert_eq!(read(&mut w, 4095), Ok(4095));
        assert_eq!(writer.file.wait_point().unwrap().sequence(), waits, "not worth a wake-up yet");
        assert_eq!(read(&mut w, 1), Ok(1));
        assert_ne!(writer.file.wait_point().unwrap().sequence(), waits);
        assert!(writer.file.readiness(&mut w.io()).contains(Readiness::OUT));
        let mut mem = TestMem::default();
        reader.file.ioctl(&mut w.io(), &mut mem, super::FIONREAD, 0).unwrap();
        assert_eq!(mem.0, 61440u32.to_le_bytes());
        assert_eq!(read(&mut w, 100_000), Ok(61440));
        writer.file.close(&mut w.io());
        assert_eq!(read(&mut w, 1), Ok(0));
        assert_eq!(reader.file.readiness(&mut w.io()), Readiness::HUP);
        let again = t.vfs.open_place(&mut w.io(), &reader.path, OpenFlags::empty()).unwrap();
        assert!(again.is_ready(), "through /proc/PID/fd nobody waits for a writer");
        assert_eq!(again.file.read(&mut w.io(), 0, &mut [0]), Ok(0));
    }

    #[test]
    fn without_readers_there_is_nobody_to_write_to() {
        let (mut w, t) = World::boot(Vec::new());
        let (reader, writer) = t.vfs.pipe(&mut w.io());
        reader.file.close(&mut w.io());
        assert_eq!(writer.file.write(&mut w.io(), 0, false, b"x"), Err(Errno::EPIPE));
        assert!(writer.file.readiness(&mut w.io()).contains(Readiness::ERR));
    }

    #[test]
    fn bytes_come_out_in_order_whatever_the_sizes() {
        let (mut w, t) = World::boot(Vec::new());
        let (reader, writer) = t.vfs.pipe(&mut w.io());
        let (mut sent, mut got, mut step) = (0u32, 0u32, 1usize);
        while got < 300_000 {
            step = (step * 7 + 3) % 6007;
            let bytes: Vec<u8> = (sent..sent + step as u32).map(|i| i as u8).collect();
            if let Ok((n, _)) = writer.file.write(&mut w.io(), 0, false, &bytes) {
                sent += n as u32;
            }
            let mut buf = vec![0; (step * 5) % 5003 + 1];
            if let Ok(n) = reader.file.read(&mut w.io(), 0, &mut buf) {
                assert!(buf[..n].iter().enumerate().all(|(i, &b)| b == (got + i as u32) as u8));
                got += n as u32;
            }
        }
    }

    #[test]
    fn capacity_and_the_open_of_a_fifo() {
        let (mut w, t) = World::boot(Vec::new());
        let (reader, writer) = t.vfs.pipe(&mut w.io());
        let end = reader.file.as_any().downcast_ref::<super::PipeEnd>().unwrap();
        assert_eq!(end.pipe().set_capacity(&w.io(), 5000), Ok(8192));
        writer.file.write(&mut w.io(), 0, false, &[0; 8192]).unwrap();
        assert_eq!(end.pipe().set_capacity(&w.io(), 4096), Err(Errno::EBUSY));
        w.become_user(1);
        assert_eq!(end.pipe().set_capacity(&w.io(), 1 << 21), Err(Errno::EPERM));
        assert_eq!(end.pipe().set_capacity(&w.io(), u64::MAX), Err(Errno::EINVAL));
        assert_eq!(end.peek(&mut [1; 10]), Ok(10));
        w.caller = crate::testing::root();
        t.vfs.mknod(&mut w.io(), t.at(), b"/fifo", 0o010644, 0).unwrap();
        let early = t.open(&mut w, "/fifo", OpenFlags::O_NONBLOCK).unwrap();
        assert_eq!(early.file.readiness(&mut w.io()), Readiness::empty(), "nobody has hung up yet");
        assert_eq!(early.file.read(&mut w.io(), 0, &mut [0]), Ok(0));
        let writer = t.open(&mut w, "/fifo", OpenFlags::O_WRONLY).unwrap();
        writer.file.close(&mut w.io());
        assert_eq!(early.file.readiness(&mut w.io()), Readiness::HUP);
        early.file.close(&mut w.io());
        let both = t.open(&mut w, "/fifo", OpenFlags::O_RDWR).unwrap();
        assert!(both.is_ready());
        both.file.write(&mut w.io(), 0, false, b"x").unwrap();
        assert_eq!(both.file.read(&mut w.io(), 0, &mut [0; 9]), Ok(1));
    }
}
