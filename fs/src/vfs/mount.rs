//! The mount table: mount(2), umount2(2), /proc/PID/{mounts,mountinfo}.

use super::Vfs;
use crate::dentry::{Dentry, Mount, PathRef};
use crate::inode::Inode;
use crate::mem::{MemFs, MemFsConfig};
use crate::walk::At;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::{Errno, FileKind, Io};
use core::sync::atomic::{AtomicU32, Ordering};

/// Flags of mount(2), with Linux's values.
pub const MS_RDONLY: u32 = 1;
/// Set-user-ID bits have no effect.
pub const MS_NOSUID: u32 = 2;
/// Devices cannot be opened.
pub const MS_NODEV: u32 = 4;
/// Programs cannot be executed.
pub const MS_NOEXEC: u32 = 8;
/// Change the flags of an existing mount.
pub const MS_REMOUNT: u32 = 32;
/// Show a part of the tree at a second place.
pub const MS_BIND: u32 = 4096;
/// MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED: there is one namespace, so they change nothing.
const MS_PROPAGATION: u32 = 1 << 17 | 1 << 18 | 1 << 19 | 1 << 20;
const KEPT_FLAGS: u32 = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
/// MNT_DETACH and UMOUNT_NOFOLLOW of umount2(2).
const MNT_DETACH: u32 = 2;
const UMOUNT_NOFOLLOW: u32 = 8;

/// Which of the kernel's lists of mounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MountFormat {
    /// /proc/PID/mounts, as fstab(5).
    Mounts,
    /// /proc/PID/mountinfo (proc(5)).
    Mountinfo,
}

impl Vfs {
    pub(crate) fn mounted_on(&self, place: &PathRef) -> Option<Arc<Mount>> {
        let mounts = self.mounts.lock();
        mounts.iter().rev().find(|mount| mount.at.as_ref().is_some_and(|at| at.same(place))).cloned()
    }

    /// Mounts a filesystem with this root directory.
    pub(super) fn attach(
        &self,
        at: Option<&PathRef>,
        root: Arc<Dentry>,
        fs_type: &'static str,
        source: &[u8],
        flags: u32,
    ) -> PathRef {
        let id = self.next_mount.fetch_add(1, Ordering::Relaxed);
        if let Some(at) = at {
            at.dentry.is_mountpoint.store(true, Ordering::Relaxed);
            // Where names are not cached, this one is: walks must find this very dentry.
            if let Some(parent) = at.dentry.parent() {
                self.remember(&parent, &at.dentry);
            }
        }
        let flags = AtomicU32::new(flags & KEPT_FLAGS);
        let mount =
            Arc::new(Mount { id, root: root.clone(), at: at.cloned(), fs_type, source: source.to_vec(), flags });
        self.mounts.lock().push(mount.clone());
        PathRef { mount, dentry: root }
    }

    /// mount(2) of tmpfs, ramfs, proc, sysfs and devpts, MS_BIND and MS_REMOUNT. Only for root.
    #[expect(clippy::too_many_arguments, reason = "the arguments of mount(2) and where paths start")]
    pub fn mount(
        &self,
        io: &mut Io<'_>,
        at: At<'_>,
        source: &[u8],
        target: &[u8],
        fs_type: &[u8],
        flags: u32,
        data: &[u8],
    ) -> Result<(), Errno> {
        if !io.caller.is_privileged {
            return Err(Errno::EPERM);
        }
        let place = self.walk(io, at, target, true)?;
        if flags & MS_REMOUNT != 0 {
            if !Arc::ptr_eq(&place.dentry, &place.mount.root) {
                return Err(Errno::EINVAL);
            }
            place.mount.flags.store(flags & KEPT_FLAGS, Ordering::Relaxed);
            return Ok(());
        }
        if flags & MS_PROPAGATION != 0 {
            return Ok(());
        }
        if flags & MS_BIND != 0 {
            let from = self.walk(io, at, source, true)?;
            let is_dir = |place: &PathRef| place.kind() == FileKind::Directory;
            if is_dir(&from) != is_dir(&place) {
                return Err(Errno::ENOTDIR);
            }
            let (fs_type, source) = (from.mount.fs_type, from.mount.source.clone());
            self.attach(Some(&place), from.dentry, fs_type, &source, flags);
            return Ok(());
        }
        if place.kind() != FileKind::Directory {
            return Err(Errno::ENOTDIR);
        }
        let (root, fs_type) = self.new_filesystem(io, fs_type, data)?;
        self.attach(Some(&place), Dentry::root(root), fs_type, source, flags);
        Ok(())
    }

    fn new_filesystem(
        &self,
        io: &mut Io<'_>,
        fs_type: &[u8],
        data: &[u8],
    ) -> Result<(Arc<dyn Inode>, &'static str), Errno> {
        match fs_type {
            b"tmpfs" | b"ramfs" => {
                let options = TmpfsOptions::parse(data)?;
                let config = MemFsConfig { limit_bytes: options.size, ..self.mem_config() };
                let root = MemFs::tmpfs(config, options.mode, io.now);
                Ok((root, if fs_type == b"ramfs" { "ramfs" } else { "tmpfs" }))
            }
            b"proc" => Ok((crate::procfs::root(self.fresh_dev(), io.now, self.boot_id), "proc")),
            b"sysfs" => Ok((crate::sysfs::root(self.fresh_dev(), io.now), "sysfs")),
            _ => Err(Errno::ENODEV),
        }
    }

