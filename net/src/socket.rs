//! One socket: what it is, what state it is in, and what it is as an open file.
//!
//! Locks: `state` may be held while a flow or inbox is locked, never while another socket's `state` is.

use crate::flow::Flow;
use crate::inbox::Inbox;
use crate::options::Options;
use crate::{Address, InodeKey, Net, Right, UnixName};
use abi::linux::ioctl;
use abi::linux::socket::*;
use abi::linux::{Caller, Record};
use abi::{Errno, File, FileKind, Io, IoctlMem, Readiness, Stat, WaitPoint};
use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::any::Any;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use spin::Mutex;

/// Address family of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "socket(2)")]
pub enum Family {
    Unix,
    Inet,
    Inet6,
    Netlink,
}

/// Type of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "socket(2)")]
pub enum Kind {
    Stream,
    Datagram,
    SeqPacket,
}

/// An end of a connection.
pub(crate) struct Connection {
    pub(crate) rx: Arc<Mutex<Flow>>,
    pub(crate) tx: Arc<Mutex<Flow>>,
    /// Where the other end waits.
    pub(crate) other: Arc<WaitPoint>,
    /// Who the other end was when the connection was made (SO_PEERCRED).
    pub(crate) peer: UCred,
}

/// A socket that accepts connections.
pub(crate) struct Listener {
    pub(crate) limit: usize,
    /// Connections nobody accepted yet.
    pub(crate) queue: VecDeque<Arc<Socket>>,
    /// TCP: connects that go on when there is room.
    pub(crate) pending: VecDeque<Weak<Socket>>,
    /// UNIX: connects that are made again when there is room.
    pub(crate) refused: Vec<Arc<WaitPoint>>,
}

/// What a socket is doing.
#[derive(Default)]
pub(crate) enum Role {
    /// Fresh; datagram sockets without a peer stay here.
    #[default]
    Idle,
    Listening(Listener),
    /// TCP: the listener's queue is full.
    Connecting,
    Connected(Connection),
    /// A UNIX datagram socket with a peer. (UDP keeps just the address in `State::peer`.)
    Associated(Weak<Socket>),
    /// The last descriptor is gone.
    Closed,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) role: Role,
    /// The address bound or given.
    pub(crate) local: Option<Address>,
    /// The inode a path is bound to.
    pub(crate) inode: Option<InodeKey>,
    /// True while a port is claimed in the machine's tables.
    pub(crate) has_port: bool,
    pub(crate) peer: Option<Address>,
    /// SO_ERROR.
    pub(crate) error: Option<Errno>,
    /// What the next connect(2) answers, after one that said EINPROGRESS.
    pub(crate) connect_answer: Option<Result<(), Errno>>,
    /// shutdown(2).
    pub(crate) no_read: bool,
    pub(crate) no_write: bool,
    /// Who made the socket, or called listen(2).
    pub(crate) owner: UCred,
}

/// An open socket.
pub struct Socket {
    pub(crate) net: Arc<Net>,
    pub(crate) me: Weak<Socket>,
    pub(crate) ino: u64,
    pub(crate) family: Family,
    pub(crate) kind: Kind,
    pub(crate) protocol: u32,
    pub(crate) wait: Arc<WaitPoint>,
    pub(crate) state: Mutex<State>,
    pub(crate) inbox: Mutex<Inbox>,
    pub(crate) options: Mutex<Options>,
}

/// The identity other sockets see.
pub(crate) fn identity(caller: &Caller) -> UCred {
    UCred { pid: caller.pid, uid: caller.fsuid, gid: caller.fsgid }
}

impl Net {
    /// socket(2); `kind` without the SOCK_NONBLOCK and SOCK_CLOEXEC bits.
    pub fn socket(
        self: &Arc<Net>,
        caller: &Caller,
        family: u32,
        kind: u32,
        protocol: u32,
    ) -> Result<Arc<Socket>, Errno> {
        let family = match u16::try_from(family).map_err(|_| Errno::EAFNOSUPPORT)? {
            AF_UNIX => Family::Unix,
            AF_INET => Family::Inet,
            AF_INET6 => Family::Inet6,
            AF_NETLINK => Family::Netlink,
            AF_PACKET => return Err(Errno::EPERM),
            _ => return Err(Errno::EAFNOSUPPORT),
        };
        let is_inet = matches!(family, Family::Inet | Family::Inet6);
        let (kind, protocol) = match (family, kind, protocol) {
            (Family::Unix, _, protocol) if protocol > 1 => return Err(Errno::EPROTONOSUPPORT),
            (Family::Unix, SOCK_STREAM, _) => (Kind::Stream, 0),
            (Family::Unix, SOCK_DGRAM | SOCK_RAW, _) => (Kind::Datagram, 0),
            (Family::Unix, SOCK_SEQPACKET, _) => (Kind::SeqPacket, 0),
            (Family::Netlink, SOCK_DGRAM | SOCK_RAW, abi::linux::netlink::NETLINK_ROUTE) => (Kind::Datagram, protocol),
            (Family::Netlink, SOCK_DGRAM | SOCK_RAW, _) => return Err(Errno::EPROTONOSUPPORT),
            (_, SOCK_STREAM, 0 | IPPROTO_TCP) if is_inet => (Kind::Stream, IPPROTO_TCP),
            (_, SOCK_DGRAM, 0 | IPPROTO_UDP) if is_inet => (Kind::Datagram, IPPROTO_UDP),
            (_, SOCK_STREAM | SOCK_DGRAM, _) if is_inet => return Err(Errno::EPROTONOSUPPORT),
            (_, SOCK_RAW, _) if is_inet => return Err(Errno::EPERM),
            _ => return Err(Errno::ESOCKTNOSUPPORT),
        };
        Ok(self.create(identity(caller), family, kind, protocol))
    }

