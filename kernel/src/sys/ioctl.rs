//! ioctl(2): what every file knows is done here, the rest is the file's.
//!
//! A file cannot reach user memory while it holds the rest of the kernel, so what it may read is fetched before, and
//! what it wrote is stored after.

use super::args::{Fd, Hex, UserMut, UserPtr};
use super::{Cx, SysResult};
use alloc::vec::Vec;
use brainworm_abi::linux::ioctl::*;
use brainworm_abi::{Errno, GuestAddr, IoctlMem, OpenFlags};

/// Longest structure an ioctl here reads.
const PREFETCH: usize = 128;

struct Staged {
    base: u64,
    bytes: Vec<u8>,
    writes: Vec<(u64, Vec<u8>)>,
}

impl IoctlMem for Staged {
    fn read(&mut self, addr: u64, into: &mut [u8]) -> Result<(), Errno> {
        let start = addr.checked_sub(self.base).and_then(|at| usize::try_from(at).ok()).ok_or(Errno::EFAULT)?;
        let end = start.checked_add(into.len()).ok_or(Errno::EFAULT)?;
        into.copy_from_slice(self.bytes.get(start..end).ok_or(Errno::EFAULT)?);
        Ok(())
    }
    fn write(&mut self, addr: u64, bytes: &[u8]) -> Result<(), Errno> {
        self.writes.push((addr, bytes.to_vec()));
        Ok(())
    }
}

/// ioctl(2).
pub(super) fn sys_ioctl(cx: &mut Cx<'_>, fd: Fd, request: u32, arg: Hex) -> SysResult {
    match request {
        FIOCLEX | FIONCLEX => {
            cx.files().get_mut(fd.0)?.cloexec = request == FIOCLEX;
            return Ok(0);
        }
        _ => {}
    }
    let desc = cx.desc(fd)?;
    match request {
        FIONBIO | FIOASYNC => {
            let on = cx.copy_in(UserPtr::<i32>::new(GuestAddr(arg.0)))? != 0;
            let bit = if request == FIONBIO { OpenFlags::O_NONBLOCK } else { OpenFlags::O_ASYNC };
            let flags = if on { desc.flags() | bit } else { desc.flags() - bit };
            return super::fd::set_status(cx, &desc, flags);
        }
        FIONREAD if cx.is_regular(&desc) => {
            let left = cx.file_call(|io| desc.file.size(io))?.wrapping_sub(*desc.pos.lock());
            cx.copy_out(UserMut::<i32>::new(GuestAddr(arg.0)), &(left as i32))?;
            return Ok(0);
        }
        // Clones share nothing across our filesystems: cp(1) and others copy then.
        FICLONE | FICLONERANGE => return Err(Errno::EOPNOTSUPP.into()),
        FIGETBSZ => {
            let size = cx.file_call(|io| desc.file.stat(io))?.blksize;
            cx.copy_out(UserMut::<i32>::new(GuestAddr(arg.0)), &(size as i32))?;
            return Ok(0);
        }
        _ => {}
    }
    let mut bytes = alloc::vec![0; PREFETCH];
    let readable = cx.readable(GuestAddr(arg.0), PREFETCH).unwrap_or(0);
    bytes.truncate(readable);
    cx.read_bytes(GuestAddr(arg.0), &mut bytes)?;
    let mut mem = Staged { base: arg.0, bytes, writes: Vec::new() };
    let result = match desc.file.ioctl(&mut cx.io(), &mut mem, request, arg.0) {
        // Job control: stopped in the background, made again in the foreground.
        Err(Errno::EAGAIN) => return Err(cx.wait_for(&desc.file)),
        other => other?,
    };
    for (addr, bytes) in mem.writes {
        cx.write_bytes(GuestAddr(addr), &bytes)?;
    }
    if request == TIOCGPTPEER {
        return open_peer(cx, result, OpenFlags::from_bits_truncate(arg.0 as u32));
    }
    Ok(result)
}

/// TIOCGPTPEER: the terminal answered its number, the caller gets it open.
fn open_peer(cx: &mut Cx<'_>, number: u64, flags: OpenFlags) -> SysResult {
    let path = alloc::format!("/dev/pts/{number}");
    let opened =
        cx.on_bytes(super::args::DirFd::CWD, path.as_bytes(), |vfs, io, at, path| vfs.open(io, at, path, flags, 0))?;
    let desc = cx.describe(opened.file, flags, Some(opened.path));
    Ok(cx.install(desc, flags.contains(OpenFlags::O_CLOEXEC))? as u64)
}
