//! An address space: its mappings (VMAs), its page tables, the heap, and where new mappings go.
//!
//! Layout, low and compact so that the flat tables stay short (design.md section 3):
//!
//! ```text
//!   0x10000  non-PIE programs at their own address, PIE at PIE_BASE
//!            heap: brk grows up to BRK_GAP
//!            stack: grows down from the top of STACK_ROOM
//!            mmap area: lowest hole first, up to LOW_END
//!            from HUGE_BASE on also large ones (the heap of a Java machine), as long as LOW_KEPT stays free above them
//!   HIGH     reservations of many gigabytes: VMAs only, reached by the slow path
//! ```
//!
//! Neighbours: `map` (mmap and friends), `fault` (a page is touched), `tables` (what the CPU reads).

use super::frames::{FramePeek, Frames};
use super::tables::{LOW_END_PAGE, Tables};
use crate::task::{Description, Location};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bitflags::bitflags;
use brainworm_abi::linux::mman::Prot;
use brainworm_abi::{FrameStore, GuestAddr, PAGE_SHIFT, PAGE_SIZE};
use brainworm_cpu::{HostAddr, MemView};

bitflags! {
    /// What else is true of a mapping.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct VmaFlags: u32 {
        /// MAP_SHARED: writes reach the file and the other mappings.
        const SHARED = 1;
        /// MAP_GROWSDOWN: a stack.
        const GROWS_DOWN = 2;
        /// mlock(2)ed (kept for accounting: nothing is ever swapped).
        const LOCKED = 4;
        /// MADV_DONTFORK.
        const DONT_FORK = 8;
        /// MADV_WIPEONFORK.
        const WIPE_ON_FORK = 16;
        /// The heap of brk(2).
        const HEAP = 32;
        /// The initial stack.
        const STACK = 64;
        /// May become writable by mprotect(2): private, or its file is open for writing.
        const MAY_WRITE = 128;
        /// MAP_NORESERVE.
        const NO_RESERVE = 256;
        /// Uses MADV_DONTDUMP.
        const DONT_DUMP = 512;
    }
}

/// What a mapping shows.
#[derive(Clone)]
pub(crate) enum Backing {
    /// Zeros.
    Anonymous,
    /// A file (or a shared anonymous object) from page `first` of it on, at the mapping's start.
    File { desc: Arc<Description>, first: u64 },
}

/// One mapping: pages `start..end`, the start being its key.
#[derive(Clone)]
pub(crate) struct Vma {
    pub(crate) end: u64,
    pub(crate) prot: Prot,
    pub(crate) flags: VmaFlags,
    pub(crate) backing: Backing,
}

impl Vma {
    /// The same mapping seen from `delta` pages further on.
    pub(crate) fn shifted(&self, delta: u64) -> Vma {
        let mut vma = self.clone();
        if let Backing::File { first, .. } = &mut vma.backing {
            *first += delta;
        }
        vma
    }
    /// Whether `next` can continue `self`, which starts at `start`.
    fn joins(&self, start: u64, next: &Vma) -> bool {
        self.prot == next.prot
            && self.flags == next.flags
            && match (&self.backing, &next.backing) {
                (Backing::Anonymous, Backing::Anonymous) => true,
                (Backing::File { desc: a, first: x }, Backing::File { desc: b, first: y }) => {
                    Arc::ptr_eq(a, b) && x + (self.end - start) == *y
                }
                _ => false,
            }
    }
}

/// Most mappings a space may have (`vm.max_map_count`).
pub(crate) const MAX_MAP_COUNT: usize = 65530;
/// First address mmap(2) may use (`vm.mmap_min_addr`).
pub(crate) const MMAP_MIN_PAGE: u64 = 0x10;
/// Mappings of this many pages and more stay clear of the low end, which is for those that are always used.
const HUGE_PAGES: u64 = 0x2_0000;
/// Where they start: what a process that only reserves them touches lies below, so its tables stay short.
const HUGE_BASE_PAGE: u64 = 0x2_0000;
/// Pages below LOW_END they leave to others.
const LOW_KEPT_PAGES: u64 = 0x2_0000;
/// Where high mappings start.
const HIGH_BASE_PAGE: u64 = 0x7_0000_0000;
/// One past the last page of user space.
pub(crate) const USER_END_PAGE: u64 = GuestAddr::USER_END.0 >> PAGE_SHIFT;
/// Pages kept free below a growing stack (`stack_guard_gap` of Linux is 256 pages; ours is smaller for the small room).
pub(crate) const STACK_GUARD_PAGES: u64 = 16;