    pub(super) fn mem_config(&self) -> MemFsConfig {
        MemFsConfig {
            dev: self.fresh_dev(),
            bell: self.bell.clone(),
            graveyard: self.graveyard.clone(),
            limit_bytes: u64::MAX,
        }
    }

    /// umount2(2). Only for root.
    pub fn umount(&self, io: &mut Io<'_>, at: At<'_>, target: &[u8], flags: u32) -> Result<(), Errno> {
        if !io.caller.is_privileged {
            return Err(Errno::EPERM);
        }
        let place = self.walk(io, at, target, flags & UMOUNT_NOFOLLOW == 0)?;
        let PathRef { mount, dentry } = place;
        let Some(at) = mount.at.clone().filter(|_| Arc::ptr_eq(&dentry, &mount.root)) else {
            return Err(Errno::EINVAL);
        };
        drop(dentry);
        let mut mounts = self.mounts.lock();
        // Held by the table and by this call; working directories, open files and mounts below hold it too.
        if flags & MNT_DETACH == 0 && Arc::strong_count(&mount) > 2 {
            return Err(Errno::EBUSY);
        }
        mounts.retain(|other| !Arc::ptr_eq(other, &mount));
        let is_still = |m: &Arc<Mount>| m.at.as_ref().is_some_and(|a| Arc::ptr_eq(&a.dentry, &at.dentry));
        at.dentry.is_mountpoint.store(mounts.iter().any(is_still), Ordering::Relaxed);
        let is_shared = mounts.iter().any(|m| Arc::ptr_eq(&m.root, &mount.root) || m.root.is_within(&mount.root));
        drop(mounts);
        if !is_shared && mount.root.parent().is_none() {
            self.dentries.fetch_sub(mount.root.forget_all(), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Appends a list of mounts as seen from a root directory.
    pub fn render_mounts(&self, root: &PathRef, format: MountFormat, out: &mut Vec<u8>) {
        let mounts = self.mounts.lock().clone();
        for mount in &mounts {
            let top = PathRef { mount: mount.clone(), dentry: mount.root.clone() };
            let Some(place) = self.text_below(root, &top) else { continue };
            let is_rw = if mount.has_flag(MS_RDONLY) { "ro" } else { "rw" };
            let mut options = alloc::string::String::from(is_rw);
            for (flag, name) in [(MS_NOSUID, ",nosuid"), (MS_NODEV, ",nodev"), (MS_NOEXEC, ",noexec")] {
                if mount.has_flag(flag) {
                    options.push_str(name);
                }
            }
            options.push_str(",relatime");
            let source = escape(if mount.source.is_empty() { b"none" } else { &mount.source });
            let place = escape(&place);
            match format {
                MountFormat::Mounts => {
                    for part in [&source[..], &place, mount.fs_type.as_bytes()] {
                        out.extend_from_slice(part);
                        out.push(b' ');
                    }
                    out.extend_from_slice(format!("{options} 0 0\n").as_bytes());
                }
                MountFormat::Mountinfo => {
                    let (major, minor) = crate::device::split_dev(mount.root.inode.id().0);
                    let parent = mount.at.as_ref().map_or(1, |at| at.mount.id);
                    let part = self.text_within(&mount.root);
                    out.extend_from_slice(format!("{} {parent} {major}:{minor} ", mount.id).as_bytes());
                    out.extend_from_slice(&escape(&part));
                    out.push(b' ');
                    out.extend_from_slice(&place);
                    out.extend_from_slice(format!(" {options} - {} ", mount.fs_type).as_bytes());
                    out.extend_from_slice(&source);
                    out.extend_from_slice(format!(" {is_rw}\n").as_bytes());
                }
            }
        }
    }
}

/// Space, tab, newline and backslash in octal, as fstab(5) wants them.
fn escape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b' ' | b'\t' | b'\n' | b'\\' => out.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out
}

/// size=, mode= of tmpfs(5); other options are accepted.
struct TmpfsOptions {
    size: u64,
    mode: u32,
}

impl TmpfsOptions {
    fn parse(data: &[u8]) -> Result<TmpfsOptions, Errno> {
        let mut options = TmpfsOptions { size: u64::MAX, mode: 0o1777 };
        let text = core::str::from_utf8(data).map_err(|_| Errno::EINVAL)?;
        for option in text.split(',') {
            match option.split_once('=') {
                Some(("size", value)) => {
                    let unit = match value.bytes().last().map(|b| b.to_ascii_lowercase()) {
                        Some(b'k') => 1 << 10,
                        Some(b'm') => 1 << 20,
                        Some(b'g') => 1 << 30,
                        _ => 1u64,
                    };
                    let digits = if unit == 1 { value } else { &value[..value.len() - 1] };
                    let number: u64 = digits.parse().map_err(|_| Errno::EINVAL)?;
                    options.size = number.checked_mul(unit).ok_or(Errno::EINVAL)?;
                }
                Some(("mode", value)) => {
                    options.mode = u32::from_str_radix(value, 8).map_err(|_| Errno::EINVAL)? & 0o7777;
                }
                _ => {}
            }
        }
        Ok(options)
    }
}
