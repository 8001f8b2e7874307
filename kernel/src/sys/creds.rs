//! Identity: setuid(2) and its relatives, groups, capabilities (credentials(7), capabilities(7)).

use super::args::{UserMut, UserPtr, opaque};
use super::{Cx, SysResult};
use crate::task::{Creds, cap};
use alloc::sync::Arc;
use brainworm_abi::linux::Record;
use brainworm_abi::linux::system::*;
use brainworm_abi::{Errno, GuestAddr};

opaque!(CapHeader, CapData, [CapData; 2]);

/// "Leave it" of setreuid(2) and setresuid(2).
const KEEP: u32 = u32::MAX;
/// Most supplementary groups.
const NGROUPS_MAX: u64 = 65536;

fn replace(cx: &mut Cx<'_>, new: Creds) {
    let gains_or_loses = {
        let old = cx.creds();
        (old.euid, old.egid, old.fsuid, old.fsgid) != (new.euid, new.egid, new.fsuid, new.fsgid)
    };
    if gains_or_loses {
        cx.process_mut().dumpable = 0;
        cx.task_mut().death_signal = None;
    }
    let uid = new.uid;
    cx.task_mut().creds = Arc::new(new);
    cx.process_mut().uid = uid;
}

fn replace_user(cx: &mut Cx<'_>, mut new: Creds) -> SysResult {
    let old = cx.creds().clone();
    new.fix_caps_after_setuid(&old, cx.task().keeps_caps);
    replace(cx, new);
    Ok(0)
}

/// getuid(2).
pub(super) fn sys_getuid(cx: &mut Cx<'_>) -> SysResult {
    Ok(cx.creds().uid.into())
}

/// geteuid(2).
pub(super) fn sys_geteuid(cx: &mut Cx<'_>) -> SysResult {
    Ok(cx.creds().euid.into())
}

/// getgid(2).
pub(super) fn sys_getgid(cx: &mut Cx<'_>) -> SysResult {
    Ok(cx.creds().gid.into())
}

/// getegid(2).
pub(super) fn sys_getegid(cx: &mut Cx<'_>) -> SysResult {
    Ok(cx.creds().egid.into())
}

/// getresuid(2).
pub(super) fn sys_getresuid(cx: &mut Cx<'_>, r: UserMut<u32>, e: UserMut<u32>, s: UserMut<u32>) -> SysResult {
    let creds = cx.creds().clone();
    cx.copy_out(r, &creds.uid)?;
    cx.copy_out(e, &creds.euid)?;
    cx.copy_out(s, &creds.suid)?;
    Ok(0)
}

/// getresgid(2).
pub(super) fn sys_getresgid(cx: &mut Cx<'_>, r: UserMut<u32>, e: UserMut<u32>, s: UserMut<u32>) -> SysResult {
    let creds = cx.creds().clone();
    cx.copy_out(r, &creds.gid)?;
    cx.copy_out(e, &creds.egid)?;
    cx.copy_out(s, &creds.sgid)?;
    Ok(0)
}

/// setuid(2).
pub(super) fn sys_setuid(cx: &mut Cx<'_>, uid: u32) -> SysResult {
    let mut new = (**cx.creds()).clone();
    if uid == KEEP {
        return Err(Errno::EINVAL.into());
    }
    if new.can(cap::SETUID) {
        (new.uid, new.suid) = (uid, uid);
    } else if uid != new.uid && uid != new.suid {
        return Err(Errno::EPERM.into());
    }
    (new.euid, new.fsuid) = (uid, uid);
    replace_user(cx, new)
}

/// setgid(2).
pub(super) fn sys_setgid(cx: &mut Cx<'_>, gid: u32) -> SysResult {
    let mut new = (**cx.creds()).clone();
    if gid == KEEP {
        return Err(Errno::EINVAL.into());
    }
    if new.can(cap::SETGID) {
        (new.gid, new.sgid) = (gid, gid);
    } else if gid != new.gid && gid != new.sgid {
        return Err(Errno::EPERM.into());
    }
    (new.egid, new.fsgid) = (gid, gid);
    replace(cx, new);
    Ok(0)
}

