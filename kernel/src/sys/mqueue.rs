//! POSIX message queues: mq_open(3), mq_send(3), mq_receive(3), mq_notify(3), mq_unlink(3) as system calls.

use super::args::{Fd, Mode, UserMut, UserPtr, UserStr};
use super::{Cx, Stop, SysResult};
use crate::ipc::mqueue::*;
use crate::ipc::{Perm, READ, WRITE};
use crate::task::{Description, cap};
use crate::wait::Wait;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::fcntl::NAME_MAX;
use brainworm_abi::linux::ipc::MqAttr;
use brainworm_abi::linux::signal::{SIGEV_NONE, SIGEV_SIGNAL, SigEvent};
use brainworm_abi::linux::time::TimespecC;
use brainworm_abi::{Errno, FileKind, GuestAddr, OpenFlags, WaitPoint};

/// Most queues of a machine (`fs.mqueue.queues_max`).
const MOST_QUEUES: usize = 256;

fn read_name(cx: &mut Cx<'_>, name: UserStr) -> Result<Vec<u8>, Errno> {
    let name = cx.read_str(name, NAME_MAX + 1)?;
    match name.as_slice() {
        [] => Err(Errno::ENOENT),
        name if name.contains(&b'/') => Err(Errno::EACCES),
        b"." | b".." => Err(Errno::EACCES),
        _ => Ok(name),
    }
}

/// mq_open(3).
pub(super) fn sys_mq_open(
    cx: &mut Cx<'_>,
    name: UserStr,
    flags: OpenFlags,
    mode: Mode,
    attr: UserPtr<MqAttr>,
) -> SysResult {
    let name = read_name(cx, name)?;
    let attr = if flags.contains(OpenFlags::O_CREAT) { cx.copy_in_opt(attr)? } else { None };
    let creds = cx.creds().clone();
    let queue = match cx.k.world.ipc.named_queues.get(&name).cloned() {
        Some(_) if flags.contains(OpenFlags::O_CREAT | OpenFlags::O_EXCL) => return Err(Errno::EEXIST.into()),
        Some(queue) => {
            let mut want = if flags.reads() { READ } else { 0 };
            if flags.writes() {
                want |= WRITE;
            }
            queue.perm.check(&creds, want)?;
            queue
        }
        None if !flags.contains(OpenFlags::O_CREAT) => return Err(Errno::ENOENT.into()),
        None => {
            let (messages, size) = attr.map_or((DEFAULT_MESSAGES, DEFAULT_SIZE), |a| (a.mq_maxmsg, a.mq_msgsize));
            let is_root = creds.can(cap::SYS_RESOURCE);
            let (most_messages, most_size) =
                if is_root { (MOST_MESSAGES, MOST_SIZE) } else { (DEFAULT_MESSAGES, DEFAULT_SIZE) };
            if !(1..=most_messages).contains(&messages) || !(1..=most_size).contains(&size) {
                return Err(Errno::EINVAL.into());
            }
            if cx.k.world.ipc.named_queues.len() >= MOST_QUEUES && !is_root {
                return Err(Errno::ENOSPC.into());
            }
            let perm = Perm::new(0, mode.0 & !cx.fs().umask, &creds);
            let queue = Arc::new(MessageQueue::new(perm, messages, size, WaitPoint::new(&cx.k.bell)));
            cx.k.world.ipc.named_queues.insert(name.clone(), queue.clone());
            queue
        }
    };
    let status = flags & (OpenFlags::O_WRONLY | OpenFlags::O_RDWR | OpenFlags::O_NONBLOCK);
    let desc = cx.describe_anonymous(queue, FileKind::Regular, &[b"/", &name[..]].concat(), status);
    // Descriptors of queues are always closed on exec.
    Ok(cx.install(desc, true)? as u64)
}

/// mq_unlink(3).
pub(super) fn sys_mq_unlink(cx: &mut Cx<'_>, name: UserStr) -> SysResult {
    let name = read_name(cx, name)?;
    let creds = cx.creds().clone();
    let queue = cx.k.world.ipc.named_queues.get(&name).ok_or(Errno::ENOENT)?;
    queue.perm.check_owner(&creds).map_err(|_| Errno::EACCES)?;
    cx.k.world.ipc.named_queues.remove(&name);
    Ok(0)
}

fn queue_of(desc: &Description) -> Result<&MessageQueue, Errno> {
    desc.file.as_any().downcast_ref::<MessageQueue>().ok_or(Errno::EBADF)
}

