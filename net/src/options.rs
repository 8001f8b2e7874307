//! getsockopt(2) and setsockopt(2): socket(7), tcp(7), ip(7), ipv6(7).
//!
//! Options that tune what a connection inside one machine does not have (segments, keepalive probes, time to live) are
//! kept and given back, no more.

use crate::addr::append;
use crate::socket::Role;
use crate::{Address, Family, Kind, Socket};
use abi::linux::Record;
use abi::linux::socket::*;
use abi::linux::time::Timeval;
use abi::{Errno, Nanos};
use alloc::vec::Vec;

/// `net.core.rmem_default`, `net.core.wmem_default`.
const DEFAULT_BUFFER: usize = 212_992;
/// `net.core.rmem_max`, `net.core.wmem_max`: what SO_RCVBUF and SO_SNDBUF are cut to before they are doubled.
const MAX_BUFFER: usize = 212_992;
const MIN_SEND_BUFFER: usize = 4608;
const MIN_RECEIVE_BUFFER: usize = 2304;
/// What a TCP connection holds while its reader sleeps (Linux sizes it by itself, up to 4 MiB).
const TCP_BUFFER: usize = 1 << 20;

/// The options of a socket that mean something.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) reuse_addr: bool,
    pub(crate) reuse_port: bool,
    pub(crate) pass_credentials: bool,
    pub(crate) v6_only: bool,
    pub(crate) linger: Linger,
    pub(crate) send_buffer: usize,
    pub(crate) receive_buffer: usize,
    /// 0: for ever.
    pub(crate) send_timeout: Nanos,
    pub(crate) receive_timeout: Nanos,
    /// Kept for getsockopt(2): (level, option, value).
    kept: Vec<(u32, u32, i32)>,
}

impl Options {
    pub(crate) fn new(family: Family, kind: Kind) -> Options {
        let is_tcp = kind == Kind::Stream && family != Family::Unix;
        Options {
            reuse_addr: false,
            reuse_port: false,
            pass_credentials: false,
            v6_only: false,
            linger: Linger::default(),
            send_buffer: if is_tcp { TCP_BUFFER } else { DEFAULT_BUFFER },
            receive_buffer: if is_tcp { 131_072 } else { DEFAULT_BUFFER },
            send_timeout: 0,
            receive_timeout: 0,
            kept: Vec::new(),
        }
    }
}

/// What an option kept for its own sake answers before it is set; `None` when Linux does not have it.
fn default_of(level: u32, option: u32) -> Option<i32> {
    Some(match (level, option) {
        (SOL_SOCKET, SO_RCVLOWAT | SO_SNDLOWAT) => 1,
        (
            SOL_SOCKET,
            SO_DEBUG | SO_DONTROUTE | SO_BROADCAST | SO_KEEPALIVE | SO_OOBINLINE | SO_PRIORITY | SO_TIMESTAMP
            | SO_TIMESTAMPNS | SO_TIMESTAMPING | SO_MARK | SO_RXQ_OVFL | SO_BUSY_POLL | SO_PASSSEC | SO_INCOMING_CPU,
        ) => 0,
        (SOL_SOCKET, SO_PEEK_OFF) => -1,
        (IPPROTO_TCP, TCP_MAXSEG) => 65483,
        (IPPROTO_TCP, TCP_KEEPIDLE) => 7200,
        (IPPROTO_TCP, TCP_KEEPINTVL) => 75,
        (IPPROTO_TCP, TCP_KEEPCNT) => 9,
        (IPPROTO_TCP, TCP_SYNCNT) => 6,
        (IPPROTO_TCP, TCP_LINGER2) => 60,
        (IPPROTO_TCP, TCP_QUICKACK) => 1,
        (
            IPPROTO_TCP,
            TCP_NODELAY | TCP_CORK | TCP_DEFER_ACCEPT | TCP_WINDOW_CLAMP | TCP_USER_TIMEOUT | TCP_FASTOPEN
            | TCP_FASTOPEN_CONNECT | TCP_NOTSENT_LOWAT,
        ) => 0,
        (IPPROTO_IP, IP_TTL) => 64,
        (IPPROTO_IP, IP_MULTICAST_TTL | IP_MULTICAST_LOOP | IP_MTU_DISCOVER) => 1,
        (
            IPPROTO_IP,
            IP_TOS
            | IP_PKTINFO
            | IP_RECVERR
            | IP_RECVTTL
            | IP_RECVTOS
            | IP_FREEBIND
            | IP_BIND_ADDRESS_NO_PORT
            | IP_MULTICAST_IF,
        ) => 0,
        (IPPROTO_IPV6, IPV6_UNICAST_HOPS) => 64,
        (IPPROTO_IPV6, IPV6_MULTICAST_HOPS | IPV6_MULTICAST_LOOP | IPV6_MTU_DISCOVER) => 1,
        (
            IPPROTO_IPV6,
            IPV6_RECVPKTINFO | IPV6_RECVERR | IPV6_RECVTCLASS | IPV6_TCLASS | IPV6_MULTICAST_IF | IPV6_PKTINFO,
        ) => 0,
        (SOL_NETLINK, 1..=12) => 0,
        _ => return None,
    })
}

