//! Identity of a task: user and group ids, capabilities (credentials(7), capabilities(7)).

use alloc::sync::Arc;

/// Numbers of the capabilities the kernel itself asks for.
#[allow(missing_docs, dead_code, reason = "capabilities(7)")]
pub mod cap {
    pub const CHOWN: u32 = 0;
    pub const DAC_OVERRIDE: u32 = 1;
    pub const KILL: u32 = 5;
    pub const SETGID: u32 = 6;
    pub const SETUID: u32 = 7;
    pub const SETPCAP: u32 = 8;
    pub const IPC_LOCK: u32 = 14;
    pub const SYS_CHROOT: u32 = 18;
    pub const SYS_ADMIN: u32 = 21;
    pub const SYS_NICE: u32 = 23;
    pub const SYS_RESOURCE: u32 = 24;
    pub const SYS_TIME: u32 = 25;
    /// Highest capability there is (CAP_CHECKPOINT_RESTORE).
    pub const LAST: u32 = 40;
}

/// All capabilities.
pub const ALL_CAPS: u64 = (1 << (cap::LAST + 1)) - 1;

/// Immutable: a change makes a new value, so threads and open files may keep the old one.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "credentials(7)")]
pub struct Creds {
    pub uid: u32,
    pub euid: u32,
    pub suid: u32,
    pub fsuid: u32,
    pub gid: u32,
    pub egid: u32,
    pub sgid: u32,
    pub fsgid: u32,
    pub groups: Arc<[u32]>,
    pub effective: u64,
    pub permitted: u64,
    pub inheritable: u64,
    pub bounding: u64,
    pub ambient: u64,
    pub securebits: u32,
}

impl Creds {
    /// A user as login(1) would make it: root has all capabilities, others none.
    pub fn user(uid: u32, gid: u32, groups: &[u32]) -> Creds {
        let caps = if uid == 0 { ALL_CAPS } else { 0 };
        Creds {
            uid,
            euid: uid,
            suid: uid,
            fsuid: uid,
            gid,
            egid: gid,
            sgid: gid,
            fsgid: gid,
            groups: groups.into(),
            effective: caps,
            permitted: caps,
            inheritable: 0,
            bounding: ALL_CAPS,
            ambient: 0,
            securebits: 0,
        }
    }
    /// True when the capability is in effect.
    pub fn can(&self, capability: u32) -> bool {
        self.effective >> capability & 1 != 0
    }
    /// True for a member of the group (effective or supplementary).
    pub fn in_group(&self, gid: u32) -> bool {
        self.egid == gid || self.groups.contains(&gid)
    }
    /// Whether a process with these credentials may signal one with `target` (kill(2)).
    pub fn may_signal(&self, target: &Creds) -> bool {
        self.can(cap::KILL) || [self.uid, self.euid].iter().any(|&id| id == target.uid || id == target.suid)
    }
    /// After user ids changed: what capabilities(7), "Effect of user ID changes on capabilities" says.
    pub fn fix_caps_after_setuid(&mut self, old: &Creds, keeps_caps: bool) {
        const SECBIT_NO_SETUID_FIXUP: u32 = 4;
        if self.securebits & SECBIT_NO_SETUID_FIXUP != 0 {
            return;
        }
        let was_root = old.uid == 0 || old.euid == 0 || old.suid == 0;
        let is_root = self.uid == 0 || self.euid == 0 || self.suid == 0;
        if was_root && !is_root {
            if !keeps_caps {
                self.permitted = 0;
                self.effective = 0;
            }
            self.ambient = 0;
        }
        if old.euid == 0 && self.euid != 0 {
            self.effective = 0;
        }
        if old.euid != 0 && self.euid == 0 {
            self.effective = self.permitted;
        }
        // CAP_CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, LINUX_IMMUTABLE, MKNOD, MAC_OVERRIDE.
        const FS_MASK: u64 = 0x1f | 1 << 9 | 1 << 27 | 1 << 32;
        if old.fsuid == 0 && self.fsuid != 0 {
            self.effective &= !FS_MASK;
        }
        if old.fsuid != 0 && self.fsuid == 0 {
            self.effective |= self.permitted & FS_MASK;
        }
    }
}