/// What /proc and prctl tell of a program's parts.
#[derive(Clone, Default)]
pub(crate) struct ProgramInfo {
    pub(crate) exe: Option<Location>,
    pub(crate) start_code: u64,
    pub(crate) end_code: u64,
    pub(crate) start_data: u64,
    pub(crate) end_data: u64,
    pub(crate) start_stack: u64,
    pub(crate) args: (u64, u64),
    pub(crate) env: (u64, u64),
    pub(crate) auxv: Vec<u8>,
}

/// An address space, shared by the tasks of a CLONE_VM group.
pub(crate) struct Space {
    /// Unique for the machine's life.
    pub(crate) id: u64,
    /// Tasks that run in it.
    pub(crate) users: u32,
    pub(crate) vmas: BTreeMap<u64, Vma>,
    pub(crate) tables: Tables,
    /// See `MemView::code_tag`.
    pub(crate) code_tag: u32,
    pub(crate) brk_start: u64,
    pub(crate) brk: u64,
    /// Pages brk(2) may not pass.
    pub(crate) brk_limit_page: u64,
    /// Where the search for a hole starts.
    pub(crate) mmap_base_page: u64,
    /// Pages of all mappings (RLIMIT_AS).
    pub(crate) total_pages: u64,
    /// Pages with frames, and the most there were.
    pub(crate) resident_pages: u64,
    pub(crate) peak_resident_pages: u64,
    pub(crate) locked_pages: u64,
    /// MCL_FUTURE.
    pub(crate) locks_future: bool,
    /// RLIMIT_STACK, pages.
    pub(crate) stack_limit_pages: u64,
    /// Faults so far (getrusage(2) ru_minflt).
    pub(crate) faults: u64,
    pub(crate) program: ProgramInfo,
}

