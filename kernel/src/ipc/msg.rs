//! Message queues, msgget(2), msgop(2).

use super::{Ipc, Object, Perm};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::ipc::{MSG_EXCEPT, MSG_NOERROR};
use brainworm_abi::{Errno, Pid, WaitPoint};
use core::fmt::Write;

/// Longest message (`kernel.msgmax`).
pub(crate) const MSGMAX: u64 = 8192;
/// Bytes of a fresh queue (`kernel.msgmnb`).
pub(crate) const MSGMNB: u64 = 16384;

/// One message.
pub(crate) struct Message {
    pub(crate) kind: i64,
    pub(crate) bytes: Vec<u8>,
}

/// A queue.
pub(crate) struct Queue {
    pub(crate) perm: Perm,
    pub(crate) messages: VecDeque<Message>,
    /// Bytes queued, and how many may be.
    pub(crate) queued: u64,
    pub(crate) limit: u64,
    pub(crate) send_time: i64,
    pub(crate) receive_time: i64,
    pub(crate) change_time: i64,
    pub(crate) last_sender: Pid,
    pub(crate) last_receiver: Pid,
    /// Notified at every change, and when the queue goes.
    pub(crate) point: Arc<WaitPoint>,
}

impl Object for Queue {
    fn perm(&self) -> &Perm {
        &self.perm
    }
}

impl Queue {
    /// msgsnd(2): `EAGAIN` when there is no room.
    pub(crate) fn send(&mut self, kind: i64, bytes: Vec<u8>) -> Result<(), Errno> {
        let len = bytes.len() as u64;
        if self.queued + len > self.limit || self.messages.len() as u64 >= self.limit {
            return Err(Errno::EAGAIN);
        }
        self.queued += len;
        self.messages.push_back(Message { kind, bytes });
        self.point.notify();
        Ok(())
    }

    /// Where the message is that msgrcv(2) with this type wants.
    fn wanted(&self, kind: i64, flags: u32) -> Option<usize> {
        match kind {
            0 => (!self.messages.is_empty()).then_some(0),
            kind if kind > 0 && flags & MSG_EXCEPT != 0 => self.messages.iter().position(|m| m.kind != kind),
            kind if kind > 0 => self.messages.iter().position(|m| m.kind == kind),
            kind => {
                let most = kind.checked_neg().unwrap_or(i64::MAX);
                let least = self.messages.iter().map(|m| m.kind).filter(|&kind| kind <= most).min()?;
                self.messages.iter().position(|m| m.kind == least)
            }
        }
    }

    /// msgrcv(2): `EAGAIN` when there is none, `E2BIG` when it is too long and may not be cut.
    pub(crate) fn receive(&mut self, kind: i64, room: u64, flags: u32) -> Result<Message, Errno> {
        let at = self.wanted(kind, flags).ok_or(Errno::EAGAIN)?;
        if self.messages[at].bytes.len() as u64 > room && flags & MSG_NOERROR == 0 {
            return Err(Errno::E2BIG);
        }
        let mut message = self.messages.remove(at).ok_or(Errno::EAGAIN)?;
        self.queued -= message.bytes.len() as u64;
        message.bytes.truncate(room as usize);
        self.point.notify();
        Ok(message)
    }
}

impl Ipc {
    /// /proc/sysvipc/msg.
    pub(crate) fn render_queues(&self) -> String {
        let mut text = String::from(
            "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n",
        );
        for (id, q) in self.queues.iter() {
            let perm = q.perm;
            let _ = writeln!(
                text,
                "{:10} {id:10}  {:4o}  {:10} {:10} {:5} {:5} {:5} {:5} {:5} {:5} {:10} {:10} {:10}",
                perm.key as i32,
                perm.mode,
                q.queued,
                q.messages.len(),
                q.last_sender,
                q.last_receiver,
                perm.uid,
                perm.gid,
                perm.cuid,
                perm.cgid,
                q.send_time,
                q.receive_time,
                q.change_time
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brainworm_abi::Bell;

    #[test]
    fn types_choose_messages() {
        let perm = Perm { key: 0, uid: 0, gid: 0, cuid: 0, cgid: 0, mode: 0o600 };
        let point = Arc::new(WaitPoint::new(&Bell::new()));
        let mut queue = Queue {
            perm,
            messages: VecDeque::new(),
            queued: 0,
            limit: 10,
            send_time: 0,
            receive_time: 0,
            change_time: 0,
            last_sender: 0,
            last_receiver: 0,
            point,
        };
        for (kind, text) in [(3, "ccc"), (1, "a"), (2, "bb"), (1, "d")] {
            assert_eq!(queue.send(kind, text.as_bytes().to_vec()), Ok(()));
        }
        assert_eq!(queue.send(1, alloc::vec![0; 4]), Err(Errno::EAGAIN));
        let mut next =
            |kind, room, flags| queue.receive(kind, room, flags).map(|m| String::from_utf8(m.bytes).unwrap());
        assert_eq!(next(9, 9, 0), Err(Errno::EAGAIN));
        assert_eq!(next(3, 2, 0), Err(Errno::E2BIG));
        assert_eq!(next(-2, 9, 0).as_deref(), Ok("a"));
        assert_eq!(next(1, 9, MSG_EXCEPT).as_deref(), Ok("ccc"));
        assert_eq!(next(2, 1, MSG_NOERROR).as_deref(), Ok("b"));
        assert_eq!(next(0, 9, 0).as_deref(), Ok("d"));
    }
}
