//! A page is touched that the tables do not allow: demand zero, copy-on-write, file pages, stack growth, or a fault.

use super::frames::{Frames, Wish};
use super::space::{Backing, STACK_GUARD_PAGES, Space, USER_END_PAGE, Vma, VmaFlags};
use super::tables::{LOW_END_PAGE, Present, Rights};
use crate::proc::NoProc;
use alloc::vec::Vec;
use brainworm_abi::linux::Caller;
use brainworm_abi::linux::mman::Prot;
use brainworm_abi::{Effect, Errno, Frame, FrameStore, Host, Io, PAGE_SHIFT, Timespec};
use brainworm_cpu::{Access, Bus, CodePage, HostAddr, MemFault, MemFaultKind, MemView, Resolved};

/// Pages mapped around a fault on a page of the image.
const AROUND: u64 = 16;
/// Pages given ahead to memory that grows, once this many before were given in a row.
const AHEAD: u64 = 7;
const AHEAD_AFTER: u64 = 4;

/// An address space with what it takes to fill its pages: what the CPU and the copying of user memory work on.
pub(crate) struct UserMem<'a> {
    pub(crate) space: &'a mut Space,
    pub(crate) frames: &'a mut Frames,
    pub(crate) host: &'a mut dyn Host,
    pub(crate) effects: &'a mut Vec<Effect>,
    pub(crate) now: Timespec,
    pub(crate) next_tag: &'a mut u32,
    /// Why the last `EFAULT` is none: the page comes later (`NotHereYet`), or once there is memory (`OutOfMemory`).
    pub(crate) postponed: &'a mut Option<MemFaultKind>,
}

