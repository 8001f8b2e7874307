//! Memory: mmap(2), mprotect(2), brk(2), madvise(2), mlock(2) and relatives.

use super::args::{Fd, UserMut, flag_arg};
use super::{Cx, SysResult};
use crate::mm::{Backing, MapLimits, Request, VmaFlags};
use crate::task::cap;
use brainworm_abi::linux::mman::*;
use brainworm_abi::linux::resource::{RLIM_INFINITY, RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK};
use brainworm_abi::{Errno, GuestAddr, OpenFlags, PAGE_SHIFT, PAGE_SIZE};
use brainworm_cpu::Access;
use core::ops::Range;

flag_arg!(MapFlags, retain);
flag_arg!(RemapFlags);
flag_arg!(SyncFlags);
flag_arg!(LockFlags);

const PAGE: u64 = PAGE_SIZE as u64;

pub(super) fn limits(cx: &Cx<'_>) -> MapLimits {
    let can_lock = cx.creds().can(cap::IPC_LOCK);
    let locked = if can_lock { RLIM_INFINITY } else { cx.limit(RLIMIT_MEMLOCK) };
    MapLimits {
        total: cx.limit(RLIMIT_AS) >> PAGE_SHIFT,
        data: cx.limit(RLIMIT_DATA) >> PAGE_SHIFT,
        locked: locked >> PAGE_SHIFT,
    }
}

/// The pages of a page-aligned range: EINVAL when not aligned, ENOMEM when it wraps or leaves user space.
fn pages(addr: u64, len: u64) -> Result<Range<u64>, Errno> {
    if !addr.is_multiple_of(PAGE) {
        return Err(Errno::EINVAL);
    }
    let len = len.checked_next_multiple_of(PAGE).ok_or(Errno::ENOMEM)?;
    let end = addr.checked_add(len).filter(|&end| end <= GuestAddr::USER_END.0).ok_or(Errno::ENOMEM)?;
    Ok(addr >> PAGE_SHIFT..end >> PAGE_SHIFT)
}

/// mmap(2).
pub(super) fn sys_mmap(
    cx: &mut Cx<'_>,
    addr: GuestAddr,
    len: u64,
    prot: Prot,
    flags: MapFlags,
    fd: Fd,
    offset: u64,
) -> SysResult {
    use MapFlags as M;
    let fixed = flags.intersects(M::MAP_FIXED | M::MAP_FIXED_NOREPLACE);
    if !offset.is_multiple_of(PAGE) {
        return Err(Errno::EINVAL.into());
    }
    if !flags.contains(M::MAP_ANONYMOUS) {
        // As on Linux, the descriptor is looked at first.
        cx.desc(fd)?;
    }
    if len == 0 || (fixed && !addr.is_page_aligned()) {
        return Err(Errno::EINVAL.into());
    }
    if flags.contains(M::MAP_HUGETLB) {
        // There are no huge pages to be had.
        return Err(Errno::ENOMEM.into());
    }
    let len = len.checked_next_multiple_of(PAGE).ok_or(Errno::ENOMEM)?;
    offset.checked_add(len).ok_or(Errno::EOVERFLOW)?;
    let is_shared = match flags.bits() & 3 {
        1 => true,
        2 => false,
        3 if flags.bits() & !KNOWN_FLAGS != 0 => return Err(Errno::EOPNOTSUPP.into()),
        3 => true,
        _ => return Err(Errno::EINVAL.into()),
    };
    let mut vma = VmaFlags::empty();
    vma.set(VmaFlags::SHARED, is_shared);
    vma.set(VmaFlags::GROWS_DOWN, flags.contains(M::MAP_GROWSDOWN));
    vma.set(VmaFlags::LOCKED, flags.contains(M::MAP_LOCKED));
    vma.set(VmaFlags::NO_RESERVE, flags.contains(M::MAP_NORESERVE));
    vma.insert(VmaFlags::MAY_WRITE);
    let backing = if flags.contains(M::MAP_ANONYMOUS) {
        anonymous(cx, is_shared, len)?
    } else {
        let (backing, may_write) = file_backing(cx, fd, prot, is_shared, offset)?;
        vma.set(VmaFlags::MAY_WRITE, may_write);
        backing
    };
    let request = Request {
        page: addr.page(),
        pages: len >> PAGE_SHIFT,
        prot,
        flags: vma,
        backing,
        is_fixed: flags.contains(M::MAP_FIXED) && !flags.contains(M::MAP_FIXED_NOREPLACE),
        keeps_others: flags.contains(M::MAP_FIXED_NOREPLACE),
        is_low: flags.contains(M::MAP_32BIT),
    };
    let limits = limits(cx);
    let page = cx.mem().map(request, limits)?;
    let is_populated = flags.contains(M::MAP_POPULATE) && !flags.contains(M::MAP_NONBLOCK);
    if is_populated || flags.contains(M::MAP_LOCKED) {
        let access = if prot.contains(Prot::PROT_WRITE) { Access::Write } else { Access::Read };
        // Failure to populate is not failure to map (mmap(2)).
        let _ = cx.mem().populate(page..page + (len >> PAGE_SHIFT), access);
    }
    Ok(page << PAGE_SHIFT)
}

