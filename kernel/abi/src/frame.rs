//! Page frames: where guest and file pages live.

use crate::PAGE_SIZE;

/// A page-aligned 4 KiB piece of the arena (the linear memory in the shipped module), by page number from its base.
///
/// Frames are counted: whoever stores one owns a count. Frames of the packed image are permanent, count nothing and
/// are never written: a writer copies first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Frame(pub u32);

/// The allocator and accessor of frames; `kernel::mm::frames` is the one implementation that ships.
pub trait FrameStore {
    /// A zeroed frame with a count of one, or `None` when the memory limit is reached.
    fn alloc(&mut self) -> Option<Frame>;
    /// How many frames `alloc` would still give (statfs(2)).
    fn available(&self) -> u64;
    /// One more owner.
    fn retain(&mut self, frame: Frame);
    /// One owner less; the last one frees it.
    fn release(&mut self, frame: Frame);
    /// True when the frame has one owner and may be written in place.
    fn is_unique(&self, frame: Frame) -> bool;
    /// The bytes of a frame.
    fn bytes(&self, frame: Frame) -> &[u8; PAGE_SIZE];
    /// The bytes of a frame, for writing. Never an image frame. Code translated from the frame is invalidated.
    fn bytes_mut(&mut self, frame: Frame) -> &mut [u8; PAGE_SIZE];
    /// `len` bytes of the packed image from `offset` of the image, read in place.
    fn image(&self, offset: u64, len: usize) -> Option<&[u8]>;
    /// The frame of the page-aligned image page at `offset` of the image, mapped in place.
    fn image_frame(&self, offset: u64) -> Option<Frame>;
}
