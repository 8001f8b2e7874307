//! System V IPC calls: shmget(2), shmop(2), semget(2), semop(2), msgget(2), msgop(2) and their controls.

use super::args::{Hex, UserMut, UserPtr};
use super::{Cx, Stop, SysResult};
use crate::ipc::sem::{Refusal, SEMMSL, SEMOPM, SEMVMX, Semaphore, Set};
use crate::ipc::shm::Segment;
use crate::ipc::{MAX_OBJECTS, READ, WRITE, msg, seconds};
use crate::mm::{Backing, Request, VmaFlags};
use crate::wait::{OnSignal, Wait, WaitOn};
use alloc::collections::VecDeque;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::Record;
use brainworm_abi::linux::ipc::*;
use brainworm_abi::linux::mman::Prot;
use brainworm_abi::linux::time::TimespecC;
use brainworm_abi::{Errno, GuestAddr, OpenFlags, PAGE_SIZE, WaitPoint};

/// Bit of `cmd` that old libcs set (IPC_64).
const IPC_64: u32 = 0x100;

impl Cx<'_> {
    fn wall_seconds(&mut self) -> i64 {
        seconds(self.k.host.wall())
    }
}

// --- shared memory ----------------------------------------------------------------------------------------------------

/// shmget(2).
pub(super) fn sys_shmget(cx: &mut Cx<'_>, key: u32, size: u64, flags: Hex) -> SysResult {
    let flags = flags.0 as u32;
    if flags & SHM_HUGETLB != 0 {
        return Err(Errno::ENOMEM.into());
    }
    cx.k.world.sweep_segments();
    let (creds, pid, now) = (cx.creds().clone(), cx.pid(), cx.wall_seconds());
    let exists = cx.k.world.ipc.segments.iter().any(|(_, segment)| segment.perm.key == key);
    let is_new = key == IPC_PRIVATE || (!exists && flags & IPC_CREAT != 0);
    let mut fresh = None;
    if is_new {
        if size == 0 || size > i64::MAX as u64 {
            return Err(Errno::EINVAL.into());
        }
        let vfs = cx.k.vfs.clone();
        let opened = vfs.shared_memory(&mut cx.io(), format!("SYSV{key:08x}").as_bytes(), size)?;
        fresh = Some(cx.describe(opened.file, OpenFlags::O_RDWR, Some(opened.path)));
    }
    let fits = |segment: &Segment| if size > segment.size { Err(Errno::EINVAL) } else { Ok(()) };
    let id = cx.k.world.ipc.segments.get(key, flags, &creds, fits, |perm| {
        let desc = fresh.ok_or(Errno::EINVAL)?;
        Ok(Segment {
            perm,
            size,
            desc,
            creator: pid,
            last: 0,
            attach_time: 0,
            detach_time: 0,
            change_time: now,
            is_removed: false,
        })
    })?;
    Ok(id as u64)
}

/// shmat(2).
pub(super) fn sys_shmat(cx: &mut Cx<'_>, id: i32, addr: GuestAddr, flags: Hex) -> SysResult {
    const SHMLBA: u64 = PAGE_SIZE as u64;
    let flags = flags.0 as u32;
    cx.k.world.sweep_segments();
    let (creds, pid, now) = (cx.creds().clone(), cx.pid(), cx.wall_seconds());
    let is_read_only = flags & SHM_RDONLY != 0;
    let segment = cx.k.world.ipc.segments.find(id)?;
    segment.perm.check(&creds, if is_read_only { READ } else { READ | WRITE })?;
    let (desc, size) = (segment.desc.clone(), segment.size);
    let addr = match addr.0 % SHMLBA {
        0 => addr,
        _ if flags & SHM_RND != 0 => addr.page_floor(),
        _ => return Err(Errno::EINVAL.into()),
    };
    if addr.is_null() && flags & SHM_REMAP != 0 {
        return Err(Errno::EINVAL.into());
    }
    let mut prot = if is_read_only { Prot::PROT_READ } else { Prot::PROT_READ | Prot::PROT_WRITE };
    prot.set(Prot::PROT_EXEC, flags & SHM_EXEC != 0);
    let mut vma = VmaFlags::SHARED;
    vma.set(VmaFlags::MAY_WRITE, !is_read_only);
    let request = Request {
        page: addr.page(),
        pages: size.div_ceil(SHMLBA),
        prot,
        flags: vma,
        backing: Backing::File { desc, first: 0 },
        is_fixed: !addr.is_null() && flags & SHM_REMAP != 0,
        keeps_others: !addr.is_null() && flags & SHM_REMAP == 0,
        is_low: false,
    };
    let limits = super::memory::limits(cx);
    let page = cx.mem().map(request, limits).map_err(|errno| match errno {
        Errno::EEXIST | Errno::EPERM => Errno::EINVAL,
        other => other,
    })?;
    let segment = cx.k.world.ipc.segments.find(id)?;
    (segment.last, segment.attach_time) = (pid, now);
    Ok(page * SHMLBA)
}

