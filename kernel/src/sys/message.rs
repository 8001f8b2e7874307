//! Sending and receiving on sockets: send(2), recv(2), sendmsg(2), recvmsg(2), sendmmsg(2), recvmmsg(2), with
//! descriptors and credentials (cmsg(3), unix(7)).

use super::args::{Fd, UserMut, UserPtr, UserSlice, UserSliceMut};
use super::rw::{Segment, gather, scatter, total, user_range, writable_from};
use super::socket::socket_of;
use super::{Cx, Stop, SysResult};
use crate::task::{Description, cap};
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::Record;
use brainworm_abi::linux::socket::*;
use brainworm_abi::linux::time::TimespecC;
use brainworm_abi::{Errno, GuestAddr};
use brainworm_net::{Address, Control, Family, Kind, Received, Right, Socket};

/// Bytes of a stream moved at once.
const CHUNK: usize = 256 << 10;
/// Longest message that is gathered; longer ones fit no socket.
const MESSAGE_MAX: usize = 1 << 20;
/// Longest ancillary data (`net.core.optmem_max` is smaller on older kernels).
const CONTROL_MAX: u64 = 128 << 10;
/// Most messages of one sendmmsg(2).
const MESSAGES_MAX: u32 = 1024;

/// sendto(2), and send(2).
pub(super) fn sys_sendto(
    cx: &mut Cx<'_>,
    fd: Fd,
    buf: UserSlice,
    len: u64,
    flags: MsgFlags,
    addr: GuestAddr,
    addr_len: u32,
) -> SysResult {
    let desc = cx.desc(fd)?;
    let to = if addr.is_null() || addr_len == 0 { None } else { Some(cx.read_address(addr, addr_len)?) };
    let segments = [user_range(buf.0, len)?];
    send(cx, &desc, &segments, to, Control::default(), flags)
}

/// sendmsg(2).
pub(super) fn sys_sendmsg(cx: &mut Cx<'_>, fd: Fd, message: UserPtr<MsgHdr>, flags: MsgFlags) -> SysResult {
    let desc = cx.desc(fd)?;
    let header = cx.copy_in(message)?;
    send_message(cx, &desc, &header, flags)
}

fn send_message(cx: &mut Cx<'_>, desc: &Arc<Description>, header: &MsgHdr, flags: MsgFlags) -> SysResult {
    let is_unix = socket_of(desc)?.family() == Family::Unix;
    let segments = message_segments(cx, header)?;
    let to = match (header.msg_name, header.msg_namelen) {
        (0, _) | (_, 0) => None,
        (name, len) => Some(cx.read_address(GuestAddr(name), len)?),
    };
    // Ancillary data of ip(7) asks for what loopback does anyway.
    let control = if is_unix && header.msg_control != 0 && header.msg_controllen > 0 {
        read_control(cx, GuestAddr(header.msg_control), header.msg_controllen)?
    } else {
        Control::default()
    };
    send(cx, desc, &segments, to, control, flags)
}

fn message_segments(cx: &mut Cx<'_>, header: &MsgHdr) -> Result<Vec<Segment>, Errno> {
    if header.msg_iovlen > brainworm_abi::linux::fcntl::IOV_MAX as u64 {
        return Err(Errno::EMSGSIZE);
    }
    cx.copy_in_iovecs(GuestAddr(header.msg_iov), header.msg_iovlen)
}

fn send(
    cx: &mut Cx<'_>,
    desc: &Arc<Description>,
    segments: &[Segment],
    to: Option<Address>,
    mut control: Control,
    flags: MsgFlags,
) -> SysResult {
    let socket = socket_of(desc)?;
    if flags.contains(MsgFlags::MSG_OOB) {
        return Err(Errno::EOPNOTSUPP.into());
    }
    let inode = match &to {
        Some(address) if !socket.is_connection() => cx.socket_inode(address)?,
        _ => None,
    };
    let mut buffer = core::mem::take(&mut cx.k.scratch);
    let result =
        send_loop(cx, desc, socket, segments, to.as_ref().map(|to| (to, inode)), &mut control, flags, &mut buffer);
    cx.k.scratch = buffer;
    if let Err(Stop::Errno(Errno::EPIPE)) = result
        && !flags.contains(MsgFlags::MSG_NOSIGNAL)
        && socket.is_connection()
    {
        cx.signal_for(Errno::EPIPE);
    }
    result
}