impl UserMem<'_> {
    /// Makes the byte at `addr` accessible.
    #[inline]
    pub(crate) fn touch(&mut self, addr: u64, access: Access) -> Result<HostAddr, MemFault> {
        if access != Access::Fetch
            && let Some(host) = self.space.tables.lookup(addr, access == Access::Write)
        {
            return Ok(host);
        }
        self.fault(addr, access).map_err(|kind| MemFault { addr, access, kind })
    }

    fn fault(&mut self, addr: u64, access: Access) -> Result<HostAddr, MemFaultKind> {
        let page = addr >> PAGE_SHIFT;
        if page >= USER_END_PAGE {
            let is_canonical = addr >> 47 == 0 || addr >> 47 == (1 << 17) - 1;
            return Err(if is_canonical { MemFaultKind::Unmapped } else { MemFaultKind::NonCanonical });
        }
        let (start, vma) = match self.space.find(page) {
            Some(found) => found,
            None => {
                self.grow_stack(page)?;
                self.space.find(page).ok_or(MemFaultKind::Unmapped)?
            }
        };
        let is_allowed = match access {
            // x86: whatever is writable or executable is readable (SDM Vol. 3A 4.6).
            Access::Read => !vma.prot.is_empty(),
            Access::Write => vma.prot.contains(Prot::PROT_WRITE),
            Access::Fetch => vma.prot.contains(Prot::PROT_EXEC),
        };
        if !is_allowed {
            return Err(MemFaultKind::Denied);
        }
        let vma = vma.shifted(0);
        let frame = match self.space.tables.get(page) {
            Some(present) => self.present_page(page, start, &vma, present, access)?,
            None => self.absent_page(page, start, &vma, access)?,
        };
        Ok(HostAddr((frame.0 << PAGE_SHIFT) | (addr as u32 & 0xfff)))
    }

    /// Makes the byte at `addr` accessible to the kernel alone, whatever its mapping allows the program.
    pub(super) fn touch_forced(&mut self, addr: u64, access: Access) -> Result<HostAddr, MemFaultKind> {
        let page = addr >> PAGE_SHIFT;
        let (start, vma) = self.space.find(page).ok_or(MemFaultKind::Unmapped)?;
        let needed = if access == Access::Write { Prot::PROT_WRITE } else { Prot::PROT_READ };
        if vma.prot.contains(needed) {
            return self.fault(addr, access);
        }
        if access == Access::Write && vma.flags.contains(VmaFlags::SHARED) {
            return Err(MemFaultKind::Denied);
        }
        let mut vma = vma.shifted(0);
        let rights = Rights { read: !vma.prot.is_empty(), write: false };
        // As if everything were allowed; code, so that no neighbours are given ahead.
        vma.prot = Prot::PROT_READ | Prot::PROT_WRITE | Prot::PROT_EXEC;
        let frame = match self.space.tables.get(page) {
            Some(present) => self.present_page(page, start, &vma, present, access)?,
            None => self.absent_page(page, start, &vma, access)?,
        };
        self.space.tables.set_rights(page, rights);
        Ok(HostAddr((frame.0 << PAGE_SHIFT) | (addr as u32 & 0xfff)))
    }

    /// The page has a frame, but not the right; the mapping allows the access.
    fn present_page(
        &mut self,
        page: u64,
        start: u64,
        vma: &Vma,
        present: Present,
        access: Access,
    ) -> Result<Frame, MemFaultKind> {
        if access != Access::Write {
            if !present.rights.read {
                self.space.tables.set_rights(page, Rights { read: true, write: false });
            }
            return Ok(present.frame);
        }
        let rights = Rights { read: true, write: true };
        if vma.flags.contains(VmaFlags::SHARED) {
            let frame = self.file_page(page, start, vma, true)?;
            // The file may have moved the page to a frame that can be written.
            if frame == present.frame {
                self.frames.release(frame);
            } else {
                self.replace(page, vma, frame);
            }
            self.frames.void_code(frame);
            self.space.tables.set_rights(page, rights);
            return Ok(frame);
        }
        if self.frames.is_unique(present.frame) {
            self.frames.void_code(present.frame);
            self.space.tables.set_rights(page, rights);
            return Ok(present.frame);
        }
        let wish = self.wish(page);
        let copy = self.frames.alloc_copy(present.frame, wish).ok_or(MemFaultKind::OutOfMemory)?;
        self.replace(page, vma, copy);
        self.space.tables.set_rights(page, rights);
        self.space.faults += 1;
        Ok(copy)
    }

    /// Puts another frame under a page that had one.
    fn replace(&mut self, page: u64, vma: &Vma, frame: Frame) {
        if let Some(old) = self.space.tables.set(page, frame, Rights { read: true, write: false }) {
            self.frames.release(old);
        }
        if vma.prot.contains(Prot::PROT_EXEC) {
            self.new_tag();
        }
    }

    /// The page has no frame yet.
    fn absent_page(&mut self, page: u64, start: u64, vma: &Vma, access: Access) -> Result<Frame, MemFaultKind> {
        let is_write = access == Access::Write;
        let is_shared = vma.flags.contains(VmaFlags::SHARED);
        let (frame, write) = match &vma.backing {
            Backing::Anonymous if is_write => {
                let wish = self.wish(page);
                (self.frames.alloc_near(wish).ok_or(MemFaultKind::OutOfMemory)?, true)
            }
            // Pages above the tables cost kernel memory each, so they are paid for with a frame.
            Backing::Anonymous if page >= LOW_END_PAGE => {
                (self.frames.alloc_near(Wish::default()).ok_or(MemFaultKind::OutOfMemory)?, false)
            }
            Backing::Anonymous => (self.frames.zero_frame(), false),
            Backing::File { .. } => {
                let shared = self.file_page(page, start, vma, is_shared && is_write)?;
                if is_write && !is_shared {
                    let wish = self.wish(page);
                    let copy = self.frames.alloc_copy(shared, wish);
                    self.frames.release(shared);
                    (copy.ok_or(MemFaultKind::OutOfMemory)?, true)
                } else {
                    (shared, is_write)
                }
            }
        };
        if write {
            self.frames.void_code(frame);
        }
        if vma.prot.contains(Prot::PROT_EXEC) && !is_shared && (write || matches!(vma.backing, Backing::Anonymous)) {
            // After fork(2) two spaces share a tag as long as their code is the same: this page may differ.
            self.new_tag();
        }
        let space = &mut *self.space;
        if space.tables.set(page, frame, Rights { read: true, write }).is_none() {
            space.resident_pages += 1;
            space.peak_resident_pages = space.peak_resident_pages.max(space.resident_pages);
        }
        space.faults += 1;
        match &vma.backing {
            Backing::Anonymous if is_write => self.populate_ahead(page, frame, vma),
            Backing::File { .. } if !is_write => self.map_around(page, start, frame, vma),
            _ => {}
        }
        Ok(frame)
    }

    /// Memory that grows page by page gets the next few at once, as long as their frames are neighbours.
    fn populate_ahead(&mut self, page: u64, frame: Frame, vma: &Vma) {
        let grows = (1..=AHEAD_AFTER).all(|back| {
            self.space
                .tables
                .get(page.wrapping_sub(back))
                .is_some_and(|p| p.frame.0.wrapping_add(back as u32) == frame.0)
        });
        if !grows || vma.prot.contains(Prot::PROT_EXEC) {
            return;
        }
        for step in 1..=AHEAD as u32 {
            let next = page + u64::from(step);
            let wish = Frame(frame.0 + step);
            if next >= vma.end || self.space.tables.get(next).is_some() || !self.frames.is_free(wish) {
                return;
            }
            let Some(frame) = self.frames.alloc_near(Wish { frame: Some(wish), page: next }) else { return };
            self.space.tables.set(next, frame, Rights { read: true, write: true });
            self.space.resident_pages += 1;
        }
        self.space.peak_resident_pages = self.space.peak_resident_pages.max(self.space.resident_pages);
    }

    /// Pages of the image lie there already: a fault on one maps its neighbours too, which costs table entries only.
    fn map_around(&mut self, page: u64, start: u64, frame: Frame, vma: &Vma) {
        if !self.frames.is_permanent(frame) {
            return;
        }
        let (from, to) = ((page & !(AROUND - 1)).max(start), (page | (AROUND - 1)).min(vma.end - 1));
        for near in from..=to {
            if self.space.tables.get(near).is_some() {
                continue;
            }
            let Ok(frame) = self.file_page(near, start, vma, false) else { return };
            if !self.frames.is_permanent(frame) {
                self.frames.release(frame);
                return;
            }
            self.space.tables.set(near, frame, Rights { read: true, write: false });
            self.space.resident_pages += 1;
        }
        self.space.peak_resident_pages = self.space.peak_resident_pages.max(self.space.resident_pages);
    }

    /// The file's own frame of a page, with a count for us.
    fn file_page(&mut self, page: u64, start: u64, vma: &Vma, write: bool) -> Result<Frame, MemFaultKind> {
        let Backing::File { desc, first } = &vma.backing else { return Err(MemFaultKind::Unmapped) };
        let effects_before = self.effects.len();
        let mut io = Io {
            host: &mut *self.host,
            frames: &mut *self.frames,
            proc: &NoProc,
            now: self.now,
            caller: Caller { is_privileged: true, file_size_limit: u64::MAX, ..Caller::default() },
            effects: &mut *self.effects,
        };
        let frame = desc.file.frame(&mut io, first + (page - start), write).map_err(|e| match e {
            Errno::ENOMEM => MemFaultKind::OutOfMemory,
            Errno::EAGAIN => MemFaultKind::NotHereYet,
            _ => MemFaultKind::PastEnd,
        });
        // What the file says of other mappings holds for this space at once; the kernel tells the other spaces.
        for effect in self.effects.get(effects_before..).unwrap_or(&[]).to_vec() {
            if let Effect::Unmap { file, first, count } = effect {
                self.space.unmap_file(self.frames, file, first, count);
                self.new_tag();
            }
        }
        frame
    }

    /// The frame that would be contiguous with a neighbouring page's.
    fn wish(&self, page: u64) -> Wish {
        let zero = self.frames.zero_frame();
        let of = |page: u64| self.space.tables.get(page).map(|p| p.frame).filter(|&frame| frame != zero);
        let before = of(page.wrapping_sub(1)).and_then(|frame| frame.0.checked_add(1));
        let behind = of(page + 1).and_then(|frame| frame.0.checked_sub(1));
        let frame = [before, behind].into_iter().flatten().map(Frame).find(|&frame| self.frames.is_free(frame));
        Wish { frame, page }
    }

    /// A touch below a MAP_GROWSDOWN mapping extends it down to the page, within RLIMIT_STACK and above the guard gap.
    fn grow_stack(&mut self, page: u64) -> Result<(), MemFaultKind> {
        let (&start, vma) = self.space.vmas.range(page..).next().ok_or(MemFaultKind::Unmapped)?;
        if !vma.flags.contains(VmaFlags::GROWS_DOWN) || vma.end - page > self.space.stack_limit_pages {
            return Err(MemFaultKind::Unmapped);
        }
        let floor = page.saturating_sub(STACK_GUARD_PAGES);
        if self.space.vmas.range(..start).next_back().is_some_and(|(_, below)| below.end > floor) {
            return Err(MemFaultKind::Unmapped);
        }
        if let Some(vma) = self.space.vmas.remove(&start) {
            self.space.total_pages += start - page;
            self.space.vmas.insert(page, vma);
        }
        Ok(())
    }

    /// The space's executable mappings changed.
    pub(crate) fn new_tag(&mut self) {
        *self.next_tag += 1;
        self.space.code_tag = *self.next_tag;
    }
}

