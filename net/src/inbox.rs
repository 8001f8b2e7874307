//! Messages waiting at a socket that takes them from anyone: UNIX datagrams, UDP, netlink.

use crate::{Address, Control, Right};
use abi::{Errno, WaitPoint};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Most messages queued whatever their size (`net.unix.max_dgram_qlen`).
const MAX_MESSAGES: usize = 512;

/// One datagram.
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    pub(crate) from: Address,
    pub(crate) control: Control,
    /// Whoever may wait for room here.
    pub(crate) sender: Option<Arc<WaitPoint>>,
}

/// The queue. `limit` is the receiver's SO_RCVBUF in bytes.
pub(crate) struct Inbox {
    messages: VecDeque<Message>,
    queued: usize,
    pub(crate) limit: usize,
    is_closed: bool,
}

impl Inbox {
    pub(crate) fn new(limit: usize) -> Inbox {
        Inbox { messages: VecDeque::new(), queued: 0, limit, is_closed: false }
    }

    /// No room for another message of usual size.
    pub(crate) fn is_full(&self) -> bool {
        self.messages.len() >= MAX_MESSAGES || self.queued >= self.limit
    }

    /// Nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// What FIONREAD tells.
    pub(crate) fn next_len(&self) -> usize {
        self.messages.front().map_or(0, |message| message.bytes.len())
    }

    /// Queues a message, or gives it back: `EAGAIN` when there is no room, `ECONNREFUSED` when nobody reads any more.
    pub(crate) fn push(&mut self, message: Message) -> Result<(), (Errno, Message)> {
        if self.is_closed {
            return Err((Errno::ECONNREFUSED, message));
        }
        if self.is_full() || (!self.messages.is_empty() && self.queued + message.bytes.len() > self.limit) {
            return Err((Errno::EAGAIN, message));
        }
        self.queued += message.bytes.len();
        self.messages.push_back(message);
        Ok(())
    }

    /// The first message, left where it is.
    pub(crate) fn peek(&self) -> Option<&Message> {
        self.messages.front()
    }

    /// Takes the first message.
    pub(crate) fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.queued -= message.bytes.len();
        Some(message)
    }

    /// Keeps only messages from one sender (connect(2) of a datagram socket).
    pub(crate) fn retain_from(&mut self, from: &Address) {
        self.messages.retain(|message| message.from == *from);
        self.queued = self.messages.iter().map(|message| message.bytes.len()).sum();
    }

    /// The reader is gone; senders that wait are told, descriptors are given to `orphans`.
    pub(crate) fn close(&mut self, orphans: &mut Vec<Right>) {
        self.is_closed = true;
        self.queued = 0;
        for message in self.messages.drain(..) {
            if let Some(sender) = message.sender {
                sender.notify();
            }
            orphans.extend(message.control.rights);
        }
    }
}