    /// socketpair(2): UNIX sockets connected with each other.
    pub fn pair(
        self: &Arc<Net>,
        caller: &Caller,
        family: u32,
        kind: u32,
        protocol: u32,
    ) -> Result<[Arc<Socket>; 2], Errno> {
        let a = self.socket(caller, family, kind, protocol)?;
        if a.family != Family::Unix {
            return Err(Errno::EOPNOTSUPP);
        }
        let b = self.create(identity(caller), a.family, a.kind, a.protocol);
        let nameless = || Some(Address::Unix(UnixName::Unnamed));
        if a.kind == Kind::Datagram {
            a.state.lock().role = Role::Associated(b.me.clone());
            b.state.lock().role = Role::Associated(a.me.clone());
        } else {
            Socket::join(&a, &b);
        }
        for end in [&a, &b] {
            end.state.lock().peer = nameless();
        }
        Ok([a, b])
    }

    pub(crate) fn create(self: &Arc<Net>, owner: UCred, family: Family, kind: Kind, protocol: u32) -> Arc<Socket> {
        let options = Options::new(family, kind);
        let socket = Arc::new_cyclic(|me| Socket {
            net: self.clone(),
            me: me.clone(),
            ino: self.new_ino(),
            family,
            kind,
            protocol,
            wait: Arc::new(WaitPoint::new(&self.bell)),
            state: Mutex::new(State { owner, ..State::default() }),
            inbox: Mutex::new(Inbox::new(options.receive_buffer)),
            options: Mutex::new(options),
        });
        if family == Family::Unix {
            let mut all = self.unix.lock();
            if all.len() == all.capacity() {
                all.retain(|socket| socket.strong_count() > 0);
            }
            all.push(socket.me.clone());
        }
        socket
    }
}

impl Socket {
    /// The address family.
    pub fn family(&self) -> Family {
        self.family
    }
    /// The type.
    pub fn kind(&self) -> Kind {
        self.kind
    }
    /// The inode number, as `/proc/PID/fd` shows it (`socket:[N]`).
    pub fn ino(&self) -> u64 {
        self.ino
    }
    /// The machine's network.
    pub fn net(&self) -> &Arc<Net> {
        &self.net
    }
    /// Connection-mode: send and receive never name an address.
    pub fn is_connection(&self) -> bool {
        self.kind != Kind::Datagram
    }