fn int(value: &[u8]) -> Result<i32, Errno> {
    value.get(..4).map(i32::load).ok_or(Errno::EINVAL)
}

fn timeout(value: &[u8]) -> Result<Nanos, Errno> {
    let time = Timeval::load(value.get(..Timeval::SIZE).ok_or(Errno::EINVAL)?);
    if !(0..1_000_000).contains(&time.tv_usec) {
        return Err(Errno::EDOM);
    }
    if time.tv_sec < 0 { Ok(1) } else { time.to_nanos() }
}

fn buffer(value: &[u8], least: usize) -> Result<usize, Errno> {
    let asked = int(value)?.max(0) as usize;
    Ok((asked.min(MAX_BUFFER) * 2).max(least))
}

impl Socket {
    /// setsockopt(2).
    pub fn set_option(&self, level: u32, option: u32, value: &[u8]) -> Result<(), Errno> {
        if self.is_foreign(level) {
            return Err(Errno::ENOPROTOOPT);
        }
        let mut options = self.options.lock();
        match (level, option) {
            (SOL_SOCKET, SO_REUSEADDR) => options.reuse_addr = int(value)? != 0,
            (SOL_SOCKET, SO_REUSEPORT) => options.reuse_port = int(value)? != 0,
            (SOL_SOCKET, SO_PASSCRED) => {
                options.pass_credentials = int(value)? != 0;
                let wants = options.pass_credentials;
                drop(options);
                if let Role::Connected(connection) = &self.state.lock().role {
                    connection.rx.lock().wants_credentials = wants;
                }
            }
            (SOL_SOCKET, SO_LINGER) => {
                options.linger = Linger::load(value.get(..Linger::SIZE).ok_or(Errno::EINVAL)?);
            }
            (SOL_SOCKET, SO_SNDBUF | SO_SNDBUFFORCE) => {
                let size = buffer(value, MIN_SEND_BUFFER)?;
                options.send_buffer = size;
                drop(options);
                if let Role::Connected(connection) = &self.state.lock().role {
                    connection.tx.lock().limit = size;
                }
            }
            (SOL_SOCKET, SO_RCVBUF | SO_RCVBUFFORCE) => {
                options.receive_buffer = buffer(value, MIN_RECEIVE_BUFFER)?;
                self.inbox.lock().limit = options.receive_buffer;
            }
            (SOL_SOCKET, SO_RCVTIMEO) => options.receive_timeout = timeout(value)?,
            (SOL_SOCKET, SO_SNDTIMEO) => options.send_timeout = timeout(value)?,
            // One interface there is; filters are nobody's business inside the machine.
            (SOL_SOCKET, SO_BINDTODEVICE | SO_DETACH_FILTER) => {}
            (SOL_SOCKET, SO_ATTACH_FILTER) => return Err(Errno::EPERM),
            (IPPROTO_IPV6, IPV6_V6ONLY) if self.family == Family::Inet6 => {
                if self.state.lock().has_port {
                    return Err(Errno::EINVAL);
                }
                options.v6_only = int(value)? != 0;
            }
            (IPPROTO_TCP, TCP_CONGESTION) => {
                let name = value.split(|&b| b == 0).next().unwrap_or_default();
                if name != b"cubic" && name != b"reno" {
                    return Err(Errno::ENOENT);
                }
            }
            (IPPROTO_IP, IP_ADD_MEMBERSHIP) | (IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP) => return Err(Errno::ENODEV),
            _ => {
                default_of(level, option).ok_or(Errno::ENOPROTOOPT)?;
                // ip(7) takes single bytes too.
                let value = match value {
                    [byte] if level == IPPROTO_IP => i32::from(*byte),
                    _ => int(value)?,
                };
                match options.kept.iter_mut().find(|kept| (kept.0, kept.1) == (level, option)) {
                    Some(kept) => kept.2 = value,
                    None => options.kept.push((level, option, value)),
                }
            }
        }
        Ok(())
    }

