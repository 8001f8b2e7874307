//! Page frames: the arena in units of 4 KiB, counted, zeroed, allocated in runs.
//!
//! The only place of the kernel with unsafe code. Neighbouring guest pages should lie in neighbouring frames (accesses
//! that cross a page, and the engine's host-pointer coalescing, are then fast), so frames are handed out of blocks of
//! 16: a fresh run starts in an empty block, where its page lies among 16 by number, and grows into it both ways by
//! `alloc_near` (a stack is touched from its end down). Blocks are opened up to a share of the
//! arena; past it, holes are used first, so that scattered runs cost at most a quarter of memory.
//!
//! What it does not do: address spaces (`space`), page contents of files (`brainworm_fs`).
#![allow(unsafe_code, reason = "raw access to the arena, the one exception of this crate")]

use alloc::boxed::Box;
use alloc::vec::Vec;
use brainworm_abi::{Frame, FrameStore, PAGE_SHIFT, PAGE_SIZE};
use brainworm_cpu::HostAddr;

/// Count of frames nobody owns: the image's pages and the zero page.
const PERMANENT: u32 = u32::MAX;
/// Frames of a block; also what one step of a wasm memory holds.
pub(super) const BLOCK: u32 = 16;

/// Most frames that files leave to processes.
const KEPT_FROM_FILES: u32 = 4096;
/// Frame flag: code was translated from it.
const HAS_CODE: u8 = 1;
/// Frame flag: was used before and must be zeroed.
const DIRTY: u8 = 2;

/// The memory the machine lives in, given by the embedder: a linear memory, or 4 GiB of reserved addresses.
pub struct Arena {
    base: *mut u8,
    grow: Box<dyn FnMut(u32) -> Option<u32> + Send>,
    image: (u32, u64),
}

// SAFETY: the pointer is the arena's alone (see `Arena::new`), so it may move between threads with its owner.
unsafe impl Send for Arena {}

impl Arena {
    /// `base` is the arena's first byte (null in the shipped module, where the arena is the linear memory). `grow(n)`
    /// adds `n` zeroed pages, `n` a multiple of 16, and names the first by page number from the base (a multiple of
    /// 16), or refuses. `image` is where the packed image lies: page number and length in bytes.
    ///
    /// # Safety
    /// Pages that `grow` hands out and the pages of the image are readable (the former writable) for as long as the
    /// kernel lives, lie within 4 GiB of `base`, and nobody else refers to them; the image never changes.
    pub unsafe fn new(base: *mut u8, grow: Box<dyn FnMut(u32) -> Option<u32> + Send>, image: (u32, u64)) -> Arena {
        Arena { base, grow, image }
    }
    /// Length of the packed image.
    pub(crate) fn image_bytes(&self) -> u64 {
        self.image.1
    }
}

/// Where a frame is best.
#[derive(Clone, Copy, Default, Debug)]
pub struct Wish {
    /// The one that would be next to a neighbour's.
    pub frame: Option<Frame>,
    /// Number of the page it is for: where it lies in a block of its own.
    pub page: u64,
}

/// What memory there is and how much of it is used, in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryUse {
    /// The limit given at boot.
    pub limit: u32,
    /// Frames in use.
    pub used: u32,
    /// The highest `used` so far.
    pub peak: u32,
    /// Frames taken from the arena so far.
    pub grown: u32,
}

/// The allocator. Index of the tables below: page number minus `first`.
pub struct Frames {
    arena: Arena,
    /// Page number of the first frame ever grown.
    first: u32,
    counts: Vec<u32>,
    flags: Vec<u8>,
    /// Free frames of each block, one bit each.
    free: Vec<u16>,
    /// Blocks that were wholly free when pushed; checked again when popped.
    empty: Vec<u32>,
    /// Blocks with some free frame when pushed; checked again when popped.
    partial: Vec<u32>,
    stale: Vec<HostAddr>,
    shared_code: Vec<Frame>,
    zero: Frame,
    usage: MemoryUse,
}

