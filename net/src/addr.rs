//! Socket addresses as objects and as the bytes of `struct sockaddr`.
//!
//! Parsing is strict as Linux is (short addresses are EINVAL); a path is kept as its bytes, the kernel resolves it.

use abi::linux::Record;
use abi::linux::socket::{AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, AF_UNSPEC, SockAddrIn, SockAddrIn6, SockAddrNl};
use abi::{Errno, Pid};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Bytes of `sun_path`.
const SUN_PATH: usize = 108;

/// The name of a UNIX socket, unix(7).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum UnixName {
    /// Neither bound nor part of the filesystem.
    #[default]
    Unnamed,
    /// A name in the filesystem, as the program wrote it.
    Path(Arc<[u8]>),
    /// A name in the abstract namespace, without its leading NUL.
    Abstract(Arc<[u8]>),
}

/// The address of a socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Address {
    /// `AF_UNSPEC`: connect(2) with it dissolves an association.
    Unspecified,
    /// unix(7).
    Unix(UnixName),
    /// ip(7), ipv6(7). IPv4-mapped IPv6 addresses stay IPv6 here; see [`canonical`].
    Inet(SocketAddr),
    /// netlink(7).
    Netlink { pid: Pid, groups: u32 },
}

impl Address {
    /// From the bytes a program passed.
    pub fn parse(bytes: &[u8]) -> Result<Address, Errno> {
        let (family, rest) = bytes.split_first_chunk::<2>().ok_or(Errno::EINVAL)?;
        match u16::from_le_bytes(*family) {
            AF_UNSPEC => Ok(Address::Unspecified),
            AF_UNIX => parse_unix(rest).map(Address::Unix),
            AF_INET => {
                let raw = SockAddrIn::load(bytes.get(..SockAddrIn::SIZE).ok_or(Errno::EINVAL)?);
                let ip = Ipv4Addr::from(raw.sin_addr);
                Ok(Address::Inet(SocketAddr::new(IpAddr::V4(ip), u16::from_be_bytes(raw.sin_port))))
            }
            AF_INET6 => {
                // The scope id may be missing (RFC 2133 programs).
                let mut padded = [0; SockAddrIn6::SIZE];
                let given = bytes.len().min(SockAddrIn6::SIZE);
                if given < 24 {
                    return Err(Errno::EINVAL);
                }
                padded[..given].copy_from_slice(&bytes[..given]);
                let raw = SockAddrIn6::load(&padded);
                let ip = Ipv6Addr::from(raw.sin6_addr);
                Ok(Address::Inet(SocketAddr::new(IpAddr::V6(ip), u16::from_be_bytes(raw.sin6_port))))
            }
            AF_NETLINK => {
                let raw = SockAddrNl::load(bytes.get(..SockAddrNl::SIZE).ok_or(Errno::EINVAL)?);
                Ok(Address::Netlink { pid: raw.nl_pid, groups: raw.nl_groups })
            }
            _ => Err(Errno::EAFNOSUPPORT),
        }
    }

    /// Appends the bytes of `struct sockaddr`; their number is the address length.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Address::Unspecified => out.extend(AF_UNSPEC.to_le_bytes()),
            Address::Unix(name) => {
                out.extend(AF_UNIX.to_le_bytes());
                match name {
                    UnixName::Unnamed => {}
                    UnixName::Path(path) => {
                        out.extend_from_slice(path);
                        out.push(0);
                    }
                    UnixName::Abstract(name) => {
                        out.push(0);
                        out.extend_from_slice(name);
                    }
                }
            }
            Address::Inet(SocketAddr::V4(addr)) => append(
                out,
                &SockAddrIn {
                    sin_family: AF_INET,
                    sin_port: addr.port().to_be_bytes(),
                    sin_addr: addr.ip().octets(),
                    ..SockAddrIn::default()
                },
            ),
            Address::Inet(SocketAddr::V6(addr)) => append(
                out,
                &SockAddrIn6 {
                    sin6_family: AF_INET6,
                    sin6_port: addr.port().to_be_bytes(),
                    sin6_addr: addr.ip().octets(),
                    ..SockAddrIn6::default()
                },
            ),
            Address::Netlink { pid, groups } => {
                append(out, &SockAddrNl { nl_family: AF_NETLINK, nl_pad: 0, nl_pid: *pid, nl_groups: *groups })
            }
        }
    }

    /// The path a UNIX address names in the filesystem, for the kernel to resolve.
    pub fn path(&self) -> Option<&[u8]> {
        match self {
            Address::Unix(UnixName::Path(path)) => Some(path),
            _ => None,
        }
    }
}

/// Appends a record's bytes.
pub(crate) fn append<T: Record>(out: &mut Vec<u8>, record: &T) {
    let at = out.len();
    out.resize(at + T::SIZE, 0);
    record.store(&mut out[at..]);
}

fn parse_unix(path: &[u8]) -> Result<UnixName, Errno> {
    if path.len() > SUN_PATH {
        return Err(Errno::EINVAL);
    }
    Ok(match path {
        [] => UnixName::Unnamed,
        [0, name @ ..] => UnixName::Abstract(name.into()),
        _ => UnixName::Path(path.iter().position(|&b| b == 0).map_or(path, |end| &path[..end]).into()),
    })
}

/// IPv4-mapped IPv6 addresses as the IPv4 addresses they mean, so that both families meet.
pub(crate) fn canonical(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}

/// True for an address of this machine: loopback, or the wildcard (which connects to loopback).
pub(crate) fn is_local(ip: IpAddr) -> bool {
    ip.is_loopback() || ip.is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expect: Result<Address, Errno>) {
        assert_eq!(Address::parse(bytes), expect);
        if let Ok(address) = expect {
            let mut again = Vec::new();
            address.encode(&mut again);
            assert_eq!(Address::parse(&again), Ok(address));
        }
    }

    #[test]
    fn addresses_survive_the_way_through_bytes() {
        check(&[0, 0, 1, 2], Ok(Address::Unspecified));
        check(&[1, 0], Ok(Address::Unix(UnixName::Unnamed)));
        check(b"\x01\0/tmp/x\0junk", Ok(Address::Unix(UnixName::Path(b"/tmp/x"[..].into()))));
        check(b"\x01\0\0ab\0", Ok(Address::Unix(UnixName::Abstract(b"ab\0"[..].into()))));
        check(&[2, 0, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], Ok(Address::Inet("127.0.0.1:80".parse().unwrap())));
        check(&[2, 0, 0, 80], Err(Errno::EINVAL));
        check(&[1], Err(Errno::EINVAL));
        check(&[99, 0], Err(Errno::EAFNOSUPPORT));
        let mut six = [0; 28];
        (six[0], six[3], six[23]) = (10, 22, 1);
        check(&six, Ok(Address::Inet("[::1]:22".parse().unwrap())));
        check(&six[..20], Err(Errno::EINVAL));
    }
}
