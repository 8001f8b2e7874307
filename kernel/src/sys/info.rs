//! The machine and the process told and tuned: uname(2), sysinfo(2), prctl(2), rlimits, scheduling parameters.

use super::args::{Hex, UserMut, UserPtr, UserSliceMut, UserStr, flag_arg, opaque};
use super::process::rusage;
use super::{Cx, SysResult};
use crate::signal::SigNum;
use crate::task::{NR_OPEN, cap, task_usage};
use alloc::sync::Arc;
use brainworm_abi::linux::Record;
use brainworm_abi::linux::prctl::*;
use brainworm_abi::linux::resource::*;
use brainworm_abi::linux::sched::{
    SCHED_BATCH, SCHED_FIFO, SCHED_IDLE, SCHED_NORMAL, SCHED_RESET_ON_FORK, SCHED_RR, SchedAttr,
};
use brainworm_abi::linux::system::{CAP_LAST_CAP, SysInfo, Utsname};
use brainworm_abi::linux::time::TimespecC;
use brainworm_abi::{Errno, GuestAddr, PAGE_SHIFT, PAGE_SIZE};
use brainworm_cpu::Gpr;

flag_arg!(RandomFlags);
opaque!(Utsname, SysInfo, RLimit, SchedAttr);

/// What uname(2) says of the kernel: a release glibc and others accept as recent.
pub(crate) const RELEASE: &[u8] = b"6.12.0-brainworm";
/// See `RELEASE`.
pub(crate) const VERSION: &[u8] = b"#1 SMP PREEMPT_DYNAMIC brainworm";

/// uname(2).
pub(super) fn sys_uname(cx: &mut Cx<'_>, buf: UserMut<Utsname>) -> SysResult {
    let field = |text: &[u8]| {
        let mut out = [0; 65];
        let text = &text[..text.len().min(64)];
        out[..text.len()].copy_from_slice(text);
        out
    };
    let name = Utsname {
        sysname: field(b"Linux"),
        nodename: field(&cx.k.world.hostname),
        release: field(RELEASE),
        version: field(VERSION),
        machine: field(b"x86_64"),
        domainname: field(&cx.k.world.domainname),
    };
    cx.copy_out(buf, &name)?;
    Ok(0)
}

fn set_name(cx: &mut Cx<'_>, name: GuestAddr, len: i32) -> Result<alloc::vec::Vec<u8>, Errno> {
    if !cx.creds().can(cap::SYS_ADMIN) {
        return Err(Errno::EPERM);
    }
    if !(0..=64).contains(&len) {
        return Err(Errno::EINVAL);
    }
    let mut text = alloc::vec![0; len as usize];
    cx.read_bytes(name, &mut text)?;
    Ok(text)
}

/// sethostname(2).
pub(super) fn sys_sethostname(cx: &mut Cx<'_>, name: GuestAddr, len: i32) -> SysResult {
    cx.k.world.hostname = set_name(cx, name, len)?;
    Ok(0)
}

/// setdomainname(2).
pub(super) fn sys_setdomainname(cx: &mut Cx<'_>, name: GuestAddr, len: i32) -> SysResult {
    cx.k.world.domainname = set_name(cx, name, len)?;
    Ok(0)
}

/// sysinfo(2).
pub(super) fn sys_sysinfo(cx: &mut Cx<'_>, buf: UserMut<SysInfo>) -> SysResult {
    let memory = cx.k.memory();
    let uptime = cx.now().saturating_sub(cx.k.boot_time) / 1_000_000_000;
    let info = SysInfo {
        uptime: uptime as i64,
        totalram: u64::from(memory.limit) * PAGE_SIZE as u64,
        freeram: u64::from(memory.limit - memory.used) * PAGE_SIZE as u64,
        procs: cx.k.world.tasks.len().min(65535) as u16,
        mem_unit: 1,
        ..SysInfo::default()
    };
    cx.copy_out(buf, &info)?;
    Ok(0)
}

/// getrandom(2): the host's entropy is always ready.
pub(super) fn sys_getrandom(cx: &mut Cx<'_>, buf: UserSliceMut, len: u64, flags: RandomFlags) -> SysResult {
    if flags.contains(RandomFlags::GRND_RANDOM | RandomFlags::GRND_INSECURE) {
        return Err(Errno::EINVAL.into());
    }
    let len = len.min(i32::MAX as u64) as usize;
    let mut bytes = [0; 256];
    let mut done = 0;
    while done < len {
        let part = &mut bytes[..(len - done).min(256)];
        cx.k.host.entropy(part);
        if let Err(errno) = cx.write_bytes(buf.0.wrapping_add(done as u64), part) {
            return if done > 0 { Ok(done as u64) } else { Err(errno.into()) };
        }
        done += part.len();
    }
    Ok(len as u64)
}

