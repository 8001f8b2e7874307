//! Copying between the kernel and user memory. Any address is tolerated: what is not accessible is `EFAULT`.

use super::fault::UserMem;
use alloc::vec::Vec;
use brainworm_abi::{Errno, GuestAddr, PAGE_SIZE};
use brainworm_cpu::{Access, MemFault, MemFaultKind};

impl UserMem<'_> {
    /// The errno of an access that failed. Where trying again helps, the kernel is told: it makes the call again instead
    /// of answering it.
    pub(crate) fn refused(&mut self, fault: MemFault) -> Errno {
        if matches!(fault.kind, MemFaultKind::NotHereYet | MemFaultKind::OutOfMemory) {
            *self.postponed = Some(fault.kind);
        }
        Errno::EFAULT
    }
    /// Reads bytes. After `EFAULT` the start of `into` may have been filled.
    pub(crate) fn copy_in(&mut self, addr: GuestAddr, into: &mut [u8]) -> Result<(), Errno> {
        let mut done = 0;
        while done < into.len() {
            let at = addr.0.checked_add(done as u64).ok_or(Errno::EFAULT)?;
            let chunk = (into.len() - done).min(PAGE_SIZE - at as usize % PAGE_SIZE);
            let host = self.touch(at, Access::Read).map_err(|fault| self.refused(fault))?;
            self.frames.read_host(host, &mut into[done..done + chunk]);
            done += chunk;
        }
        Ok(())
    }
    /// Writes bytes. After `EFAULT` the start may have been written.
    pub(crate) fn copy_out(&mut self, addr: GuestAddr, bytes: &[u8]) -> Result<(), Errno> {
        let mut done = 0;
        while done < bytes.len() {
            let at = addr.0.checked_add(done as u64).ok_or(Errno::EFAULT)?;
            let chunk = (bytes.len() - done).min(PAGE_SIZE - at as usize % PAGE_SIZE);
            let host = self.touch(at, Access::Write).map_err(|fault| self.refused(fault))?;
            self.frames.write_host(host, &bytes[done..done + chunk]);
            done += chunk;
        }
        Ok(())
    }
    /// Reads bytes of one page whatever its mapping allows (/proc/PID/mem; corresponds to FOLL_FORCE of mm/gup.c).
    pub(crate) fn peek(&mut self, addr: u64, into: &mut [u8]) -> bool {
        let host = self.touch_forced(addr, Access::Read);
        host.is_ok_and(|host| {
            self.frames.read_host(host, into);
            true
        })
    }
    /// Writes bytes of one page likewise. A private mapping gets its own copy; a shared one must be writable.
    pub(crate) fn poke(&mut self, addr: u64, bytes: &[u8]) -> bool {
        let host = self.touch_forced(addr, Access::Write);
        host.is_ok_and(|host| {
            self.frames.write_host(host, bytes);
            true
        })
    }
    /// Writes zeros.
    pub(crate) fn zero(&mut self, addr: GuestAddr, len: u64) -> Result<(), Errno> {
        let zeros = [0; PAGE_SIZE];
        let mut done = 0;
        while done < len {
            let at = addr.checked_add(done).ok_or(Errno::EFAULT)?;
            let chunk = (len - done).min((PAGE_SIZE - at.page_offset()) as u64);
            self.copy_out(at, &zeros[..chunk as usize])?;
            done += chunk;
        }
        Ok(())
    }
    /// How many of `len` bytes from `addr` on can be accessed; an error when not even the first.
    pub(crate) fn accessible(&mut self, addr: GuestAddr, len: usize, access: Access) -> Result<usize, Errno> {
        let mut done = 0;
        while done < len {
            let Some(at) = addr.0.checked_add(done as u64) else { break };
            if let Err(fault) = self.touch(at, access) {
                self.refused(fault);
                break;
            }
            done += PAGE_SIZE - at as usize % PAGE_SIZE;
        }
        if done == 0 && len > 0 { Err(Errno::EFAULT) } else { Ok(done.min(len)) }
    }
    /// A string without its NUL; `too_long` when there is none within `max` bytes.
    pub(crate) fn read_str(&mut self, addr: GuestAddr, max: usize, too_long: Errno) -> Result<Vec<u8>, Errno> {
        let mut text = Vec::new();
        while text.len() < max {
            let at = addr.0.checked_add(text.len() as u64).ok_or(Errno::EFAULT)?;
            let host = self.touch(at, Access::Read).map_err(|fault| self.refused(fault))?;
            let page = self.frames.rest_of_page(host);
            let chunk = &page[..page.len().min(max - text.len())];
            if let Some(end) = chunk.iter().position(|&b| b == 0) {
                text.extend_from_slice(&chunk[..end]);
                return Ok(text);
            }
            text.extend_from_slice(chunk);
        }
        Err(too_long)
    }
}