/// Waits at a queue until an absolute time of the wall clock: ETIMEDOUT past it.
fn wait_at_queue(cx: &mut Cx<'_>, desc: &Arc<Description>, until: Option<TimespecC>) -> Result<Stop, Errno> {
    if desc.is_nonblocking() {
        return Err(Errno::EAGAIN);
    }
    let deadline = match until {
        None => None,
        Some(time) => {
            let left = time.to_nanos()?.saturating_sub(cx.k.host.wall());
            if left == 0 {
                return Err(Errno::ETIMEDOUT);
            }
            Some(cx.now().saturating_add(left))
        }
    };
    Ok(Stop::Block(Wait::file(&desc.file).until(deadline)))
}

/// mq_timedsend(3).
pub(super) fn sys_mq_timedsend(
    cx: &mut Cx<'_>,
    fd: Fd,
    message: GuestAddr,
    len: u64,
    priority: u32,
    timeout: UserPtr<TimespecC>,
) -> SysResult {
    if priority >= PRIORITIES {
        return Err(Errno::EINVAL.into());
    }
    let until = cx.copy_in_opt(timeout)?;
    let desc = cx.desc(fd)?;
    let queue = queue_of(&desc)?;
    if !desc.flags().writes() {
        return Err(Errno::EBADF.into());
    }
    if len > queue.max_size as u64 {
        return Err(Errno::EMSGSIZE.into());
    }
    let bytes: Vec<u8> = cx.copy_in_array(message, len, MOST_SIZE as u64)?;
    match queue.send(priority, bytes) {
        Ok(notice) => {
            if let Some(notice) = notice {
                let (pid, uid) = (cx.pid(), cx.creds().uid);
                cx.k.tell_of_message(notice, pid, uid);
            }
            Ok(0)
        }
        Err(_) => Err(wait_at_queue(cx, &desc, until)?),
    }
}

/// mq_timedreceive(3).
pub(super) fn sys_mq_timedreceive(
    cx: &mut Cx<'_>,
    fd: Fd,
    buffer: GuestAddr,
    len: u64,
    priority: UserMut<u32>,
    timeout: UserPtr<TimespecC>,
) -> SysResult {
    let until = cx.copy_in_opt(timeout)?;
    let desc = cx.desc(fd)?;
    let queue = queue_of(&desc)?;
    if !desc.flags().reads() {
        return Err(Errno::EBADF.into());
    }
    if len < queue.max_size as u64 {
        return Err(Errno::EMSGSIZE.into());
    }
    let tid = cx.task().tid;
    match queue.receive(tid) {
        Ok((found, message)) => {
            cx.write_bytes(buffer, &message)?;
            cx.copy_out_opt(priority, &found)?;
            Ok(message.len() as u64)
        }
        Err(_) => match wait_at_queue(cx, &desc, until) {
            Ok(stop) => Err(stop),
            Err(errno) => {
                queue.give_up(tid);
                Err(errno.into())
            }
        },
    }
}

/// mq_notify(3). Unlike Linux: no SIGEV_THREAD, which libc builds on netlink cookies.
pub(super) fn sys_mq_notify(cx: &mut Cx<'_>, fd: Fd, event: UserPtr<SigEvent>) -> SysResult {
    let pid = cx.pid();
    let notice = match cx.copy_in_opt(event)? {
        None => None,
        Some(event) => {
            let signal = match event.sigev_notify as u32 {
                SIGEV_NONE => None,
                SIGEV_SIGNAL if (1..=64).contains(&event.sigev_signo) => Some(event.sigev_signo as u8),
                _ => return Err(Errno::EINVAL.into()),
            };
            Some(Notice { pid, signal, value: event.sigev_value })
        }
    };
    let desc = cx.desc(fd)?;
    queue_of(&desc)?.register(pid, notice)?;
    Ok(0)
}

/// mq_getattr(3), mq_setattr(3): of the flags only O_NONBLOCK counts.
pub(super) fn sys_mq_getsetattr(cx: &mut Cx<'_>, fd: Fd, new: UserPtr<MqAttr>, old: UserMut<MqAttr>) -> SysResult {
    let nonblock = OpenFlags::O_NONBLOCK;
    let new = cx.copy_in_opt(new)?;
    if new.is_some_and(|new| new.mq_flags & !i64::from(nonblock.bits()) != 0) {
        return Err(Errno::EINVAL.into());
    }
    let desc = cx.desc(fd)?;
    let queue = queue_of(&desc)?;
    let answer = MqAttr {
        mq_flags: i64::from((desc.flags() & nonblock).bits()),
        mq_maxmsg: queue.max_messages,
        mq_msgsize: queue.max_size,
        mq_curmsgs: queue.count(),
        ..MqAttr::default()
    };
    if let Some(new) = new {
        let wanted = OpenFlags::from_bits_truncate(new.mq_flags as u32);
        desc.set_flags((desc.flags() - nonblock) | wanted);
    }
    cx.copy_out_opt(old, &answer)?;
    Ok(0)
}
