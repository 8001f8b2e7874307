//! Who may do what to a file: path_resolution(7), inode(7), capabilities(7) in short.

use crate::inode::{Perm, S_ISVTX};
use brainworm_abi::Errno;
use brainworm_abi::linux::Caller;

/// Read, write and execute (search) as access(2) numbers them.
pub(crate) const READ: u32 = 4;
pub(crate) const WRITE: u32 = 2;
pub(crate) const EXEC: u32 = 1;

/// True when the caller's filesystem group or a supplementary group is `gid`.
pub(crate) fn in_group(caller: &Caller, gid: u32) -> bool {
    caller.fsgid == gid || caller.groups.contains(&gid)
}

/// `EACCES` unless all of `want` is granted.
pub(crate) fn check(caller: &Caller, perm: Perm, want: u32) -> Result<(), Errno> {
    if caller.is_privileged {
        // CAP_DAC_OVERRIDE: everything but executing a file nobody may execute.
        let is_dir = perm.mode & 0o170000 == 0o040000;
        return if want & EXEC != 0 && !is_dir && perm.mode & 0o111 == 0 { Err(Errno::EACCES) } else { Ok(()) };
    }
    let shift = if caller.fsuid == perm.uid {
        6
    } else if in_group(caller, perm.gid) {
        3
    } else {
        0
    };
    if (perm.mode >> shift) & want == want { Ok(()) } else { Err(Errno::EACCES) }
}

/// True for the owner and for CAP_FOWNER.
pub(crate) fn is_owner(caller: &Caller, perm: Perm) -> bool {
    caller.is_privileged || caller.fsuid == perm.uid
}

/// `EPERM` when the sticky bit of `dir` protects an entry owned by `child` from the caller.
pub(crate) fn check_sticky(caller: &Caller, dir: Perm, child: Perm) -> Result<(), Errno> {
    if dir.mode & S_ISVTX == 0 || is_owner(caller, child) || caller.fsuid == dir.uid {
        Ok(())
    } else {
        Err(Errno::EPERM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_class_that_matches_decides() {
        let caller =
            |uid, gid, groups: &[u32]| Caller { fsuid: uid, fsgid: gid, groups: groups.into(), ..Caller::default() };
        let file = |mode| Perm { mode: 0o100000 | mode, uid: 10, gid: 20 };
        let cases: [(u32, u32, &[u32], u32, u32, bool); 8] = [
            (10, 1, &[], 0o400, READ, true),
            (10, 20, &[], 0o077, READ, false), // the owner is not asked about the group
            (11, 20, &[], 0o040, READ, true),
            (11, 21, &[20], 0o040, READ, true),
            (11, 20, &[], 0o707, READ, false),
            (11, 21, &[], 0o004, READ, true),
            (11, 21, &[], 0o004, READ | WRITE, false),
            (11, 21, &[], 0o001, EXEC, true),
        ];
        for (uid, gid, groups, mode, want, expect) in cases {
            assert_eq!(
                check(&caller(uid, gid, groups), file(mode), want).is_ok(),
                expect,
                "{uid} {gid} {mode:o} {want}"
            );
        }
        let root = Caller { is_privileged: true, ..Caller::default() };
        assert!(check(&root, file(0), READ | WRITE).is_ok());
        assert!(check(&root, file(0o644), EXEC).is_err());
        assert!(check(&root, file(0o001), EXEC).is_ok());
    }
}