/// ioprio_set(2), ioprio_get(2): there is no device to schedule.
pub(super) fn sys_ioprio_set(_cx: &mut Cx<'_>, which: i32, _who: i32, _prio: i32) -> SysResult {
    if (1..=3).contains(&which) { Ok(0) } else { Err(Errno::EINVAL.into()) }
}

/// See `sys_ioprio_set`.
pub(super) fn sys_ioprio_get(_cx: &mut Cx<'_>, which: i32, _who: i32) -> SysResult {
    if (1..=3).contains(&which) { Ok(0) } else { Err(Errno::EINVAL.into()) }
}

/// unshare(2): takes back what clone(2) shared; new namespaces are EPERM, as for a user who may not make them.
pub(super) fn sys_unshare(cx: &mut Cx<'_>, flags: Hex) -> SysResult {
    use brainworm_abi::linux::sched::CloneFlags as F;
    let flags = F::from_bits(flags.0).ok_or(Errno::EINVAL)?;
    let own = F::CLONE_FILES | F::CLONE_FS | F::CLONE_SYSVSEM | F::CLONE_VM | F::CLONE_SIGHAND | F::CLONE_THREAD;
    if !own.contains(flags) {
        return Err(Errno::EPERM.into());
    }
    if flags.intersects(F::CLONE_VM | F::CLONE_SIGHAND | F::CLONE_THREAD) && cx.process().tasks.len() > 1 {
        return Err(Errno::EINVAL.into());
    }
    let id = cx.k.new_id();
    let task = cx.task_mut();
    if flags.contains(F::CLONE_FILES) && Arc::strong_count(&task.files) > 1 {
        let copy = task.files.lock().fork(id);
        task.files = Arc::new(spin::Mutex::new(copy));
    }
    if flags.contains(F::CLONE_FS) && Arc::strong_count(&task.fs) > 1 {
        let copy = task.fs.lock().clone();
        task.fs = Arc::new(spin::Mutex::new(copy));
    }
    Ok(0)
}

/// getcpu(2).
pub(super) fn sys_getcpu(cx: &mut Cx<'_>, cpu: UserMut<u32>, node: UserMut<u32>) -> SysResult {
    cx.copy_out_opt(cpu, &0)?;
    cx.copy_out_opt(node, &0)?;
    Ok(0)
}

/// personality(2).
pub(super) fn sys_personality(cx: &mut Cx<'_>, persona: Hex) -> SysResult {
    let old = cx.process().personality;
    if persona.0 as u32 != u32::MAX {
        cx.process_mut().personality = persona.0 as u32;
    }
    Ok(old.into())
}

