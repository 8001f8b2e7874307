//! The packed image as the lower layer of the root: found once, then read in place through `FrameStore::image`.

use brainworm_abi::image::{HEADER_LEN, Image, InodeId, Layout};
use brainworm_abi::{Errno, FrameStore};

/// The image's parsed header; its bytes stay in the `FrameStore`.
pub(crate) struct Root {
    layout: Layout,
}

impl Root {
    /// `None` when there is no image; `EIO` when it is not one of ours.
    pub(crate) fn open(store: &dyn FrameStore) -> Option<Result<Root, Errno>> {
        let head = store.image(0, HEADER_LEN)?;
        Some(match Layout::parse(head) {
            Ok(layout) => Ok(Root { layout }),
            Err(_) => Err(Errno::EIO),
        })
    }
    pub(crate) fn inode_count(&self) -> u32 {
        self.layout.inode_count
    }
    /// Bytes of the whole image.
    pub(crate) fn total(&self) -> u64 {
        self.layout.total
    }
    pub(crate) fn image<'a>(&self, store: &'a dyn FrameStore) -> Result<Image<'a>, Errno> {
        let len = usize::try_from(self.layout.total).map_err(|_| Errno::EIO)?;
        let bytes = store.image(0, len).ok_or(Errno::EIO)?;
        Image::with_layout(bytes, self.layout).map_err(|_| Errno::EIO)
    }
    pub(crate) fn lookup(&self, store: &dyn FrameStore, dir: InodeId, name: &[u8]) -> Result<Option<InodeId>, Errno> {
        self.image(store)?.lookup(dir, name).map_err(|_| Errno::EIO)
    }
}
