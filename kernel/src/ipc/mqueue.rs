//! POSIX message queues, mq_overview(7): messages by priority, as open files.

use super::Perm;
use crate::Kernel;
use crate::events::anonymous_stat;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::signal::{SI_MESGQ, SigInfo};
use brainworm_abi::{Errno, File, Io, Pid, Readiness, Stat, WaitPoint};
use core::any::Any;
use spin::Mutex;

/// Defaults of a new queue (`fs.mqueue.msg_default`, `msgsize_default`), also the most for ordinary users.
pub(crate) const DEFAULT_MESSAGES: i64 = 10;
pub(crate) const DEFAULT_SIZE: i64 = 8192;
/// The most for root.
pub(crate) const MOST_MESSAGES: i64 = 65536;
pub(crate) const MOST_SIZE: i64 = 16 << 20;
/// Priorities are below this (MQ_PRIO_MAX).
pub(crate) const PRIORITIES: u32 = 32768;

/// Whom mq_notify(3) tells of the first message.
#[derive(Clone, Copy)]
pub(crate) struct Notice {
    pub(crate) pid: Pid,
    /// `None`: registered, but not told (SIGEV_NONE).
    pub(crate) signal: Option<u8>,
    pub(crate) value: u64,
}

#[derive(Default)]
struct State {
    /// Highest priority last; in each the oldest first.
    messages: BTreeMap<u32, VecDeque<Vec<u8>>>,
    count: i64,
    bytes: u64,
    notice: Option<Notice>,
    /// Tasks that wait in mq_timedreceive: they get the message, not the notice.
    receivers: Vec<Pid>,
}

/// A queue.
pub(crate) struct MessageQueue {
    pub(crate) perm: Perm,
    pub(crate) max_messages: i64,
    pub(crate) max_size: i64,
    state: Mutex<State>,
    wait: WaitPoint,
}

impl MessageQueue {
    pub(crate) fn new(perm: Perm, max_messages: i64, max_size: i64, wait: WaitPoint) -> MessageQueue {
        MessageQueue { perm, max_messages, max_size, state: Mutex::default(), wait }
    }
    /// Messages queued.
    pub(crate) fn count(&self) -> i64 {
        self.state.lock().count
    }
    /// Adds a message: `EAGAIN` when full. Answers whom to tell that the queue is no longer empty.
    pub(crate) fn send(&self, priority: u32, bytes: Vec<u8>) -> Result<Option<Notice>, Errno> {
        let mut state = self.state.lock();
        if state.count >= self.max_messages {
            return Err(Errno::EAGAIN);
        }
        let was_empty = state.count == 0;
        state.count += 1;
        state.bytes += bytes.len() as u64;
        state.messages.entry(priority).or_default().push_back(bytes);
        let is_news = was_empty && state.receivers.is_empty();
        let notice = if is_news { state.notice.take() } else { None };
        drop(state);
        self.wait.notify();
        Ok(notice)
    }
    /// Takes the oldest message of the highest priority: `EAGAIN` when empty, and the task is noted as waiting.
    pub(crate) fn receive(&self, tid: Pid) -> Result<(u32, Vec<u8>), Errno> {
        let mut state = self.state.lock();
        state.receivers.retain(|&other| other != tid);
        let Some(mut entry) = state.messages.last_entry() else {
            state.receivers.push(tid);
            return Err(Errno::EAGAIN);
        };
        let priority = *entry.key();
        let message = entry.get_mut().pop_front().unwrap_or_default();
        if entry.get().is_empty() {
            entry.remove();
        }
        state.count -= 1;
        state.bytes -= message.len() as u64;
        drop(state);
        self.wait.notify();
        Ok((priority, message))
    }
    /// The task waits no more.
    pub(crate) fn give_up(&self, tid: Pid) {
        self.state.lock().receivers.retain(|&other| other != tid);
    }
    /// mq_notify(3): `EBUSY` while another process is registered. `None` takes one's own registration back.
    pub(crate) fn register(&self, pid: Pid, notice: Option<Notice>) -> Result<(), Errno> {
        let mut state = self.state.lock();
        let is_mine = state.notice.is_some_and(|notice| notice.pid == pid);
        match notice {
            Some(_) if state.notice.is_some() => return Err(Errno::EBUSY),
            Some(_) => state.notice = notice,
            None if is_mine => state.notice = None,
            None => {}
        }
        Ok(())
    }
}

impl File for MessageQueue {
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        let mode = 0o100000 | self.perm.mode;
        Ok(Stat { mode, uid: self.perm.uid, gid: self.perm.gid, size: 80, ..anonymous_stat() })
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    /// mq_overview(7), "Mounting the message queue filesystem".
    fn read(&self, _io: &mut Io<'_>, pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let (bytes, notice) = {
            let state = self.state.lock();
            (state.bytes, state.notice)
        };
        let (signal, pid) = notice.map_or((0, 0), |notice| (notice.signal.unwrap_or(0), notice.pid));
        let text = format!("QSIZE:{bytes:<10} NOTIFY:{:<5} SIGNO:{signal:<5} NOTIFY_PID:{pid:<6}\n", 0);
        let rest = usize::try_from(pos).ok().and_then(|pos| text.as_bytes().get(pos..)).unwrap_or_default();
        let len = rest.len().min(buf.len());
        buf[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }
    fn can_seek(&self) -> bool {
        true
    }
    fn readiness(&self, _io: &mut Io<'_>) -> Readiness {
        let count = self.count();
        let mut ready = Readiness::empty();
        if count > 0 {
            ready |= Readiness::IN | Readiness::RDNORM;
        }
        if count < self.max_messages {
            ready |= Readiness::OUT | Readiness::WRNORM;
        }
        ready
    }
    fn wait_point(&self) -> Option<&WaitPoint> {
        Some(&self.wait)
    }
}

/// Queues by name, without the slash.
pub(crate) type Names = BTreeMap<Vec<u8>, Arc<MessageQueue>>;

impl Kernel {
    /// Sends the signal of a notice.
    pub(crate) fn tell_of_message(&mut self, notice: Notice, sender: Pid, uid: u32) {
        if let (Some(signal), Some(process)) = (notice.signal, self.world.process_of(notice.pid)) {
            self.signal_process(process, SigInfo::queued(signal, SI_MESGQ, sender, uid, notice.value));
        }
    }
}
