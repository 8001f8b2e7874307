//! What a handler works with: the calling task and the kernel around it.

use super::Stop;
use super::args::{DirFd, UserMut, UserPtr, UserStr};
use crate::Kernel;
use crate::mm::UserMem;
use crate::signal::{SigNum, SigSet};
use crate::task::{Creds, Description, FdTable, FsContext, Location, Process, Slot, Task};
use crate::wait::{OnSignal, Wait};
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::Record;
use brainworm_abi::linux::fcntl::{IOV_MAX, IoVec, MAX_RW_COUNT, PATH_MAX};
use brainworm_abi::linux::resource::RLIMIT_NOFILE;
use brainworm_abi::linux::signal::{SI_USER, SigInfo};
use brainworm_abi::{Errno, File, GuestAddr, Io, Nanos, OpenFlags, Pid};
use brainworm_cpu::Access;
use spin::{Mutex, MutexGuard};

/// The calling task in its kernel.
pub struct Cx<'k> {
    /// The machine.
    pub k: &'k mut Kernel,
    /// Slot of the calling task.
    pub(crate) ix: u32,
}

impl<'k> Cx<'k> {
    pub(crate) fn new(k: &'k mut Kernel, ix: u32) -> Cx<'k> {
        Cx { k, ix }
    }
    /// The calling task.
    #[inline]
    pub fn task(&self) -> &Task {
        &self.k.world.tasks[self.ix]
    }
    /// The calling task, for changing it.
    #[inline]
    pub fn task_mut(&mut self) -> &mut Task {
        &mut self.k.world.tasks[self.ix]
    }
    /// The calling process (thread group).
    #[inline]
    pub fn process(&self) -> &Process {
        &self.k.world.procs[self.task().process]
    }
    /// The calling process, for changing it.
    #[inline]
    pub fn process_mut(&mut self) -> &mut Process {
        let process = self.task().process;
        &mut self.k.world.procs[process]
    }
    /// The process id getpid(2) tells.
    pub fn pid(&self) -> Pid {
        self.process().pid
    }
    /// Credentials of the task.
    pub fn creds(&self) -> &Arc<Creds> {
        &self.task().creds
    }
    /// A soft limit of the process.
    pub fn limit(&self, resource: u32) -> u64 {
        self.process().limits[resource as usize].rlim_cur
    }
    /// Working directory, root and umask.
    pub fn fs(&self) -> MutexGuard<'_, FsContext> {
        self.task().fs.lock()
    }
    /// The monotonic clock, now.
    pub fn now(&mut self) -> Nanos {
        self.k.host.monotonic()
    }

    // --- user memory ---------------------------------------------------------------------------------------------

