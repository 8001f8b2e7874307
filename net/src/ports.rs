//! Which TCP or UDP socket owns which port, ip(7): one table for both address families, because a dual-stack socket on
//! `::` also owns the port of `0.0.0.0`.
//!
//! There is no TIME_WAIT: a connection inside one machine leaves no packets behind that could arrive late.

use crate::Socket;
use crate::addr::canonical;
use abi::Errno;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use hashbrown::HashMap;

/// `net.ipv4.ip_local_port_range`.
const EPHEMERAL: core::ops::RangeInclusive<u16> = 32768..=60999;

/// One socket's claim on a port.
pub(crate) struct Claim {
    pub(crate) ip: IpAddr,
    /// An IPv6 wildcard that also takes IPv4 (IPV6_V6ONLY is off).
    pub(crate) is_dual: bool,
    pub(crate) reuse_addr: bool,
    pub(crate) reuse_port: bool,
    pub(crate) is_listening: bool,
    pub(crate) owner: u32,
    pub(crate) socket: Weak<Socket>,
}

impl Claim {
    fn overlaps(&self, other: &Claim) -> bool {
        let covers =
            |wide: &Claim, ip: IpAddr| wide.ip.is_unspecified() && (wide.is_dual || wide.ip.is_ipv4() == ip.is_ipv4());
        self.ip == other.ip || covers(self, other.ip) || covers(other, self.ip)
    }

    /// bind(2) and listen(2) on overlapping addresses: SO_REUSEPORT of one user, or SO_REUSEADDR while no TCP socket
    /// listens.
    fn conflicts(&self, other: &Claim) -> bool {
        let both_port = self.reuse_port && other.reuse_port && self.owner == other.owner;
        let both_addr = self.reuse_addr && other.reuse_addr && !self.is_listening && !other.is_listening;
        self.overlaps(other) && !both_port && !both_addr
    }

    /// How well this claim fits a destination; higher is better.
    fn fit(&self, ip: IpAddr) -> Option<u32> {
        match () {
            () if self.ip == ip => Some(3),
            () if self.ip.is_unspecified() && self.ip.is_ipv4() == ip.is_ipv4() => Some(2),
            () if self.ip.is_unspecified() && self.is_dual => Some(1),
            () => None,
        }
    }
}

/// The ports of one protocol.
#[derive(Default)]
pub(crate) struct Ports {
    claims: HashMap<u16, Vec<Claim>>,
    next_ephemeral: u16,
    /// Spreads connections over sockets that share a port.
    turn: usize,
}

impl Ports {
    /// Gives a port to a socket: the asked one, or with 0 a free ephemeral one.
    pub(crate) fn claim(&mut self, port: u16, claim: Claim) -> Result<u16, Errno> {
        let port = if port == 0 { self.free_port(&claim)? } else { port };
        let owners = self.claims.entry(port).or_default();
        if owners.iter().any(|other| claim.conflicts(other)) {
            return Err(Errno::EADDRINUSE);
        }
        owners.push(claim);
        Ok(port)
    }

    fn free_port(&mut self, claim: &Claim) -> Result<u16, Errno> {
        let count = EPHEMERAL.end() - EPHEMERAL.start() + 1;
        for _ in 0..count {
            self.next_ephemeral = (self.next_ephemeral + 1) % count;
            let port = EPHEMERAL.start() + self.next_ephemeral;
            let is_taken = |owners: &Vec<Claim>| owners.iter().any(|other| claim.overlaps(other));
            if !self.claims.get(&port).is_some_and(is_taken) {
                return Ok(port);
            }
        }
        Err(Errno::EADDRINUSE)
    }

    /// listen(2): from now on SO_REUSEADDR does not share the port.
    pub(crate) fn listen(&mut self, port: u16, socket: &Weak<Socket>) -> Result<(), Errno> {
        let owners = self.claims.get_mut(&port).ok_or(Errno::EINVAL)?;
        let at = owners.iter().position(|claim| claim.socket.ptr_eq(socket)).ok_or(Errno::EINVAL)?;
        owners[at].is_listening = true;
        let clash =
            owners.iter().enumerate().any(|(i, other)| i != at && other.is_listening && owners[at].conflicts(other));
        owners[at].is_listening = !clash;
        if clash { Err(Errno::EADDRINUSE) } else { Ok(()) }
    }

