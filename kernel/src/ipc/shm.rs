//! Shared memory segments, shmget(2): a file without a name that several spaces map.

use super::{Object, Perm};
use crate::mm::Backing;
use crate::task::Description;
use crate::world::World;
use alloc::string::String;
use alloc::sync::Arc;
use brainworm_abi::Pid;
use core::fmt::Write;

/// A segment. Who is attached is not counted here: the mappings themselves are (see `attached`).
pub(crate) struct Segment {
    pub(crate) perm: Perm,
    pub(crate) size: u64,
    pub(crate) desc: Arc<Description>,
    pub(crate) creator: Pid,
    pub(crate) last: Pid,
    pub(crate) attach_time: i64,
    pub(crate) detach_time: i64,
    pub(crate) change_time: i64,
    /// IPC_RMID came while it was attached: gone with the last mapping.
    pub(crate) is_removed: bool,
}

impl Object for Segment {
    fn perm(&self) -> &Perm {
        &self.perm
    }
}

impl World {
    /// Mappings of a segment in all spaces. One that mprotect(2) split counts once, by its first page.
    pub(crate) fn attached(&self, desc: &Arc<Description>) -> u64 {
        let vmas = self.spaces.iter().flat_map(|(_, space)| space.vmas.values());
        vmas.filter(|vma| match &vma.backing {
            Backing::File { desc: other, first } => *first == 0 && Arc::ptr_eq(other, desc),
            Backing::Anonymous => false,
        })
        .count() as u64
    }

    /// Forgets removed segments nobody maps any more.
    pub(crate) fn sweep_segments(&mut self) {
        let candidates = self.ipc.segments.iter().filter(|(_, segment)| segment.is_removed);
        let gone: alloc::vec::Vec<i32> =
            candidates.filter(|(_, segment)| self.attached(&segment.desc) == 0).map(|(id, _)| id).collect();
        for id in gone {
            self.ipc.segments.remove(id);
        }
    }

    /// /proc/sysvipc/shm.
    pub(crate) fn render_segments(&self) -> String {
        let mut text = String::from(
            "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n",
        );
        for (id, s) in self.ipc.segments.iter() {
            let (perm, mode) = (s.perm, s.perm.mode);
            let attached = self.attached(&s.desc);
            let _ = writeln!(
                text,
                "{:10} {id:10}  {mode:4o} {:21} {:5} {:5}  {attached:5} {:5} {:5} {:5} {:5} {:10} {:10} {:10} {:21} {:21}",
                perm.key as i32,
                s.size,
                s.creator,
                s.last,
                perm.uid,
                perm.gid,
                perm.cuid,
                perm.cgid,
                s.attach_time,
                s.detach_time,
                s.change_time,
                s.size,
                0
            );
        }
        text
    }
}
