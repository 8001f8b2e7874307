//! send(2) and recv(2) in all forms.

use crate::addr::canonical;
use crate::flow::Taken;
use crate::inbox::Message;
use crate::socket::{Role, State, identity};
use crate::{Address, Control, Family, InodeKey, Kind, Socket};
use abi::Errno;
use abi::linux::Caller;
use abi::linux::socket::{MsgFlags, UCred};
use alloc::vec::Vec;
use core::net::SocketAddr;

/// Largest UDP payload.
const UDP_MAX: usize = 65507;

/// What recv(2) took.
#[derive(Default)]
pub struct Received {
    /// Bytes in the buffer.
    pub len: usize,
    /// Length of the whole message, which MSG_TRUNC of the caller asks for; equals `len` for streams.
    pub full_len: usize,
    /// MSG_TRUNC when the message was longer than the buffer.
    pub flags: MsgFlags,
    /// Who sent it; `None` for connections.
    pub from: Option<Address>,
    /// Descriptors, and credentials where SO_PASSCRED asks for them.
    pub control: Control,
}

impl Socket {
    /// read(2): as `recv` without flags, but descriptors that came along are dropped.
    pub(crate) fn read_plain(&self, buf: &mut [u8]) -> Result<usize, Errno> {
        if buf.is_empty() {
            return Ok(0);
        }
        if !self.is_connection() {
            let received = self.recv(buf, MsgFlags::empty())?;
            self.net.orphans.lock().extend(received.control.rights);
            return Ok(received.len);
        }
        let taken = self.take(buf, false)?;
        if !taken.control.rights.is_empty() {
            self.net.orphans.lock().extend(taken.control.rights);
        }
        Ok(taken.len)
    }

    /// write(2): as `send` without an address.
    pub(crate) fn write_plain(&self, caller: &Caller, bytes: &[u8]) -> Result<usize, Errno> {
        if self.is_connection() {
            self.put(caller, bytes, &mut Control::default())
        } else {
            self.send(caller, bytes, None, &mut Control::default())
        }
    }

    /// recv(2), recvmsg(2): `EAGAIN` when nothing is there. Takes MSG_PEEK from the flags; waiting, MSG_WAITALL and
    /// the fate of the descriptors are the kernel's.
    pub fn recv(&self, buf: &mut [u8], flags: MsgFlags) -> Result<Received, Errno> {
        if flags.contains(MsgFlags::MSG_OOB) {
            return Err(if self.family == Family::Unix { Errno::EOPNOTSUPP } else { Errno::EINVAL });
        }
        if flags.contains(MsgFlags::MSG_ERRQUEUE) {
            return Err(Errno::EAGAIN);
        }
        let peek = flags.contains(MsgFlags::MSG_PEEK);
        let mut received = if self.is_connection() {
            let taken = self.take(buf, peek)?;
            let flags = if taken.full_len > taken.len { MsgFlags::MSG_TRUNC } else { MsgFlags::empty() };
            Received { len: taken.len, full_len: taken.full_len, flags, from: None, control: taken.control }
        } else {
            self.take_message(buf, peek)?
        };
        let wants_credentials = self.family == Family::Unix && self.options.lock().pass_credentials;
        received.control.credentials = if !wants_credentials {
            None
        } else {
            // Nobody in particular, as for data sent before the option was set.
            received.control.credentials.or(Some(UCred { pid: 0, uid: 65534, gid: 65534 }))
        };
        Ok(received)
    }

    /// Bytes or a message of a connection.
    fn take(&self, buf: &mut [u8], peek: bool) -> Result<Taken, Errno> {
        let mut state = self.state.lock();
        let no_read = state.no_read;
        let Role::Connected(connection) = &state.role else {
            return Err(not_connected(self.family, &mut state));
        };
        let mut rx = connection.rx.lock();
        if buf.is_empty() && !rx.is_drained() && self.kind == Kind::Stream {
            return Ok(Taken::default());
        }
        if let Some(taken) = rx.read(buf, peek) {
            drop(rx);
            if !peek {
                connection.other.notify();
            }
            return Ok(taken);
        }
        if rx.is_reset {
            rx.is_reset = false;
            return Err(Errno::ECONNRESET);
        }
        let is_over = rx.is_finished || no_read;
        drop(rx);
        match state.error.take() {
            Some(error) => Err(error),
            None if is_over => Ok(Taken::default()),
            None => Err(Errno::EAGAIN),
        }
    }