/// What MAP_SHARED_VALIDATE accepts.
const KNOWN_FLAGS: u32 =
    0x3 | 0x10 | 0x20 | 0x100 | 0x800 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x1_0000 | 0x2_0000 | 0x10_0000 | 0x40;

fn anonymous(cx: &mut Cx<'_>, is_shared: bool, len: u64) -> Result<Backing, Errno> {
    if !is_shared {
        return Ok(Backing::Anonymous);
    }
    let vfs = cx.k.vfs.clone();
    let opened = vfs.shared_memory(&mut cx.io(), b"dev/zero", len)?;
    let desc = cx.describe(opened.file, OpenFlags::O_RDWR, Some(opened.path));
    Ok(Backing::File { desc, first: 0 })
}

fn file_backing(cx: &mut Cx<'_>, fd: Fd, prot: Prot, is_shared: bool, offset: u64) -> Result<(Backing, bool), Errno> {
    let desc = cx.desc(fd)?;
    let flags = desc.flags();
    if !flags.reads() {
        return Err(Errno::EACCES);
    }
    let may_write = !is_shared || flags.writes();
    if prot.contains(Prot::PROT_WRITE) && !may_write {
        return Err(Errno::EACCES);
    }
    if prot.contains(Prot::PROT_EXEC) && desc.location.as_ref().is_some_and(|l| l.is_noexec()) {
        return Err(Errno::EPERM);
    }
    if desc.file.as_any().downcast_ref::<crate::task::PidFd>().is_some() {
        return Err(Errno::ENODEV);
    }
    if desc.file.map_id().is_none() {
        // /dev/zero maps like anonymous memory; what cannot be mapped says so itself.
        let probe = desc.file.frame(&mut cx.io(), offset >> PAGE_SHIFT, false);
        match probe {
            Ok(frame) => {
                use brainworm_abi::FrameStore;
                cx.k.frames.release(frame);
                return Ok((Backing::Anonymous, true));
            }
            Err(Errno::ENXIO) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok((Backing::File { desc, first: offset >> PAGE_SHIFT }, may_write))
}

/// munmap(2).
pub(super) fn sys_munmap(cx: &mut Cx<'_>, addr: GuestAddr, len: u64) -> SysResult {
    let range = pages(addr.0, len).map_err(|_| Errno::EINVAL)?;
    if range.is_empty() {
        return Err(Errno::EINVAL.into());
    }
    cx.mem().unmap(range)?;
    Ok(0)
}

/// mprotect(2).
pub(super) fn sys_mprotect(cx: &mut Cx<'_>, addr: GuestAddr, len: u64, prot: Prot) -> SysResult {
    if prot.contains(Prot::PROT_GROWSDOWN | Prot::PROT_GROWSUP) {
        return Err(Errno::EINVAL.into());
    }
    let mut range = pages(addr.0, len)?;
    if prot.contains(Prot::PROT_GROWSDOWN)
        && let Some((start, vma)) = cx.mem().space.find(range.start)
    {
        if !vma.flags.contains(VmaFlags::GROWS_DOWN) {
            return Err(Errno::EINVAL.into());
        }
        range.start = start;
    }
    cx.mem().protect(range, prot)?;
    Ok(0)
}

/// brk(2).
pub(super) fn sys_brk(cx: &mut Cx<'_>, addr: GuestAddr) -> SysResult {
    let limits = limits(cx);
    Ok(cx.mem().set_brk(addr.0, limits))
}

/// mremap(2).
pub(super) fn sys_mremap(
    cx: &mut Cx<'_>,
    old: GuestAddr,
    old_len: u64,
    new_len: u64,
    flags: RemapFlags,
    new: GuestAddr,
) -> SysResult {
    let may_move = flags.contains(RemapFlags::MREMAP_MAYMOVE);
    let moves = flags.intersects(RemapFlags::MREMAP_FIXED | RemapFlags::MREMAP_DONTUNMAP);
    if !old.is_page_aligned() || new_len == 0 || (moves && !may_move) {
        return Err(Errno::EINVAL.into());
    }
    if flags.contains(RemapFlags::MREMAP_FIXED) && !new.is_page_aligned() {
        return Err(Errno::EINVAL.into());
    }
    let old_pages = pages(old.0, old_len).map_err(|_| Errno::EINVAL)?;
    let new_pages = new_len.checked_next_multiple_of(PAGE).ok_or(Errno::EINVAL)? >> PAGE_SHIFT;
    let count = old_pages.end - old_pages.start;
    if flags.contains(RemapFlags::MREMAP_DONTUNMAP) && count != new_pages {
        return Err(Errno::EINVAL.into());
    }
    let limits = limits(cx);
    let page = cx.mem().remap(old_pages.start, count, new_pages, flags, new.page(), limits)?;
    Ok(page << PAGE_SHIFT)
}

/// madvise(2).
pub(super) fn sys_madvise(cx: &mut Cx<'_>, addr: GuestAddr, len: u64, advice: u32) -> SysResult {
    let range = pages(addr.0, len).map_err(|_| Errno::EINVAL)?;
    if range.is_empty() {
        return Ok(0);
    }
    let mut mem = cx.mem();
    let none = VmaFlags::empty();
    let covered = |is: bool| if is { Ok(0) } else { Err(Errno::ENOMEM.into()) };
    match advice {
        MADV_NORMAL | MADV_RANDOM | MADV_SEQUENTIAL | MADV_WILLNEED | MADV_MERGEABLE | MADV_UNMERGEABLE
        | MADV_HUGEPAGE | MADV_NOHUGEPAGE | MADV_COLD | MADV_PAGEOUT | MADV_COLLAPSE => {
            covered(mem.space.is_covered(range))
        }
        MADV_DONTNEED | MADV_DONTNEED_LOCKED => {
            let has_locked = mem.space.overlapping(range.clone()).any(|(_, v)| v.flags.contains(VmaFlags::LOCKED));
            if has_locked && advice == MADV_DONTNEED {
                return Err(Errno::EINVAL.into());
            }
            let is_covered = mem.space.is_covered(range.clone());
            mem.discard(range);
            covered(is_covered)
        }
        MADV_FREE => {
            let is_private = mem
                .space
                .overlapping(range.clone())
                .all(|(_, v)| matches!(v.backing, Backing::Anonymous) && !v.flags.contains(VmaFlags::LOCKED));
            if !is_private {
                return Err(Errno::EINVAL.into());
            }
            // Freed at once rather than under pressure: either is allowed.
            let is_covered = mem.space.is_covered(range.clone());
            mem.discard(range);
            covered(is_covered)
        }
        MADV_REMOVE => remove(cx, range),
        MADV_DONTFORK => Ok(mem.space.update_flags(range, VmaFlags::DONT_FORK, none).map(|()| 0)?),
        MADV_DOFORK => Ok(mem.space.update_flags(range, none, VmaFlags::DONT_FORK).map(|()| 0)?),
        MADV_DONTDUMP => Ok(mem.space.update_flags(range, VmaFlags::DONT_DUMP, none).map(|()| 0)?),
        MADV_DODUMP => Ok(mem.space.update_flags(range, none, VmaFlags::DONT_DUMP).map(|()| 0)?),
        MADV_WIPEONFORK => {
            let is_private = mem.space.overlapping(range.clone()).all(|(_, v)| matches!(v.backing, Backing::Anonymous));
            if !is_private {
                return Err(Errno::EINVAL.into());
            }
            Ok(mem.space.update_flags(range, VmaFlags::WIPE_ON_FORK, none).map(|()| 0)?)
        }
        MADV_KEEPONFORK => Ok(mem.space.update_flags(range, none, VmaFlags::WIPE_ON_FORK).map(|()| 0)?),
        MADV_POPULATE_READ | MADV_POPULATE_WRITE => {
            let access = if advice == MADV_POPULATE_WRITE { Access::Write } else { Access::Read };
            if !mem.space.is_covered(range.clone()) {
                return Err(Errno::ENOMEM.into());
            }
            mem.populate(range, access).map_err(|_| Errno::EFAULT)?;
            Ok(0)
        }
        _ => Err(Errno::EINVAL.into()),
    }
}

/// MADV_REMOVE: punches a hole into the mapped file.
fn remove(cx: &mut Cx<'_>, range: Range<u64>) -> SysResult {
    const FALLOC_FL_KEEP_SIZE_PUNCH_HOLE: u32 = 3;
    let parts: alloc::vec::Vec<_> = cx
        .mem()
        .space
        .overlapping(range.clone())
        .map(|(start, vma)| match &vma.backing {
            Backing::File { desc, first } if vma.flags.contains(VmaFlags::SHARED | VmaFlags::MAY_WRITE) => {
                let from = range.start.max(start);
                Some((desc.clone(), first + (from - start), range.end.min(vma.end) - from))
            }
            _ => None,
        })
        .collect();
    for part in parts {
        let (desc, first, count) = part.ok_or(Errno::EINVAL)?;
        desc.file.allocate(&mut cx.io(), FALLOC_FL_KEEP_SIZE_PUNCH_HOLE, first * PAGE, count * PAGE)?;
    }
    Ok(0)
}

/// msync(2).
pub(super) fn sys_msync(cx: &mut Cx<'_>, addr: GuestAddr, len: u64, flags: SyncFlags) -> SysResult {
    if flags.contains(SyncFlags::MS_ASYNC | SyncFlags::MS_SYNC) {
        return Err(Errno::EINVAL.into());
    }
    let range = pages(addr.0, len)?;
    // Shared mappings are the file's own pages: only what lies behind the file is left to write.
    let files: alloc::vec::Vec<_> = cx
        .mem()
        .space
        .overlapping(range.clone())
        .filter_map(|(_, vma)| match &vma.backing {
            Backing::File { desc, .. } if vma.flags.contains(VmaFlags::SHARED) => Some(desc.clone()),
            _ => None,
        })
        .collect();
    if flags.contains(SyncFlags::MS_SYNC) {
        for desc in files {
            desc.file.sync(&mut cx.io())?;
        }
    }
    if cx.mem().space.is_covered(range) { Ok(0) } else { Err(Errno::ENOMEM.into()) }
}

/// mincore(2).
pub(super) fn sys_mincore(cx: &mut Cx<'_>, addr: GuestAddr, len: u64, vec: UserMut<u8>) -> SysResult {
    let range = pages(addr.0, len)?;
    let mut mem = cx.mem();
    if !mem.space.is_covered(range.clone()) {
        return Err(Errno::ENOMEM.into());
    }
    let mut at = range.start;
    while at < range.end {
        let end = range.end.min(at + PAGE);
        let mut bytes = alloc::vec![0u8; (end - at) as usize];
        for page in mem.space.tables.present(at..end) {
            bytes[(page - at) as usize] = 1;
        }
        mem.copy_out(vec.addr.wrapping_add(at - range.start), &bytes)?;
        at = end;
    }
    Ok(0)
}

fn lock(cx: &mut Cx<'_>, addr: u64, len: u64, populate: bool) -> SysResult {
    let start = addr & !(PAGE - 1);
    let range = pages(start, len.saturating_add(addr - start)).map_err(|_| Errno::EINVAL)?;
    let limit = limits(cx).locked;
    let mut mem = cx.mem();
    if limit == 0 {
        return Err(Errno::EPERM.into());
    }
    if mem.space.locked_pages + (range.end - range.start) > limit {
        return Err(Errno::ENOMEM.into());
    }
    mem.space.update_flags(range.clone(), VmaFlags::LOCKED, VmaFlags::empty())?;
    if populate {
        mem.populate(range, Access::Read)?;
    }
    Ok(0)
}

/// mlock(2).
pub(super) fn sys_mlock(cx: &mut Cx<'_>, addr: GuestAddr, len: u64) -> SysResult {
    lock(cx, addr.0, len, true)
}

/// mlock2(2).
pub(super) fn sys_mlock2(cx: &mut Cx<'_>, addr: GuestAddr, len: u64, flags: u32) -> SysResult {
    const MLOCK_ONFAULT: u32 = 1;
    if flags & !MLOCK_ONFAULT != 0 {
        return Err(Errno::EINVAL.into());
    }
    lock(cx, addr.0, len, flags & MLOCK_ONFAULT == 0)
}

/// munlock(2).
pub(super) fn sys_munlock(cx: &mut Cx<'_>, addr: GuestAddr, len: u64) -> SysResult {
    let start = addr.page_floor().0;
    let range = pages(start, len.saturating_add(addr.0 - start)).map_err(|_| Errno::EINVAL)?;
    cx.mem().space.update_flags(range, VmaFlags::empty(), VmaFlags::LOCKED)?;
    Ok(0)
}

/// mlockall(2).
pub(super) fn sys_mlockall(cx: &mut Cx<'_>, flags: LockFlags) -> SysResult {
    if !flags.intersects(LockFlags::MCL_CURRENT | LockFlags::MCL_FUTURE) {
        return Err(Errno::EINVAL.into());
    }
    let limit = limits(cx).locked;
    let mem = cx.mem();
    if flags.contains(LockFlags::MCL_CURRENT) {
        if mem.space.total_pages > limit {
            return Err(Errno::ENOMEM.into());
        }
        let parts: alloc::vec::Vec<_> = mem.space.vmas.iter().map(|(&start, vma)| start..vma.end).collect();
        for part in parts {
            mem.space.update_flags(part, VmaFlags::LOCKED, VmaFlags::empty())?;
        }
    }
    mem.space.locks_future = flags.contains(LockFlags::MCL_FUTURE);
    Ok(0)
}

/// munlockall(2).
pub(super) fn sys_munlockall(cx: &mut Cx<'_>) -> SysResult {
    let mem = cx.mem();
    mem.space.locks_future = false;
    let parts: alloc::vec::Vec<_> = mem.space.vmas.iter().map(|(&start, vma)| start..vma.end).collect();
    for part in parts {
        mem.space.update_flags(part, VmaFlags::empty(), VmaFlags::LOCKED)?;
    }
    Ok(0)
}

/// membarrier(2): one CPU, so every barrier has happened when the call is over.
pub(super) fn sys_membarrier(_cx: &mut Cx<'_>, command: i32, flags: u32, _cpu: i32) -> SysResult {
    const QUERY: i32 = 0;
    const SUPPORTED: i32 = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40;
    if flags != 0 {
        return Err(Errno::EINVAL.into());
    }
    match command {
        QUERY => Ok(SUPPORTED as u64),
        c if c.count_ones() == 1 && c & SUPPORTED != 0 => Ok(0),
        _ => Err(Errno::EINVAL.into()),
    }
}
