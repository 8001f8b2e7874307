//! Where the parts of a program go in a fresh address space.
//!
//! Low and compact, so that the flat tables stay short (design.md section 3): program, room for brk(2), stack, and the
//! mmap area from there upwards.

use super::frames::BLOCK;
use super::space::Space;
use super::tables::LOW_END_PAGE;
use brainworm_abi::{PAGE_SHIFT, PAGE_SIZE};

/// Where PIE programs are loaded.
pub(crate) const PIE_BASE: u64 = 0x40_0000;
/// Where programs without an interpreter are loaded when they can be anywhere: a dynamic linker that is run as a program
/// (ldd) maps another one to the low addresses that one is linked to.
pub(crate) const LOADER_BASE: u64 = 0x400_0000;
/// Room kept for brk(2) after a program; a heap past it is malloc's affair (it falls back to mmap).
const BRK_GAP_PAGES: u64 = 0xf80;
/// Room below the stack's top for RLIMIT_STACK's default, and the most a larger limit gets.
const STACK_PAGES: u64 = 0x800;
pub(super) const STACK_MAX_PAGES: u64 = 0x1_0000;

/// Addresses decided before anything is mapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Plan {
    pub(crate) brk_start: u64,
    pub(crate) brk_limit_page: u64,
    /// One past the highest byte of the stack: the end of a block of frames, so that its last pages are neighbours there.
    pub(crate) stack_top: u64,
    /// RLIMIT_STACK: how far the stack may grow into its room.
    pub(crate) stack_limit_pages: u64,
    pub(crate) mmap_base_page: u64,
}

impl Plan {
    /// For a program whose pages end at `image_end` and whose memory ends at `memory_end`.
    pub(crate) fn new(image_end: u64, memory_end: u64, stack_limit: u64) -> Plan {
        let stack_pages = match stack_limit >> PAGE_SHIFT {
            0..=STACK_PAGES => STACK_PAGES,
            pages => pages.min(STACK_MAX_PAGES),
        };
        let end_page = image_end.div_ceil(PAGE_SIZE as u64);
        let brk_limit_page = end_page + BRK_GAP_PAGES;
        // A program linked to high addresses: its heap follows it, the rest goes where it always goes.
        let is_low = brk_limit_page + 2 * stack_pages < LOW_END_PAGE / 2;
        let stack_floor = if is_low { brk_limit_page } else { PIE_BASE >> PAGE_SHIFT };
        let top_page = (stack_floor + stack_pages + super::space::STACK_GUARD_PAGES).next_multiple_of(BLOCK as u64);
        let brk_start = memory_end.next_multiple_of(PAGE_SIZE as u64);
        Plan {
            brk_start,
            brk_limit_page,
            stack_top: top_page << PAGE_SHIFT,
            stack_limit_pages: stack_limit >> PAGE_SHIFT,
            mmap_base_page: top_page,
        }
    }
}

impl Space {
    /// Takes over a plan.
    pub(crate) fn apply_plan(&mut self, plan: &Plan) {
        self.brk_start = plan.brk_start;
        self.brk = plan.brk_start;
        self.brk_limit_page = plan.brk_limit_page;
        self.mmap_base_page = plan.mmap_base_page;
        self.stack_limit_pages = plan.stack_limit_pages;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_with_its_libraries_fits_tables_of_64_kib() {
        let plan = Plan::new(PIE_BASE + 0x22000, PIE_BASE + 0x22000, 8 << 20);
        // dash with ld.so, libc and some anonymous pages: 2.5 MiB of mappings.
        let pages = plan.mmap_base_page + (0x28_0000 >> PAGE_SHIFT);
        assert!(pages * 8 <= 64 << 10, "{} pages", pages);
    }

    #[test]
    fn odd_programs_get_a_layout_without_overlap() {
        let high = Plan::new(0x5555_5555_8000, 0x5555_5555_7800, u64::MAX);
        assert_eq!(high.brk_start, 0x5555_5555_8000);
        assert!(high.stack_top < 1 << 31);
        let low = Plan::new(0x50_0000, 0x4f_ff00, 1 << 20);
        assert!(low.brk_limit_page << 12 < low.stack_top - (8 << 20));
    }
}