/// shmdt(2).
pub(super) fn sys_shmdt(cx: &mut Cx<'_>, addr: GuestAddr) -> SysResult {
    if !addr.is_page_aligned() {
        return Err(Errno::EINVAL.into());
    }
    let page = addr.page();
    let (pid, now) = (cx.pid(), cx.wall_seconds());
    let Some((desc, size)) = attached_at(cx, page) else { return Err(Errno::EINVAL.into()) };
    let end = page + size.div_ceil(PAGE_SIZE as u64);
    // mprotect(2) may have split it, munmap(2) may have taken parts: whatever of it is left in its range goes.
    let parts: Vec<(u64, u64)> = {
        let mem = cx.mem();
        let is_ours = |backing: &Backing, start: u64| match backing {
            Backing::File { desc: other, first } => Arc::ptr_eq(other, &desc) && start - page == *first,
            Backing::Anonymous => false,
        };
        mem.space
            .vmas
            .range(page..end)
            .filter(|(start, vma)| is_ours(&vma.backing, **start))
            .map(|(s, v)| (*s, v.end))
            .collect()
    };
    for (start, end) in parts {
        cx.mem().unmap(start..end)?;
    }
    let found = cx.k.world.ipc.segments.iter().find(|(_, segment)| Arc::ptr_eq(&segment.desc, &desc)).map(|(id, _)| id);
    if let Some(id) = found
        && let Ok(segment) = cx.k.world.ipc.segments.find(id)
    {
        (segment.last, segment.detach_time) = (pid, now);
    }
    cx.k.world.sweep_segments();
    Ok(0)
}

/// The segment whose first page is mapped at `page`, with its size.
fn attached_at(cx: &mut Cx<'_>, page: u64) -> Option<(Arc<crate::task::Description>, u64)> {
    let mapped = match cx.mem().space.vmas.get(&page).map(|vma| vma.backing.clone()) {
        Some(Backing::File { desc, first: 0 }) => desc,
        _ => return None,
    };
    let found = cx.k.world.ipc.segments.iter().find(|(_, segment)| Arc::ptr_eq(&segment.desc, &mapped))?;
    Some((mapped, found.1.size))
}

