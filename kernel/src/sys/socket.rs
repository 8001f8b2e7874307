//! Sockets: socket(2), bind(2), listen(2), connect(2), accept(2), socketpair(2), shutdown(2), names and options.
//! Sending and receiving is in `message`.

use super::args::{DirFd, Fd, UserMut, UserPtr};
use super::{Cx, Stop, SysResult};
use crate::task::Description;
use crate::wait::{OnSignal, Wait};
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::socket::{SOCKADDR_MAX, SocketFlags};
use brainworm_abi::linux::stat::S_IFSOCK;
use brainworm_abi::{Errno, FileKind, GuestAddr, Nanos, OpenFlags};
use brainworm_fs::{Access, At};
use brainworm_net::{Address, InodeKey, Socket};

/// The socket behind a description.
pub(super) fn socket_of(desc: &Description) -> Result<&Socket, Errno> {
    desc.file.as_any().downcast_ref::<Socket>().ok_or(Errno::ENOTSOCK)
}

impl Cx<'_> {
    /// A description of a socket.
    fn describe_socket(&mut self, socket: Arc<Socket>, flags: SocketFlags) -> Arc<Description> {
        let mut status = OpenFlags::O_RDWR;
        if flags.contains(SocketFlags::SOCK_NONBLOCK) {
            status |= OpenFlags::O_NONBLOCK;
        }
        let name = format!("socket:[{}]", socket.ino());
        self.describe_anonymous(socket, FileKind::Socket, name.as_bytes(), status)
    }

    /// Waits at a socket, for as long as SO_RCVTIMEO or SO_SNDTIMEO says. A timeout that ran out is EAGAIN.
    pub(super) fn wait_at_socket(&mut self, desc: &Arc<Description>, timeout: Option<Nanos>, dontwait: bool) -> Stop {
        if dontwait || desc.is_nonblocking() {
            return Errno::EAGAIN.into();
        }
        let deadline = self.deadline(timeout);
        if self.is_past(deadline) {
            return Errno::EAGAIN.into();
        }
        // With a timeout the call would wait anew: it is not restarted (signal(7)).
        let on_signal = if timeout.is_some() { OnSignal::Eintr } else { OnSignal::Restart };
        self.block(Wait::file(&desc.file), deadline, on_signal)
    }

    /// Reads a socket address.
    pub(super) fn read_address(&mut self, addr: GuestAddr, len: u32) -> Result<Address, Errno> {
        if len as usize > SOCKADDR_MAX {
            return Err(Errno::EINVAL);
        }
        let bytes: Vec<u8> = self.copy_in_array(addr, u64::from(len), SOCKADDR_MAX as u64)?;
        Address::parse(&bytes)
    }

    /// Writes a socket address, cut to the caller's room; the length tells its true size.
    pub(super) fn give_address(&mut self, address: &Address, addr: GuestAddr, len: UserMut<u32>) -> Result<(), Errno> {
        let room = self.copy_in(UserPtr::<i32>::new(len.addr))?;
        if room < 0 {
            return Err(Errno::EINVAL);
        }
        let mut bytes = Vec::new();
        address.encode(&mut bytes);
        self.copy_out(len, &(bytes.len() as u32))?;
        bytes.truncate(room as usize);
        self.write_bytes(addr, &bytes)
    }

    /// The inode a UNIX address names: a socket the caller may write to.
    pub(super) fn socket_inode(&mut self, address: &Address) -> Result<Option<InodeKey>, Stop> {
        let Some(path) = address.path() else { return Ok(None) };
        let place = self.on_bytes(DirFd::CWD, path, |vfs, io, at, path| {
            let place = vfs.walk(io, at, path, true)?;
            vfs.access(io, At::new(at.root, &place).or_empty(), b"", Access::W, false)?;
            Ok(place)
        })?;
        if place.kind() == FileKind::Socket { Ok(Some(place.id())) } else { Err(Errno::ECONNREFUSED.into()) }
    }
}

/// Splits the type argument of socket(2).
fn split_type(kind: u32) -> Result<(u32, SocketFlags), Errno> {
    const TYPE_MASK: u32 = 0xf;
    let flags = SocketFlags::from_bits(kind & !TYPE_MASK).ok_or(Errno::EINVAL)?;
    Ok((kind & TYPE_MASK, flags))
}

/// socket(2).
pub(super) fn sys_socket(cx: &mut Cx<'_>, family: u32, kind: u32, protocol: u32) -> SysResult {
    let (kind, flags) = split_type(kind)?;
    let caller = cx.k.caller(cx.ix);
    let socket = cx.k.net.clone().socket(&caller, family, kind, protocol)?;
    let desc = cx.describe_socket(socket, flags);
    Ok(cx.install(desc, flags.contains(SocketFlags::SOCK_CLOEXEC))? as u64)
}

/// socketpair(2).
pub(super) fn sys_socketpair(
    cx: &mut Cx<'_>,
    family: u32,
    kind: u32,
    protocol: u32,
    fds: UserMut<[Fd; 2]>,
) -> SysResult {
    let (kind, flags) = split_type(kind)?;
    let caller = cx.k.caller(cx.ix);
    let free = cx.free_fds::<2>()?;
    cx.copy_out(fds, &free.map(Fd))?;
    let pair = cx.k.net.clone().pair(&caller, family, kind, protocol)?;
    for (fd, socket) in free.into_iter().zip(pair) {
        let desc = cx.describe_socket(socket, flags);
        cx.install_at(fd, desc, flags.contains(SocketFlags::SOCK_CLOEXEC));
    }
    Ok(0)
}

