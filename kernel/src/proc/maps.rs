//! /proc/PID/maps and smaps: the mappings in the order of their addresses, as they are.

use super::process::line;
use crate::mm::{Backing, Space, Vma, VmaFlags};
use crate::world::World;
use alloc::vec::Vec;
use brainworm_abi::PAGE_SHIFT;
use brainworm_abi::linux::mman::Prot;

/// Column at which names start (fs/proc/task_mmu.c pads to it).
const NAME_COLUMN: usize = 73;

impl World {
    /// The lines of maps; with `detailed` the rows of smaps behind each.
    pub(super) fn maps(&self, space: &Space, detailed: bool, out: &mut Vec<u8>) {
        for (&start, vma) in &space.vmas {
            self.map_line(start, vma, out);
            if detailed {
                let resident = space.tables.present(start..vma.end).len() as u64 * 4;
                let size = (vma.end - start) * 4;
                line(
                    out,
                    format_args!(
                        "Size:           {size:>8} kB\nKernelPageSize:        4 kB\nMMUPageSize:           4 kB\n"
                    ),
                );
                line(out, format_args!("Rss:            {resident:>8} kB\nPss:            {resident:>8} kB\n"));
                let is_shared = vma.flags.contains(VmaFlags::SHARED);
                let (shared, private) = if is_shared { (resident, 0) } else { (0, resident) };
                line(out, format_args!("Shared_Clean:          0 kB\nShared_Dirty:   {shared:>8} kB\n"));
                line(out, format_args!("Private_Clean:         0 kB\nPrivate_Dirty:  {private:>8} kB\n"));
                let anonymous = if matches!(vma.backing, Backing::Anonymous) { resident } else { 0 };
                line(out, format_args!("Referenced:     {resident:>8} kB\nAnonymous:      {anonymous:>8} kB\n"));
                line(
                    out,
                    format_args!(
                        "AnonHugePages:         0 kB\nSwap:                  0 kB\nSwapPss:               0 kB\n"
                    ),
                );
                let locked = if vma.flags.contains(VmaFlags::LOCKED) { resident } else { 0 };
                line(out, format_args!("Locked:         {locked:>8} kB\nTHPeligible:           0\nVmFlags:"));
                for (is_set, name) in [
                    (vma.prot.contains(Prot::PROT_READ), "rd"),
                    (vma.prot.contains(Prot::PROT_WRITE), "wr"),
                    (vma.prot.contains(Prot::PROT_EXEC), "ex"),
                    (is_shared, "sh"),
                    (vma.flags.contains(VmaFlags::GROWS_DOWN), "gd"),
                ] {
                    if is_set {
                        line(out, format_args!(" {name}"));
                    }
                }
                out.push(b'\n');
            }
        }
    }
    fn map_line(&self, start: u64, vma: &Vma, out: &mut Vec<u8>) {
        let line_start = out.len();
        let letter = |flag, letter| if vma.prot.contains(flag) { letter } else { '-' };
        let (r, w, x) = (letter(Prot::PROT_READ, 'r'), letter(Prot::PROT_WRITE, 'w'), letter(Prot::PROT_EXEC, 'x'));
        let s = if vma.flags.contains(VmaFlags::SHARED) { 's' } else { 'p' };
        let (from, to) = (start << PAGE_SHIFT, vma.end << PAGE_SHIFT);
        line(out, format_args!("{from:08x}-{to:08x} {r}{w}{x}{s} "));
        match &vma.backing {
            Backing::File { desc, first } => {
                let (dev, ino) = desc.file.map_id().unwrap_or((0, 0));
                let (major, minor) = (dev >> 8 & 0xfff, dev & 0xff | dev >> 12 & 0xf_ff00);
                line(out, format_args!("{:08x} {major:02x}:{minor:02x} {ino} ", first << PAGE_SHIFT));
                if let Some(place) = &desc.location {
                    out.resize(out.len().max(line_start + NAME_COLUMN), b' ');
                    out.extend_from_slice(&self.facts.vfs.link_text(&self.facts.root, place));
                }
            }
            Backing::Anonymous => {
                line(out, format_args!("00000000 00:00 0 "));
                let name: &[u8] = match () {
                    () if vma.flags.contains(VmaFlags::HEAP) => b"[heap]",
                    () if vma.flags.contains(VmaFlags::STACK) => b"[stack]",
                    () => b"",
                };
                if !name.is_empty() {
                    out.resize(out.len().max(line_start + NAME_COLUMN), b' ');
                    out.extend_from_slice(name);
                }
            }
        }
        out.push(b'\n');
    }
}