/// shmctl(2).
pub(super) fn sys_shmctl(cx: &mut Cx<'_>, id: i32, cmd: u32, buf: GuestAddr) -> SysResult {
    cx.k.world.sweep_segments();
    let cmd = cmd & !IPC_64;
    let highest = cx.k.world.ipc.segments.len().saturating_sub(1) as u64;
    match cmd {
        IPC_INFO => {
            let limits = ShmInfoLimits {
                shmmax: u64::MAX >> 1,
                shmmin: 1,
                shmmni: MAX_OBJECTS as u64,
                shmseg: MAX_OBJECTS as u64,
                shmall: u64::MAX >> 1,
                ..ShmInfoLimits::default()
            };
            cx.copy_out(UserMut::new(buf), &limits)?;
            return Ok(highest);
        }
        SHM_INFO => {
            let pages: u64 = cx.k.world.ipc.segments.iter().map(|(_, s)| s.size.div_ceil(PAGE_SIZE as u64)).sum();
            let used_ids = cx.k.world.ipc.segments.len() as i32;
            let usage = ShmUsage { used_ids, shm_tot: pages, shm_rss: pages, ..ShmUsage::default() };
            cx.copy_out(UserMut::new(buf), &usage)?;
            return Ok(highest);
        }
        _ => {}
    }
    let (creds, now) = (cx.creds().clone(), cx.wall_seconds());
    let is_by_index = matches!(cmd, SHM_STAT | SHM_STAT_ANY);
    let id = if is_by_index { cx.k.world.ipc.segments.at(id as usize)? } else { id };
    let segment = cx.k.world.ipc.segments.find(id)?;
    match cmd {
        IPC_STAT | SHM_STAT | SHM_STAT_ANY => {
            if cmd != SHM_STAT_ANY {
                segment.perm.check(&creds, READ)?;
            }
            let desc = segment.desc.clone();
            let mut perm = segment.perm;
            if segment.is_removed {
                perm.mode |= SHM_DEST;
            }
            let mut answer = ShmidDs {
                shm_perm: perm.to_c(id),
                shm_segsz: segment.size,
                shm_atime: segment.attach_time,
                shm_dtime: segment.detach_time,
                shm_ctime: segment.change_time,
                shm_cpid: segment.creator,
                shm_lpid: segment.last,
                ..ShmidDs::default()
            };
            answer.shm_nattch = cx.k.world.attached(&desc);
            cx.copy_out(UserMut::new(buf), &answer)?;
            Ok(if is_by_index { id as u64 } else { 0 })
        }
        IPC_SET => {
            segment.perm.check_owner(&creds)?;
            let new = cx.copy_in(UserPtr::<ShmidDs>::new(buf))?;
            let segment = cx.k.world.ipc.segments.find(id)?;
            segment.perm.set(&new.shm_perm);
            segment.change_time = now;
            Ok(0)
        }
        IPC_RMID => {
            segment.perm.check_owner(&creds)?;
            segment.is_removed = true;
            // The key is free at once.
            segment.perm.key = IPC_PRIVATE;
            cx.k.world.sweep_segments();
            Ok(0)
        }
        // Nothing is ever swapped out.
        SHM_LOCK | SHM_UNLOCK => {
            segment.perm.check_owner(&creds)?;
            Ok(0)
        }
        _ => Err(Errno::EINVAL.into()),
    }
}

// --- semaphores -------------------------------------------------------------------------------------------------------

/// semget(2).
pub(super) fn sys_semget(cx: &mut Cx<'_>, key: u32, count: i32, flags: Hex) -> SysResult {
    if !(0..=SEMMSL).contains(&count) {
        return Err(Errno::EINVAL.into());
    }
    let (creds, now) = (cx.creds().clone(), cx.wall_seconds());
    let point = cx.k.world.ipc.point();
    let fits = |set: &Set| if count as usize > set.semaphores.len() { Err(Errno::EINVAL) } else { Ok(()) };
    let id = cx.k.world.ipc.semaphores.get(key, flags.0 as u32, &creds, fits, |perm| {
        if count == 0 {
            return Err(Errno::EINVAL);
        }
        let semaphores = alloc::vec![Semaphore::default(); count as usize];
        Ok(Set { perm, semaphores, operation_time: 0, change_time: now, point, waiters: Vec::new() })
    })?;
    Ok(id as u64)
}

/// semop(2).
pub(super) fn sys_semop(cx: &mut Cx<'_>, id: i32, operations: GuestAddr, count: u64) -> SysResult {
    sys_semtimedop(cx, id, operations, count, UserPtr::new(GuestAddr::NULL))
}

/// What a call that waited answers when its object is gone.
fn gone(cx: &Cx<'_>, errno: Errno) -> Stop {
    if cx.task().restart.scratch != 0 { Errno::EIDRM.into() } else { errno.into() }
}

/// Parks at an object's point; the call remembers that the object was there.
fn wait_at(cx: &mut Cx<'_>, point: Arc<WaitPoint>, until: Option<brainworm_abi::Nanos>, on: OnSignal) -> Stop {
    cx.task_mut().restart.scratch = 1;
    cx.block(Wait::on(WaitOn::Point(point)), until, on)
}