impl Space {
    /// An empty space.
    pub(crate) fn new(id: u64, code_tag: u32) -> Space {
        Space {
            id,
            users: 1,
            vmas: BTreeMap::new(),
            tables: Tables::default(),
            code_tag,
            brk_start: 0,
            brk: 0,
            brk_limit_page: 0,
            mmap_base_page: super::layout::PIE_BASE >> PAGE_SHIFT,
            total_pages: 0,
            resident_pages: 0,
            peak_resident_pages: 0,
            locked_pages: 0,
            locks_future: false,
            stack_limit_pages: 0,
            faults: 0,
            program: ProgramInfo::default(),
        }
    }
    /// The tables as the CPU reads them.
    #[inline]
    pub(crate) fn view(&self, frames: &Frames) -> MemView {
        let (read, write) = (self.tables.read_table(), self.tables.write_table());
        MemView {
            base: frames.base(),
            read: read.as_ptr(),
            write: write.as_ptr(),
            len: read.len() as u32,
            code_tag: self.code_tag,
        }
    }
    /// The mapping that holds a page: (start, mapping).
    pub(crate) fn find(&self, page: u64) -> Option<(u64, &Vma)> {
        self.vmas.range(..=page).next_back().filter(|(_, vma)| vma.end > page).map(|(&start, vma)| (start, vma))
    }
    /// The mappings that overlap a range, as (start, mapping).
    pub(crate) fn overlapping(&self, range: core::ops::Range<u64>) -> impl Iterator<Item = (u64, &Vma)> {
        let from = self.find(range.start).map_or(range.start, |(start, _)| start);
        self.vmas.range(from..range.end.max(from)).map(|(&start, vma)| (start, vma))
    }
    /// True when nothing is mapped in the range.
    pub(crate) fn is_free(&self, range: core::ops::Range<u64>) -> bool {
        self.overlapping(range).next().is_none()
    }
    /// True when every page of the range is mapped.
    pub(crate) fn is_covered(&self, range: core::ops::Range<u64>) -> bool {
        let mut at = range.start;
        for (start, vma) in self.overlapping(range.clone()) {
            if start > at {
                return false;
            }
            at = vma.end;
        }
        at >= range.end
    }
    /// The lowest hole of `pages` pages for a new mapping: low if it fits, high for reservations beyond all memory.
    pub(crate) fn find_hole(&self, pages: u64) -> Option<u64> {
        let (from, to) = if pages < HUGE_PAGES {
            (self.mmap_base_page, LOW_END_PAGE)
        } else {
            (self.mmap_base_page.max(HUGE_BASE_PAGE), LOW_END_PAGE - LOW_KEPT_PAGES)
        };
        if let Some(page) = self.hole_in(from, to, pages) {
            return Some(page);
        }
        self.hole_in(HIGH_BASE_PAGE, USER_END_PAGE, pages).or_else(|| self.hole_in(LOW_END_PAGE, HIGH_BASE_PAGE, pages))
    }
    fn hole_in(&self, from: u64, to: u64, pages: u64) -> Option<u64> {
        let mut at = self.find(from).map_or(from, |(_, vma)| vma.end);
        for (&start, vma) in self.vmas.range(at..to) {
            // A stack needs room to grow.
            let guard = if vma.flags.contains(VmaFlags::GROWS_DOWN) { self.stack_room(start, vma) } else { 0 };
            if start.saturating_sub(guard) >= at.checked_add(pages)? {
                return Some(at);
            }
            at = vma.end;
        }
        (at.checked_add(pages)? <= to).then_some(at)
    }
    fn stack_room(&self, start: u64, vma: &Vma) -> u64 {
        let room = if vma.flags.contains(VmaFlags::STACK) {
            self.stack_limit_pages.min(super::layout::STACK_MAX_PAGES)
        } else {
            0
        };
        room.saturating_sub(vma.end - start) + STACK_GUARD_PAGES
    }
    /// Splits the mapping at a page so that one begins there.
    pub(crate) fn split_at(&mut self, page: u64) {
        let Some((start, _)) = self.find(page).filter(|(start, _)| *start < page) else { return };
        if let Some(vma) = self.vmas.get_mut(&start) {
            let tail = vma.shifted(page - start);
            vma.end = page;
            self.vmas.insert(page, tail);
        }
    }
    /// Adds a mapping to a free range and joins it with equal neighbours.
    pub(crate) fn insert(&mut self, start: u64, vma: Vma) {
        debug_assert!(self.is_free(start..vma.end), "a mapping over another");
        self.total_pages += vma.end - start;
        if vma.flags.contains(VmaFlags::LOCKED) {
            self.locked_pages += vma.end - start;
        }
        let end = vma.end;
        self.vmas.insert(start, vma);
        self.join(end);
        self.join(start);
    }
    /// Joins the mapping that starts at `page` with the one before it if they are equal.
    pub(crate) fn join(&mut self, page: u64) {
        let Some(next) = self.vmas.get(&page) else { return };
        let Some((&start, before)) = self.vmas.range(..page).next_back() else { return };
        if before.end == page && before.joins(start, next) {
            let end = next.end;
            self.vmas.remove(&page);
            if let Some(before) = self.vmas.get_mut(&start) {
                before.end = end;
            }
        }
    }
    /// Forgets the frame of a page.
    pub(crate) fn drop_page(&mut self, frames: &mut dyn FrameStore, page: u64) {
        if let Some(frame) = self.tables.clear(page) {
            self.resident_pages -= 1;
            frames.release(frame);
        }
    }
    /// Copies bytes of one page that is present, whatever the mapping allows: how /proc reads arguments.
    pub(crate) fn peek(&self, peek: &FramePeek, addr: u64, into: &mut [u8]) -> bool {
        let present = self.tables.get(addr >> PAGE_SHIFT);
        if let Some(present) = present {
            peek.copy(HostAddr(present.frame.0 << PAGE_SHIFT | addr as u32 & (PAGE_SIZE as u32 - 1)), into);
        }
        present.is_some()
    }
    /// Gives back all frames. The mappings' descriptions close as they drop.
    pub(crate) fn destroy(&mut self, frames: &mut dyn FrameStore) {
        let tables = core::mem::take(&mut self.tables);
        tables.for_each_frame(|frame| frames.release(frame));
        self.vmas.clear();
        self.resident_pages = 0;
    }
}