    /// The address of a socket nobody bound.
    pub(crate) fn no_address(&self) -> Address {
        match self.family {
            Family::Unix => Address::Unix(UnixName::Unnamed),
            Family::Inet => Address::Inet(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0)),
            Family::Inet6 => Address::Inet(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0)),
            Family::Netlink => Address::Netlink { pid: 0, groups: 0 },
        }
    }

    /// An address as this socket's family shows it: IPv4 on an IPv6 socket is mapped.
    pub(crate) fn shown(&self, address: Address) -> Address {
        match address {
            Address::Inet(SocketAddr::V4(v4)) if self.family == Family::Inet6 => {
                Address::Inet(SocketAddr::new(IpAddr::V6(v4.ip().to_ipv6_mapped()), v4.port()))
            }
            other => other,
        }
    }

    /// getsockname(2).
    pub fn local(&self) -> Address {
        let local = self.state.lock().local.clone();
        local.map_or_else(|| self.no_address(), |address| self.shown(address))
    }

    /// getpeername(2).
    pub fn peer(&self) -> Result<Address, Errno> {
        let state = self.state.lock();
        if self.is_connection() && !matches!(state.role, Role::Connected(_)) {
            return Err(Errno::ENOTCONN);
        }
        state.peer.clone().map(|address| self.shown(address)).ok_or(Errno::ENOTCONN)
    }

    /// Connects two fresh sockets with each other.
    pub(crate) fn join(a: &Socket, b: &Socket) {
        let a_to_b = Arc::new(Mutex::new(Flow::new(a.options.lock().send_buffer)));
        let b_to_a = Arc::new(Mutex::new(Flow::new(b.options.lock().send_buffer)));
        a_to_b.lock().wants_credentials = b.options.lock().pass_credentials;
        b_to_a.lock().wants_credentials = a.options.lock().pass_credentials;
        let (a_id, b_id) = (a.state.lock().owner, b.state.lock().owner);
        let a_end = Connection { rx: b_to_a.clone(), tx: a_to_b.clone(), other: b.wait.clone(), peer: b_id };
        let b_end = Connection { rx: a_to_b, tx: b_to_a, other: a.wait.clone(), peer: a_id };
        a.state.lock().role = Role::Connected(a_end);
        b.state.lock().role = Role::Connected(b_end);
    }

    /// shutdown(2): `how` is SHUT_RD, SHUT_WR or SHUT_RDWR.
    pub fn shutdown(&self, how: u32) -> Result<(), Errno> {
        let (read, write) = match how {
            SHUT_RD => (true, false),
            SHUT_WR => (false, true),
            SHUT_RDWR => (true, true),
            _ => return Err(Errno::EINVAL),
        };
        let mut state = self.state.lock();
        if let Role::Listening(_) = state.role
            && self.family != Family::Unix
            && read
        {
            // TCP: the socket stops listening, accept(2) answers EINVAL.
            let role = core::mem::take(&mut state.role);
            drop(state);
            self.stop_listening(role);
            self.wait.notify();
            return Ok(());
        }
        match &state.role {
            Role::Connected(connection) => {
                if write {
                    connection.tx.lock().is_finished = true;
                }
                if read && self.family == Family::Unix {
                    connection.rx.lock().is_refused = true;
                }
                connection.other.notify();
            }
            Role::Associated(_) => {}
            Role::Listening(_) => {}
            _ if self.family == Family::Unix => {}
            _ if state.peer.is_none() => return Err(Errno::ENOTCONN),
            _ => {}
        }
        state.no_read |= read;
        state.no_write |= write;
        drop(state);
        self.wait.notify();
        Ok(())
    }

    /// The end of a connection goes away, with a reset when data was left unread (RFC 2525 2.17; unix(7) does alike).
    pub(crate) fn disconnect(&self, connection: Connection, force_reset: bool, orphans: &mut Vec<Right>) {
        let had_unread = {
            let mut rx = connection.rx.lock();
            let had_unread = !rx.is_drained();
            rx.refuse(orphans);
            had_unread
        };
        {
            let mut tx = connection.tx.lock();
            tx.is_finished = true;
            tx.is_reset |= had_unread || force_reset;
        }
        connection.other.notify();
    }

    fn release_names(&self, state: &mut State) {
        if let Some(Address::Unix(UnixName::Abstract(name))) = &state.local {
            let mut names = self.net.abstract_names.lock();
            // A connection accepted from a listener shows the listener's name without owning it.
            if names.get(name).is_some_and(|owner| owner.ptr_eq(&self.me)) {
                names.remove(name);
            }
        }
        if let Some(key) = state.inode.take() {
            let mut inodes = self.net.inodes.lock();
            if inodes.get(&key).is_some_and(|owner| owner.ptr_eq(&self.me)) {
                inodes.remove(&key);
            }
        }
        if let (true, Some(Address::Inet(local))) = (state.has_port, &state.local) {
            self.net.ports(self.kind).lock().release(local.port(), &self.me);
            state.has_port = false;
        }
    }

    /// The last descriptor is gone.
    pub(crate) fn shut(&self) {
        let mut orphans = Vec::new();
        let role = {
            let mut state = self.state.lock();
            self.release_names(&mut state);
            core::mem::replace(&mut state.role, Role::Closed)
        };
        match role {
            Role::Connected(connection) => {
                let linger = self.options.lock().linger;
                let is_abort = self.family != Family::Unix && linger.l_onoff != 0 && linger.l_linger == 0;
                self.disconnect(connection, is_abort, &mut orphans);
            }
            Role::Listening(_) => self.stop_listening(role),
            _ => {}
        }
        self.inbox.lock().close(&mut orphans);
        self.wait.notify();
        self.net.orphans.lock().append(&mut orphans);
    }

    /// Connections that wait at a listener which goes away are reset.
    fn stop_listening(&self, role: Role) {
        let Role::Listening(listener) = role else { return };
        for embryo in listener.queue {
            let role = core::mem::replace(&mut embryo.state.lock().role, Role::Closed);
            if let Role::Connected(connection) = role {
                let mut orphans = Vec::new();
                embryo.disconnect(connection, true, &mut orphans);
                self.net.orphans.lock().append(&mut orphans);
            }
        }
        for waiter in listener.pending.iter().filter_map(Weak::upgrade) {
            waiter.fail_connect(Errno::ECONNREFUSED);
        }
        for waiter in listener.refused {
            waiter.notify();
        }
    }

    fn connection_readiness(&self, state: &State, connection: &Connection) -> Readiness {
        let mut ready = Readiness::empty();
        let (is_readable, is_over, is_reset) = {
            let rx = connection.rx.lock();
            (rx.is_readable(), rx.is_finished, rx.is_reset)
        };
        let (is_writable, is_refused) = {
            let tx = connection.tx.lock();
            (tx.is_writable(), tx.is_refused)
        };
        if is_readable || state.no_read {
            ready |= Readiness::IN | Readiness::RDNORM;
        }
        if is_over || state.no_read {
            ready |= Readiness::RDHUP;
        }
        let no_write = state.no_write || (is_refused && self.family == Family::Unix);
        if (is_over || state.no_read) && (no_write || is_reset) {
            ready |= Readiness::HUP;
        }
        if is_reset {
            ready |= Readiness::ERR;
        }
        if is_writable || no_write || is_refused {
            ready |= Readiness::OUT | Readiness::WRNORM | Readiness::WRBAND;
        }
        ready
    }

    pub(crate) fn ready(&self) -> Readiness {
        let state = self.state.lock();
        let mut ready = match &state.role {
            Role::Connected(connection) => self.connection_readiness(&state, connection),
            Role::Listening(listener) if !listener.queue.is_empty() => Readiness::IN | Readiness::RDNORM,
            Role::Listening(_) | Role::Connecting => Readiness::empty(),
            _ if self.is_connection() => Readiness::OUT | Readiness::WRNORM | Readiness::HUP,
            Role::Associated(peer) => {
                let has_room = peer.upgrade().is_none_or(|peer| !peer.inbox.lock().is_full());
                if has_room { Readiness::OUT | Readiness::WRNORM | Readiness::WRBAND } else { Readiness::empty() }
            }
            _ => Readiness::OUT | Readiness::WRNORM | Readiness::WRBAND,
        };
        if !self.is_connection() && (!self.inbox.lock().is_empty() || state.no_read) {
            ready |= Readiness::IN | Readiness::RDNORM;
        }
        if state.error.is_some() {
            ready |= Readiness::ERR;
            if self.is_connection() {
                ready |= Readiness::IN | Readiness::RDNORM | Readiness::RDHUP;
            }
        }
        ready
    }

    /// Bytes ready to be read (FIONREAD): all of a stream, the next message otherwise.
    pub fn next_len(&self) -> usize {
        match &self.state.lock().role {
            Role::Connected(connection) => connection.rx.lock().next_len(),
            _ => self.inbox.lock().next_len(),
        }
    }

    /// Bytes written that the other end did not read yet (SIOCOUTQ).
    fn unsent_len(&self) -> usize {
        match &self.state.lock().role {
            Role::Connected(connection) if self.family == Family::Unix => connection.tx.lock().queued(),
            _ => 0,
        }
    }
}

