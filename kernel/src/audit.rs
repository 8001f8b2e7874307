//! Checks that the machine's books agree: what owners hold of the frames, what tables grant, who is in which list.
//!
//! For test hosts, between two calls of `run`; the shipped module never calls it. Each rule is an invariant of
//! ARCHITECTURE.md or a count that two places keep. Nothing is repaired here.

use crate::Kernel;
use crate::mm::VmaFlags;
use alloc::format;
use alloc::string::String;
use brainworm_abi::linux::mman::Prot;
use brainworm_abi::{Frame, FrameStore};
use hashbrown::HashMap;

impl Kernel {
    /// The first rule that is broken, in words.
    pub fn audit(&self) -> Result<(), String> {
        let mut owners = HashMap::new();
        for (_, space) in self.world.spaces.iter() {
            self.audit_space(space, &mut owners).map_err(|rule| format!("address space {}: {rule}", space.id))?;
        }
        self.audit_frames(&owners)?;
        self.audit_tasks()
    }

    /// Every page of a space lies in a mapping that allows what its entry grants. Notes whose frames are whose.
    fn audit_space(&self, space: &crate::mm::Space, owners: &mut HashMap<Frame, u32>) -> Result<(), String> {
        let pages = space.tables.present(0..u64::MAX);
        for &page in &pages {
            let Some(present) = space.tables.get(page) else { return Err(format!("page {page:#x} comes and goes")) };
            let (frame, rights) = (present.frame, present.rights);
            *owners.entry(frame).or_default() += 1;
            let Some((_, vma)) = space.find(page) else { return Err(format!("page {page:#x} lies in no mapping")) };
            let allows = |prot| vma.prot.contains(prot);
            if rights.read && !vma.prot.intersects(Prot::PROT_READ | Prot::PROT_WRITE | Prot::PROT_EXEC) {
                return Err(format!("page {page:#x} may be read, its mapping says no"));
            }
            if !rights.write {
                continue;
            }
            if !allows(Prot::PROT_WRITE) {
                return Err(format!("page {page:#x} may be written, its mapping says no"));
            }
            if self.frames.is_permanent(frame) || frame == self.frames.zero_frame() {
                return Err(format!("page {page:#x}: a page of the image or of zeros may be written"));
            }
            if self.frames.has_code(frame) {
                return Err(format!("page {page:#x} may be written and has translations"));
            }
            if !vma.flags.contains(VmaFlags::SHARED) && !self.frames.is_unique(frame) {
                return Err(format!("page {page:#x} is private, may be written, and has another owner"));
            }
        }
        if space.resident_pages != pages.len() as u64 {
            return Err(format!("{} pages present, {} counted", pages.len(), space.resident_pages));
        }
        let total: u64 = space.vmas.iter().map(|(start, vma)| vma.end - start).sum();
        if space.total_pages != total {
            return Err(format!("{total} pages mapped, {} counted", space.total_pages));
        }
        let is_disjoint = space.vmas.iter().zip(space.vmas.keys().skip(1)).all(|((_, vma), &next)| vma.end <= next);
        if !is_disjoint || space.vmas.iter().any(|(&start, vma)| start >= vma.end) {
            return Err("mappings overlap or are empty".into());
        }
        Ok(())
    }

    /// Each frame's count is its table entries, and one more when a file holds it.
    fn audit_frames(&self, owners: &HashMap<Frame, u32>) -> Result<(), String> {
        let (mut used, mut held_by_files) = (1, 0);
        let mut mapped = 0;
        for (frame, count) in self.frames.counted() {
            let entries = owners.get(&frame).copied().unwrap_or(0);
            mapped += usize::from(entries > 0);
            match count.checked_sub(entries) {
                Some(0) => {}
                Some(1) => held_by_files += 1,
                Some(more) => return Err(format!("{frame:?}: {more} owners that are not in any table")),
                None => return Err(format!("{frame:?}: {entries} table entries, {count} counted")),
            }
            used += 1;
        }
        let is_free = |frame: &Frame| *frame != self.frames.zero_frame() && !self.frames.is_permanent(*frame);
        let named = owners.keys().filter(|frame| is_free(frame)).count();
        if named != mapped {
            return Err(format!("{} table entries name free frames", named - mapped));
        }
        if used != self.frames.usage().used {
            return Err(format!("{used} frames in use, {} counted", self.frames.usage().used));
        }
        let files = self.vfs.held_frames();
        if files != held_by_files {
            return Err(format!("files hold {files} frames, {held_by_files} have an owner that is no table"));
        }
        Ok(())
    }

    /// Tasks, processes and spaces agree on who belongs to whom.
    fn audit_tasks(&self) -> Result<(), String> {
        let mut users: HashMap<u32, u32> = HashMap::new();
        for (ix, task) in self.world.tasks.iter() {
            if let Some(space) = task.space {
                *users.entry(space).or_default() += 1;
            }
            let Some(process) = self.world.procs.get(task.process) else {
                // Buried at the end of the turn in which it died.
                continue;
            };
            if process.tasks.contains(&ix) && self.world.task_of(task.tid) != Some(ix) {
                return Err(format!("task {} cannot be found by its number", task.tid));
            }
        }
        for (ix, space) in self.world.spaces.iter() {
            let count = users.get(&ix).copied().unwrap_or(0);
            if space.users != count {
                return Err(format!("address space {}: {count} users, {} counted", space.id, space.users));
            }
        }
        for (ix, process) in self.world.procs.iter() {
            if process.is_zombie() != process.tasks.is_empty() {
                return Err(format!("process {}: a zombie with threads, or none without", process.pid));
            }
            if self.world.process_of(process.pid) != Some(ix) {
                return Err(format!("process {} cannot be found by its number", process.pid));
            }
            let is_child = |parent: &crate::task::Process| parent.children.contains(&process.pid);
            if process.pid != 1 && !self.world.process(process.parent).is_some_and(is_child) {
                return Err(format!("process {}: its parent {} does not know it", process.pid, process.parent));
            }
        }
        Ok(())
    }
    /// Processes, zombies included.
    pub fn process_count(&self) -> usize {
        self.world.procs.len()
    }
}
