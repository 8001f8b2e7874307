//! mmap(2), munmap(2), mprotect(2), brk(2), and the copy of a space for fork(2).
//!
//! All work on whole pages; the handlers in `sys::memory` checked alignment and rights. Only mappings and table entries
//! change here: pages get frames when they are touched (`fault`).

use super::fault::UserMem;
use super::frames::Frames;
use super::space::{Backing, MAX_MAP_COUNT, MMAP_MIN_PAGE, Space, USER_END_PAGE, Vma, VmaFlags};
use super::tables::{LOW_END_PAGE, Rights};
use alloc::collections::BTreeMap;
use brainworm_abi::linux::mman::Prot;
use brainworm_abi::{Errno, FrameStore, PAGE_SHIFT};
use brainworm_cpu::Access;
use core::ops::Range;

/// What mmap(2) asks for.
pub(crate) struct Request {
    /// Wanted first page; 0: anywhere.
    pub(crate) page: u64,
    pub(crate) pages: u64,
    pub(crate) prot: Prot,
    pub(crate) flags: VmaFlags,
    pub(crate) backing: Backing,
    /// MAP_FIXED: exactly there, replacing what is there.
    pub(crate) is_fixed: bool,
    /// MAP_FIXED_NOREPLACE: exactly there, or EEXIST.
    pub(crate) keeps_others: bool,
    /// MAP_32BIT: below 2 GiB.
    pub(crate) is_low: bool,
}

/// Limits a new mapping must respect, in pages.
#[derive(Clone, Copy)]
pub(crate) struct MapLimits {
    /// RLIMIT_AS.
    pub(crate) total: u64,
    /// RLIMIT_DATA.
    pub(crate) data: u64,
    /// RLIMIT_MEMLOCK; unlimited for CAP_IPC_LOCK.
    pub(crate) locked: u64,
}