#[expect(clippy::too_many_arguments, reason = "a message with its destination and everything that goes along")]
fn send_loop(
    cx: &mut Cx<'_>,
    desc: &Arc<Description>,
    socket: &Socket,
    segments: &[Segment],
    to: Option<(&Address, Option<brainworm_net::InodeKey>)>,
    control: &mut Control,
    flags: MsgFlags,
    buffer: &mut Vec<u8>,
) -> SysResult {
    let count = total(segments);
    let is_stream = socket.kind() == Kind::Stream;
    if !is_stream && count > MESSAGE_MAX as u64 {
        return Err(Errno::EMSGSIZE.into());
    }
    let mut done = cx.task().restart.done;
    if done > 0 {
        // It went with the first part.
        *control = Control::default();
    }
    let dontwait = flags.contains(MsgFlags::MSG_DONTWAIT);
    let caller = cx.k.caller(cx.ix);
    loop {
        let limit = if is_stream { CHUNK } else { MESSAGE_MAX };
        let room = match gather(cx, segments, done, limit, buffer) {
            Ok(room) if is_stream || room as u64 == count => room,
            Ok(_) => return Err(Errno::EFAULT.into()),
            Err(_) if done > 0 => return Ok(done),
            Err(errno) => return Err(errno.into()),
        };
        match socket.send(&caller, &buffer[..room], to, control) {
            Ok(n) => {
                done += n as u64;
                if !is_stream || done == count || n == 0 {
                    return Ok(done);
                }
            }
            Err(Errno::EAGAIN) if done > 0 && (dontwait || desc.is_nonblocking()) => return Ok(done),
            Err(Errno::EAGAIN) => {
                cx.task_mut().restart.done = done;
                return match cx.wait_at_socket(desc, socket.send_timeout(), dontwait) {
                    Stop::Errno(_) if done > 0 => Ok(done),
                    stop => Err(stop),
                };
            }
            Err(_) if done > 0 => return Ok(done),
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// recvfrom(2), and recv(2).
pub(super) fn sys_recvfrom(
    cx: &mut Cx<'_>,
    fd: Fd,
    buf: UserSliceMut,
    len: u64,
    flags: MsgFlags,
    addr: GuestAddr,
    addr_len: UserMut<u32>,
) -> SysResult {
    let desc = cx.desc(fd)?;
    let segments = [user_range(buf.0, len)?];
    let (answer, received) = receive(cx, &desc, &segments, flags)?;
    if let (Some(from), false) = (&received.from, addr.is_null()) {
        cx.give_address(from, addr, addr_len)?;
    } else if !addr.is_null() {
        // A connection names nobody.
        cx.copy_out(addr_len, &0)?;
    }
    Ok(answer)
}

/// recvmsg(2).
pub(super) fn sys_recvmsg(cx: &mut Cx<'_>, fd: Fd, message: UserMut<MsgHdr>, flags: MsgFlags) -> SysResult {
    let desc = cx.desc(fd)?;
    let header = cx.copy_in(UserPtr::new(message.addr))?;
    receive_message(cx, &desc, message, header, flags)
}

fn receive_message(
    cx: &mut Cx<'_>,
    desc: &Arc<Description>,
    message: UserMut<MsgHdr>,
    mut header: MsgHdr,
    flags: MsgFlags,
) -> SysResult {
    let segments = message_segments(cx, &header)?;
    let (answer, received) = receive(cx, desc, &segments, flags)?;
    let mut out_flags = received.flags;
    if header.msg_name != 0 {
        let mut name = Vec::new();
        if let Some(from) = &received.from {
            from.encode(&mut name);
        }
        let len = name.len() as u32;
        name.truncate(header.msg_namelen as usize);
        cx.write_bytes(GuestAddr(header.msg_name), &name)?;
        header.msg_namelen = len;
    }
    let is_complete = give_control(cx, &mut header, received.control, flags)?;
    if !is_complete {
        out_flags |= MsgFlags::MSG_CTRUNC;
    }
    if flags.contains(MsgFlags::MSG_CMSG_CLOEXEC) {
        out_flags |= MsgFlags::MSG_CMSG_CLOEXEC;
    }
    header.msg_flags = out_flags.bits();
    cx.copy_out(message, &header)?;
    Ok(answer)
}

/// Takes bytes or a message into user memory. The answer of the call counts what MSG_WAITALL collected, and with
/// MSG_TRUNC what was cut off.
fn receive(
    cx: &mut Cx<'_>,
    desc: &Arc<Description>,
    segments: &[Segment],
    flags: MsgFlags,
) -> Result<(u64, Received), Stop> {
    let socket = socket_of(desc)?;
    let mut buffer = core::mem::take(&mut cx.k.scratch);
    let result = receive_loop(cx, desc, socket, segments, flags, &mut buffer);
    cx.k.scratch = buffer;
    result
}

fn receive_loop(
    cx: &mut Cx<'_>,
    desc: &Arc<Description>,
    socket: &Socket,
    segments: &[Segment],
    flags: MsgFlags,
    buffer: &mut Vec<u8>,
) -> Result<(u64, Received), Stop> {
    let count = total(segments);
    let is_stream = socket.kind() == Kind::Stream;
    let collects = is_stream && flags.contains(MsgFlags::MSG_WAITALL) && !flags.contains(MsgFlags::MSG_PEEK);
    let dontwait = flags.contains(MsgFlags::MSG_DONTWAIT);
    let mut done = cx.task().restart.done;
    loop {
        let want = if is_stream { CHUNK } else { socket.next_len().min(MESSAGE_MAX) };
        let room = writable_from(cx, segments, done, want);
        let room = match room {
            Ok(room) => room,
            Err(_) if done > 0 => return Ok((done, Received::default())),
            Err(errno) => return Err(errno.into()),
        };
        if buffer.len() < room {
            buffer.resize(room, 0);
        }
        match socket.recv(&mut buffer[..room], flags) {
            Ok(received) => {
                scatter(cx, segments, done, &buffer[..received.len])?;
                done += received.len as u64;
                let is_end = received.len == 0 || done >= count || !received.control.is_empty();
                if !collects || is_end {
                    let cut = flags.contains(MsgFlags::MSG_TRUNC) && !is_stream;
                    return Ok((if cut { received.full_len as u64 } else { done }, received));
                }
            }
            Err(Errno::EAGAIN) if done > 0 && (dontwait || desc.is_nonblocking()) => {
                return Ok((done, Received::default()));
            }
            Err(Errno::EAGAIN) => {
                cx.task_mut().restart.done = done;
                return match cx.wait_at_socket(desc, socket.receive_timeout(), dontwait) {
                    Stop::Errno(_) if done > 0 => Ok((done, Received::default())),
                    stop => Err(stop),
                };
            }
            Err(_) if done > 0 => return Ok((done, Received::default())),
            Err(errno) => return Err(errno.into()),
        }
    }
}

// --- ancillary data ---------------------------------------------------------------------------------------------------

/// The ancillary data of a message to a UNIX socket.
fn read_control(cx: &mut Cx<'_>, addr: GuestAddr, len: u64) -> Result<Control, Errno> {
    if len > CONTROL_MAX {
        return Err(Errno::ENOBUFS);
    }
    let bytes: Vec<u8> = cx.copy_in_array(addr, len, CONTROL_MAX)?;
    let mut control = Control::default();
    let mut rest = &bytes[..];
    while rest.len() >= CMsgHdr::SIZE {
        let header = CMsgHdr::load(&rest[..CMsgHdr::SIZE]);
        let len = usize::try_from(header.cmsg_len).map_err(|_| Errno::EINVAL)?;
        let data = rest.get(CMsgHdr::SIZE..len).ok_or(Errno::EINVAL)?;
        match (header.cmsg_level, header.cmsg_type) {
            (SOL_SOCKET, SCM_RIGHTS) => {
                for fd in data.chunks_exact(4) {
                    let desc = cx.desc_or_path(Fd(i32::load(fd)))?;
                    control.rights.push(desc as Right);
                }
                if control.rights.len() > SCM_MAX_FD {
                    return Err(Errno::EINVAL);
                }
            }
            (SOL_SOCKET, SCM_CREDENTIALS) => {
                let claimed = UCred::load(data.get(..UCred::SIZE).ok_or(Errno::EINVAL)?);
                control.credentials = Some(check_credentials(cx, claimed)?);
            }
            _ => return Err(Errno::EINVAL),
        }
        rest = rest.get(len.next_multiple_of(8)..).unwrap_or_default();
    }
    Ok(control)
}

/// unix(7): one's own ids may be claimed; others take capabilities.
fn check_credentials(cx: &Cx<'_>, claimed: UCred) -> Result<UCred, Errno> {
    let creds = cx.creds();
    let has_pid = claimed.pid == cx.pid() || creds.can(cap::SYS_ADMIN);
    let has_uid = [creds.uid, creds.euid, creds.suid].contains(&claimed.uid) || creds.can(cap::SETUID);
    let has_gid = [creds.gid, creds.egid, creds.sgid].contains(&claimed.gid) || creds.can(cap::SETGID);
    if has_pid && has_uid && has_gid { Ok(claimed) } else { Err(Errno::EPERM) }
}

/// Writes ancillary data and installs descriptors, as many as there is room for; false when some was cut off.
fn give_control(cx: &mut Cx<'_>, header: &mut MsgHdr, control: Control, flags: MsgFlags) -> Result<bool, Errno> {
    let room = if header.msg_control == 0 { 0 } else { header.msg_controllen as usize };
    let mut out = Vec::new();
    let mut is_complete = true;
    if let Some(credentials) = control.credentials {
        let mut data = [0; UCred::SIZE];
        credentials.store(&mut data);
        is_complete &= put_control(&mut out, room, SCM_CREDENTIALS, &data);
    }
    if !control.rights.is_empty() {
        let fits = room.saturating_sub(out.len() + CMsgHdr::SIZE) / 4;
        let cloexec = flags.contains(MsgFlags::MSG_CMSG_CLOEXEC);
        let mut fds = Vec::new();
        for right in control.rights.iter().take(fits) {
            let Ok(desc) = right.clone().downcast::<Description>() else { continue };
            match cx.install(desc, cloexec) {
                Ok(fd) => fds.extend(fd.to_le_bytes()),
                Err(_) => break,
            }
        }
        is_complete &= fds.len() == control.rights.len() * 4;
        if !fds.is_empty() {
            put_control(&mut out, room, SCM_RIGHTS, &fds);
        }
    }
    out.truncate(room);
    cx.write_bytes(GuestAddr(header.msg_control), &out)?;
    header.msg_controllen = out.len() as u64;
    Ok(is_complete)
}

/// Appends one control message, cut to the room; false when it was cut.
fn put_control(out: &mut Vec<u8>, room: usize, kind: u32, data: &[u8]) -> bool {
    if out.len() + CMsgHdr::SIZE > room {
        return false;
    }
    let fits = (room - out.len() - CMsgHdr::SIZE).min(data.len());
    let at = out.len();
    out.resize(at + CMsgHdr::SIZE, 0);
    let cmsg_len = (CMsgHdr::SIZE + fits) as u64;
    CMsgHdr { cmsg_len, cmsg_level: SOL_SOCKET, cmsg_type: kind }.store(&mut out[at..]);
    out.extend_from_slice(&data[..fits]);
    out.resize(out.len().next_multiple_of(8), 0);
    fits == data.len()
}

// --- several messages -------------------------------------------------------------------------------------------------

/// Address of the length in element `index` of an array of `struct mmsghdr`.
fn length_at(array: GuestAddr, index: u32) -> (GuestAddr, GuestAddr) {
    let element = array.wrapping_add(u64::from(index) * MMsgHdr::SIZE as u64);
    (element, element.wrapping_add(MsgHdr::SIZE as u64))
}

/// sendmmsg(2).
pub(super) fn sys_sendmmsg(cx: &mut Cx<'_>, fd: Fd, array: GuestAddr, count: u32, flags: MsgFlags) -> SysResult {
    let desc = cx.desc(fd)?;
    let mut sent = 0;
    for index in 0..count.min(MESSAGES_MAX) {
        let (element, length) = length_at(array, index);
        // Only the first may wait: what went already is not sent again.
        let more = if index > 0 { MsgFlags::MSG_DONTWAIT } else { MsgFlags::empty() };
        let result = cx
            .copy_in(UserPtr::<MsgHdr>::new(element))
            .map_err(Stop::from)
            .and_then(|header| send_message(cx, &desc, &header, flags | more));
        match result {
            Ok(len) => cx.copy_out(UserMut::<u32>::new(length), &(len as u32))?,
            Err(stop) if sent == 0 => return Err(stop),
            Err(_) => break,
        }
        sent += 1;
    }
    Ok(sent)
}

/// recvmmsg(2).
pub(super) fn sys_recvmmsg(
    cx: &mut Cx<'_>,
    fd: Fd,
    array: GuestAddr,
    count: u32,
    flags: MsgFlags,
    timeout: UserMut<TimespecC>,
) -> SysResult {
    let desc = cx.desc(fd)?;
    let wanted = cx.copy_in_opt(UserPtr::<TimespecC>::new(timeout.addr))?.map(TimespecC::to_nanos).transpose()?;
    let deadline = cx.deadline(wanted);
    let flags = flags - MsgFlags::MSG_WAITFORONE;
    let mut received = 0;
    for index in 0..count.min(MESSAGES_MAX) {
        let (element, length) = length_at(array, index);
        let more = if index > 0 { MsgFlags::MSG_DONTWAIT } else { MsgFlags::empty() };
        let header = cx.copy_in(UserPtr::<MsgHdr>::new(element))?;
        match receive_message(cx, &desc, UserMut::new(element), header, flags | more) {
            Ok(len) => cx.copy_out(UserMut::<u32>::new(length), &(len as u32))?,
            Err(Stop::Block(_)) if received == 0 && cx.is_past(deadline) => return Err(Errno::EAGAIN.into()),
            Err(Stop::Block(wait)) if received == 0 => return Err(Stop::Block(wait.until(deadline))),
            Err(stop) if received == 0 => return Err(stop),
            Err(_) => break,
        }
        received += 1;
    }
    Ok(received)
}
