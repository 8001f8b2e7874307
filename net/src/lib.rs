//! Sockets: UNIX sockets, TCP and UDP over loopback, and enough of netlink to list the loopback interface.
//!
//! Everything stays inside the machine, so a connection is two queues and a datagram is one push: no packets, no timers.
//! Addresses that are not loopback answer ENETUNREACH. Nothing here blocks (see [`abi::File`]): the kernel parks
//! callers at a socket's wait point. Names in the filesystem are resolved by the kernel, which passes the inode; DNS is
//! the guest's own business.
//!
//! Main types: [`Net`] (names and ports of the machine), [`Socket`] (one open socket), [`Address`], [`Control`].
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
extern crate brainworm_abi as abi;
#[cfg(test)]
extern crate std;

mod addr;
mod connect;
mod flow;
mod inbox;
mod interfaces;
mod netlink;
mod options;
mod ports;
mod proc;
mod socket;
#[cfg(test)]
mod tests;
mod transfer;

pub use addr::{Address, UnixName};
pub use socket::{Family, Kind, Socket};
pub use transfer::Received;

use abi::linux::socket::UCred;
use abi::{Bell, Errno};
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::any::Any;
use core::sync::atomic::{AtomicU64, Ordering};
use hashbrown::HashMap;
use ports::Ports;
use spin::Mutex;

/// Identity of the inode a UNIX socket is bound to: (dev, ino).
pub type InodeKey = (u64, u64);

/// An open file description on its way through a UNIX socket (SCM_RIGHTS); only the kernel knows what it is.
pub type Right = Arc<dyn Any + Send + Sync>;

/// Ancillary data of a message, unix(7).
#[derive(Clone, Default)]
pub struct Control {
    /// Descriptors.
    pub rights: Vec<Right>,
    /// Credentials, checked by the kernel.
    pub credentials: Option<UCred>,
}

impl Control {
    /// Nothing goes along.
    pub fn is_empty(&self) -> bool {
        self.rights.is_empty() && self.credentials.is_none()
    }
}

/// The network of one machine: who has which name and port.
pub struct Net {
    bell: Arc<Bell>,
    tcp: Mutex<Ports>,
    udp: Mutex<Ports>,
    abstract_names: Mutex<HashMap<Arc<[u8]>, Weak<Socket>>>,
    inodes: Mutex<HashMap<InodeKey, Weak<Socket>>>,
    /// All UNIX sockets, for /proc/net/unix; dead ones are swept when the list doubles.
    unix: Mutex<Vec<Weak<Socket>>>,
    orphans: Mutex<Vec<Right>>,
    next_ino: AtomicU64,
    next_autobind: AtomicU64,
}

impl Net {
    /// A network without sockets.
    pub fn new(bell: &Arc<Bell>) -> Arc<Net> {
        Arc::new(Net {
            bell: bell.clone(),
            tcp: Mutex::default(),
            udp: Mutex::default(),
            abstract_names: Mutex::default(),
            inodes: Mutex::default(),
            unix: Mutex::default(),
            orphans: Mutex::default(),
            next_ino: AtomicU64::new(1 << 16),
            next_autobind: AtomicU64::new(0),
        })
    }

    /// Descriptors that were in flight when nobody was left to receive them: the kernel closes them. To be called
    /// after a socket was closed or a message was read without room for its descriptors.
    pub fn take_orphans(&self) -> Vec<Right> {
        let mut orphans = self.orphans.lock();
        if orphans.is_empty() { Vec::new() } else { core::mem::take(&mut *orphans) }
    }

    fn ports(&self, kind: Kind) -> &Mutex<Ports> {
        if kind == Kind::Stream { &self.tcp } else { &self.udp }
    }

    fn new_ino(&self) -> u64 {
        self.next_ino.fetch_add(1, Ordering::Relaxed)
    }

    /// The socket bound to a UNIX name; `ECONNREFUSED` when nobody is.
    fn find_unix(&self, address: &Address, inode: Option<InodeKey>) -> Result<Arc<Socket>, Errno> {
        let found = match address {
            Address::Unix(UnixName::Abstract(name)) => self.abstract_names.lock().get(name).and_then(Weak::upgrade),
            Address::Unix(UnixName::Path(_)) => inode.and_then(|key| self.inodes.lock().get(&key)?.upgrade()),
            _ => return Err(Errno::EINVAL),
        };
        found.ok_or(Errno::ECONNREFUSED)
    }
}