/// semtimedop(2).
pub(super) fn sys_semtimedop(
    cx: &mut Cx<'_>,
    id: i32,
    operations: GuestAddr,
    count: u64,
    timeout: UserPtr<TimespecC>,
) -> SysResult {
    if count == 0 || id < 0 {
        return Err(Errno::EINVAL.into());
    }
    if count > SEMOPM {
        return Err(Errno::E2BIG.into());
    }
    let timeout = cx.copy_in_opt(timeout)?.map(TimespecC::to_nanos).transpose()?;
    let deadline = cx.deadline(timeout);
    let operations: Vec<SemBuf> = cx.copy_in_array(operations, count, SEMOPM)?;
    let (creds, pid, tid, now) = (cx.creds().clone(), cx.pid(), cx.task().tid, cx.wall_seconds());
    let result = match cx.k.world.ipc.semaphores.find(id) {
        Err(errno) => return Err(gone(cx, errno)),
        Ok(set) => {
            let changes = operations.iter().any(|operation| operation.sem_op != 0);
            set.perm.check(&creds, if changes { WRITE } else { READ })?;
            set.waiters.retain(|(waiter, ..)| *waiter != tid);
            match set.operate(pid, &operations) {
                Ok(()) => {
                    set.operation_time = now;
                    Ok(set.semaphores.len())
                }
                Err(Refusal::Errno(errno)) => return Err(errno.into()),
                Err(Refusal::Wait(operation)) => {
                    set.waiters.push((tid, operation.sem_num, operation.sem_op == 0));
                    Err(set.point.clone())
                }
            }
        }
    };
    match result {
        Ok(count) => {
            cx.k.world.ipc.undo.note(pid, id, count, &operations);
            Ok(0)
        }
        Err(_) if cx.is_past(deadline) => Err(Errno::EAGAIN.into()),
        // semop(2) is never restarted (signal(7)).
        Err(point) => Err(wait_at(cx, point, deadline, OnSignal::Eintr)),
    }
}

/// semctl(2).
pub(super) fn sys_semctl(cx: &mut Cx<'_>, id: i32, index: i32, cmd: u32, arg: Hex) -> SysResult {
    let (cmd, arg) = (cmd & !IPC_64, arg.0);
    if matches!(cmd, IPC_INFO | SEM_INFO) {
        let is_usage = cmd == SEM_INFO;
        let sets = cx.k.world.ipc.semaphores.len() as i32;
        let all: usize = cx.k.world.ipc.semaphores.iter().map(|(_, set)| set.semaphores.len()).sum();
        let info = SemInfo {
            semmap: SEMMSL * MAX_OBJECTS as i32,
            semmni: MAX_OBJECTS as i32,
            semmns: SEMMSL * MAX_OBJECTS as i32,
            semmnu: SEMMSL * MAX_OBJECTS as i32,
            semmsl: SEMMSL,
            semopm: SEMOPM as i32,
            semume: SEMOPM as i32,
            semusz: if is_usage { sets } else { 20 },
            semvmx: SEMVMX,
            semaem: if is_usage { all as i32 } else { SEMVMX },
        };
        cx.copy_out(UserMut::new(GuestAddr(arg)), &info)?;
        return Ok(sets.saturating_sub(1) as u64);
    }
    let (creds, pid, now) = (cx.creds().clone(), cx.pid(), cx.wall_seconds());
    let is_by_index = matches!(cmd, SEM_STAT | SEM_STAT_ANY);
    let id = if is_by_index { cx.k.world.ipc.semaphores.at(id as usize)? } else { id };
    let set = cx.k.world.ipc.semaphores.find(id)?;
    let slot = usize::try_from(index).ok().filter(|&index| index < set.semaphores.len());
    match cmd {
        GETVAL | GETPID | GETNCNT | GETZCNT => {
            set.perm.check(&creds, READ)?;
            let slot = slot.ok_or(Errno::EINVAL)?;
            let is_here = |(_, semaphore, for_zero): &&(u32, u16, bool)| {
                usize::from(*semaphore) == slot && *for_zero == (cmd == GETZCNT)
            };
            Ok(match cmd {
                GETVAL => set.semaphores[slot].value as u64,
                GETPID => u64::from(set.semaphores[slot].last),
                _ => set.waiters.iter().filter(is_here).count() as u64,
            })
        }
        GETALL => {
            set.perm.check(&creds, READ)?;
            let values: Vec<u8> = set.semaphores.iter().flat_map(|s| (s.value as u16).to_le_bytes()).collect();
            cx.write_bytes(GuestAddr(arg), &values)?;
            Ok(0)
        }
        SETVAL => {
            set.perm.check(&creds, WRITE)?;
            let slot = slot.ok_or(Errno::EINVAL)?;
            let value = arg as i32;
            if !(0..=SEMVMX).contains(&value) {
                return Err(Errno::ERANGE.into());
            }
            set.semaphores[slot] = Semaphore { value, last: pid };
            set_changed(cx, id, Some(slot), now)
        }
        SETALL => {
            set.perm.check(&creds, WRITE)?;
            let count = set.semaphores.len() as u64;
            let values: Vec<u16> = cx.copy_in_array(GuestAddr(arg), count, count)?;
            if values.iter().any(|&value| i32::from(value) > SEMVMX) {
                return Err(Errno::ERANGE.into());
            }
            let last = cx.pid();
            let set = cx.k.world.ipc.semaphores.find(id)?;
            for (semaphore, value) in set.semaphores.iter_mut().zip(values) {
                *semaphore = Semaphore { value: i32::from(value), last };
            }
            set_changed(cx, id, None, now)
        }
        IPC_STAT | SEM_STAT | SEM_STAT_ANY => {
            if cmd != SEM_STAT_ANY {
                set.perm.check(&creds, READ)?;
            }
            let answer = SemidDs {
                sem_perm: set.perm.to_c(id),
                sem_otime: set.operation_time,
                sem_ctime: set.change_time,
                sem_nsems: set.semaphores.len() as u64,
                ..SemidDs::default()
            };
            cx.copy_out(UserMut::new(GuestAddr(arg)), &answer)?;
            Ok(if is_by_index { id as u64 } else { 0 })
        }
        IPC_SET => {
            set.perm.check_owner(&creds)?;
            let new = cx.copy_in(UserPtr::<SemidDs>::new(GuestAddr(arg)))?;
            let set = cx.k.world.ipc.semaphores.find(id)?;
            set.perm.set(&new.sem_perm);
            set.change_time = now;
            Ok(0)
        }
        IPC_RMID => {
            set.perm.check_owner(&creds)?;
            if let Some(set) = cx.k.world.ipc.semaphores.remove(id) {
                set.point.notify();
            }
            Ok(0)
        }
        _ => Err(Errno::EINVAL.into()),
    }
}

