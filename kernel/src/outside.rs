//! TCP connections from outside the machine to a port of its loopback: what hosts that publish ports or answer HTTP are
//! made of. The outside never waits here: a call that cannot go on answers `EAGAIN`, and is worth another try after
//! the next [`Kernel::run`].

use crate::Kernel;
use alloc::sync::Arc;
use brainworm_abi::linux::Caller;
use brainworm_abi::linux::socket::{AF_INET, AF_INET6, MsgFlags, SHUT_WR, SOCK_STREAM};
use brainworm_abi::{Errno, File, Readiness};
use brainworm_net::{Address, Control, Socket};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The outer end of a connection. To be given back by [`Kernel::hang_up`].
pub struct Connection(Arc<Socket>);

impl Kernel {
    /// Connects to a port that a process of the machine listens on, over IPv4 or else IPv6: `ECONNREFUSED` while nobody
    /// does. The process sees a peer on 127.0.0.1 (or ::1).
    pub fn dial(&mut self, port: u16) -> Result<Connection, Errno> {
        let families = [(AF_INET, IpAddr::V4(Ipv4Addr::LOCALHOST)), (AF_INET6, IpAddr::V6(Ipv6Addr::LOCALHOST))];
        let caller = Caller { is_privileged: true, ..Caller::default() };
        let mut refused = Errno::ECONNREFUSED;
        for (family, ip) in families {
            let socket = self.net.socket(&caller, family as u32, SOCK_STREAM, 0)?;
            let connected = socket.connect(&caller, &Address::Inet(SocketAddr::new(ip, port)), None, false);
            self.answer_bell();
            match connected {
                // A full queue of the listener: the connection comes about when there is room.
                Ok(()) | Err(Errno::EAGAIN) => return Ok(Connection(socket)),
                Err(errno) => {
                    socket.close(&mut self.kernel_io());
                    refused = errno;
                }
            }
        }
        Err(refused)
    }

    /// Sends bytes to the machine: how many it took; `EAGAIN` while its buffer is full, `EPIPE` or `ECONNRESET` when
    /// its end is gone.
    pub fn send(&mut self, connection: &Connection, bytes: &[u8]) -> Result<usize, Errno> {
        let sent = connection.0.send(&Caller::default(), bytes, None, &mut Control::default());
        self.answer_bell();
        sent
    }

    /// Takes bytes the machine sent: 0 at the end of its stream, `EAGAIN` while there are none.
    pub fn receive(&mut self, connection: &Connection, buf: &mut [u8]) -> Result<usize, Errno> {
        let received = connection.0.recv(buf, MsgFlags::empty());
        self.answer_bell();
        received.map(|received| received.len)
    }

    /// Nothing more will be sent: the machine reads the end of the stream.
    pub fn finish_sending(&mut self, connection: &Connection) {
        // A connection that is gone already has no end to tell of.
        let _ = connection.0.shutdown(SHUT_WR);
        self.answer_bell();
    }

    /// What would not answer `EAGAIN` now.
    pub fn readiness(&mut self, connection: &Connection) -> Readiness {
        connection.0.readiness(&mut self.kernel_io())
    }

    /// Closes the outer end; with bytes left unread, the machine's end is reset.
    pub fn hang_up(&mut self, connection: Connection) {
        connection.0.close(&mut self.kernel_io());
        self.answer_bell();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::BootConfig;
    use crate::mm::test_arena;
    use crate::testing::NoHost;
    use alloc::boxed::Box;

    fn bare() -> Kernel {
        let config = BootConfig {
            wishes: Default::default(),
            memory_bytes: 1 << 20,
            kernel_bytes: u64::MAX / 2,
            strace: false,
            log: false,
            cpu: Default::default(),
        };
        Kernel::bare(Box::<NoHost>::default(), test_arena(256), config).unwrap()
    }

    #[test]
    fn the_outside_talks_to_a_listener() {
        let mut kernel = bare();
        assert!(matches!(kernel.dial(80), Err(Errno::ECONNREFUSED)));
        let caller = Caller::default();
        for family in [AF_INET, AF_INET6] {
            let listener = kernel.net.socket(&caller, family as u32, SOCK_STREAM, 0).unwrap();
            let any: IpAddr = if family == AF_INET { [0; 4].into() } else { [0u8; 16].into() };
            listener.bind(&caller, &Address::Inet(SocketAddr::new(any, 80)), None).unwrap();
            listener.listen(&caller, 0).unwrap();
            let outer = kernel.dial(80).unwrap();
            // The queue has room for one: the second comes about once the first is accepted.
            let waiting = kernel.dial(80).unwrap();
            assert_eq!(kernel.send(&waiting, b"early"), Err(Errno::EAGAIN));
            let (inner, _) = listener.accept().unwrap();
            assert_eq!(kernel.send(&waiting, b"late"), Ok(4));
            let mut buf = [0; 8];
            assert_eq!(kernel.receive(&outer, &mut buf), Err(Errno::EAGAIN));
            assert_eq!(kernel.send(&outer, b"ping"), Ok(4));
            assert_eq!(inner.recv(&mut buf, MsgFlags::empty()).map(|r| r.len), Ok(4));
            kernel.finish_sending(&outer);
            assert_eq!(inner.recv(&mut buf, MsgFlags::empty()).map(|r| r.len), Ok(0));
            assert!(!kernel.readiness(&outer).contains(Readiness::IN));
            assert_eq!(inner.send(&caller, b"pong", None, &mut Control::default()), Ok(4));
            assert!(kernel.readiness(&outer).contains(Readiness::IN));
            kernel.hang_up(outer);
            // Its answer was never read: the machine's end is reset.
            assert_eq!(inner.recv(&mut buf, MsgFlags::empty()).err(), Some(Errno::ECONNRESET));
            let full = [7; 1 << 16];
            let filled = core::iter::from_fn(|| kernel.send(&waiting, &full).ok()).sum::<usize>();
            assert!((1 << 16..1 << 24).contains(&filled), "a bound on what nobody reads: {filled}");
            kernel.hang_up(waiting);
            listener.close(&mut kernel.kernel_io());
            assert!(matches!(kernel.dial(80), Err(Errno::ECONNREFUSED)));
        }
    }
}
