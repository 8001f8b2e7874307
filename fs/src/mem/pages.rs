//! The contents of a regular file in memory: own pages over a read-only base in the packed image, holes elsewhere.
//!
//! A file of the image is never copied as a whole: a page gets a frame of its own when it is first written (or mapped,
//! where the image's page cannot be mapped in place).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use brainworm_abi::{Errno, Frame, FrameStore, PAGE_SIZE};

const PAGE: u64 = PAGE_SIZE as u64;

/// Contents in the packed image.
#[derive(Clone, Copy)]
pub(super) struct Base {
    /// From the image's start.
    pub(super) offset: u64,
    /// Length in the image.
    pub(super) full: u64,
    /// What of it is still part of the file: truncation shortens it for good.
    pub(super) visible: u64,
    /// Page aligned and zero-filled: pages are mapped in place.
    pub(super) is_pages: bool,
}

#[derive(Default)]
pub(super) struct Pages {
    /// Own pages; `None` is a hole that hides the base.
    own: BTreeMap<u64, Option<Frame>>,
    base: Option<Base>,
    /// Frames in `own`.
    frames: u64,
}

/// Where frames come from, with the filesystem's size limit.
pub(super) trait Charge {
    /// `ENOSPC` at the limit.
    fn charge(&self) -> Result<(), Errno>;
    fn uncharge(&self, frames: u64);
}

impl Pages {
    pub(super) fn over(base: Base) -> Pages {
        Pages { base: Some(base), ..Pages::default() }
    }

    /// 512-byte blocks in use, as `st_blocks`.
    pub(super) fn blocks(&self) -> u64 {
        let base = self.base.map_or(0, |b| b.visible.div_ceil(PAGE));
        let hidden = match self.base {
            Some(b) if !self.own.is_empty() => self.own.range(..b.visible.div_ceil(PAGE)).count() as u64,
            _ => 0,
        };
        (base - hidden + self.frames) * (PAGE / 512)
    }

    /// Copies bytes out; `pos + buf.len()` is within the file.
    pub(super) fn read(&self, store: &dyn FrameStore, pos: u64, buf: &mut [u8]) -> Result<(), Errno> {
        if self.own.is_empty() {
            return self.read_base(store, pos, buf);
        }
        let mut done = 0;
        while done < buf.len() {
            let at = pos + done as u64;
            let within = (at % PAGE) as usize;
            let len = (PAGE_SIZE - within).min(buf.len() - done);
            let out = &mut buf[done..done + len];
            match self.own.get(&(at / PAGE)) {
                Some(Some(frame)) => out.copy_from_slice(&store.bytes(*frame)[within..within + len]),
                Some(None) => out.fill(0),
                None => self.read_base(store, at, out)?,
            }
            done += len;
        }
        Ok(())
    }

    fn read_base(&self, store: &dyn FrameStore, pos: u64, buf: &mut [u8]) -> Result<(), Errno> {
        let mut from_base = 0;
        if let Some(base) = self.base.filter(|b| pos < b.visible) {
            from_base = ((base.visible - pos).min(buf.len() as u64)) as usize;
            let bytes = store.image(base.offset + pos, from_base).ok_or(Errno::EIO)?;
            buf[..from_base].copy_from_slice(bytes);
        }
        buf[from_base..].fill(0);
        Ok(())
    }

    /// Copies bytes in, page by page; answers how many were written before frames ran out, and the pages among them
    /// whose frame is a new one through `replaced`.
    pub(super) fn write(
        &mut self,
        store: &mut dyn FrameStore,
        charge: &dyn Charge,
        pos: u64,
        bytes: &[u8],
        replaced: &mut dyn FnMut(u64),
    ) -> Result<usize, Errno> {
        let mut done = 0;
        while done < bytes.len() {
            let at = pos + done as u64;
            let within = (at % PAGE) as usize;
            let len = (PAGE_SIZE - within).min(bytes.len() - done);
            let frame = match self.own_frame(store, charge, at / PAGE, len != PAGE_SIZE, replaced) {
                Ok(frame) => frame,
                Err(_) if done > 0 => break,
                Err(e) => return Err(e),
            };
            store.bytes_mut(frame)[within..within + len].copy_from_slice(&bytes[done..done + len]);
            done += len;
        }
        Ok(done)
    }

    /// The writable frame of a page, made from what the page holds now (`fill`) or zeroed when it does not matter.
    pub(super) fn own_frame(
        &mut self,
        store: &mut dyn FrameStore,
        charge: &dyn Charge,
        page: u64,
        fill: bool,
        replaced: &mut dyn FnMut(u64),
    ) -> Result<Frame, Errno> {
        let old = self.own.get(&page).copied();
        if let Some(Some(frame)) = old {
            return Ok(frame);
        }
        charge.charge()?;
        let Some(frame) = store.alloc() else {
            charge.uncharge(1);
            return Err(Errno::ENOSPC);
        };
        if let Some(base) = self.base.filter(|b| fill && old.is_none() && page * PAGE < b.visible) {
            let len = (base.visible - page * PAGE).min(PAGE) as usize;
            let mut copy = [0; PAGE_SIZE];
            match store.image(base.offset + page * PAGE, len) {
                Some(bytes) => copy[..len].copy_from_slice(bytes),
                None => {
                    charge.uncharge(1);
                    store.release(frame);
                    return Err(Errno::EIO);
                }
            }
            store.bytes_mut(frame).copy_from_slice(&copy);
        }
        self.own.insert(page, Some(frame));
        self.frames += 1;
        replaced(page);
        Ok(frame)
    }

