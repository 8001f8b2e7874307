//! What happens to mappings when the file behind them changes, and when code is translated from them.

use super::frames::Frames;
use super::space::{Backing, Space};
use super::tables::Rights;
use alloc::vec::Vec;
use brainworm_abi::{Frame, FrameStore};

impl Space {
    /// Drops the frames of pages `first..first + count` of the file `id` wherever they are mapped as the file's own:
    /// private copies stay. The next touch asks the file again.
    pub(crate) fn unmap_file(&mut self, frames: &mut Frames, id: (u64, u64), first: u64, count: u64) -> bool {
        let end = first.saturating_add(count);
        let mut hit: Vec<(u64, bool)> = Vec::new();
        for (&start, vma) in &self.vmas {
            let Backing::File { desc, first: at } = &vma.backing else { continue };
            if desc.file.map_id() != Some(id) {
                continue;
            }
            let (from, to) = (first.max(*at), end.min(at.saturating_add(vma.end - start)));
            if from < to {
                let is_shared = vma.flags.contains(super::VmaFlags::SHARED);
                let pages = self.tables.present(start + (from - at)..start + (to - at));
                hit.extend(pages.into_iter().map(|page| (page, is_shared)));
            }
        }
        for &(page, is_shared) in &hit {
            // A private copy has one owner, us; what the file also owns has two, and image pages count nothing. A shared
            // page is never a copy, and the file may have let go of it already.
            if is_shared || self.tables.get(page).is_some_and(|p| !frames.is_unique(p.frame)) {
                self.drop_page(frames, page);
            }
        }
        !hit.is_empty()
    }
    /// Makes sure a write to `frame`, mapped at `page`, is noticed: code was translated from it.
    pub(crate) fn deny_frame_writes(&mut self, page: u64, frame: Frame) {
        if let Some(present) = self.tables.get(page)
            && present.frame == frame
            && present.rights.write
        {
            self.tables.set_rights(page, Rights { read: true, write: false });
        }
    }
    /// The same wherever the frame is mapped writable in this space (dual mappings of generated code).
    pub(crate) fn deny_all_writes_to(&mut self, frame: Frame) {
        let shared: Vec<_> = self
            .vmas
            .iter()
            .filter(|(_, vma)| vma.flags.contains(super::VmaFlags::SHARED))
            .map(|(&start, vma)| start..vma.end)
            .collect();
        for range in shared {
            for page in self.tables.present(range) {
                self.deny_frame_writes(page, frame);
            }
        }
    }
}