    /// A level the socket's protocol does not have.
    fn is_foreign(&self, level: u32) -> bool {
        match level {
            SOL_SOCKET => false,
            IPPROTO_TCP => self.protocol != IPPROTO_TCP,
            IPPROTO_IP => !matches!(self.family, Family::Inet | Family::Inet6),
            IPPROTO_IPV6 => self.family != Family::Inet6,
            SOL_NETLINK => self.family != Family::Netlink,
            _ => true,
        }
    }

    /// getsockopt(2): appends the value, which the kernel cuts to the caller's length.
    pub fn get_option(&self, level: u32, option: u32, out: &mut Vec<u8>) -> Result<(), Errno> {
        if self.is_foreign(level) {
            return Err(if self.family == Family::Unix { Errno::EOPNOTSUPP } else { Errno::ENOPROTOOPT });
        }
        let value = match (level, option) {
            (SOL_SOCKET, SO_TYPE) => match self.kind {
                Kind::Stream => SOCK_STREAM as i32,
                Kind::Datagram => SOCK_DGRAM as i32,
                Kind::SeqPacket => SOCK_SEQPACKET as i32,
            },
            (SOL_SOCKET, SO_DOMAIN) => match self.family {
                Family::Unix => AF_UNIX as i32,
                Family::Inet => AF_INET as i32,
                Family::Inet6 => AF_INET6 as i32,
                Family::Netlink => AF_NETLINK as i32,
            },
            (SOL_SOCKET, SO_PROTOCOL) => self.protocol as i32,
            (SOL_SOCKET, SO_ACCEPTCONN) => matches!(self.state.lock().role, Role::Listening(_)) as i32,
            (SOL_SOCKET, SO_ERROR) => self.take_error().map_or(0, |error| error as i32),
            (SOL_SOCKET, SO_REUSEADDR) => self.options.lock().reuse_addr as i32,
            (SOL_SOCKET, SO_REUSEPORT) => self.options.lock().reuse_port as i32,
            (SOL_SOCKET, SO_PASSCRED) => self.options.lock().pass_credentials as i32,
            (SOL_SOCKET, SO_SNDBUF) => self.options.lock().send_buffer as i32,
            (SOL_SOCKET, SO_RCVBUF) => self.options.lock().receive_buffer as i32,
            (IPPROTO_IPV6, IPV6_V6ONLY) => self.options.lock().v6_only as i32,
            (IPPROTO_IP, IP_MTU) | (IPPROTO_IPV6, IPV6_MTU) => 65536,
            (SOL_SOCKET, SO_LINGER) => {
                append(out, &self.options.lock().linger);
                return Ok(());
            }
            (SOL_SOCKET, SO_RCVTIMEO) => {
                append(out, &Timeval::from_nanos(self.options.lock().receive_timeout));
                return Ok(());
            }
            (SOL_SOCKET, SO_SNDTIMEO) => {
                append(out, &Timeval::from_nanos(self.options.lock().send_timeout));
                return Ok(());
            }
            (SOL_SOCKET, SO_COOKIE) => {
                append(out, &self.ino);
                return Ok(());
            }
            (SOL_SOCKET, SO_BINDTODEVICE) => return Ok(()),
            (SOL_SOCKET, SO_PEERCRED) => {
                append(out, &self.peer_credentials());
                return Ok(());
            }
            (SOL_SOCKET, SO_PEERGROUPS) if self.family == Family::Unix => return Ok(()),
            (SOL_SOCKET, SO_PEERNAME) => {
                self.peer()?.encode(out);
                return Ok(());
            }
            (IPPROTO_TCP, TCP_INFO) => {
                out.push(self.tcp_state());
                out.resize(out.len() + 231, 0);
                return Ok(());
            }
            (IPPROTO_TCP, TCP_CONGESTION) => {
                out.extend_from_slice(b"cubic\0\0\0\0\0\0\0\0\0\0\0");
                return Ok(());
            }
            _ => {
                let default = default_of(level, option).ok_or(Errno::ENOPROTOOPT)?;
                let options = self.options.lock();
                options.kept.iter().find(|kept| (kept.0, kept.1) == (level, option)).map_or(default, |kept| kept.2)
            }
        };
        append(out, &value);
        Ok(())
    }

