//! /proc/PID/mem: reading and writing the memory of a process through a descriptor (proc(5)).

use super::Cx;
use crate::mm::UserMem;
use brainworm_abi::{Errno, File, PAGE_SIZE};
use brainworm_fs::ProcMem;

impl Cx<'_> {
    /// Moves bytes between `buf` and the memory from `pos` on, a page at a time, whatever the mappings allow: `None` for
    /// all other files. No byte of memory there: EIO. Nothing once the memory is gone.
    pub(super) fn access_memory(
        &mut self,
        file: &dyn File,
        pos: u64,
        len: usize,
        mut each: impl FnMut(&mut UserMem<'_>, u64, usize, usize) -> bool,
    ) -> Option<Result<usize, Errno>> {
        let file = file.as_any().downcast_ref::<ProcMem>()?;
        let Some(space) = self.k.world.space_with_id(file.memory()) else { return Some(Ok(0)) };
        let mut mem = self.k.space_mem(space);
        let mut done = 0;
        while done < len {
            let at = pos.wrapping_add(done as u64);
            let chunk = (len - done).min(PAGE_SIZE - at as usize % PAGE_SIZE);
            if !each(&mut mem, at, done, chunk) {
                break;
            }
            done += chunk;
        }
        Some(if done == 0 && len > 0 { Err(Errno::EIO) } else { Ok(done) })
    }
    /// What read(2) of /proc/PID/mem answers.
    pub(super) fn read_memory(&mut self, file: &dyn File, pos: u64, buf: &mut [u8]) -> Option<Result<usize, Errno>> {
        self.access_memory(file, pos, buf.len(), |mem, at, done, chunk| mem.peek(at, &mut buf[done..done + chunk]))
    }
    /// What write(2) to it answers.
    pub(super) fn write_memory(&mut self, file: &dyn File, pos: u64, bytes: &[u8]) -> Option<Result<usize, Errno>> {
        self.access_memory(file, pos, bytes.len(), |mem, at, done, chunk| mem.poke(at, &bytes[done..done + chunk]))
    }
}
