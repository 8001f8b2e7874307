//! One direction of a connection: bytes (SOCK_STREAM) or messages (SOCK_SEQPACKET) on their way to the reader.
//!
//! A flow knows nothing of sockets; whoever changes it notifies the ends. Descriptors in flight that nobody will
//! receive are handed back to the caller, because only the kernel can close them.

use crate::{Control, Right};
use abi::Errno;
use abi::linux::socket::UCred;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// A ring this large is given back when it runs empty.
const KEEP_CAPACITY: usize = 64 * 1024;

/// Ancillary data that belongs to the byte at `at` (counted since the connection began).
struct Mark {
    at: u64,
    control: Control,
}

struct Packet {
    bytes: Vec<u8>,
    control: Control,
}

/// One direction. `limit` is the sender's SO_SNDBUF.
pub(crate) struct Flow {
    bytes: VecDeque<u8>,
    marks: VecDeque<Mark>,
    packets: VecDeque<Packet>,
    /// Bytes the reader has taken since the beginning.
    taken: u64,
    /// Bytes queued in packets.
    packet_bytes: usize,
    pub(crate) limit: usize,
    /// The writer is done: after what is queued comes the end.
    pub(crate) is_finished: bool,
    /// The writer went away without reading everything: the reader gets ECONNRESET once, after what is queued.
    pub(crate) is_reset: bool,
    /// TCP: a write after the reader's end was closed went nowhere; the next one fails.
    pub(crate) was_lost: bool,
    /// The reader is gone or reads no more.
    pub(crate) is_refused: bool,
    /// The credentials read last.
    current: Option<UCred>,
    /// The reader wants credentials with the data (SO_PASSCRED).
    pub(crate) wants_credentials: bool,
}

/// What a read took.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) len: usize,
    /// The message's whole length where it was longer.
    pub(crate) full_len: usize,
    pub(crate) control: Control,
}

impl Flow {
    pub(crate) fn new(limit: usize) -> Flow {
        Flow {
            bytes: VecDeque::new(),
            marks: VecDeque::new(),
            packets: VecDeque::new(),
            taken: 0,
            packet_bytes: 0,
            limit,
            is_finished: false,
            is_reset: false,
            was_lost: false,
            is_refused: false,
            current: None,
            wants_credentials: false,
        }
    }

    /// Bytes queued.
    pub(crate) fn queued(&self) -> usize {
        self.bytes.len() + self.packet_bytes
    }

    /// Something, or the end, can be read.
    pub(crate) fn is_readable(&self) -> bool {
        !self.is_drained() || self.is_finished
    }

    /// Nothing is queued, not even an empty message.
    pub(crate) fn is_drained(&self) -> bool {
        self.bytes.is_empty() && self.packets.is_empty()
    }

    /// Half of the buffer is free, so that poll(2) does not wake a writer for every byte.
    pub(crate) fn is_writable(&self) -> bool {
        self.queued() * 2 <= self.limit
    }

    /// What FIONREAD tells: all bytes of a stream, the next message otherwise.
    pub(crate) fn next_len(&self) -> usize {
        self.packets.front().map_or(self.bytes.len(), |packet| packet.bytes.len())
    }

    /// Appends as many bytes as fit; `EAGAIN` when none do. The ancillary data goes with the first.
    pub(crate) fn write(&mut self, bytes: &[u8], control: &mut Control) -> Result<usize, Errno> {
        let room = self.limit.saturating_sub(self.queued());
        let len = bytes.len().min(room);
        if len == 0 && !bytes.is_empty() {
            return Err(Errno::EAGAIN);
        }
        if !control.is_empty() && len > 0 {
            let at = self.taken + self.bytes.len() as u64;
            self.marks.push_back(Mark { at, control: core::mem::take(control) });
        }
        self.bytes.extend(&bytes[..len]);
        Ok(len)
    }

    /// Appends one message: `EMSGSIZE` when it can never fit, `EAGAIN` when not now.
    pub(crate) fn write_packet(&mut self, bytes: &[u8], control: &mut Control) -> Result<usize, Errno> {
        if bytes.len() > self.limit {
            return Err(Errno::EMSGSIZE);
        }
        // Empty messages take room too, or there would be no bound on them.
        if self.queued() + bytes.len() > self.limit || self.packets.len() >= self.limit / 256 {
            return Err(Errno::EAGAIN);
        }
        self.packet_bytes += bytes.len();
        self.packets.push_back(Packet { bytes: bytes.to_vec(), control: core::mem::take(control) });
        Ok(bytes.len())
    }