impl Frames {
    /// An allocator over `arena` that uses at most `limit` pages. `None` when not even the first can be had.
    pub fn new(arena: Arena, limit: u32) -> Option<Frames> {
        let mut frames = Frames {
            arena,
            first: u32::MAX,
            counts: Vec::new(),
            flags: Vec::new(),
            free: Vec::new(),
            empty: Vec::new(),
            partial: Vec::new(),
            stale: Vec::new(),
            shared_code: Vec::new(),
            zero: Frame(0),
            usage: MemoryUse { limit, used: 0, peak: 0, grown: 0 },
        };
        frames.zero = frames.alloc_near(Wish::default())?;
        let index = frames.index(frames.zero)?;
        frames.counts[index] = PERMANENT;
        Some(frames)
    }
    /// The page of zeros that untouched anonymous memory is read from.
    pub fn zero_frame(&self) -> Frame {
        self.zero
    }
    /// Counts, in pages.
    pub fn usage(&self) -> MemoryUse {
        self.usage
    }
    /// The arena's first byte, for `MemView`.
    pub fn base(&self) -> *mut u8 {
        self.arena.base
    }
    /// A zeroed frame: the one wished for if that one is free, else any.
    pub fn alloc_near(&mut self, wish: Wish) -> Option<Frame> {
        let frame = self.alloc_raw(wish)?;
        let index = self.index(frame)?;
        if self.flags[index] & DIRTY != 0 {
            self.page_mut(frame).fill(0);
        }
        self.flags[index] = DIRTY;
        Some(frame)
    }
    /// A copy of `from` in a frame of its own, as wished if possible.
    pub fn alloc_copy(&mut self, from: Frame, wish: Wish) -> Option<Frame> {
        if from == self.zero {
            return self.alloc_near(wish);
        }
        let frame = self.alloc_raw(wish)?;
        let index = self.index(frame)?;
        self.flags[index] = DIRTY;
        self.check(from);
        let (src, dst) = (self.pointer(from), self.pointer(frame));
        // SAFETY: both frames are in the arena (`check`; `alloc_raw` made the other), and distinct, for the new one was free.
        unsafe { core::ptr::copy_nonoverlapping(src, dst, PAGE_SIZE) };
        Some(frame)
    }
    /// True when code was translated from the frame.
    pub fn has_code(&self, frame: Frame) -> bool {
        self.index(frame).is_some_and(|i| self.flags[i] & HAS_CODE != 0)
    }
    /// Code is about to be translated from the frame. Image pages never change and need no mark.
    pub fn mark_code(&mut self, frame: Frame) {
        if let Some(i) = self.index(frame) {
            if self.flags[i] & HAS_CODE == 0 && self.counts[i] > 1 {
                self.shared_code.push(frame);
            }
            self.flags[i] |= HAS_CODE;
        }
    }
    /// The frame is about to change: its translations are void. True when there were any.
    pub fn void_code(&mut self, frame: Frame) -> bool {
        match self.index(frame) {
            Some(i) if self.flags[i] & HAS_CODE != 0 => {
                self.flags[i] &= !HAS_CODE;
                self.stale.push(HostAddr(frame.0 << PAGE_SHIFT));
                true
            }
            _ => false,
        }
    }
    /// Frames with several owners that code was translated from since the last call.
    pub(crate) fn take_shared_code(&mut self) -> Vec<Frame> {
        core::mem::take(&mut self.shared_code)
    }
    /// True when `take_stale` has some.
    #[inline]
    pub(crate) fn has_void_code(&self) -> bool {
        !self.stale.is_empty()
    }
    /// True when `take_shared_code` has some.
    #[inline]
    pub(crate) fn has_shared_code(&self) -> bool {
        !self.shared_code.is_empty()
    }
    /// True for pages of the image.
    pub fn is_permanent(&self, frame: Frame) -> bool {
        self.is_image(frame)
    }
    /// True when `alloc_near` with this wish would get it.
    pub fn is_free(&self, frame: Frame) -> bool {
        self.usage.used < self.usage.limit && self.index(frame).is_some_and(|i| self.free[i / 16] >> (i % 16) & 1 != 0)
    }
    /// A frame whose translations are void.
    #[inline]
    pub fn take_stale(&mut self) -> Option<HostAddr> {
        self.stale.pop()
    }
    /// Copies bytes out of the arena. `host` was resolved by an address space and stays within its page.
    pub fn read_host(&self, host: HostAddr, into: &mut [u8]) {
        let (frame, offset) = (Frame(host.0 >> PAGE_SHIFT), host.0 as usize % PAGE_SIZE);
        into.copy_from_slice(&self.bytes(frame)[offset..offset + into.len()]);
    }
    /// The bytes from `host` on to the end of its page.
    pub(crate) fn rest_of_page(&self, host: HostAddr) -> &[u8] {
        &self.bytes(Frame(host.0 >> PAGE_SHIFT))[host.0 as usize % PAGE_SIZE..]
    }
    /// Copies bytes into the arena. `host` was resolved for writing and stays within its page.
    pub fn write_host(&mut self, host: HostAddr, bytes: &[u8]) {
        let (frame, offset) = (Frame(host.0 >> PAGE_SHIFT), host.0 as usize % PAGE_SIZE);
        self.page_mut(frame)[offset..offset + bytes.len()].copy_from_slice(bytes);
    }
    /// Frames with owners that may come and go, with their counts.
    pub(crate) fn counted(&self) -> impl Iterator<Item = (Frame, u32)> {
        let counts = self.counts.iter().enumerate().filter(|(_, count)| **count > 0 && **count != PERMANENT);
        counts.map(|(i, &count)| (Frame(self.first + i as u32), count))
    }
    /// A reader for those who look at memory while the allocator is lent elsewhere (/proc).
    pub fn peek(&self) -> FramePeek {
        FramePeek { base: self.arena.base }
    }