/// setreuid(2).
pub(super) fn sys_setreuid(cx: &mut Cx<'_>, real: u32, effective: u32) -> SysResult {
    let old = cx.creds().clone();
    let mut new = (*old).clone();
    let can = old.can(cap::SETUID);
    if real != KEEP {
        if !can && real != old.uid && real != old.euid {
            return Err(Errno::EPERM.into());
        }
        new.uid = real;
    }
    if effective != KEEP {
        if !can && ![old.uid, old.euid, old.suid].contains(&effective) {
            return Err(Errno::EPERM.into());
        }
        new.euid = effective;
    }
    if real != KEEP || (effective != KEEP && effective != old.uid) {
        new.suid = new.euid;
    }
    new.fsuid = new.euid;
    replace_user(cx, new)
}

/// setregid(2).
pub(super) fn sys_setregid(cx: &mut Cx<'_>, real: u32, effective: u32) -> SysResult {
    let old = cx.creds().clone();
    let mut new = (*old).clone();
    let can = old.can(cap::SETGID);
    if real != KEEP {
        if !can && real != old.gid && real != old.egid {
            return Err(Errno::EPERM.into());
        }
        new.gid = real;
    }
    if effective != KEEP {
        if !can && ![old.gid, old.egid, old.sgid].contains(&effective) {
            return Err(Errno::EPERM.into());
        }
        new.egid = effective;
    }
    if real != KEEP || (effective != KEEP && effective != old.gid) {
        new.sgid = new.egid;
    }
    new.fsgid = new.egid;
    replace(cx, new);
    Ok(0)
}

/// The three ids of setresuid(2) and setresgid(2), or EPERM.
fn three(old: [u32; 3], wanted: [u32; 3], can: bool) -> Result<[u32; 3], Errno> {
    let mut new = old;
    for (new, wanted) in new.iter_mut().zip(wanted) {
        if wanted != KEEP {
            if !can && !old.contains(&wanted) {
                return Err(Errno::EPERM);
            }
            *new = wanted;
        }
    }
    Ok(new)
}

/// setresuid(2).
pub(super) fn sys_setresuid(cx: &mut Cx<'_>, real: u32, effective: u32, saved: u32) -> SysResult {
    let mut new = (**cx.creds()).clone();
    let can = new.can(cap::SETUID);
    [new.uid, new.euid, new.suid] = three([new.uid, new.euid, new.suid], [real, effective, saved], can)?;
    new.fsuid = new.euid;
    replace_user(cx, new)
}

/// setresgid(2).
pub(super) fn sys_setresgid(cx: &mut Cx<'_>, real: u32, effective: u32, saved: u32) -> SysResult {
    let mut new = (**cx.creds()).clone();
    let can = new.can(cap::SETGID);
    [new.gid, new.egid, new.sgid] = three([new.gid, new.egid, new.sgid], [real, effective, saved], can)?;
    new.fsgid = new.egid;
    replace(cx, new);
    Ok(0)
}

/// setfsuid(2): answers the old id, whether it changed or not.
pub(super) fn sys_setfsuid(cx: &mut Cx<'_>, uid: u32) -> SysResult {
    let mut new = (**cx.creds()).clone();
    let old = new.fsuid;
    if uid != KEEP && (new.can(cap::SETUID) || [new.uid, new.euid, new.suid, new.fsuid].contains(&uid)) {
        new.fsuid = uid;
        replace_user(cx, new)?;
    }
    Ok(old.into())
}

/// setfsgid(2): answers the old id, whether it changed or not.
pub(super) fn sys_setfsgid(cx: &mut Cx<'_>, gid: u32) -> SysResult {
    let mut new = (**cx.creds()).clone();
    let old = new.fsgid;
    if gid != KEEP && (new.can(cap::SETGID) || [new.gid, new.egid, new.sgid, new.fsgid].contains(&gid)) {
        new.fsgid = gid;
        replace(cx, new);
    }
    Ok(old.into())
}

