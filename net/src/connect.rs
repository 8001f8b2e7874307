//! bind(2), listen(2), connect(2), accept(2).

use crate::addr::{canonical, is_local};
use crate::ports::Claim;
use crate::socket::{Listener, Role, identity};
use crate::{Address, Family, InodeKey, Kind, Socket, UnixName};
use abi::Errno;
use abi::linux::Caller;
use abi::linux::socket::SOMAXCONN;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::sync::atomic::Ordering;

impl Socket {
    /// bind(2). For a path the kernel has just made the socket's inode (see [`Socket::check_bind`]) and names it.
    pub fn bind(&self, caller: &Caller, address: &Address, inode: Option<InodeKey>) -> Result<(), Errno> {
        self.check_bind(address)?;
        match (self.family, address) {
            (Family::Unix, Address::Unix(name)) => self.bind_unix(name, inode),
            (Family::Inet | Family::Inet6, Address::Inet(addr)) => self.bind_inet(caller, *addr),
            (Family::Netlink, Address::Netlink { pid, groups }) => {
                let pid = if *pid == 0 { caller.pid } else { *pid };
                self.state.lock().local = Some(Address::Netlink { pid, groups: *groups });
                Ok(())
            }
            _ => Err(Errno::EINVAL),
        }
    }

    /// Whether bind(2) could go on: the socket has no name yet and the address is one of its family.
    pub fn check_bind(&self, address: &Address) -> Result<(), Errno> {
        let is_ours = match (self.family, address) {
            (Family::Unix, Address::Unix(_)) | (Family::Netlink, Address::Netlink { .. }) => true,
            (Family::Inet, Address::Inet(addr)) => addr.is_ipv4(),
            (Family::Inet6, Address::Inet(addr)) => addr.is_ipv6(),
            (Family::Unix, _) => return Err(Errno::EINVAL),
            _ => false,
        };
        if !is_ours {
            return Err(Errno::EAFNOSUPPORT);
        }
        let state = self.state.lock();
        let is_bound = match self.family {
            Family::Inet | Family::Inet6 => state.has_port || matches!(state.role, Role::Connected(_)),
            Family::Unix => state.local.is_some(),
            Family::Netlink => false,
        };
        if is_bound { Err(Errno::EINVAL) } else { Ok(()) }
    }

    fn bind_unix(&self, name: &UnixName, inode: Option<InodeKey>) -> Result<(), Errno> {
        let name = match name {
            // unix(7) "Autobind": five hexadecimal digits in the abstract namespace.
            UnixName::Unnamed => return self.autobind(),
            UnixName::Abstract(name) => {
                let mut names = self.net.abstract_names.lock();
                if names.contains_key(name) {
                    return Err(Errno::EADDRINUSE);
                }
                names.insert(name.clone(), self.me.clone());
                UnixName::Abstract(name.clone())
            }
            UnixName::Path(path) => {
                let key = inode.ok_or(Errno::EADDRINUSE)?;
                self.net.inodes.lock().insert(key, self.me.clone());
                UnixName::Path(path.clone())
            }
        };
        let mut state = self.state.lock();
        state.local = Some(Address::Unix(name));
        state.inode = inode;
        Ok(())
    }