    /// SO_ERROR: reading clears it.
    fn take_error(&self) -> Option<Errno> {
        let mut state = self.state.lock();
        if let Role::Connected(connection) = &state.role
            && core::mem::take(&mut connection.rx.lock().is_reset)
        {
            return Some(Errno::ECONNRESET);
        }
        state.error.take()
    }

    /// SO_PEERCRED: pid 0 and nobody where there is no peer.
    fn peer_credentials(&self) -> UCred {
        let state = self.state.lock();
        match &state.role {
            Role::Connected(connection) if self.family == Family::Unix => connection.peer,
            Role::Associated(_) if state.peer == Some(Address::Unix(crate::UnixName::Unnamed)) => state.owner,
            _ => UCred { pid: 0, uid: u32::MAX, gid: u32::MAX },
        }
    }

    /// `tcpi_state` and the state column of /proc/net/tcp.
    pub(crate) fn tcp_state(&self) -> u8 {
        const ESTABLISHED: u8 = 1;
        const SYN_SENT: u8 = 2;
        const FIN_WAIT2: u8 = 5;
        const CLOSE: u8 = 7;
        const CLOSE_WAIT: u8 = 8;
        const LISTEN: u8 = 10;
        match &self.state.lock().role {
            Role::Listening(_) => LISTEN,
            Role::Connecting => SYN_SENT,
            Role::Connected(connection) => match (connection.rx.lock().is_finished, connection.tx.lock().is_finished) {
                (false, false) => ESTABLISHED,
                (true, false) => CLOSE_WAIT,
                (false, true) => FIN_WAIT2,
                (true, true) => CLOSE,
            },
            _ => CLOSE,
        }
    }

    /// SO_RCVTIMEO in nanoseconds; `None` waits for ever.
    pub fn receive_timeout(&self) -> Option<Nanos> {
        Some(self.options.lock().receive_timeout).filter(|&timeout| timeout != 0)
    }

    /// SO_SNDTIMEO in nanoseconds; `None` waits for ever.
    pub fn send_timeout(&self) -> Option<Nanos> {
        Some(self.options.lock().send_timeout).filter(|&timeout| timeout != 0)
    }
}
