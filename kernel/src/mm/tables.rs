//! The two flat tables of per-page deltas that the CPU's fast path reads (scheme F, `cpu/src/mem.rs`), with the frames
//! of a space kept in them: a denied read entry still names its frame when `PRESENT` is set.
//!
//! Pages above the tables' reach live in a hash map. Nothing here knows what a mapping is; `fault` decides.

use alloc::vec::Vec;
use brainworm_abi::{Frame, PAGE_SHIFT};
use brainworm_cpu::HostAddr;
use hashbrown::HashMap;

const DENY: u32 = 1;
const SPLIT: u32 = 2;
/// With `DENY`: the delta is real, the page has a frame.
const PRESENT: u32 = 4;
const ABSENT: u32 = DENY | SPLIT;
const FLAGS: u32 = 0xfff;

/// First page the tables never cover: 3.75 GiB. Reservations of many gigabytes are placed above.
pub(crate) const LOW_END_PAGE: u64 = 0xf_0000;
/// The tables grow in steps of this many pages.
const STEP: usize = 256;

/// What may be done with a page without asking.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rights {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

/// A page with a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Present {
    pub(crate) frame: Frame,
    pub(crate) rights: Rights,
}

/// Page tables of one address space.
#[derive(Default)]
pub(crate) struct Tables {
    read: Vec<u32>,
    write: Vec<u32>,
    high: HashMap<u64, Present>,
}

fn entry_of(page: u64, frame: Frame) -> u32 {
    frame.0.wrapping_sub(page as u32) << PAGE_SHIFT
}