    fn take_message(&self, buf: &mut [u8], peek: bool) -> Result<Received, Errno> {
        {
            let mut state = self.state.lock();
            if let Some(error) = state.error.take() {
                return Err(error);
            }
            if state.no_read && self.inbox.lock().is_empty() {
                return Ok(Received::default());
            }
        }
        let mut inbox = self.inbox.lock();
        let read = |bytes: &[u8], from: Address, control: Control, buf: &mut [u8]| {
            let len = bytes.len().min(buf.len());
            buf[..len].copy_from_slice(&bytes[..len]);
            let flags = if len < bytes.len() { MsgFlags::MSG_TRUNC } else { MsgFlags::empty() };
            Received { len, full_len: bytes.len(), flags, from: Some(self.shown(from)), control }
        };
        if peek {
            let message = inbox.peek().ok_or(Errno::EAGAIN)?;
            return Ok(read(&message.bytes, message.from.clone(), message.control.clone(), buf));
        }
        let message = inbox.pop().ok_or(Errno::EAGAIN)?;
        drop(inbox);
        if let Some(sender) = &message.sender {
            sender.notify();
        }
        Ok(read(&message.bytes, message.from, message.control, buf))
    }

    /// send(2), sendto(2), sendmsg(2). Streams may take a part; `control` is emptied once it went along. An address of
    /// a connection is ignored. `EPIPE` asks the kernel for SIGPIPE unless MSG_NOSIGNAL.
    pub fn send(
        &self,
        caller: &Caller,
        bytes: &[u8],
        to: Option<(&Address, Option<InodeKey>)>,
        control: &mut Control,
    ) -> Result<usize, Errno> {
        if self.family != Family::Unix && !control.is_empty() {
            return Err(Errno::EINVAL);
        }
        if self.is_connection() {
            return match to {
                Some(_) if self.family == Family::Unix && self.kind == Kind::Stream => {
                    let is_connected = matches!(self.state.lock().role, Role::Connected(_));
                    Err(if is_connected { Errno::EISCONN } else { Errno::EOPNOTSUPP })
                }
                _ => self.put(caller, bytes, control),
            };
        }
        if self.state.lock().no_write {
            return Err(Errno::EPIPE);
        }
        match self.family {
            Family::Unix => self.send_unix(caller, bytes, to, control),
            Family::Netlink => self.send_netlink(caller, bytes),
            Family::Inet | Family::Inet6 => self.send_udp(caller, bytes, to.map(|(address, _)| address)),
        }
    }

    /// Bytes or a message into a connection.
    fn put(&self, caller: &Caller, bytes: &[u8], control: &mut Control) -> Result<usize, Errno> {
        let mut state = self.state.lock();
        if state.no_write {
            return Err(Errno::EPIPE);
        }
        let Role::Connected(connection) = &state.role else {
            return Err(match not_connected(self.family, &mut state) {
                Errno::ENOTCONN if self.family != Family::Unix => Errno::EPIPE,
                Errno::EINVAL => Errno::ENOTCONN,
                other => other,
            });
        };
        {
            let mut rx = connection.rx.lock();
            if rx.is_reset && self.family != Family::Unix {
                rx.is_reset = false;
                return Err(Errno::ECONNRESET);
            }
        }
        let mut tx = connection.tx.lock();
        if tx.is_refused {
            // TCP learns of the closed end by the answer to the first segment that reaches it.
            let is_first = !core::mem::replace(&mut tx.was_lost, true);
            return if self.family != Family::Unix && is_first { Ok(bytes.len()) } else { Err(Errno::EPIPE) };
        }
        if tx.wants_credentials && control.credentials.is_none() {
            let sender = identity(caller);
            if tx.last_credentials() != Some(sender) || self.kind == Kind::SeqPacket {
                control.credentials = Some(sender);
            }
        }
        let len =
            if self.kind == Kind::SeqPacket { tx.write_packet(bytes, control)? } else { tx.write(bytes, control)? };
        drop(tx);
        connection.other.notify();
        Ok(len)
    }