impl File for Socket {
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        let owner = self.state.lock().owner;
        Ok(Stat {
            dev: 8,
            ino: self.ino,
            mode: FileKind::Socket as u32 | 0o777,
            nlink: 1,
            uid: owner.uid,
            gid: owner.gid,
            blksize: 4096,
            ..Stat::default()
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn read(&self, _io: &mut Io<'_>, _pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        self.read_plain(buf)
    }

    fn write(&self, io: &mut Io<'_>, pos: u64, _append: bool, bytes: &[u8]) -> Result<(usize, u64), Errno> {
        self.write_plain(&io.caller, bytes).map(|len| (len, pos))
    }

    fn readiness(&self, _io: &mut Io<'_>) -> Readiness {
        self.ready()
    }

    fn wait_point(&self) -> Option<&WaitPoint> {
        Some(&self.wait)
    }

    fn ioctl(&self, _io: &mut Io<'_>, mem: &mut dyn IoctlMem, request: u32, arg: u64) -> Result<u64, Errno> {
        let count = match request {
            ioctl::FIONREAD if matches!(self.state.lock().role, Role::Listening(_)) => return Err(Errno::EINVAL),
            ioctl::FIONREAD => self.next_len(),
            ioctl::TIOCOUTQ => self.unsent_len(),
            ioctl::SIOCATMARK => 0,
            _ => return crate::interfaces::ioctl(mem, request, arg),
        };
        let mut raw = [0; 4];
        (count.min(i32::MAX as usize) as i32).store(&mut raw);
        mem.write(arg, &raw)?;
        Ok(0)
    }

    fn close(&self, _io: &mut Io<'_>) {
        self.shut();
    }
}