impl UserMem<'_> {
    /// Makes a mapping; answers its first page.
    pub(crate) fn map(&mut self, want: Request, limits: MapLimits) -> Result<u64, Errno> {
        let space = &*self.space;
        if want.pages > USER_END_PAGE {
            return Err(Errno::ENOMEM);
        }
        if space.vmas.len() >= MAX_MAP_COUNT || space.total_pages.saturating_add(want.pages) > limits.total {
            return Err(Errno::ENOMEM);
        }
        let is_locked = space.locks_future || want.flags.contains(VmaFlags::LOCKED);
        if is_locked && space.locked_pages + want.pages > limits.locked {
            return Err(Errno::EAGAIN);
        }
        let page = if want.is_fixed || want.keeps_others {
            let end = want.page.checked_add(want.pages).filter(|&end| end <= USER_END_PAGE).ok_or(Errno::ENOMEM)?;
            if want.page < MMAP_MIN_PAGE {
                return Err(Errno::EPERM);
            }
            if want.keeps_others && !space.is_free(want.page..end) {
                return Err(Errno::EEXIST);
            }
            if want.is_fixed {
                self.unmap(want.page..end)?;
            }
            want.page
        } else {
            self.choose(&want).ok_or(Errno::ENOMEM)?
        };
        let mut flags = want.flags;
        flags.set(VmaFlags::LOCKED, is_locked);
        if want.prot.contains(Prot::PROT_EXEC) {
            self.new_tag();
        }
        let vma = Vma { end: page + want.pages, prot: want.prot & Prot::all_rwx(), flags, backing: want.backing };
        self.space.insert(page, vma);
        Ok(page)
    }
    /// A place for a mapping without MAP_FIXED. A hint in the low range is honoured when free; high ones are not, so
    /// that programs that scatter their hints over 47 bits stay where the CPU is fast. Reservations go where they want.
    fn choose(&self, want: &Request) -> Option<u64> {
        let end = want.page.checked_add(want.pages)?;
        let hint_is_good = want.page >= MMAP_MIN_PAGE && end <= LOW_END_PAGE && self.space.is_free(want.page..end);
        if hint_is_good && (!want.is_low || end <= 1 << 19) {
            return Some(want.page);
        }
        let page = self.space.find_hole(want.pages)?;
        (!want.is_low || page + want.pages <= 1 << 19).then_some(page)
    }
    /// munmap(2) of a range of pages.
    pub(crate) fn unmap(&mut self, range: Range<u64>) -> Result<(), Errno> {
        let space = &mut *self.space;
        // Splitting one mapping in two may pass the limit.
        let splits = space.find(range.start).is_some_and(|(s, v)| s < range.start && v.end > range.end);
        if splits && space.vmas.len() >= MAX_MAP_COUNT {
            return Err(Errno::ENOMEM);
        }
        space.split_at(range.start);
        space.split_at(range.end);
        let mut has_code = false;
        while let Some((&start, _)) = space.vmas.range(range.clone()).next() {
            let Some(vma) = space.vmas.remove(&start) else { break };
            space.total_pages -= vma.end - start;
            if vma.flags.contains(VmaFlags::LOCKED) {
                space.locked_pages -= vma.end - start;
            }
            has_code |= vma.prot.contains(Prot::PROT_EXEC);
            for page in space.tables.present(start..vma.end) {
                space.drop_page(self.frames, page);
            }
        }
        if has_code {
            self.new_tag();
        }
        Ok(())
    }
    /// mprotect(2): ENOMEM when part of the range is not mapped (what comes before is changed, as on Linux), EACCES when
    /// a shared mapping of a file opened for reading would become writable.
    pub(crate) fn protect(&mut self, range: Range<u64>, prot: Prot) -> Result<(), Errno> {
        let prot = prot & Prot::all_rwx();
        let mut at = range.start;
        let mut has_code = false;
        while at < range.end {
            let space = &mut *self.space;
            let Some((start, vma)) = space.find(at) else { break };
            if prot.contains(Prot::PROT_WRITE) && !vma.flags.contains(VmaFlags::MAY_WRITE) {
                return Err(Errno::EACCES);
            }
            let end = vma.end.min(range.end);
            if vma.prot == prot {
                at = end;
                continue;
            }
            if space.vmas.len() + 2 > MAX_MAP_COUNT {
                return Err(Errno::ENOMEM);
            }
            has_code |= (vma.prot | prot).contains(Prot::PROT_EXEC);
            let _ = start;
            space.split_at(at);
            space.split_at(end);
            if let Some(vma) = space.vmas.get_mut(&at) {
                vma.prot = prot;
            }
            // The right to write comes back with the next touch, which knows about copies and code.
            let rights = Rights { read: !prot.is_empty(), write: false };
            for page in space.tables.present(at..end) {
                space.tables.set_rights(page, rights);
            }
            space.join(end);
            space.join(at);
            at = end;
        }
        if has_code {
            self.new_tag();
        }
        if at < range.end { Err(Errno::ENOMEM) } else { Ok(()) }
    }
    /// brk(2): the new end of the heap, or the old one when it cannot move.
    pub(crate) fn set_brk(&mut self, wanted: u64, limits: MapLimits) -> u64 {
        let space = &*self.space;
        let (start, old) = (space.brk_start, space.brk);
        let pages = |addr: u64| addr.div_ceil(1 << PAGE_SHIFT);
        if wanted < start || pages(wanted) > space.brk_limit_page || pages(wanted) - pages(start) > limits.data {
            return old;
        }
        let (from, to) = (pages(old), pages(wanted));
        if to > from {
            let is_full = space.total_pages + (to - from) > limits.total || space.vmas.len() >= MAX_MAP_COUNT;
            if is_full || !space.is_free(from..to) {
                return old;
            }
            let prot = Prot::PROT_READ | Prot::PROT_WRITE;
            let flags = VmaFlags::HEAP | VmaFlags::MAY_WRITE;
            self.space.insert(from, Vma { end: to, prot, flags, backing: Backing::Anonymous });
        } else if to < from && self.unmap(to..from).is_err() {
            return old;
        }
        self.space.brk = wanted;
        wanted
    }
    /// MADV_DONTNEED, MADV_FREE: the pages' content goes; anonymous ones read as zeros, file ones as the file again.
    pub(crate) fn discard(&mut self, range: Range<u64>) {
        let mut has_code = false;
        let parts: alloc::vec::Vec<_> = self
            .space
            .overlapping(range.clone())
            .map(|(start, vma)| {
                has_code |= vma.prot.contains(Prot::PROT_EXEC);
                start.max(range.start)..vma.end.min(range.end)
            })
            .collect();
        for part in parts {
            for page in self.space.tables.present(part) {
                self.space.drop_page(self.frames, page);
            }
        }
        if has_code {
            self.new_tag();
        }
    }
    /// Touches every page of a range (MAP_POPULATE, mlock(2), MADV_POPULATE_*); stops at the first that cannot be had.
    pub(crate) fn populate(&mut self, range: Range<u64>, access: Access) -> Result<(), Errno> {
        for page in range {
            self.touch(page << PAGE_SHIFT, access).map_err(|_| Errno::ENOMEM)?;
        }
        Ok(())
    }
}