/// bind(2). A UNIX path is made here, so the name and the socket come together.
pub(super) fn sys_bind(cx: &mut Cx<'_>, fd: Fd, addr: GuestAddr, len: u32) -> SysResult {
    let desc = cx.desc(fd)?;
    let socket = socket_of(&desc)?;
    let address = cx.read_address(addr, len)?;
    let caller = cx.k.caller(cx.ix);
    let Some(path) = address.path() else {
        socket.bind(&caller, &address, None)?;
        return Ok(0);
    };
    socket.check_bind(&address)?;
    let made = cx.on_bytes(DirFd::CWD, path, |vfs, io, at, path| vfs.mknod(io, at, path, S_IFSOCK | 0o777, 0));
    let place = made.map_err(|stop| match stop {
        Stop::Errno(Errno::EEXIST) => Errno::EADDRINUSE.into(),
        other => other,
    })?;
    socket.bind(&caller, &address, Some(place.id()))?;
    cx.k.note_create(&place);
    Ok(0)
}

/// listen(2).
pub(super) fn sys_listen(cx: &mut Cx<'_>, fd: Fd, backlog: i32) -> SysResult {
    let desc = cx.desc(fd)?;
    let caller = cx.k.caller(cx.ix);
    socket_of(&desc)?.listen(&caller, backlog)?;
    Ok(0)
}

/// connect(2).
pub(super) fn sys_connect(cx: &mut Cx<'_>, fd: Fd, addr: GuestAddr, len: u32) -> SysResult {
    let desc = cx.desc(fd)?;
    let socket = socket_of(&desc)?;
    let address = cx.read_address(addr, len)?;
    let inode = cx.socket_inode(&address)?;
    let caller = cx.k.caller(cx.ix);
    match socket.connect(&caller, &address, inode, desc.is_nonblocking()) {
        Ok(()) => Ok(0),
        Err(Errno::EAGAIN) => {
            let stop = cx.wait_at_socket(&desc, socket.send_timeout(), false);
            // A TCP connection goes on being made after the timeout.
            match stop {
                Stop::Errno(Errno::EAGAIN) if matches!(address, Address::Inet(_)) => Err(Errno::EINPROGRESS.into()),
                other => Err(other),
            }
        }
        Err(errno) => Err(errno.into()),
    }
}

/// accept(2).
pub(super) fn sys_accept(cx: &mut Cx<'_>, fd: Fd, addr: GuestAddr, len: UserMut<u32>) -> SysResult {
    sys_accept4(cx, fd, addr, len, SocketFlags::empty())
}

/// accept4(2).
pub(super) fn sys_accept4(
    cx: &mut Cx<'_>,
    fd: Fd,
    addr: GuestAddr,
    len: UserMut<u32>,
    flags: SocketFlags,
) -> SysResult {
    let desc = cx.desc(fd)?;
    let socket = socket_of(&desc)?;
    let [new] = cx.free_fds::<1>()?;
    let (accepted, peer) = match socket.accept() {
        Err(Errno::EAGAIN) => return Err(cx.wait_at_socket(&desc, socket.receive_timeout(), false)),
        other => other?,
    };
    let accepted = cx.describe_socket(accepted, flags);
    if !addr.is_null() {
        cx.give_address(&peer, addr, len)?;
    }
    cx.install_at(new, accepted, flags.contains(SocketFlags::SOCK_CLOEXEC));
    Ok(new as u64)
}

/// shutdown(2).
pub(super) fn sys_shutdown(cx: &mut Cx<'_>, fd: Fd, how: u32) -> SysResult {
    let desc = cx.desc(fd)?;
    socket_of(&desc)?.shutdown(how)?;
    Ok(0)
}

/// getsockname(2).
pub(super) fn sys_getsockname(cx: &mut Cx<'_>, fd: Fd, addr: GuestAddr, len: UserMut<u32>) -> SysResult {
    let desc = cx.desc(fd)?;
    let address = socket_of(&desc)?.local();
    cx.give_address(&address, addr, len)?;
    Ok(0)
}

/// getpeername(2).
pub(super) fn sys_getpeername(cx: &mut Cx<'_>, fd: Fd, addr: GuestAddr, len: UserMut<u32>) -> SysResult {
    let desc = cx.desc(fd)?;
    let address = socket_of(&desc)?.peer()?;
    cx.give_address(&address, addr, len)?;
    Ok(0)
}

/// Longest option value taken.
const OPTION_MAX: u32 = 4096;

/// setsockopt(2).
pub(super) fn sys_setsockopt(
    cx: &mut Cx<'_>,
    fd: Fd,
    level: u32,
    option: u32,
    value: GuestAddr,
    len: u32,
) -> SysResult {
    let desc = cx.desc(fd)?;
    let socket = socket_of(&desc)?;
    if len > i32::MAX as u32 {
        return Err(Errno::EINVAL.into());
    }
    let value: Vec<u8> = cx.copy_in_array(value, u64::from(len.min(OPTION_MAX)), u64::from(OPTION_MAX))?;
    socket.set_option(level, option, &value)?;
    Ok(0)
}

/// getsockopt(2).
pub(super) fn sys_getsockopt(
    cx: &mut Cx<'_>,
    fd: Fd,
    level: u32,
    option: u32,
    value: GuestAddr,
    len: UserMut<u32>,
) -> SysResult {
    let desc = cx.desc(fd)?;
    let socket = socket_of(&desc)?;
    let room = cx.copy_in(UserPtr::<i32>::new(len.addr))?;
    if room < 0 {
        return Err(Errno::EINVAL.into());
    }
    let mut answer = Vec::new();
    socket.get_option(level, option, &mut answer)?;
    answer.truncate(room as usize);
    cx.write_bytes(value, &answer)?;
    cx.copy_out(len, &(answer.len() as u32))?;
    Ok(0)
}