fn set_changed(cx: &mut Cx<'_>, id: i32, semaphore: Option<usize>, now: i64) -> SysResult {
    cx.k.world.ipc.undo.forget(id, semaphore);
    let set = cx.k.world.ipc.semaphores.find(id)?;
    set.change_time = now;
    set.point.notify();
    Ok(0)
}

// --- messages ---------------------------------------------------------------------------------------------------------

/// msgget(2).
pub(super) fn sys_msgget(cx: &mut Cx<'_>, key: u32, flags: Hex) -> SysResult {
    let (creds, now) = (cx.creds().clone(), cx.wall_seconds());
    let point = cx.k.world.ipc.point();
    let make = |perm| {
        Ok(msg::Queue {
            perm,
            messages: VecDeque::new(),
            queued: 0,
            limit: msg::MSGMNB,
            send_time: 0,
            receive_time: 0,
            change_time: now,
            last_sender: 0,
            last_receiver: 0,
            point,
        })
    };
    Ok(cx.k.world.ipc.queues.get(key, flags.0 as u32, &creds, |_| Ok(()), make)? as u64)
}

/// msgsnd(2): `struct msgbuf` is the type, 8 bytes, and the text.
pub(super) fn sys_msgsnd(cx: &mut Cx<'_>, id: i32, buf: GuestAddr, size: u64, flags: Hex) -> SysResult {
    if size > msg::MSGMAX || id < 0 {
        return Err(Errno::EINVAL.into());
    }
    let kind = cx.copy_in(UserPtr::<i64>::new(buf))?;
    if kind < 1 {
        return Err(Errno::EINVAL.into());
    }
    let bytes: Vec<u8> = cx.copy_in_array(buf.wrapping_add(8), size, msg::MSGMAX)?;
    let (creds, pid, now) = (cx.creds().clone(), cx.pid(), cx.wall_seconds());
    let queue = match cx.k.world.ipc.queues.find(id) {
        Ok(queue) => queue,
        Err(errno) => return Err(gone(cx, errno)),
    };
    queue.perm.check(&creds, WRITE)?;
    match queue.send(kind, bytes) {
        Ok(()) => {
            (queue.send_time, queue.last_sender) = (now, pid);
            Ok(0)
        }
        Err(errno) if flags.0 as u32 & IPC_NOWAIT != 0 => Err(errno.into()),
        Err(_) => {
            let point = queue.point.clone();
            Err(wait_at(cx, point, None, OnSignal::Eintr))
        }
    }
}