    fn index(&self, frame: Frame) -> Option<usize> {
        let index = frame.0.wrapping_sub(self.first) as usize;
        (index < self.counts.len()).then_some(index)
    }
    fn is_image(&self, frame: Frame) -> bool {
        let (first, len) = self.arena.image;
        (frame.0.wrapping_sub(first) as u64) < len.div_ceil(PAGE_SIZE as u64)
    }
    fn check(&self, frame: Frame) {
        assert!(self.index(frame).is_some() || self.is_image(frame), "a frame outside of the arena");
    }
    fn pointer(&self, frame: Frame) -> *mut u8 {
        self.arena.base.wrapping_add((frame.0 as usize) << PAGE_SHIFT)
    }
    fn page_mut(&mut self, frame: Frame) -> &mut [u8; PAGE_SIZE] {
        assert!(self.index(frame).is_some(), "a write to a frame that is not ours");
        // SAFETY: a grown page is writable memory of the arena and nobody else's (`Arena::new`); `&mut self` makes
        // this the only reference made by the kernel, and the engine holds none while the kernel runs.
        unsafe { &mut *self.pointer(frame).cast() }
    }

    /// Takes a free frame out of its block, content undefined.
    fn alloc_raw(&mut self, wish: Wish) -> Option<Frame> {
        if self.usage.used >= self.usage.limit {
            return None;
        }
        let wished = wish.frame.and_then(|f| self.index(f)).filter(|&i| self.free[i / 16] >> (i % 16) & 1 != 0);
        let index = match wished {
            Some(index) => index,
            None => self.new_run(wish.page)?,
        };
        self.free[index / 16] &= !(1 << (index % 16));
        self.counts[index] = 1;
        self.usage.used += 1;
        self.usage.peak = self.usage.peak.max(self.usage.used);
        Some(Frame(self.first + index as u32))
    }
    /// Where to start a run with this page: an empty block, a new one while holes are few, or a hole.
    fn new_run(&mut self, page: u64) -> Option<usize> {
        loop {
            if let Some(block) = self.empty.pop() {
                if self.free[block as usize] == u16::MAX {
                    self.partial.push(block);
                    return Some(block as usize * 16 + page as usize % 16);
                }
                continue;
            }
            let holes = self.usage.grown - self.usage.used;
            if (holes * 4 <= self.usage.grown || holes < 16 * BLOCK) && self.grow() {
                continue;
            }
            break;
        }
        while let Some(&block) = self.partial.last() {
            let free = self.free[block as usize];
            if free != 0 {
                return Some(block as usize * 16 + free.trailing_zeros() as usize);
            }
            self.partial.pop();
        }
        if self.grow() { self.new_run(page) } else { None }
    }
    fn grow(&mut self) -> bool {
        // Steps of an eighth, so that a growing program does not ask the embedder for each 64 KiB.
        let wish = (self.usage.grown / 8).next_multiple_of(BLOCK).clamp(BLOCK, 64 * BLOCK);
        let room = (self.usage.limit.saturating_sub(self.usage.used)).next_multiple_of(BLOCK);
        let pages = wish.min(room.max(BLOCK));
        let Some((page, pages)) = (self.arena.grow)(pages)
            .map(|page| (page, pages))
            .or_else(|| (self.arena.grow)(BLOCK).map(|page| (page, BLOCK)))
        else {
            return false;
        };
        assert!(
            page % BLOCK == 0 && (self.first == u32::MAX || page >= self.first),
            "the arena grows upwards in blocks"
        );
        if self.first == u32::MAX {
            self.first = page;
        }
        let start = (page - self.first) as usize;
        let end = start + pages as usize;
        // A gap belongs to somebody else (the kernel's own heap): permanent, never free.
        self.counts.resize(start.max(self.counts.len()), PERMANENT);
        self.counts.resize(end, 0);
        self.flags.resize(end, 0);
        self.free.resize(start / 16, 0);
        self.free.resize(end / 16, u16::MAX);
        self.empty.extend((start as u32 / 16..end as u32 / 16).rev());
        self.usage.grown += pages;
        true
    }
}