    pub(crate) fn mem(&mut self) -> UserMem<'_> {
        self.k.user_mem(self.ix)
    }
    /// Reads a value.
    pub fn copy_in<T: Record>(&mut self, from: UserPtr<T>) -> Result<T, Errno> {
        let mut small = [0; 256];
        match small.get_mut(..T::SIZE) {
            Some(bytes) => {
                self.mem().copy_in(from.addr, bytes)?;
                Ok(T::load(bytes))
            }
            None => {
                let mut bytes = alloc::vec![0; T::SIZE];
                self.mem().copy_in(from.addr, &mut bytes)?;
                Ok(T::load(&bytes))
            }
        }
    }
    /// Writes a value.
    pub fn copy_out<T: Record>(&mut self, to: UserMut<T>, value: &T) -> Result<(), Errno> {
        let mut small = [0; 256];
        match small.get_mut(..T::SIZE) {
            Some(bytes) => {
                value.store(bytes);
                self.mem().copy_out(to.addr, bytes)
            }
            None => {
                let mut bytes = alloc::vec![0; T::SIZE];
                value.store(&mut bytes);
                self.mem().copy_out(to.addr, &bytes)
            }
        }
    }
    /// Writes a value unless the pointer is NULL.
    pub fn copy_out_opt<T: Record>(&mut self, to: UserMut<T>, value: &T) -> Result<(), Errno> {
        if to.is_null() { Ok(()) } else { self.copy_out(to, value) }
    }
    /// Reads a value unless the pointer is NULL.
    pub fn copy_in_opt<T: Record>(&mut self, from: UserPtr<T>) -> Result<Option<T>, Errno> {
        if from.is_null() { Ok(None) } else { self.copy_in(from).map(Some) }
    }
    /// Reads `count` values, at most `max` (EINVAL).
    pub fn copy_in_array<T: Record>(&mut self, from: GuestAddr, count: u64, max: u64) -> Result<Vec<T>, Errno> {
        if count > max {
            return Err(Errno::EINVAL);
        }
        let mut bytes = alloc::vec![0; count as usize * T::SIZE];
        self.mem().copy_in(from, &mut bytes)?;
        Ok(bytes.chunks(T::SIZE).map(T::load).collect())
    }
    /// Reads bytes.
    pub fn read_bytes(&mut self, addr: GuestAddr, into: &mut [u8]) -> Result<(), Errno> {
        self.mem().copy_in(addr, into)
    }
    /// Writes bytes.
    pub fn write_bytes(&mut self, addr: GuestAddr, bytes: &[u8]) -> Result<(), Errno> {
        self.mem().copy_out(addr, bytes)
    }
    /// Reads a string of at most `max` bytes with its NUL (ENAMETOOLONG); the answer is without it.
    pub fn read_str(&mut self, from: UserStr, max: usize) -> Result<Vec<u8>, Errno> {
        self.mem().read_str(from.0, max, Errno::ENAMETOOLONG)
    }
    /// Reads a path (PATH_MAX).
    pub fn read_path(&mut self, from: UserStr) -> Result<Vec<u8>, Errno> {
        self.read_str(from, PATH_MAX)
    }
    /// How many of `len` bytes can be written, faulting them in: calls that consume data ask before.
    pub fn writable(&mut self, addr: GuestAddr, len: usize) -> Result<usize, Errno> {
        self.mem().accessible(addr, len, Access::Write)
    }
    /// How many of `len` bytes can be read.
    pub fn readable(&mut self, addr: GuestAddr, len: usize) -> Result<usize, Errno> {
        self.mem().accessible(addr, len, Access::Read)
    }
    /// Reads an array of `struct iovec`: (address, length) each. EINVAL past IOV_MAX or a sum past SSIZE_MAX; the sum is
    /// cut at MAX_RW_COUNT as Linux does.
    pub fn copy_in_iovecs(&mut self, addr: GuestAddr, count: u64) -> Result<Vec<(GuestAddr, u64)>, Errno> {
        let raw: Vec<IoVec> = self.copy_in_array(addr, count, IOV_MAX as u64)?;
        let mut left = MAX_RW_COUNT;
        raw.into_iter()
            .map(|IoVec { iov_base: base, iov_len: len }| {
                if len > i64::MAX as u64 {
                    return Err(Errno::EINVAL);
                }
                let len = len.min(left);
                left -= len;
                Ok((GuestAddr(base), len))
            })
            .collect()
    }

    // --- files ---------------------------------------------------------------------------------------------------

    /// What calls into files need. Effects are carried out when the system call is over.
    pub fn io(&mut self) -> Io<'_> {
        self.k.io(self.ix)
    }
    /// The descriptor table.
    pub fn files(&self) -> MutexGuard<'_, FdTable> {
        self.task().files.lock()
    }
    /// The description of a descriptor; EBADF also for O_PATH ones, which name a location only.
    pub fn desc(&self, fd: super::args::Fd) -> Result<Arc<Description>, Errno> {
        let desc = self.desc_or_path(fd)?;
        if desc.is_path() { Err(Errno::EBADF) } else { Ok(desc) }
    }
    /// The description of a descriptor, O_PATH ones included.
    pub fn desc_or_path(&self, fd: super::args::Fd) -> Result<Arc<Description>, Errno> {
        Ok(self.files().get(fd.0)?.desc.clone())
    }
    /// A new description.
    pub fn describe(&self, file: Arc<dyn File>, flags: OpenFlags, location: Option<Location>) -> Arc<Description> {
        self.k.descriptions.make(file, flags, location)
    }
    /// The lowest free descriptors (EMFILE past RLIMIT_NOFILE); they stay free until `install_at`.
    pub fn free_fds<const N: usize>(&self) -> Result<[i32; N], Errno> {
        self.files().lowest_free::<N>(0, self.limit(RLIMIT_NOFILE))
    }
    /// Puts a description under the lowest free descriptor.
    pub fn install(&mut self, desc: Arc<Description>, cloexec: bool) -> Result<i32, Errno> {
        let [fd] = self.free_fds::<1>()?;
        self.install_at(fd, desc, cloexec);
        Ok(fd)
    }
    /// Puts a description under a descriptor from `free_fds` or dup2(2); what was there is closed.
    pub fn install_at(&mut self, fd: i32, desc: Arc<Description>, cloexec: bool) {
        let old = self.files().set(fd, Slot { desc, cloexec });
        if let Some(old) = old {
            self.k.close_slot(self.ix, old);
        }
    }
    /// Closes a descriptor: releases record locks, and the description with its last descriptor.
    pub fn close(&mut self, fd: super::args::Fd) -> Result<(), Errno> {
        let slot = self.files().take(fd.0)?;
        self.k.close_slot(self.ix, slot);
        Ok(())
    }
    /// Where a call relative to `dirfd` starts: `None` for the working directory. EBADF, ENOTDIR.
    pub fn dir_location(&self, dirfd: DirFd) -> Result<Option<Location>, Errno> {
        if dirfd == DirFd::CWD {
            return Ok(None);
        }
        let desc = self.files().get(dirfd.0)?.desc.clone();
        desc.location.clone().map(Some).ok_or(Errno::ENOTDIR)
    }

    // --- waiting and signals ----------------------------------------------------------------------------------------

    /// What a call that met `EAGAIN` from a file answers: EAGAIN when the description is non-blocking, else park.
    pub fn block_on(&mut self, desc: &Description) -> Stop {
        if desc.is_nonblocking() { Stop::Errno(Errno::EAGAIN) } else { self.wait_for(&desc.file) }
    }
    /// Parks at an object's wait point; objects without one wait for the host.
    pub fn wait_for(&mut self, file: &Arc<dyn File>) -> Stop {
        let until = file.wake_at(&mut self.io());
        let wait = if file.wait_point().is_some() { Wait::file(file) } else { Wait::host() };
        Stop::Block(wait.until(until))
    }
    /// The absolute deadline of a relative timeout; the same one when the call is made again. `None`: forever.
    pub fn deadline(&mut self, timeout: Option<Nanos>) -> Option<Nanos> {
        let timeout = timeout?;
        if let Some(deadline) = self.task().restart.deadline {
            return Some(deadline);
        }
        let deadline = self.now().saturating_add(timeout);
        self.task_mut().restart.deadline = Some(deadline);
        Some(deadline)
    }
    /// True when the deadline has passed.
    pub fn is_past(&mut self, deadline: Option<Nanos>) -> bool {
        deadline.is_some_and(|d| self.now() >= d)
    }
    /// A wait with a deadline.
    pub fn block(&self, wait: Wait, deadline: Option<Nanos>, on_signal: OnSignal) -> Stop {
        Stop::Block(wait.until(deadline).on_signal(on_signal))
    }
    /// Sends the calling thread a signal (SIGPIPE of write(2), SIGXFSZ).
    pub fn signal_self(&mut self, signal: SigNum) {
        let (pid, uid) = (self.pid(), self.creds().uid);
        self.k.signal_task(self.ix, SigInfo::sent(signal.number(), SI_USER, pid, uid));
    }
    /// Replaces the signal mask until the call is over, as ppoll(2), pselect6(2), epoll_pwait(2) and rt_sigsuspend(2)
    /// do; the old mask comes back after a handler, or at once when none runs. Call it on every try.
    pub fn set_temporary_mask(&mut self, mask: SigSet) {
        let task = self.task_mut();
        if task.signals.saved_mask.is_none() {
            task.signals.saved_mask = Some(task.signals.mask);
        }
        task.signals.mask = mask.minus(SigSet::UNBLOCKABLE);
    }
}

/// Shared tables of a task.
pub(crate) type Shared<T> = Arc<Mutex<T>>;