/// arch_prctl(2).
pub(super) fn sys_arch_prctl(cx: &mut Cx<'_>, op: Hex, addr: GuestAddr) -> SysResult {
    let slot = |base: Gpr| usize::from(base.0);
    match op.0 as u32 {
        ARCH_SET_FS | ARCH_SET_GS if addr.0 >= GuestAddr::USER_END.0 => Err(Errno::EPERM.into()),
        ARCH_SET_FS => {
            cx.task_mut().cpu.gpr[slot(Gpr::FS_BASE)] = addr.0;
            Ok(0)
        }
        ARCH_SET_GS => {
            cx.task_mut().cpu.gpr[slot(Gpr::GS_BASE)] = addr.0;
            Ok(0)
        }
        ARCH_GET_FS | ARCH_GET_GS => {
            let base = if op.0 as u32 == ARCH_GET_FS { Gpr::FS_BASE } else { Gpr::GS_BASE };
            let value = cx.task().cpu.gpr[slot(base)];
            cx.copy_out(UserMut::new(addr), &value)?;
            Ok(0)
        }
        ARCH_GET_CPUID => Ok(1),
        ARCH_SET_CPUID => Err(Errno::ENODEV.into()),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// prctl(2).
pub(super) fn sys_prctl(cx: &mut Cx<'_>, op: i32, a: Hex, b: Hex, c: Hex, d: Hex) -> SysResult {
    let out = UserMut::<u32>::new(GuestAddr(a.0));
    let rest_is_zero = b.0 == 0 && c.0 == 0 && d.0 == 0;
    match op as u32 {
        PR_SET_PDEATHSIG => {
            cx.task_mut().death_signal = match a.0 {
                0 => None,
                n => Some(SigNum::new(n).ok_or(Errno::EINVAL)?),
            };
        }
        PR_GET_PDEATHSIG => {
            let signal = cx.task().death_signal.map_or(0, |s| u32::from(s.number()));
            cx.copy_out(out, &signal)?;
        }
        PR_GET_DUMPABLE => return Ok(cx.process().dumpable.into()),
        PR_SET_DUMPABLE if a.0 <= 1 => cx.process_mut().dumpable = a.0 as u32,
        PR_GET_KEEPCAPS => return Ok(cx.task().keeps_caps.into()),
        PR_SET_KEEPCAPS if a.0 <= 1 => cx.task_mut().keeps_caps = a.0 == 1,
        PR_GET_TIMING => return Ok(0),
        PR_SET_TIMING if a.0 == 0 => {}
        PR_SET_NAME => {
            let name = match cx.read_str(UserStr(GuestAddr(a.0)), 16) {
                Err(Errno::ENAMETOOLONG) => {
                    let mut name = alloc::vec![0; 15];
                    cx.read_bytes(GuestAddr(a.0), &mut name)?;
                    name
                }
                other => other?,
            };
            let name = name[..name.len().min(15)].to_vec();
            if cx.task().tid == cx.pid() {
                cx.process_mut().comm = name.clone();
            }
            cx.task_mut().comm = name;
        }
        PR_GET_NAME => {
            let mut name = [0; 16];
            let comm = &cx.task().comm;
            name[..comm.len()].copy_from_slice(comm);
            cx.write_bytes(GuestAddr(a.0), &name)?;
        }
        // There is no seccomp: as a kernel without CONFIG_SECCOMP.
        PR_GET_SECCOMP => return Err(Errno::EINVAL.into()),
        PR_CAPBSET_READ if a.0 <= u64::from(CAP_LAST_CAP) => return Ok(cx.creds().bounding >> a.0 & 1),
        PR_CAPBSET_DROP if a.0 <= u64::from(CAP_LAST_CAP) => {
            if !cx.creds().can(cap::SETPCAP) {
                return Err(Errno::EPERM.into());
            }
            let mut new = (**cx.creds()).clone();
            new.bounding &= !(1 << a.0);
            cx.task_mut().creds = Arc::new(new);
        }
        PR_GET_TSC => cx.copy_out(out, &1)?,
        PR_SET_TSC if a.0 == 1 => {}
        PR_GET_SECUREBITS => return Ok(cx.creds().securebits.into()),
        PR_SET_SECUREBITS => {
            if !cx.creds().can(cap::SETPCAP) {
                return Err(Errno::EPERM.into());
            }
            let mut new = (**cx.creds()).clone();
            new.securebits = a.0 as u32 & 0xff;
            cx.task_mut().creds = Arc::new(new);
        }
        PR_GET_TIMERSLACK => return Ok(cx.task().timer_slack),
        PR_SET_TIMERSLACK => cx.task_mut().timer_slack = if a.0 == 0 { 50_000 } else { a.0 },
        PR_SET_CHILD_SUBREAPER => cx.process_mut().is_subreaper = a.0 != 0,
        PR_GET_CHILD_SUBREAPER => {
            let is = u32::from(cx.process().is_subreaper);
            cx.copy_out(out, &is)?;
        }
        PR_SET_NO_NEW_PRIVS if a.0 == 1 && rest_is_zero => cx.task_mut().no_new_privs = true,
        PR_GET_NO_NEW_PRIVS if a.0 == 0 && rest_is_zero => return Ok(cx.task().no_new_privs.into()),
        PR_GET_TID_ADDRESS => {
            let addr = cx.task().clear_tid.0;
            cx.copy_out(UserMut::new(GuestAddr(a.0)), &addr)?;
        }
        PR_GET_THP_DISABLE if a.0 == 0 && rest_is_zero => return Ok(0),
        PR_SET_THP_DISABLE if b.0 == 0 && c.0 == 0 && d.0 == 0 => {}
        PR_CAP_AMBIENT => return ambient(cx, a.0, b.0),
        PR_SET_PTRACER => {}
        _ => return Err(Errno::EINVAL.into()),
    }
    Ok(0)
}

/// PR_CAP_AMBIENT.
fn ambient(cx: &mut Cx<'_>, op: u64, capability: u64) -> SysResult {
    const IS_SET: u64 = 1;
    const RAISE: u64 = 2;
    const LOWER: u64 = 3;
    const CLEAR_ALL: u64 = 4;
    if op != CLEAR_ALL && capability > u64::from(CAP_LAST_CAP) {
        return Err(Errno::EINVAL.into());
    }
    let mut new = (**cx.creds()).clone();
    let bit = 1u64.wrapping_shl(capability as u32);
    match op {
        IS_SET => return Ok(u64::from(new.ambient & bit != 0)),
        RAISE if new.permitted & new.inheritable & bit == 0 => return Err(Errno::EPERM.into()),
        RAISE => new.ambient |= bit,
        LOWER => new.ambient &= !bit,
        CLEAR_ALL => new.ambient = 0,
        _ => return Err(Errno::EINVAL.into()),
    }
    cx.task_mut().creds = Arc::new(new);
    Ok(0)
}

// --- limits and usage ----------------------------------------------------------------------------------------------------

/// getrlimit(2).
pub(super) fn sys_getrlimit(cx: &mut Cx<'_>, resource: u32, old: UserMut<RLimit>) -> SysResult {
    let limit = *cx.process().limits.get(resource as usize).ok_or(Errno::EINVAL)?;
    cx.copy_out(old, &limit)?;
    Ok(0)
}

/// setrlimit(2).
pub(super) fn sys_setrlimit(cx: &mut Cx<'_>, resource: u32, new: UserPtr<RLimit>) -> SysResult {
    let new = cx.copy_in(new)?;
    let slot = cx.task().process;
    set_limit(cx, slot, resource, new)
}

fn set_limit(cx: &mut Cx<'_>, slot: u32, resource: u32, new: RLimit) -> SysResult {
    let old = *cx.process().limits.get(resource as usize).ok_or(Errno::EINVAL)?;
    if new.rlim_cur > new.rlim_max {
        return Err(Errno::EINVAL.into());
    }
    if resource == RLIMIT_NOFILE && new.rlim_max > NR_OPEN {
        return Err(Errno::EPERM.into());
    }
    if new.rlim_max > old.rlim_max && !cx.creds().can(cap::SYS_RESOURCE) {
        return Err(Errno::EPERM.into());
    }
    cx.k.world.procs[slot].limits[resource as usize] = new;
    if resource == RLIMIT_STACK {
        // The stack grows within the limit of the moment, as far as nothing is in its way: the room was laid out at execve(2).
        let task = cx.k.world.procs[slot].tasks.first().copied();
        if let Some(space) = task.and_then(|ix| cx.k.world.tasks[ix].space) {
            let space = &mut cx.k.world.spaces[space];
            space.stack_limit_pages = new.rlim_cur >> PAGE_SHIFT;
        }
    }
    Ok(0)
}

/// prlimit(2).
pub(super) fn sys_prlimit64(
    cx: &mut Cx<'_>,
    pid: i32,
    resource: u32,
    new: UserPtr<RLimit>,
    old: UserMut<RLimit>,
) -> SysResult {
    let slot = match pid {
        0 => cx.task().process,
        pid => cx.k.world.process_of(pid as u32).ok_or(Errno::ESRCH)?,
    };
    if slot != cx.task().process && !cx.creds().can(cap::SYS_RESOURCE) {
        let (me, uid) = (cx.creds(), cx.k.world.procs[slot].uid);
        if me.uid != uid {
            return Err(Errno::EPERM.into());
        }
    }
    let before = *cx.k.world.procs[slot].limits.get(resource as usize).ok_or(Errno::EINVAL)?;
    let new = cx.copy_in_opt(new)?;
    if let Some(new) = new {
        set_limit(cx, slot, resource, new)?;
    }
    cx.copy_out_opt(old, &before)?;
    Ok(0)
}

/// getrusage(2).
pub(super) fn sys_getrusage(cx: &mut Cx<'_>, who: i32, usage: UserMut<RUsage>) -> SysResult {
    let used = match who {
        RUSAGE_SELF => cx.k.process_usage(cx.task().process),
        RUSAGE_CHILDREN => cx.process().dead_children,
        RUSAGE_THREAD => task_usage(cx.task()),
        _ => return Err(Errno::EINVAL.into()),
    };
    cx.copy_out(usage, &rusage(&used))?;
    Ok(0)
}

// --- scheduling ----------------------------------------------------------------------------------------------------------

fn task_named(cx: &Cx<'_>, pid: i32) -> Result<u32, Errno> {
    match pid {
        0 => Ok(cx.ix),
        p if p < 0 => Err(Errno::EINVAL),
        p => cx.k.world.task_of(p as u32).ok_or(Errno::ESRCH),
    }
}

/// sched_yield(2).
pub(super) fn sys_sched_yield(cx: &mut Cx<'_>) -> SysResult {
    cx.task_mut().yields = true;
    Ok(0)
}

/// sched_getaffinity(2): one CPU.
pub(super) fn sys_sched_getaffinity(cx: &mut Cx<'_>, pid: i32, len: u64, mask: GuestAddr) -> SysResult {
    task_named(cx, pid).map_err(|_| Errno::ESRCH)?;
    if len < 8 || !len.is_multiple_of(8) {
        return Err(Errno::EINVAL.into());
    }
    cx.write_bytes(mask, &1u64.to_le_bytes())?;
    Ok(8)
}

/// sched_setaffinity(2): any mask with the one CPU in it.
pub(super) fn sys_sched_setaffinity(cx: &mut Cx<'_>, pid: i32, len: u64, mask: GuestAddr) -> SysResult {
    task_named(cx, pid).map_err(|_| Errno::ESRCH)?;
    if len == 0 {
        return Err(Errno::EINVAL.into());
    }
    let first: u8 = cx.copy_in(UserPtr::new(mask))?;
    if first & 1 == 0 { Err(Errno::EINVAL.into()) } else { Ok(0) }
}

fn has_priority(policy: u32) -> Result<bool, Errno> {
    match policy & !SCHED_RESET_ON_FORK {
        SCHED_NORMAL | SCHED_BATCH | SCHED_IDLE => Ok(false),
        SCHED_FIFO | SCHED_RR => Ok(true),
        _ => Err(Errno::EINVAL),
    }
}

/// sched_getscheduler(2): everything is SCHED_OTHER.
pub(super) fn sys_sched_getscheduler(cx: &mut Cx<'_>, pid: i32) -> SysResult {
    task_named(cx, pid)?;
    Ok(SCHED_NORMAL.into())
}

/// sched_setscheduler(2): real-time policies need CAP_SYS_NICE, and then change nothing.
pub(super) fn sys_sched_setscheduler(cx: &mut Cx<'_>, pid: i32, policy: u32, param: UserPtr<i32>) -> SysResult {
    task_named(cx, pid)?;
    let priority = cx.copy_in(param)?;
    let is_realtime = has_priority(policy)?;
    if is_realtime != (1..=99).contains(&priority) {
        return Err(Errno::EINVAL.into());
    }
    if is_realtime && !cx.creds().can(cap::SYS_NICE) {
        return Err(Errno::EPERM.into());
    }
    Ok(0)
}

/// sched_getparam(2).
pub(super) fn sys_sched_getparam(cx: &mut Cx<'_>, pid: i32, param: UserMut<i32>) -> SysResult {
    task_named(cx, pid)?;
    cx.copy_out(param, &0)?;
    Ok(0)
}

/// sched_setparam(2).
pub(super) fn sys_sched_setparam(cx: &mut Cx<'_>, pid: i32, param: UserPtr<i32>) -> SysResult {
    task_named(cx, pid)?;
    if cx.copy_in(param)? == 0 { Ok(0) } else { Err(Errno::EINVAL.into()) }
}

/// sched_get_priority_max(2).
pub(super) fn sys_sched_get_priority_max(_cx: &mut Cx<'_>, policy: u32) -> SysResult {
    Ok(if has_priority(policy)? { 99 } else { 0 })
}

/// sched_get_priority_min(2).
pub(super) fn sys_sched_get_priority_min(_cx: &mut Cx<'_>, policy: u32) -> SysResult {
    Ok(has_priority(policy)?.into())
}

/// sched_rr_get_interval(2).
pub(super) fn sys_sched_rr_get_interval(cx: &mut Cx<'_>, pid: i32, time: UserMut<TimespecC>) -> SysResult {
    task_named(cx, pid)?;
    cx.copy_out(time, &TimespecC::from_nanos(4_000_000))?;
    Ok(0)
}

/// sched_getattr(2).
pub(super) fn sys_sched_getattr(cx: &mut Cx<'_>, pid: i32, attr: GuestAddr, size: u32, flags: u32) -> SysResult {
    if flags != 0 || size < 48 || size as usize > PAGE_SIZE {
        return Err(Errno::EINVAL.into());
    }
    let ix = task_named(cx, pid)?;
    let nice = i32::from(cx.k.world.tasks[ix].nice);
    let len = (size as usize).min(SchedAttr::SIZE);
    let value = SchedAttr { size: len as u32, sched_nice: nice, ..SchedAttr::default() };
    let mut bytes = [0; SchedAttr::SIZE];
    value.store(&mut bytes);
    cx.write_bytes(attr, &bytes[..len])?;
    Ok(0)
}

/// sched_setattr(2).
pub(super) fn sys_sched_setattr(cx: &mut Cx<'_>, pid: i32, attr: GuestAddr, flags: u32) -> SysResult {
    if flags != 0 {
        return Err(Errno::EINVAL.into());
    }
    let mut bytes = [0; SchedAttr::SIZE];
    cx.read_bytes(attr, &mut bytes[..48])?;
    let attr = SchedAttr::load(&bytes);
    let ix = task_named(cx, pid)?;
    let is_realtime = has_priority(attr.sched_policy)?;
    let nice = attr.sched_nice.clamp(-20, 19) as i8;
    if (is_realtime && !cx.creds().can(cap::SYS_NICE)) || !may_have(cx, ix, nice) {
        return Err(Errno::EPERM.into());
    }
    cx.k.world.tasks[ix].nice = attr.sched_nice.clamp(-20, 19) as i8;
    Ok(0)
}

/// A task gets less nice within RLIMIT_NICE only (20 - nice), or by CAP_SYS_NICE.
fn may_have(cx: &Cx<'_>, ix: u32, nice: i8) -> bool {
    let task = &cx.k.world.tasks[ix];
    let limit = cx.k.world.procs[task.process].limits[RLIMIT_NICE as usize].rlim_cur;
    nice >= task.nice || (20 - i64::from(nice)) as u64 <= limit || cx.creds().can(cap::SYS_NICE)
}

/// Tasks of `which` and `who` of getpriority(2).
fn tasks_of(cx: &Cx<'_>, which: u32, who: u32) -> Result<alloc::vec::Vec<u32>, Errno> {
    let world = &cx.k.world;
    let tasks: alloc::vec::Vec<u32> = match which {
        PRIO_PROCESS if who == 0 => alloc::vec![cx.ix],
        PRIO_PROCESS => world.task_of(who).into_iter().collect(),
        PRIO_PGRP => {
            let pgid = if who == 0 { cx.process().pgid } else { who };
            world.group(pgid).into_iter().flat_map(|slot| world.procs[slot].tasks.clone()).collect()
        }
        PRIO_USER => {
            let uid = if who == 0 { cx.creds().uid } else { who };
            world.tasks.iter().filter(|(_, t)| t.creds.uid == uid).map(|(ix, _)| ix).collect()
        }
        _ => return Err(Errno::EINVAL),
    };
    if tasks.is_empty() { Err(Errno::ESRCH) } else { Ok(tasks) }
}

/// getpriority(2): 40..1 for nice -20..19, as the system call (not libc) answers.
pub(super) fn sys_getpriority(cx: &mut Cx<'_>, which: u32, who: u32) -> SysResult {
    let tasks = tasks_of(cx, which, who)?;
    let nice = tasks.iter().map(|&ix| cx.k.world.tasks[ix].nice).min().unwrap_or(0);
    Ok((20 - i64::from(nice)) as u64)
}

/// setpriority(2).
pub(super) fn sys_setpriority(cx: &mut Cx<'_>, which: u32, who: u32, nice: i32) -> SysResult {
    let nice = nice.clamp(-20, 19) as i8;
    let can = cx.creds().can(cap::SYS_NICE);
    for ix in tasks_of(cx, which, who)? {
        let task = &cx.k.world.tasks[ix];
        if !can && task.creds.uid != cx.creds().euid {
            return Err(Errno::EPERM.into());
        }
        if !may_have(cx, ix, nice) {
            return Err(Errno::EACCES.into());
        }
        cx.k.world.tasks[ix].nice = nice;
    }
    Ok(0)
}