impl Bus for UserMem<'_> {
    fn view(&self) -> MemView {
        self.space.view(self.frames)
    }
    fn resolve(&mut self, addr: u64, access: Access) -> Result<Resolved, MemFault> {
        let before = self.space.tables.get(addr >> PAGE_SHIFT);
        let had_code = access == Access::Write && before.is_some_and(|p| self.frames.has_code(p.frame));
        let host = self.touch(addr, access)?;
        Ok(Resolved { host, wrote_code: had_code })
    }
    fn fetch(&mut self, rip: u64) -> Result<CodePage, MemFault> {
        let host = self.touch(rip, Access::Fetch)?;
        let frame = Frame(host.0 >> PAGE_SHIFT);
        let page = rip >> PAGE_SHIFT;
        let is_shared = !self.frames.has_code(frame) && !self.frames.is_unique(frame);
        self.frames.mark_code(frame);
        // Writes to the page must be noticed from now on, through whatever mapping they come. Other spaces are told once
        // the CPU stops (`Frames::take_shared_code`): none of them runs before.
        if is_shared && !self.frames.is_permanent(frame) {
            self.space.deny_all_writes_to(frame);
        }
        self.space.deny_frame_writes(page, frame);
        Ok(CodePage { host: HostAddr(frame.0 << PAGE_SHIFT) })
    }
    fn take_stale(&mut self) -> Option<HostAddr> {
        self.frames.take_stale()
    }
}