    fn autobind(&self) -> Result<(), Errno> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for _ in 0..=0xfffff {
            let number = self.net.next_autobind.fetch_add(1, Ordering::Relaxed);
            let digits: [u8; 5] = core::array::from_fn(|i| DIGITS[(number >> (16 - 4 * i) & 0xf) as usize]);
            match self.bind_unix(&UnixName::Abstract(digits[..].into()), None) {
                Err(Errno::EADDRINUSE) => continue,
                other => return other,
            }
        }
        Err(Errno::ENOSPC)
    }

    fn bind_inet(&self, caller: &Caller, addr: SocketAddr) -> Result<(), Errno> {
        let addr = canonical(addr);
        if !is_local(addr.ip()) {
            return Err(Errno::EADDRNOTAVAIL);
        }
        self.claim(caller.fsuid, addr.ip(), addr.port())
    }

    /// Takes a port (0: any free one) and becomes `ip`:port.
    fn claim(&self, owner: u32, ip: IpAddr, port: u16) -> Result<(), Errno> {
        let claim = {
            let options = self.options.lock();
            Claim {
                ip,
                is_dual: ip.is_ipv6() && ip.is_unspecified() && !options.v6_only,
                reuse_addr: options.reuse_addr,
                reuse_port: options.reuse_port,
                is_listening: false,
                owner,
                socket: self.me.clone(),
            }
        };
        let port = self.net.ports(self.kind).lock().claim(port, claim)?;
        let mut state = self.state.lock();
        state.local = Some(Address::Inet(SocketAddr::new(ip, port)));
        state.has_port = true;
        Ok(())
    }

    /// The local port, taking an ephemeral one when there is none; the address becomes `ip` when it was a wildcard.
    pub(crate) fn ensure_port(&self, owner: u32, ip: IpAddr) -> Result<SocketAddr, Errno> {
        let local = match self.state.lock().local {
            Some(Address::Inet(local)) => Some(local),
            _ => None,
        };
        let Some(local) = local else {
            self.claim(owner, ip, 0)?;
            return match self.state.lock().local {
                Some(Address::Inet(local)) => Ok(local),
                _ => Err(Errno::EADDRNOTAVAIL),
            };
        };
        if local.ip().is_unspecified() { Ok(SocketAddr::new(ip, local.port())) } else { Ok(local) }
    }

    /// The address this socket sends from when it sends to `to` (which is local): loopback of the same family.
    pub(crate) fn source_for(to: IpAddr) -> IpAddr {
        match to {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        }
    }

    /// Checks a destination: families that fit, this machine (else ENETUNREACH); a wildcard means loopback.
    pub(crate) fn destination(&self, addr: SocketAddr) -> Result<SocketAddr, Errno> {
        match (self.family, addr) {
            (Family::Inet, SocketAddr::V6(_)) => return Err(Errno::EAFNOSUPPORT),
            (Family::Inet6, SocketAddr::V4(_)) => return Err(Errno::EAFNOSUPPORT),
            _ => {}
        }
        let to = canonical(addr);
        if self.options.lock().v6_only && self.family == Family::Inet6 && to.is_ipv4() {
            return Err(Errno::ENETUNREACH);
        }
        if !is_local(to.ip()) {
            return Err(Errno::ENETUNREACH);
        }
        let ip = if to.ip().is_unspecified() { Socket::source_for(to.ip()) } else { to.ip() };
        Ok(SocketAddr::new(ip, to.port()))
    }

    /// listen(2).
    pub fn listen(&self, caller: &Caller, backlog: i32) -> Result<(), Errno> {
        if !self.is_connection() {
            return Err(Errno::EOPNOTSUPP);
        }
        // A negative backlog is a huge one.
        let limit = (backlog as u32).min(SOMAXCONN) as usize;
        {
            let mut state = self.state.lock();
            let is_nameless = self.family == Family::Unix && state.local.is_none();
            match &mut state.role {
                Role::Listening(listener) => {
                    listener.limit = limit;
                    return Ok(());
                }
                Role::Idle if is_nameless => return Err(Errno::EINVAL),
                Role::Idle => {}
                _ => return Err(Errno::EINVAL),
            }
        }
        if self.family != Family::Unix {
            if !self.state.lock().has_port {
                self.claim(caller.fsuid, self.wildcard(), 0)?;
            }
            let port = match self.state.lock().local {
                Some(Address::Inet(local)) => local.port(),
                _ => return Err(Errno::EINVAL),
            };
            self.net.tcp.lock().listen(port, &self.me)?;
        }
        let mut state = self.state.lock();
        state.owner = identity(caller);
        state.role =
            Role::Listening(Listener { limit, queue: VecDeque::new(), pending: VecDeque::new(), refused: Vec::new() });
        Ok(())
    }

    fn wildcard(&self) -> IpAddr {
        match self.family {
            Family::Inet6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            _ => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        }
    }

    /// connect(2). `EAGAIN` asks the kernel to wait and call again; for TCP with `nonblocking` the answer is
    /// `EINPROGRESS` although the connection may be there already, as with Linux.
    pub fn connect(
        &self,
        caller: &Caller,
        address: &Address,
        inode: Option<InodeKey>,
        nonblocking: bool,
    ) -> Result<(), Errno> {
        match (self.family, self.kind, address) {
            (Family::Netlink, _, Address::Netlink { .. } | Address::Unspecified) => Ok(()),
            (Family::Unix, Kind::Datagram, Address::Unspecified) => {
                self.dissociate();
                Ok(())
            }
            (Family::Unix, Kind::Datagram, Address::Unix(_)) => self.associate_unix(address, inode),
            (Family::Unix, _, Address::Unix(_)) => self.connect_unix(caller, address, inode),
            (Family::Unix, ..) => Err(Errno::EINVAL),
            (_, Kind::Datagram, Address::Unspecified) => {
                self.dissociate();
                Ok(())
            }
            (_, Kind::Datagram, Address::Inet(addr)) => self.associate_udp(caller, *addr),
            (_, _, Address::Inet(addr)) => self.connect_tcp(caller, *addr, nonblocking),
            (_, _, Address::Unspecified) => {
                self.abort();
                Ok(())
            }
            _ => Err(Errno::EAFNOSUPPORT),
        }
    }

    /// connect(2) of a TCP socket to AF_UNSPEC: the connection is reset, the socket can connect again.
    fn abort(&self) {
        let role = {
            let mut state = self.state.lock();
            state.peer = None;
            state.connect_answer = None;
            match state.role {
                Role::Connected(_) | Role::Connecting => core::mem::take(&mut state.role),
                _ => return,
            }
        };
        if let Role::Connected(connection) = role {
            self.disconnect(connection, true, &mut Vec::new());
        }
    }

    fn dissociate(&self) {
        let mut state = self.state.lock();
        state.peer = None;
        if let Role::Associated(_) = state.role {
            state.role = Role::Idle;
        }
    }

    fn associate_unix(&self, address: &Address, inode: Option<InodeKey>) -> Result<(), Errno> {
        let peer = self.net.find_unix(address, inode)?;
        if peer.kind != self.kind {
            return Err(Errno::EPROTOTYPE);
        }
        let mut state = self.state.lock();
        state.role = Role::Associated(peer.me.clone());
        state.peer = Some(address.clone());
        Ok(())
    }

    fn associate_udp(&self, caller: &Caller, addr: SocketAddr) -> Result<(), Errno> {
        let to = self.destination(addr)?;
        let from = self.ensure_port(caller.fsuid, Socket::source_for(to.ip()))?;
        self.net.udp.lock().narrow(from.port(), &self.me, from.ip());
        let mut state = self.state.lock();
        state.local = Some(Address::Inet(from));
        state.peer = Some(Address::Inet(to));
        drop(state);
        self.inbox.lock().retain_from(&Address::Inet(to));
        Ok(())
    }

    fn connect_unix(&self, caller: &Caller, address: &Address, inode: Option<InodeKey>) -> Result<(), Errno> {
        match self.state.lock().role {
            Role::Idle => {}
            Role::Connected(_) => return Err(Errno::EISCONN),
            _ => return Err(Errno::EINVAL),
        }
        let target = self.net.find_unix(address, inode)?;
        if target.kind != self.kind {
            return Err(Errno::EPROTOTYPE);
        }
        let (owner, local) = {
            let mut state = target.state.lock();
            let (owner, local) = (state.owner, state.local.clone());
            match &mut state.role {
                Role::Listening(listener) if listener.queue.len() <= listener.limit => (owner, local),
                Role::Listening(listener) => {
                    if !listener.refused.iter().any(|waiter| Arc::ptr_eq(waiter, &self.wait)) {
                        listener.refused.push(self.wait.clone());
                    }
                    return Err(Errno::EAGAIN);
                }
                _ => return Err(Errno::ECONNREFUSED),
            }
        };
        let embryo = self.net.create(owner, self.family, self.kind, self.protocol);
        embryo.inherit(&target);
        self.state.lock().owner = identity(caller);
        Socket::join(self, &embryo);
        {
            let mut state = embryo.state.lock();
            state.local = local;
            state.peer = Some(self.local());
        }
        self.state.lock().peer = Some(address.clone());
        target.enqueue(embryo);
        Ok(())
    }

    fn connect_tcp(&self, caller: &Caller, addr: SocketAddr, nonblocking: bool) -> Result<(), Errno> {
        {
            let mut state = self.state.lock();
            if let Some(answer) = state.connect_answer.take() {
                return answer;
            }
            match state.role {
                Role::Idle => {}
                Role::Connecting if nonblocking => return Err(Errno::EALREADY),
                Role::Connecting => return Err(Errno::EAGAIN),
                _ => return Err(Errno::EISCONN),
            }
            if let Some(error) = state.error.take() {
                return Err(error);
            }
        }
        let to = self.destination(addr)?;
        let from = self.ensure_port(caller.fsuid, Socket::source_for(to.ip()))?;
        let listens = |socket: &Socket| matches!(socket.state.lock().role, Role::Listening(_));
        let target = self.net.tcp.lock().find(to, listens);
        {
            let mut state = self.state.lock();
            state.local = Some(Address::Inet(from));
            state.owner = identity(caller);
            state.peer = Some(Address::Inet(to));
        }
        let Some(target) = target else {
            let mut state = self.state.lock();
            state.peer = None;
            if nonblocking {
                state.error = Some(Errno::ECONNREFUSED);
                drop(state);
                self.wait.notify();
                return Err(Errno::EINPROGRESS);
            }
            return Err(Errno::ECONNREFUSED);
        };
        {
            let mut state = target.state.lock();
            if let Role::Listening(listener) = &mut state.role
                && listener.queue.len() > listener.limit
            {
                listener.pending.push_back(self.me.clone());
                drop(state);
                self.state.lock().role = Role::Connecting;
                return Err(if nonblocking { Errno::EINPROGRESS } else { Errno::EAGAIN });
            }
        }
        self.establish(&target);
        if nonblocking {
            self.state.lock().connect_answer = Some(Ok(()));
            return Err(Errno::EINPROGRESS);
        }
        Ok(())
    }

    /// Makes the connection of a TCP socket whose addresses are known.
    fn establish(&self, target: &Arc<Socket>) {
        let (local, peer) = {
            let state = self.state.lock();
            (state.local.clone(), state.peer.clone())
        };
        let owner = target.state.lock().owner;
        let embryo = self.net.create(owner, target.family, target.kind, target.protocol);
        embryo.inherit(target);
        Socket::join(self, &embryo);
        {
            let mut state = embryo.state.lock();
            state.local = peer;
            state.peer = local;
        }
        self.wait.notify();
        target.enqueue(embryo);
    }

    /// A TCP connect that waited at a listener fails.
    pub(crate) fn fail_connect(&self, error: Errno) {
        {
            let mut state = self.state.lock();
            if !matches!(state.role, Role::Connecting) {
                return;
            }
            state.role = Role::Idle;
            state.peer = None;
            state.error = Some(error);
        }
        self.wait.notify();
    }

    /// An accepted connection has the options of its listener.
    fn inherit(&self, listener: &Socket) {
        let options = listener.options.lock().clone();
        *self.options.lock() = options;
    }

    fn enqueue(&self, embryo: Arc<Socket>) {
        if let Role::Listening(listener) = &mut self.state.lock().role {
            listener.queue.push_back(embryo);
        }
        self.wait.notify();
    }

    /// accept(2): `EAGAIN` when nobody connected yet.
    pub fn accept(&self) -> Result<(Arc<Socket>, Address), Errno> {
        if !self.is_connection() {
            return Err(Errno::EOPNOTSUPP);
        }
        let (embryo, next, refused) = {
            let mut state = self.state.lock();
            let no_read = state.no_read;
            let Role::Listening(listener) = &mut state.role else { return Err(Errno::EINVAL) };
            let Some(embryo) = listener.queue.pop_front() else {
                return Err(if no_read { Errno::EINVAL } else { Errno::EAGAIN });
            };
            (embryo, listener.pending.pop_front(), core::mem::take(&mut listener.refused))
        };
        for waiter in refused {
            waiter.notify();
        }
        if let Some(connector) = next.and_then(|next| next.upgrade())
            && matches!(connector.state.lock().role, Role::Connecting)
            && let Some(me) = self.me.upgrade()
        {
            // The answer of a blocking or repeated connect(2); a nonblocking caller may also never ask.
            connector.state.lock().connect_answer = Some(Ok(()));
            connector.establish(&me);
        }
        let peer = embryo.peer().unwrap_or_else(|_| embryo.no_address());
        Ok((embryo, peer))
    }
}