impl FrameStore for Frames {
    /// For contents of files: they leave some for processes, which would be killed where a file gets ENOSPC.
    fn alloc(&mut self) -> Option<Frame> {
        if self.available() == 0 { None } else { self.alloc_near(Wish::default()) }
    }
    fn available(&self) -> u64 {
        let kept = (self.usage.limit / 16).min(KEPT_FROM_FILES);
        u64::from(self.usage.limit.saturating_sub(self.usage.used + kept))
    }
    fn retain(&mut self, frame: Frame) {
        if let Some(i) = self.index(frame)
            && self.counts[i] != PERMANENT
        {
            debug_assert!(self.counts[i] > 0, "a free frame got an owner");
            self.counts[i] += 1;
        }
    }
    fn release(&mut self, frame: Frame) {
        let Some(i) = self.index(frame) else { return };
        if self.counts[i] == PERMANENT {
            return;
        }
        assert!(self.counts[i] > 0, "a frame was released once too often");
        self.counts[i] -= 1;
        if self.counts[i] == 0 {
            self.void_code(frame);
            self.usage.used -= 1;
            let block = i / 16;
            if self.free[block] == 0 {
                self.partial.push(block as u32);
            }
            self.free[block] |= 1 << (i % 16);
            if self.free[block] == u16::MAX {
                self.empty.push(block as u32);
            }
        }
    }
    fn is_unique(&self, frame: Frame) -> bool {
        self.index(frame).is_some_and(|i| self.counts[i] == 1)
    }
    fn bytes(&self, frame: Frame) -> &[u8; PAGE_SIZE] {
        self.check(frame);
        // SAFETY: the frame is readable memory of the arena (`check`, `Arena::new`), and no `&mut` to it can exist
        // while `self` is borrowed.
        unsafe { &*self.pointer(frame).cast() }
    }
    fn bytes_mut(&mut self, frame: Frame) -> &mut [u8; PAGE_SIZE] {
        self.void_code(frame);
        self.page_mut(frame)
    }
    fn image(&self, offset: u64, len: usize) -> Option<&[u8]> {
        let (page, total) = self.arena.image;
        let end = offset.checked_add(len as u64)?;
        if end > total {
            return None;
        }
        let start = self.arena.base.wrapping_add(((page as usize) << PAGE_SHIFT) + offset as usize);
        // SAFETY: the range lies in the image, which is readable and never changes (`Arena::new`).
        Some(unsafe { core::slice::from_raw_parts(start, len) })
    }
    fn image_frame(&self, offset: u64) -> Option<Frame> {
        let (page, total) = self.arena.image;
        (offset < total && offset.is_multiple_of(PAGE_SIZE as u64)).then(|| Frame(page + (offset >> PAGE_SHIFT) as u32))
    }
}

/// Reads frames by copying, whoever holds the allocator.
#[derive(Clone, Copy)]
pub struct FramePeek {
    base: *mut u8,
}