impl Tables {
    pub(crate) fn read_table(&self) -> &[u32] {
        &self.read
    }
    pub(crate) fn write_table(&self) -> &[u32] {
        &self.write
    }
    /// Bytes the tables take.
    pub(crate) fn table_bytes(&self) -> usize {
        self.read.len() * 8 + self.high.len() * 24
    }
    /// The page's frame and rights, if it has one.
    pub(crate) fn get(&self, page: u64) -> Option<Present> {
        if page >= LOW_END_PAGE {
            return self.high.get(&page).copied();
        }
        let read = *self.read.get(page as usize)?;
        if read & (DENY | PRESENT) == DENY {
            return None;
        }
        let frame = Frame((read >> PAGE_SHIFT).wrapping_add(page as u32) & 0xf_ffff);
        let rights = Rights { read: read & DENY == 0, write: self.write[page as usize] & DENY == 0 };
        Some(Present { frame, rights })
    }
    /// Where the byte is if the access needs no help.
    #[inline]
    pub(crate) fn lookup(&self, addr: u64, write: bool) -> Option<HostAddr> {
        let page = addr >> PAGE_SHIFT;
        let table = if write { &self.write } else { &self.read };
        if page < LOW_END_PAGE {
            let entry = *table.get(page as usize)?;
            return (entry & DENY == 0).then(|| HostAddr((addr as u32).wrapping_add(entry & !FLAGS)));
        }
        let p = self.high.get(&page)?;
        let is_allowed = if write { p.rights.write } else { p.rights.read };
        is_allowed.then_some(HostAddr((p.frame.0 << PAGE_SHIFT) | (addr as u32 & FLAGS)))
    }
    /// Gives the page a frame with rights; answers the frame it had.
    pub(crate) fn set(&mut self, page: u64, frame: Frame, rights: Rights) -> Option<Frame> {
        let old = self.get(page).map(|p| p.frame);
        if page >= LOW_END_PAGE {
            self.high.insert(page, Present { frame, rights });
            return old;
        }
        let at = page as usize;
        if at >= self.read.len() {
            // A quarter more than asked for, so that a growing heap does not copy the tables again and again.
            let len = (at + 1 + at / 64).next_multiple_of(STEP).min(LOW_END_PAGE as usize);
            self.read.reserve_exact(len - self.read.len());
            self.write.reserve_exact(len - self.write.len());
            self.read.resize(len, ABSENT);
            self.write.resize(len, ABSENT);
        }
        let entry = entry_of(page, frame);
        self.read[at] = if rights.read { entry } else { entry | ABSENT | PRESENT };
        self.write[at] = if rights.write { entry } else { ABSENT };
        self.mend(at);
        old
    }
    /// Changes the rights of a page that has a frame.
    pub(crate) fn set_rights(&mut self, page: u64, rights: Rights) {
        if let Some(present) = self.get(page) {
            self.set(page, present.frame, rights);
        }
    }
    /// Takes the page away; answers the frame it had.
    pub(crate) fn clear(&mut self, page: u64) -> Option<Frame> {
        if page >= LOW_END_PAGE {
            return self.high.remove(&page).map(|p| p.frame);
        }
        let old = self.get(page)?.frame;
        let at = page as usize;
        self.read[at] = ABSENT;
        self.write[at] = ABSENT;
        self.mend(at);
        Some(old)
    }
    /// Restores the "next page is contiguous" bits around entry `at`.
    fn mend(&mut self, at: usize) {
        for table in [&mut self.read, &mut self.write] {
            for i in [at.wrapping_sub(1), at] {
                let Some(&entry) = table.get(i) else { continue };
                if entry & DENY != 0 {
                    continue;
                }
                let next = table.get(i + 1).copied().unwrap_or(ABSENT);
                let joined = next & DENY == 0 && (next ^ entry) & !FLAGS == 0;
                table[i] = (entry & !SPLIT) | if joined { 0 } else { SPLIT };
            }
        }
    }
    /// The pages of `range` that have frames, in ascending order.
    pub(crate) fn present(&self, range: core::ops::Range<u64>) -> Vec<u64> {
        let mut pages = Vec::new();
        let low_end = (self.read.len() as u64).min(range.end);
        if range.start < low_end {
            let low = &self.read[range.start as usize..low_end as usize];
            pages.extend(
                low.iter()
                    .enumerate()
                    .filter(|(_, e)| **e & (DENY | PRESENT) != DENY)
                    .map(|(i, _)| range.start + i as u64),
            );
        }
        if range.end > LOW_END_PAGE && !self.high.is_empty() {
            let from = pages.len();
            pages.extend(self.high.keys().copied().filter(|page| range.contains(page)));
            pages[from..].sort_unstable();
        }
        pages
    }
    /// A copy for fork(2). Private ranges must have been made read-only before (`deny_writes`).
    pub(crate) fn copy(&self) -> Tables {
        Tables { read: self.read.clone(), write: self.write.clone(), high: self.high.clone() }
    }
    /// Takes the right to write from a whole range without a look at each page, and calls `each` with every frame there.
    pub(crate) fn deny_writes(&mut self, range: core::ops::Range<u64>, mut each: impl FnMut(Frame)) {
        let low_end = (self.read.len() as u64).min(range.end);
        if range.start < low_end {
            let (start, end) = (range.start as usize, low_end as usize);
            self.write[start..end].fill(ABSENT);
            self.mend(start);
            for (i, &e) in self.read[start..end].iter().enumerate() {
                if e & (DENY | PRESENT) != DENY {
                    each(Frame((e >> PAGE_SHIFT).wrapping_add((start + i) as u32) & 0xf_ffff));
                }
            }
        }
        if range.end > LOW_END_PAGE {
            for (page, p) in &mut self.high {
                if range.contains(page) {
                    p.rights.write = false;
                    each(p.frame);
                }
            }
        }
    }
    /// The frames of a range.
    pub(crate) fn for_each_frame_in(&self, range: core::ops::Range<u64>, mut each: impl FnMut(Frame)) {
        for page in self.present(range) {
            if let Some(present) = self.get(page) {
                each(present.frame);
            }
        }
    }
    /// Every frame of the space.
    pub(crate) fn for_each_frame(&self, mut each: impl FnMut(Frame)) {
        for (i, &e) in self.read.iter().enumerate() {
            if e & (DENY | PRESENT) != DENY {
                each(Frame((e >> PAGE_SHIFT).wrapping_add(i as u32) & 0xf_ffff));
            }
        }
        self.high.values().for_each(|p| each(p.frame));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RW: Rights = Rights { read: true, write: true };
    const RO: Rights = Rights { read: true, write: false };
    const NONE: Rights = Rights { read: false, write: false };

    #[test]
    fn contiguous_pages_join_and_part_again() {
        let mut t = Tables::default();
        t.set(5, Frame(100), RW);
        t.set(6, Frame(101), RW);
        assert_eq!(t.read_table()[5], 95 << 12);
        assert_eq!(t.read_table()[6], 95 << 12 | SPLIT);
        t.set(6, Frame(101), RO);
        assert_eq!((t.read_table()[5] & SPLIT, t.write_table()[5] & SPLIT), (0, SPLIT));
        t.clear(6);
        assert_eq!(t.read_table()[5] & SPLIT, SPLIT);
        assert_eq!(t.lookup(0x5123, true), Some(HostAddr(100 << 12 | 0x123)));
        assert_eq!(t.lookup(0x6000, false), None);
    }

    #[test]
    fn a_page_without_rights_keeps_its_frame_low_and_high() {
        let mut t = Tables::default();
        for page in [3, LOW_END_PAGE + 7, 0x7_ffff_fff0] {
            t.set(page, Frame(9), NONE);
            assert_eq!(t.get(page), Some(Present { frame: Frame(9), rights: NONE }));
            assert_eq!(t.lookup(page << 12, false), None);
            t.set_rights(page, RW);
            assert_eq!(t.lookup(page << 12, true), Some(HostAddr(9 << 12)));
            assert_eq!(t.clear(page), Some(Frame(9)));
            assert_eq!(t.get(page), None);
        }
    }

    #[test]
    fn denied_ranges_tell_their_frames() {
        let mut t = Tables::default();
        (10..20).for_each(|p| _ = t.set(p, Frame(50 + p as u32), RW));
        let mut seen = 0;
        t.deny_writes(12..18, |_| seen += 1);
        assert_eq!(seen, 6);
        assert_eq!((t.lookup(11 << 12, true).is_some(), t.lookup(12 << 12, true)), (true, None));
        assert_eq!(t.write_table()[11] & SPLIT, SPLIT);
        assert_eq!(t.present(0..15), [10, 11, 12, 13, 14]);
    }
}