/// msgrcv(2).
pub(super) fn sys_msgrcv(cx: &mut Cx<'_>, id: i32, buf: GuestAddr, size: u64, kind: i64, flags: Hex) -> SysResult {
    let flags = flags.0 as u32;
    if id < 0 || size > i64::MAX as u64 {
        return Err(Errno::EINVAL.into());
    }
    if flags & MSG_COPY != 0 {
        return Err(Errno::ENOSYS.into());
    }
    let (creds, pid, now) = (cx.creds().clone(), cx.pid(), cx.wall_seconds());
    let queue = match cx.k.world.ipc.queues.find(id) {
        Ok(queue) => queue,
        Err(errno) => return Err(gone(cx, errno)),
    };
    queue.perm.check(&creds, READ)?;
    match queue.receive(kind, size, flags) {
        Ok(message) => {
            (queue.receive_time, queue.last_receiver) = (now, pid);
            let mut head = [0; 8];
            message.kind.store(&mut head);
            cx.write_bytes(buf, &head)?;
            cx.write_bytes(buf.wrapping_add(8), &message.bytes)?;
            Ok(message.bytes.len() as u64)
        }
        Err(Errno::EAGAIN) if flags & IPC_NOWAIT != 0 => Err(Errno::ENOMSG.into()),
        Err(Errno::EAGAIN) => {
            let point = queue.point.clone();
            Err(wait_at(cx, point, None, OnSignal::Eintr))
        }
        Err(errno) => Err(errno.into()),
    }
}

/// msgctl(2).
pub(super) fn sys_msgctl(cx: &mut Cx<'_>, id: i32, cmd: u32, buf: GuestAddr) -> SysResult {
    let cmd = cmd & !IPC_64;
    if matches!(cmd, IPC_INFO | MSG_INFO) {
        let is_usage = cmd == MSG_INFO;
        let queues = &cx.k.world.ipc.queues;
        let count = queues.len() as i32;
        let messages: usize = queues.iter().map(|(_, queue)| queue.messages.len()).sum();
        let bytes: u64 = queues.iter().map(|(_, queue)| queue.queued).sum();
        let info = MsgInfo {
            msgpool: if is_usage { count } else { (MAX_OBJECTS as u64 * msg::MSGMNB / 1024) as i32 },
            msgmap: if is_usage { messages as i32 } else { msg::MSGMNB as i32 },
            msgmax: msg::MSGMAX as i32,
            msgmnb: msg::MSGMNB as i32,
            msgmni: MAX_OBJECTS as i32,
            msgssz: 16,
            msgtql: if is_usage { bytes as i32 } else { msg::MSGMNB as i32 },
            msgseg: 0xffff,
        };
        cx.copy_out(UserMut::new(buf), &info)?;
        return Ok(count.saturating_sub(1) as u64);
    }
    let (creds, now) = (cx.creds().clone(), cx.wall_seconds());
    let is_by_index = matches!(cmd, MSG_STAT | MSG_STAT_ANY);
    let id = if is_by_index { cx.k.world.ipc.queues.at(id as usize)? } else { id };
    let queue = cx.k.world.ipc.queues.find(id)?;
    match cmd {
        IPC_STAT | MSG_STAT | MSG_STAT_ANY => {
            if cmd != MSG_STAT_ANY {
                queue.perm.check(&creds, READ)?;
            }
            let answer = MsqidDs {
                msg_perm: queue.perm.to_c(id),
                msg_stime: queue.send_time,
                msg_rtime: queue.receive_time,
                msg_ctime: queue.change_time,
                __msg_cbytes: queue.queued,
                msg_qnum: queue.messages.len() as u64,
                msg_qbytes: queue.limit,
                msg_lspid: queue.last_sender,
                msg_lrpid: queue.last_receiver,
                ..MsqidDs::default()
            };
            cx.copy_out(UserMut::new(buf), &answer)?;
            Ok(if is_by_index { id as u64 } else { 0 })
        }
        IPC_SET => {
            queue.perm.check_owner(&creds)?;
            let new = cx.copy_in(UserPtr::<MsqidDs>::new(buf))?;
            if new.msg_qbytes > msg::MSGMNB && !creds.can(crate::task::cap::SYS_RESOURCE) {
                return Err(Errno::EPERM.into());
            }
            let queue = cx.k.world.ipc.queues.find(id)?;
            queue.perm.set(&new.msg_perm);
            (queue.limit, queue.change_time) = (new.msg_qbytes, now);
            queue.point.notify();
            Ok(0)
        }
        IPC_RMID => {
            queue.perm.check_owner(&creds)?;
            if let Some(queue) = cx.k.world.ipc.queues.remove(id) {
                queue.point.notify();
            }
            Ok(0)
        }
        _ => Err(Errno::EINVAL.into()),
    }
}