// SAFETY: only the one kernel that made it uses it, and it moves with that kernel.
unsafe impl Send for FramePeek {}
// SAFETY: as above; it is read-only.
unsafe impl Sync for FramePeek {}

impl FramePeek {
    /// Copies from a page that some table entry of a live address space names.
    pub(super) fn copy(&self, host: HostAddr, into: &mut [u8]) {
        assert!(host.0 as usize % PAGE_SIZE + into.len() <= PAGE_SIZE, "a read past the end of a page");
        let start = self.base.wrapping_add(host.0 as usize);
        // SAFETY: `host` comes from a table entry, so the page is memory of the arena; callers hold kernel buffers, not
        // guest frames, in `into`, and nobody writes frames while /proc is rendered.
        unsafe { core::ptr::copy_nonoverlapping(start, into.as_mut_ptr(), into.len()) };
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A leaked arena of `pages` pages for tests.
    pub(crate) fn test_arena(pages: u32) -> Arena {
        let memory = alloc::vec![0u64; (pages as usize + 16) << (PAGE_SHIFT - 3)].leak();
        let base = memory.as_mut_ptr().cast::<u8>();
        let base = base.wrapping_add(base.align_offset(PAGE_SIZE));
        let mut next = 0;
        let grow = Box::new(move |n| {
            let first = next;
            (first + n <= pages).then(|| {
                next += n;
                first
            })
        });
        // SAFETY: leaked memory of this test alone.
        unsafe { Arena::new(base, grow, (0, 0)) }
    }

    /// An allocator over one.
    pub(crate) fn test_frames(pages: u32) -> Frames {
        Frames::new(test_arena(pages), pages).unwrap()
    }

    #[test]
    fn runs_are_contiguous_and_freed_frames_come_back_zeroed() {
        let mut frames = test_frames(256);
        let a = frames.alloc().unwrap();
        let b = frames.alloc_near(Wish { frame: Some(Frame(a.0 + 1)), page: 1 }).unwrap();
        assert_eq!(b.0, a.0 + 1);
        frames.bytes_mut(b).fill(7);
        frames.release(b);
        let c = frames.alloc_near(Wish { frame: Some(b), page: 1 }).unwrap();
        assert_eq!((c, frames.bytes(c)[0]), (b, 0));
        frames.retain(c);
        assert!(!frames.is_unique(c));
        frames.release(c);
        assert!(frames.is_unique(c));
    }

    #[test]
    fn a_run_has_room_on_both_sides() {
        let mut frames = test_frames(256);
        let top = frames.alloc_near(Wish { frame: None, page: 0x7ff_ffff }).unwrap();
        let mut last = top;
        for page in (0x7ff_fff0..0x7ff_ffff).rev() {
            let wish = Wish { frame: last.0.checked_sub(1).map(Frame), page };
            let frame = frames.alloc_near(wish).unwrap();
            assert_eq!(frame.0 + 1, last.0);
            last = frame;
        }
    }

    #[test]
    fn the_limit_holds_and_every_frame_below_it_can_be_had() {
        let mut frames = test_frames(64);
        let mut all = alloc::vec::Vec::new();
        while let Some(frame) = frames.alloc() {
            all.push(frame);
        }
        assert_eq!(all.len(), 59, "files leave some");
        while let Some(frame) = frames.alloc_near(Wish::default()) {
            all.push(frame);
        }
        assert_eq!(all.len(), 63, "all but the zero page");
        all.iter().for_each(|&f| frames.release(f));
        assert_eq!(frames.usage().used, 1);
        assert!((0..63).all(|_| frames.alloc_near(Wish::default()).is_some()));
        assert!(frames.alloc_near(Wish::default()).is_none());
    }

    #[test]
    fn writing_or_freeing_a_page_of_code_makes_it_stale() {
        let mut frames = test_frames(64);
        let a = frames.alloc().unwrap();
        frames.mark_code(a);
        frames.bytes_mut(a)[0] = 1;
        assert_eq!(frames.take_stale(), Some(HostAddr(a.0 << 12)));
        frames.mark_code(a);
        frames.release(a);
        assert_eq!(frames.take_stale(), Some(HostAddr(a.0 << 12)));
        assert_eq!(frames.take_stale(), None);
    }
}