impl Space {
    /// Changes the flags of all mappings in a range (madvise(2), mlock(2)); ENOMEM where nothing is mapped.
    pub(crate) fn update_flags(&mut self, range: Range<u64>, add: VmaFlags, remove: VmaFlags) -> Result<(), Errno> {
        if self.vmas.len() + 2 > MAX_MAP_COUNT {
            return Err(Errno::ENOMEM);
        }
        let is_covered = self.is_covered(range.clone());
        self.split_at(range.start);
        self.split_at(range.end);
        let mut locked = self.locked_pages;
        for (&start, vma) in self.vmas.range_mut(range.clone()) {
            let was_locked = vma.flags.contains(VmaFlags::LOCKED);
            vma.flags = (vma.flags | add) - remove;
            match (was_locked, vma.flags.contains(VmaFlags::LOCKED)) {
                (false, true) => locked += vma.end - start,
                (true, false) => locked -= vma.end - start,
                _ => {}
            }
        }
        self.locked_pages = locked;
        let starts: alloc::vec::Vec<u64> = self.vmas.range(range.start..=range.end).map(|(&s, _)| s).collect();
        starts.into_iter().rev().for_each(|start| self.join(start));
        if is_covered { Ok(()) } else { Err(Errno::ENOMEM) }
    }

    /// A copy for fork(2): private pages become copy-on-write in both, shared ones stay shared. Costs table work only.
    pub(crate) fn fork(&mut self, frames: &mut Frames, id: u64) -> Space {
        let mut vmas = BTreeMap::new();
        let mut dropped = alloc::vec::Vec::new();
        for (&start, vma) in &self.vmas {
            if vma.flags.contains(VmaFlags::DONT_FORK) {
                dropped.push(start..vma.end);
                continue;
            }
            if vma.flags.contains(VmaFlags::SHARED) {
                self.tables.for_each_frame_in(start..vma.end, |frame| frames.retain(frame));
            } else {
                self.tables.deny_writes(start..vma.end, |frame| frames.retain(frame));
            }
            let mut vma = vma.clone();
            vma.flags -= VmaFlags::LOCKED;
            vmas.insert(start, vma);
        }
        let mut child = Space {
            id,
            users: 1,
            tables: self.tables.copy(),
            vmas,
            locked_pages: 0,
            locks_future: false,
            faults: 0,
            peak_resident_pages: self.resident_pages,
            program: self.program.clone(),
            ..*self
        };
        for range in dropped {
            child.total_pages -= range.end - range.start;
            // Their frames were not retained for the child.
            for page in child.tables.present(range) {
                child.tables.clear(page);
                child.resident_pages -= 1;
            }
        }
        let wiped: alloc::vec::Vec<_> = child
            .vmas
            .iter()
            .filter(|(_, vma)| vma.flags.contains(VmaFlags::WIPE_ON_FORK))
            .map(|(&start, vma)| start..vma.end)
            .collect();
        for range in wiped {
            for page in child.tables.present(range) {
                child.drop_page(frames, page);
            }
        }
        child
    }
}

/// The protections a mapping keeps.
trait ProtExt {
    fn all_rwx() -> Prot;
}

impl ProtExt for Prot {
    fn all_rwx() -> Prot {
        Prot::PROT_READ | Prot::PROT_WRITE | Prot::PROT_EXEC
    }
}
