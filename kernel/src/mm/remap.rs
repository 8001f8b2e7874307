//! mremap(2): growing, shrinking and moving mappings.

use super::fault::UserMem;
use super::map::{MapLimits, Request};
use super::space::{MAX_MAP_COUNT, MMAP_MIN_PAGE, USER_END_PAGE, VmaFlags};
use super::tables::Present;
use alloc::vec::Vec;
use brainworm_abi::Errno;
use brainworm_abi::linux::mman::{Prot, RemapFlags};

impl UserMem<'_> {
    /// mremap(2) on pages; answers the new first page.
    pub(crate) fn remap(
        &mut self,
        old: u64,
        old_pages: u64,
        new_pages: u64,
        flags: RemapFlags,
        wanted: u64,
        limits: MapLimits,
    ) -> Result<u64, Errno> {
        let may_move = flags.contains(RemapFlags::MREMAP_MAYMOVE);
        let (start, vma) = self.space.find(old).ok_or(Errno::EFAULT)?;
        let vma = vma.shifted(old - start);
        if old_pages == 0 && !vma.flags.contains(VmaFlags::SHARED) {
            return Err(Errno::EINVAL);
        }
        if old + old_pages > vma.end {
            return Err(Errno::EFAULT);
        }
        if new_pages > USER_END_PAGE {
            return Err(Errno::EINVAL);
        }
        if flags.intersects(RemapFlags::MREMAP_FIXED | RemapFlags::MREMAP_DONTUNMAP) {
            return self.remap_to(old, old_pages, new_pages, flags, wanted, limits);
        }
        if new_pages <= old_pages {
            self.unmap(old + new_pages..old + old_pages)?;
            return Ok(old);
        }
        let more = new_pages - old_pages;
        if self.space.total_pages + more > limits.total {
            return Err(Errno::ENOMEM);
        }
        if vma.flags.contains(VmaFlags::LOCKED) && self.space.locked_pages + more > limits.locked {
            return Err(Errno::EAGAIN);
        }
        let end = old + old_pages;
        if vma.end == end
            && end + more <= USER_END_PAGE
            && (end >= super::tables::LOW_END_PAGE || end + more <= super::tables::LOW_END_PAGE)
            && self.space.is_free(end..end + more)
        {
            let mut tail = vma.shifted(old_pages);
            tail.end = end + more;
            self.space.insert(end, tail);
            return Ok(old);
        }
        if !may_move {
            return Err(Errno::ENOMEM);
        }
        self.remap_to(old, old_pages, new_pages, flags, 0, limits)
    }

    /// Moves a mapping, to `wanted` with MREMAP_FIXED.
    fn remap_to(
        &mut self,
        old: u64,
        old_pages: u64,
        new_pages: u64,
        flags: RemapFlags,
        wanted: u64,
        limits: MapLimits,
    ) -> Result<u64, Errno> {
        let keeps_old = flags.contains(RemapFlags::MREMAP_DONTUNMAP);
        let is_fixed = flags.contains(RemapFlags::MREMAP_FIXED);
        if is_fixed {
            let end = wanted.checked_add(new_pages).filter(|&end| end <= USER_END_PAGE).ok_or(Errno::EINVAL)?;
            if wanted < old + old_pages && old < end {
                return Err(Errno::EINVAL);
            }
            if wanted < MMAP_MIN_PAGE {
                return Err(Errno::EPERM);
            }
        }
        if self.space.vmas.len() + 3 > MAX_MAP_COUNT {
            return Err(Errno::ENOMEM);
        }
        if new_pages < old_pages {
            self.unmap(old + new_pages..old + old_pages)?;
        }
        let kept = old_pages.min(new_pages);
        let (start, vma) = self.space.find(old).ok_or(Errno::EFAULT)?;
        let vma = vma.shifted(old - start);
        if keeps_old && !matches!(vma.backing, super::Backing::Anonymous) {
            return Err(Errno::EINVAL);
        }
        let has_code = vma.prot.contains(Prot::PROT_EXEC);
        // Frames move with the mapping; they are lifted out first, for the new place may touch the old.
        let pages: Vec<(u64, Present)> = self
            .space
            .tables
            .present(old..old + kept)
            .into_iter()
            .filter_map(|page| {
                let present = self.space.tables.get(page)?;
                self.space.tables.clear(page);
                self.space.resident_pages -= 1;
                Some((page - old, present))
            })
            .collect();
        let flags = vma.flags - VmaFlags::HEAP - VmaFlags::STACK;
        let request = Request {
            page: wanted,
            pages: new_pages,
            prot: vma.prot,
            flags,
            backing: vma.backing.clone(),
            is_fixed,
            keeps_others: false,
            is_low: false,
        };
        if !keeps_old {
            self.unmap(old..old + kept)?;
        }
        let (new, result) = match self.map(request, limits) {
            Ok(new) => (new, Ok(new)),
            Err(errno) => {
                // Back to where it was.
                let mut vma = vma;
                vma.end = old + kept;
                if !keeps_old {
                    self.space.insert(old, vma);
                }
                (old, Err(errno))
            }
        };
        for (offset, present) in pages {
            self.space.tables.set(new + offset, present.frame, present.rights);
            self.space.resident_pages += 1;
        }
        if has_code {
            self.new_tag();
        }
        result
    }
}