    /// Moves bytes or one message into `buf`; `None` when nothing is there. A read does not cross ancillary data.
    pub(crate) fn read(&mut self, buf: &mut [u8], peek: bool) -> Option<Taken> {
        if let Some(packet) = self.packets.front() {
            let len = packet.bytes.len().min(buf.len());
            buf[..len].copy_from_slice(&packet.bytes[..len]);
            let full_len = packet.bytes.len();
            if peek {
                return Some(Taken { len, full_len, control: packet.control.clone() });
            }
            self.packet_bytes -= full_len;
            let control = self.packets.pop_front().map(|packet| packet.control).unwrap_or_default();
            return Some(Taken { len, full_len, control });
        }
        if self.bytes.is_empty() {
            return None;
        }
        let mut control = Control::default();
        let mut len = self.bytes.len().min(buf.len());
        if !self.marks.is_empty() {
            let is_here = |mark: &Mark| mark.at <= self.taken;
            let next = self.marks.iter().find(|mark| !is_here(mark)).map(|mark| mark.at);
            len = next.map_or(len, |at| len.min((at - self.taken) as usize));
            if len > 0 && self.marks.front().is_some_and(is_here) {
                control = if peek {
                    self.marks.front().map(|mark| mark.control.clone()).unwrap_or_default()
                } else {
                    self.marks.pop_front().map(|mark| mark.control).unwrap_or_default()
                };
            }
        }
        self.current = control.credentials.or(self.current);
        control.credentials = self.current;
        let (head, tail) = self.bytes.as_slices();
        let from_head = len.min(head.len());
        buf[..from_head].copy_from_slice(&head[..from_head]);
        buf[from_head..len].copy_from_slice(&tail[..len - from_head]);
        if !peek {
            self.bytes.drain(..len);
            self.taken += len as u64;
            if self.bytes.is_empty() && self.bytes.capacity() > KEEP_CAPACITY {
                self.bytes = VecDeque::new();
            }
        }
        Some(Taken { len, full_len: len, control })
    }

    /// The credentials the last writer left, so that a stream is not marked again for every write.
    pub(crate) fn last_credentials(&self) -> Option<UCred> {
        self.marks.back().and_then(|mark| mark.control.credentials).or(self.current)
    }

    /// The reader is gone: what is queued is dropped, its descriptors are given to `orphans`.
    pub(crate) fn refuse(&mut self, orphans: &mut Vec<Right>) {
        self.is_refused = true;
        self.bytes = VecDeque::new();
        self.packet_bytes = 0;
        orphans.extend(self.marks.drain(..).flat_map(|mark| mark.control.rights));
        orphans.extend(self.packets.drain(..).flat_map(|packet| packet.control.rights));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::sync::Arc;
    use alloc::vec;

    fn rights(count: usize) -> Control {
        Control { rights: (0..count).map(|_| Arc::new(()) as Right).collect(), credentials: None }
    }

    #[test]
    fn a_read_stops_at_the_next_ancillary_data() {
        let mut flow = Flow::new(100);
        assert_eq!(flow.write(b"ab", &mut Control::default()), Ok(2));
        assert_eq!(flow.write(b"cd", &mut rights(1)), Ok(2));
        assert_eq!(flow.write(b"ef", &mut rights(2)), Ok(2));
        let mut buf = [0; 10];
        let lens: Vec<(usize, usize)> = core::iter::from_fn(|| flow.read(&mut buf, false))
            .map(|taken| (taken.len, taken.control.rights.len()))
            .collect();
        assert_eq!(lens, vec![(2, 0), (2, 1), (2, 2)]);
    }

    #[test]
    fn a_full_stream_takes_a_part_then_none() {
        let mut flow = Flow::new(4);
        assert_eq!(flow.write(b"abcdef", &mut Control::default()), Ok(4));
        assert_eq!(flow.write(b"g", &mut Control::default()), Err(Errno::EAGAIN));
        let mut buf = [0; 3];
        assert_eq!(flow.read(&mut buf, true).map(|taken| taken.len), Some(3));
        assert_eq!(flow.read(&mut buf, false).map(|taken| taken.len), Some(3));
        assert_eq!(&buf, b"abc");
        assert_eq!(flow.write(b"ghijk", &mut Control::default()), Ok(3));
        let mut rest = [0; 8];
        assert_eq!(flow.read(&mut rest, false).map(|taken| taken.len), Some(4));
        assert_eq!(&rest[..4], b"dghi");
    }

    #[test]
    fn messages_keep_their_bounds_and_say_when_they_were_cut() {
        let mut flow = Flow::new(4096);
        assert_eq!(flow.write_packet(b"hello", &mut Control::default()), Ok(5));
        assert_eq!(flow.write_packet(b"", &mut Control::default()), Ok(0));
        assert_eq!(flow.write_packet(&[0; 4097], &mut Control::default()), Err(Errno::EMSGSIZE));
        let mut buf = [0; 2];
        let taken = flow.read(&mut buf, false).unwrap();
        assert_eq!((taken.len, taken.full_len), (2, 5));
        assert_eq!(flow.read(&mut buf, false).map(|taken| taken.len), Some(0));
        assert!(flow.read(&mut buf, false).is_none());
    }
}