    /// A connected socket narrows its claim to the local address it got (connect(2)).
    pub(crate) fn narrow(&mut self, port: u16, socket: &Weak<Socket>, ip: IpAddr) {
        let claims = self.claims.get_mut(&port).into_iter().flatten();
        for claim in claims.filter(|claim| claim.socket.ptr_eq(socket)) {
            claim.ip = ip;
            claim.is_dual = false;
        }
    }

    /// Takes a socket's claim back.
    pub(crate) fn release(&mut self, port: u16, socket: &Weak<Socket>) {
        if let Some(owners) = self.claims.get_mut(&port) {
            owners.retain(|claim| !claim.socket.ptr_eq(socket));
            if owners.is_empty() {
                self.claims.remove(&port);
            }
        }
    }

    /// The socket that a connection or datagram to `to` reaches: the most specific claim that `accepts`.
    pub(crate) fn find(&mut self, to: SocketAddr, accepts: impl Fn(&Socket) -> bool) -> Option<Arc<Socket>> {
        let to = canonical(to);
        let claims = self.claims.get(&to.port())?;
        let mut best: Vec<Arc<Socket>> = Vec::new();
        let mut best_fit = 0;
        for claim in claims {
            let Some(socket) = claim.socket.upgrade().filter(|socket| accepts(socket)) else { continue };
            match claim.fit(to.ip()) {
                Some(fit) if fit > best_fit => {
                    best_fit = fit;
                    best.clear();
                    best.push(socket);
                }
                Some(fit) if fit == best_fit => best.push(socket),
                _ => {}
            }
        }
        self.turn = self.turn.wrapping_add(1);
        let count = best.len();
        best.into_iter().nth(self.turn.checked_rem(count)?)
    }

    /// All sockets of the protocol, each once, for /proc/net.
    pub(crate) fn sockets(&self) -> Vec<Arc<Socket>> {
        self.claims.values().flatten().filter_map(|claim| claim.socket.upgrade()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(ip: &str, reuse_addr: bool, reuse_port: bool) -> Claim {
        let ip: IpAddr = ip.parse().unwrap();
        let is_dual = ip.is_ipv6() && ip.is_unspecified();
        Claim { ip, is_dual, reuse_addr, reuse_port, is_listening: false, owner: 0, socket: Weak::new() }
    }

    #[test]
    fn overlapping_addresses_share_a_port_only_by_agreement() {
        let check = |first: Claim, second: Claim, expect: Result<u16, Errno>| {
            let mut ports = Ports::default();
            assert_eq!(ports.claim(80, first), Ok(80));
            assert_eq!(ports.claim(80, second), expect);
        };
        check(claim("127.0.0.1", false, false), claim("127.0.0.2", false, false), Ok(80));
        check(claim("127.0.0.1", false, false), claim("127.0.0.1", false, false), Err(Errno::EADDRINUSE));
        check(claim("0.0.0.0", false, false), claim("127.0.0.1", true, false), Err(Errno::EADDRINUSE));
        check(claim("0.0.0.0", true, false), claim("127.0.0.1", true, false), Ok(80));
        check(claim("::", false, false), claim("127.0.0.1", false, false), Err(Errno::EADDRINUSE));
        check(claim("::1", false, false), claim("0.0.0.0", false, false), Ok(80));
        check(claim("::", false, true), claim("::", false, true), Ok(80));
        check(
            Claim { is_listening: true, ..claim("::", true, false) },
            claim("::", true, false),
            Err(Errno::EADDRINUSE),
        );
    }

    #[test]
    fn ephemeral_ports_differ_and_run_out() {
        let mut ports = Ports::default();
        let mut seen = hashbrown::HashSet::new();
        for _ in EPHEMERAL {
            assert!(seen.insert(ports.claim(0, claim("127.0.0.1", true, false)).unwrap()));
        }
        assert_eq!(ports.claim(0, claim("0.0.0.0", true, false)), Err(Errno::EADDRINUSE));
    }
}
