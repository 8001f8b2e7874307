//! Character devices by number: mem(4) devices here, terminals in `tty/`.

use crate::PathRef;
use alloc::sync::Arc;
use brainworm_abi::{Errno, File, Frame, Io, PAGE_SIZE, Stat};
use core::any::Any;

/// makedev(3) for numbers below 256, which all of ours are.
pub(crate) const fn makedev(major: u64, minor: u64) -> u64 {
    major << 8 | (minor & 0xff) | (minor & !0xff) << 12
}

/// major(3) and minor(3).
pub(crate) const fn split_dev(dev: u64) -> (u64, u64) {
    ((dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00))
}

/// The devices of major number 1.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mem {
    Null,
    Zero,
    Full,
    Random,
}

/// Opens a device of major number 1.
pub(crate) fn open_mem(minor: u64, path: &PathRef) -> Result<Arc<dyn File>, Errno> {
    let mem = match minor {
        3 => Mem::Null,
        5 => Mem::Zero,
        7 => Mem::Full,
        8 | 9 => Mem::Random,
        _ => return Err(Errno::ENXIO),
    };
    Ok(Arc::new(MemDevice { mem, path: path.clone() }))
}

struct MemDevice {
    mem: Mem,
    path: PathRef,
}

impl File for MemDevice {
    fn stat(&self, io: &mut Io<'_>) -> Result<Stat, Errno> {
        self.path.inode().stat(io)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn can_seek(&self) -> bool {
        true
    }
    fn size(&self, _io: &mut Io<'_>) -> Result<u64, Errno> {
        Ok(0)
    }
    fn read(&self, io: &mut Io<'_>, _pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        match self.mem {
            Mem::Null => return Ok(0),
            Mem::Zero | Mem::Full => buf.fill(0),
            Mem::Random => io.host.entropy(buf),
        }
        Ok(buf.len())
    }
    fn write(&self, _io: &mut Io<'_>, _pos: u64, _append: bool, bytes: &[u8]) -> Result<(usize, u64), Errno> {
        if self.mem == Mem::Full { Err(Errno::ENOSPC) } else { Ok((bytes.len(), 0)) }
    }
    /// Private mappings of /dev/zero are zeroed memory; the kernel makes shared ones anonymous.
    fn frame(&self, io: &mut Io<'_>, _page: u64, _write: bool) -> Result<Frame, Errno> {
        const _: () = assert!(PAGE_SIZE == 4096);
        if self.mem == Mem::Zero { io.frames.alloc().ok_or(Errno::ENOMEM) } else { Err(Errno::ENODEV) }
    }
}
