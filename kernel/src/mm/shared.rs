//! Shared anonymous memory: what MAP_SHARED | MAP_ANONYMOUS and System V segments map. A file without a name.

use alloc::collections::BTreeMap;
use brainworm_abi::{Errno, File, FileKind, Frame, Io, PAGE_SIZE, Stat};
use core::any::Any;
use spin::Mutex;

/// Device number of objects that live in no filesystem.
const ANON_DEV: u64 = 1;

/// Pages shared by everyone who maps the object; they live until its description closes.
pub struct SharedMemory {
    id: u64,
    size: u64,
    frames: Mutex<BTreeMap<u64, Frame>>,
}

impl SharedMemory {
    /// `size` bytes of zeros. `id` is unique among these objects.
    pub fn new(id: u64, size: u64) -> SharedMemory {
        SharedMemory { id, size, frames: Mutex::new(BTreeMap::new()) }
    }
    /// Pages in use.
    pub fn resident_pages(&self) -> usize {
        self.frames.lock().len()
    }
}

impl File for SharedMemory {
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        let mode = FileKind::Regular as u32 | 0o777;
        Ok(Stat { dev: ANON_DEV, ino: self.id, mode, size: self.size, blksize: PAGE_SIZE as u32, ..Stat::default() })
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn map_id(&self) -> Option<(u64, u64)> {
        Some((ANON_DEV, self.id))
    }
    fn frame(&self, io: &mut Io<'_>, page: u64, _write: bool) -> Result<Frame, Errno> {
        if page >= self.size.div_ceil(PAGE_SIZE as u64) {
            return Err(Errno::ENXIO);
        }
        let mut frames = self.frames.lock();
        let frame = match frames.get(&page) {
            Some(&frame) => frame,
            None => {
                let frame = io.frames.alloc().ok_or(Errno::ENOMEM)?;
                frames.insert(page, frame);
                frame
            }
        };
        io.frames.retain(frame);
        Ok(frame)
    }
    fn close(&self, io: &mut Io<'_>) {
        for frame in core::mem::take(&mut *self.frames.lock()).into_values() {
            io.frames.release(frame);
        }
    }
}