    fn send_unix(
        &self,
        caller: &Caller,
        bytes: &[u8],
        to: Option<(&Address, Option<InodeKey>)>,
        control: &mut Control,
    ) -> Result<usize, Errno> {
        let target = match to {
            Some((address, inode)) => self.net.find_unix(address, inode)?,
            None => match &self.state.lock().role {
                Role::Associated(peer) => peer.upgrade().ok_or(Errno::ECONNREFUSED)?,
                _ => return Err(Errno::ENOTCONN),
            },
        };
        if target.kind != self.kind {
            return Err(Errno::EPROTOTYPE);
        }
        // A socket with a peer takes messages from that peer only.
        if !target.me.ptr_eq(&self.me) {
            let state = target.state.lock();
            if let Role::Associated(peer) = &state.role
                && !peer.ptr_eq(&self.me)
            {
                return Err(Errno::EPERM);
            }
            if state.no_read {
                return Err(Errno::EPIPE);
            }
        }
        if bytes.len() > self.options.lock().send_buffer {
            return Err(Errno::EMSGSIZE);
        }
        let from = self.local();
        let mut sent = core::mem::take(control);
        sent.credentials = sent.credentials.or(Some(identity(caller)));
        let message = Message { bytes: bytes.to_vec(), from, control: sent, sender: Some(self.wait.clone()) };
        if let Err((error, message)) = target.inbox.lock().push(message) {
            *control = message.control;
            return Err(error);
        }
        target.wait.notify();
        Ok(bytes.len())
    }

    fn send_udp(&self, caller: &Caller, bytes: &[u8], to: Option<&Address>) -> Result<usize, Errno> {
        let (to, is_connected) = match to {
            Some(Address::Inet(addr)) => (self.destination(*addr)?, false),
            Some(_) => return Err(Errno::EAFNOSUPPORT),
            None => {
                let mut state = self.state.lock();
                match (state.error.take(), &state.peer) {
                    (Some(error), _) => return Err(error),
                    (None, Some(Address::Inet(addr))) => (*addr, true),
                    _ => return Err(Errno::EDESTADDRREQ),
                }
            }
        };
        if to.port() == 0 {
            return Err(Errno::EINVAL);
        }
        if bytes.len() > UDP_MAX {
            return Err(Errno::EMSGSIZE);
        }
        let source = Socket::source_for(to.ip());
        let from = if self.state.lock().has_port {
            self.ensure_port(caller.fsuid, source)?
        } else {
            // The first send takes a port on all addresses.
            self.ensure_port(caller.fsuid, if to.is_ipv4() { [0, 0, 0, 0].into() } else { [0u16; 8].into() })?;
            self.ensure_port(caller.fsuid, source)?
        };
        let target = self.net.udp.lock().find(to, |socket| socket.takes_from(from));
        match target {
            Some(target) => {
                let message = Message {
                    bytes: bytes.to_vec(),
                    from: Address::Inet(from),
                    control: Control::default(),
                    sender: None,
                };
                // A full receiver loses datagrams, udp(7).
                if target.inbox.lock().push(message).is_ok() {
                    target.wait.notify();
                }
            }
            // The ICMP "port unreachable" that only connected sockets hear of.
            None if is_connected => {
                self.state.lock().error = Some(Errno::ECONNREFUSED);
                self.wait.notify();
            }
            None => {}
        }
        Ok(bytes.len())
    }

    /// UDP: datagrams from there reach this socket.
    fn takes_from(&self, from: SocketAddr) -> bool {
        match &self.state.lock().peer {
            Some(Address::Inet(peer)) => canonical(*peer) == from,
            _ => true,
        }
    }

    fn send_netlink(&self, caller: &Caller, bytes: &[u8]) -> Result<usize, Errno> {
        let pid = {
            let mut state = self.state.lock();
            let local = state.local.get_or_insert(Address::Netlink { pid: caller.pid, groups: 0 });
            if let Address::Netlink { pid, .. } = local { *pid } else { caller.pid }
        };
        let mut replies: Vec<Vec<u8>> = Vec::new();
        crate::netlink::answer(bytes, pid, &mut replies);
        let mut inbox = self.inbox.lock();
        for bytes in replies {
            let from = Address::Netlink { pid: 0, groups: 0 };
            let message = Message { bytes, from, control: Control::default(), sender: None };
            if inbox.push(message).is_err() {
                return Err(Errno::ENOBUFS);
            }
        }
        drop(inbox);
        self.wait.notify();
        Ok(bytes.len())
    }
}

/// Why a socket without a connection cannot transfer: its error first.
fn not_connected(family: Family, state: &mut State) -> Errno {
    if let Some(error) = state.error.take() {
        return error;
    }
    match state.role {
        Role::Connecting => Errno::EAGAIN,
        _ if family == Family::Unix => Errno::EINVAL,
        _ => Errno::ENOTCONN,
    }
}