    /// The page of the image that can be mapped in place for reading.
    pub(super) fn in_place(&self, store: &dyn FrameStore, page: u64) -> Option<Frame> {
        let base = self.base.filter(|b| b.is_pages && !self.own.contains_key(&page))?;
        let is_whole = (page + 1).checked_mul(PAGE)? <= base.visible || base.visible == base.full;
        if !is_whole || page * PAGE >= base.visible {
            return None;
        }
        store.image_frame(base.offset + page * PAGE)
    }

    /// Cuts or extends from `old` to `new` bytes; answers the pages whose frames went, for mappings.
    pub(super) fn resize(&mut self, store: &mut dyn FrameStore, charge: &dyn Charge, old: u64, new: u64) {
        let end = new.min(old);
        if new < old {
            let gone = self.own.split_off(&new.div_ceil(PAGE));
            self.release(store, charge, gone.into_values());
            if let Some(base) = &mut self.base {
                base.visible = base.visible.min(new);
            }
        }
        // Bytes past the end within the last page may hold what was cut off or what a mapping wrote there.
        if !end.is_multiple_of(PAGE)
            && let Some(Some(frame)) = self.own.get(&(end / PAGE))
        {
            store.bytes_mut(*frame)[(end % PAGE) as usize..].fill(0);
        }
    }

    /// Zeroes a range, giving whole pages back. `size` is the file's.
    pub(super) fn punch(
        &mut self,
        store: &mut dyn FrameStore,
        charge: &dyn Charge,
        start: u64,
        end: u64,
    ) -> Result<(), Errno> {
        let (first, last) = (start.div_ceil(PAGE), end / PAGE);
        if first < last {
            let mut gone = self.own.split_off(&first);
            let mut tail = gone.split_off(&last);
            self.own.append(&mut tail);
            self.release(store, charge, gone.into_values());
            if let Some(base) = self.base {
                for page in first..last.min(base.visible.div_ceil(PAGE)) {
                    self.own.insert(page, None);
                }
            }
        }
        let zeros = [0; PAGE_SIZE];
        let edges = if first > last { [(start, end), (0, 0)] } else { [(start, first * PAGE), (last * PAGE, end)] };
        for (from, to) in edges.into_iter().filter(|(from, to)| from < to) {
            if self.is_data(from / PAGE) {
                self.write(store, charge, from, &zeros[..(to - from) as usize], &mut |_| {})?;
            }
        }
        Ok(())
    }

    /// Gives every hole of the range a frame of zeros, or none (`ENOSPC`): fallocate(2).
    pub(super) fn reserve(
        &mut self,
        store: &mut dyn FrameStore,
        charge: &dyn Charge,
        pages: core::ops::Range<u64>,
    ) -> Result<(), Errno> {
        let mut made = Vec::new();
        for page in pages {
            if self.is_data(page) {
                continue;
            }
            if let Err(errno) = self.own_frame(store, charge, page, true, &mut |_| {}) {
                let taken: Vec<_> = made.iter().filter_map(|page| self.own.remove(page)).collect();
                self.release(store, charge, taken.into_iter());
                // A hole over the base stays one.
                let base = self.base.map_or(0, |base| base.visible.div_ceil(PAGE));
                self.own.extend(made.iter().filter(|&&page| page < base).map(|&page| (page, None)));
                return Err(errno);
            }
            made.push(page);
        }
        Ok(())
    }

    fn is_data(&self, page: u64) -> bool {
        match self.own.get(&page) {
            Some(own) => own.is_some(),
            None => self.base.is_some_and(|b| page * PAGE < b.visible),
        }
    }

    /// SEEK_DATA and SEEK_HOLE from `pos`, which is below `size`.
    pub(super) fn seek(&self, pos: u64, size: u64, data: bool) -> Option<u64> {
        let base_pages = self.base.map_or(0, |b| b.visible.div_ceil(PAGE));
        let mut page = pos / PAGE;
        while page * PAGE < size {
            if self.is_data(page) == data {
                return Some((page * PAGE).max(pos));
            }
            // Past the base only own pages are data: hop to the next one.
            page = match self.own.range(page + 1..).find(|(_, frame)| frame.is_some()) {
                Some((&next, _)) if data && page >= base_pages => next,
                None if data && page >= base_pages => return None,
                _ => page + 1,
            };
        }
        if data { None } else { Some(size) }
    }

    fn release(&mut self, store: &mut dyn FrameStore, charge: &dyn Charge, gone: impl Iterator<Item = Option<Frame>>) {
        let mut count = 0;
        for frame in gone.flatten() {
            store.release(frame);
            count += 1;
        }
        self.frames -= count;
        charge.uncharge(count);
    }

    /// Takes all frames out, for an inode that goes away where no `FrameStore` is at hand.
    pub(super) fn take_frames(&mut self) -> Vec<Frame> {
        self.frames = 0;
        core::mem::take(&mut self.own).into_values().flatten().collect()
    }
}
