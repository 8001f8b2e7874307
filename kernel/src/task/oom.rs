//! What happens when memory runs out: one process dies for the others (proc(5), oom_score_adj).
//!
//! Two things are limited: frames (`BootConfig::memory_bytes`) and what the kernel itself holds for the guest
//! (`kernel_bytes`). Files in memory get ENOSPC before either is used up (`mm::Frames`), fork(2) ENOMEM.

use super::Process;
use crate::Kernel;
use brainworm_abi::linux::signal::SIGKILL;

/// What an open descriptor is held to cost, in pages: the buffers of pipes and sockets are the kernel's.
const DESCRIPTOR_PAGES: i64 = 4;

impl Kernel {
    /// Memory is used up, as `asker` found: what is dead is given back, else the largest process dies by SIGKILL.
    pub(crate) fn out_of_memory(&mut self, asker: Option<u32>) {
        if self.vfs.reap(&mut self.frames) > 0 {
            return;
        }
        let largest = self.world.procs.iter().filter_map(|(ix, process)| Some((self.badness(process)?, ix))).max();
        let first = |process: u32| self.world.procs.get(process)?.tasks.first().copied();
        let Some(victim) = largest.and_then(|(_, process)| first(process)).or(asker) else { return };
        let task = &self.world.tasks[victim];
        let name = alloc::string::String::from_utf8_lossy(&task.comm).into_owned();
        let line = alloc::format!("out of memory: killed process {} ({name})", self.world.procs[task.process].pid);
        self.host.log(&line);
        self.exit_group(victim, u32::from(SIGKILL));
    }
    /// How much there is to win (corresponds to mm/oom_kill.c:oom_badness); `None` for who must not be killed, or is dead.
    fn badness(&self, process: &Process) -> Option<i64> {
        const NEVER: i32 = -1000;
        let task = self.world.tasks.get(*process.tasks.first()?)?;
        let space = self.world.spaces.get(task.space?)?;
        if process.oom_score_adj == NEVER {
            return None;
        }
        let pages = space.resident_pages as i64 + (space.tables.table_bytes() >> 12) as i64;
        let descriptors = task.files.lock().iter().count() as i64;
        let limit = i64::from(self.frames.usage().limit);
        Some(pages + descriptors * DESCRIPTOR_PAGES + i64::from(process.oom_score_adj) * limit / 1000)
    }
    /// fork(2) would take what is kept for those that are there: ENOMEM.
    pub(super) fn is_tight(&mut self) -> bool {
        let usage = self.frames.usage();
        usage.used + usage.limit / 64 >= usage.limit || self.host.heap_bytes() > self.heap_limit / 16 * 15
    }
}