/// getgroups(2).
pub(super) fn sys_getgroups(cx: &mut Cx<'_>, size: i32, list: GuestAddr) -> SysResult {
    let groups = cx.creds().groups.clone();
    if size < 0 || (size != 0 && (size as usize) < groups.len()) {
        return Err(Errno::EINVAL.into());
    }
    if size != 0 {
        let bytes: alloc::vec::Vec<u8> = groups.iter().flat_map(|g| g.to_le_bytes()).collect();
        cx.write_bytes(list, &bytes)?;
    }
    Ok(groups.len() as u64)
}

/// setgroups(2).
pub(super) fn sys_setgroups(cx: &mut Cx<'_>, size: u64, list: GuestAddr) -> SysResult {
    let mut new = (**cx.creds()).clone();
    if !new.can(cap::SETGID) {
        return Err(Errno::EPERM.into());
    }
    let mut groups: alloc::vec::Vec<u32> = cx.copy_in_array(list, size, NGROUPS_MAX)?;
    groups.sort_unstable();
    new.groups = groups.into();
    replace(cx, new);
    Ok(0)
}

// --- capabilities --------------------------------------------------------------------------------------------------------

/// How many 32-bit words a version of the structure has; an unknown one is answered with ours.
fn words(cx: &mut Cx<'_>, header: UserMut<CapHeader>) -> Result<(usize, CapHeader), Errno> {
    let mut head: CapHeader = cx.copy_in(UserPtr::new(header.addr))?;
    match head.version {
        LINUX_CAPABILITY_VERSION_1 => Ok((1, head)),
        LINUX_CAPABILITY_VERSION_2 | LINUX_CAPABILITY_VERSION_3 => Ok((2, head)),
        _ => {
            head.version = LINUX_CAPABILITY_VERSION_3;
            cx.copy_out(header, &head)?;
            Err(Errno::EINVAL)
        }
    }
}

/// capget(2).
pub(super) fn sys_capget(cx: &mut Cx<'_>, header: UserMut<CapHeader>, data: UserMut<CapData>) -> SysResult {
    let (count, head) = match words(cx, header) {
        // A probe for the version.
        Err(Errno::EINVAL) if data.is_null() => return Ok(0),
        other => other?,
    };
    let ix = match head.pid {
        p if p < 0 => return Err(Errno::EINVAL.into()),
        0 => cx.ix,
        p => cx.k.world.task_of(p as u32).ok_or(Errno::ESRCH)?,
    };
    let creds = cx.k.world.tasks[ix].creds.clone();
    let word = |set: u64, i: usize| (set >> (32 * i)) as u32;
    for i in 0..count {
        let part = CapData {
            effective: word(creds.effective, i),
            permitted: word(creds.permitted, i),
            inheritable: word(creds.inheritable, i),
        };
        cx.copy_out(UserMut::new(data.addr.wrapping_add((i * CapData::SIZE) as u64)), &part)?;
    }
    Ok(0)
}

/// capset(2).
pub(super) fn sys_capset(cx: &mut Cx<'_>, header: UserMut<CapHeader>, data: UserPtr<CapData>) -> SysResult {
    let (count, head) = words(cx, header)?;
    if head.pid != 0 && head.pid as u32 != cx.task().tid {
        return Err(Errno::EPERM.into());
    }
    let parts: alloc::vec::Vec<CapData> = cx.copy_in_array(data.addr, count as u64, 2)?;
    let join = |pick: fn(&CapData) -> u32| {
        parts.iter().enumerate().fold(0u64, |set, (i, part)| set | u64::from(pick(part)) << (32 * i))
            & crate::task::ALL_CAPS
    };
    let mut new = (**cx.creds()).clone();
    let (effective, permitted, inheritable) = (join(|p| p.effective), join(|p| p.permitted), join(|p| p.inheritable));
    let may_inherit = if new.can(cap::SETPCAP) {
        new.inheritable | new.bounding
    } else {
        (new.inheritable | new.permitted) & (new.inheritable | new.bounding)
    };
    if permitted & !new.permitted != 0 || effective & !permitted != 0 || inheritable & !may_inherit != 0 {
        return Err(Errno::EPERM.into());
    }
    (new.effective, new.permitted, new.inheritable) = (effective, permitted, inheritable);
    new.ambient &= permitted & inheritable;
    cx.task_mut().creds = Arc::new(new);
    Ok(0)
}
