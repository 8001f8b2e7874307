//! Address spaces without a machine around them.

use super::frames::tests::test_frames;
use super::*;
use crate::testing::NoHost;
use alloc::vec::Vec;
use brainworm_abi::linux::mman::{Prot, RemapFlags};
use brainworm_abi::{Errno, FrameStore, GuestAddr, Timespec};
use brainworm_cpu::{Access, MemFaultKind};

const RW: Prot = Prot::PROT_READ.union(Prot::PROT_WRITE);
const NO_LIMITS: MapLimits = MapLimits { total: u64::MAX, data: u64::MAX, locked: u64::MAX };

struct Rig {
    frames: Frames,
    space: Space,
    host: NoHost,
    effects: Vec<brainworm_abi::Effect>,
    tag: u32,
    postponed: Option<MemFaultKind>,
}

impl Rig {
    fn new(pages: u32) -> Rig {
        let frames = test_frames(pages);
        Rig { frames, space: Space::new(1, 1), host: NoHost::default(), effects: Vec::new(), tag: 1, postponed: None }
    }
    fn mem(&mut self) -> UserMem<'_> {
        UserMem {
            space: &mut self.space,
            frames: &mut self.frames,
            host: &mut self.host,
            effects: &mut self.effects,
            now: Timespec::default(),
            next_tag: &mut self.tag,
            postponed: &mut self.postponed,
        }
    }
    fn map(&mut self, page: u64, pages: u64, prot: Prot, fixed: bool) -> Result<u64, Errno> {
        let request = Request {
            page,
            pages,
            prot,
            flags: VmaFlags::MAY_WRITE,
            backing: Backing::Anonymous,
            is_fixed: fixed,
            keeps_others: false,
            is_low: false,
        };
        self.mem().map(request, NO_LIMITS)
    }
    fn write(&mut self, page: u64, byte: u8) -> Result<(), Errno> {
        self.mem().copy_out(GuestAddr(page << 12), &[byte])
    }
    fn read(&mut self, page: u64) -> Result<u8, Errno> {
        let mut byte = [0xaa];
        self.mem().copy_in(GuestAddr(page << 12), &mut byte).map(|()| byte[0])
    }
    fn why(&mut self, page: u64, access: Access) -> Option<MemFaultKind> {
        self.mem().touch(page << 12, access).err().map(|f| f.kind)
    }
}

#[test]
fn memory_is_zero_until_written_and_gone_when_unmapped() {
    let mut rig = Rig::new(256);
    let page = rig.map(0, 8, RW, false).unwrap();
    assert_eq!(rig.read(page + 3), Ok(0));
    assert_eq!(rig.frames.usage().used, 1, "reading zeros takes no memory");
    rig.write(page + 3, 7).unwrap();
    assert_eq!((rig.read(page + 3), rig.read(page + 2)), (Ok(7), Ok(0)));
    rig.mem().unmap(page + 2..page + 4).unwrap();
    assert_eq!(rig.read(page + 3), Err(Errno::EFAULT));
    assert_eq!(rig.why(page + 3, Access::Read), Some(MemFaultKind::Unmapped));
    assert_eq!((rig.read(page + 1), rig.read(page + 4)), (Ok(0), Ok(0)));
    assert_eq!(rig.frames.usage().used, 1);
    assert_eq!((rig.space.vmas.len(), rig.space.total_pages), (2, 6));
}

#[test]
fn protection_is_kept_per_page_and_content_survives_it() {
    let mut rig = Rig::new(256);
    let page = rig.map(0, 4, RW, false).unwrap();
    (0..4).for_each(|i| rig.write(page + i, i as u8 + 1).unwrap());
    rig.mem().protect(page + 1..page + 3, Prot::empty()).unwrap();
    assert_eq!(rig.why(page + 1, Access::Read), Some(MemFaultKind::Denied));
    assert_eq!((rig.read(page), rig.read(page + 3)), (Ok(1), Ok(4)));
    rig.mem().protect(page..page + 4, Prot::PROT_READ).unwrap();
    assert_eq!(rig.read(page + 1), Ok(2));
    assert_eq!(rig.why(page, Access::Write), Some(MemFaultKind::Denied));
    assert_eq!(rig.space.vmas.len(), 1, "equal neighbours are one mapping again");
    assert_eq!(rig.mem().protect(page..page + 9, RW), Err(Errno::ENOMEM));
    assert_eq!(rig.write(page, 9), Ok(()), "what comes before the hole was changed");
    assert_eq!(rig.why(page, Access::Fetch), Some(MemFaultKind::Denied));
}

#[test]
fn fork_copies_on_write_in_both_directions() {
    let mut rig = Rig::new(256);
    let page = rig.map(0, 4, RW, false).unwrap();
    rig.write(page, 1).unwrap();
    rig.write(page + 1, 2).unwrap();
    let child = rig.space.fork(&mut rig.frames, 2);
    let used = rig.frames.usage().used;
    rig.write(page, 10).unwrap();
    assert_eq!(rig.frames.usage().used, used + 1);
    let mut parent = core::mem::replace(&mut rig.space, child);
    assert_eq!((rig.read(page), rig.read(page + 1)), (Ok(1), Ok(2)));
    rig.write(page + 1, 20).unwrap();
    rig.write(page, 11).unwrap();
    core::mem::swap(&mut rig.space, &mut parent);
    assert_eq!((rig.read(page), rig.read(page + 1)), (Ok(10), Ok(2)));
    rig.space.destroy(&mut rig.frames);
    parent.destroy(&mut rig.frames);
    assert_eq!(rig.frames.usage().used, 1, "all frames came back");
}

#[test]
fn remapping_moves_content_and_reserves_nothing_twice() {
    let mut rig = Rig::new(256);
    let page = rig.map(0, 4, RW, false).unwrap();
    let wall = rig.map(page + 4, 1, RW, true).unwrap();
    (0..4).for_each(|i| rig.write(page + i, i as u8 + 1).unwrap());
    let flags = RemapFlags::empty();
    assert_eq!(rig.mem().remap(page, 4, 6, flags, 0, NO_LIMITS), Err(Errno::ENOMEM), "it cannot grow in place");
    let moved = rig.mem().remap(page, 4, 6, RemapFlags::MREMAP_MAYMOVE, 0, NO_LIMITS).unwrap();
    assert!(moved > wall);
    assert_eq!((0..6).map(|i| rig.read(moved + i).unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4, 0, 0]);
    assert_eq!(rig.read(page), Err(Errno::EFAULT));
    let fixed = RemapFlags::MREMAP_MAYMOVE | RemapFlags::MREMAP_FIXED;
    assert_eq!(rig.mem().remap(moved, 6, 2, fixed, page, NO_LIMITS), Ok(page));
    assert_eq!((rig.read(page + 1), rig.read(moved)), (Ok(2), Err(Errno::EFAULT)));
    assert_eq!(rig.space.total_pages, 3);
}

#[test]
fn a_stack_grows_down_to_its_guard_and_no_further() {
    let mut rig = Rig::new(256);
    rig.space.stack_limit_pages = 64;
    let request = Request {
        page: 1000,
        pages: 2,
        prot: RW,
        flags: VmaFlags::GROWS_DOWN | VmaFlags::STACK | VmaFlags::MAY_WRITE,
        backing: Backing::Anonymous,
        is_fixed: true,
        keeps_others: false,
        is_low: false,
    };
    rig.mem().map(request, NO_LIMITS).unwrap();
    rig.write(990, 1).unwrap();
    assert_eq!(rig.space.find(995).map(|(start, _)| start), Some(990));
    rig.map(960, 2, RW, true).unwrap();
    assert_eq!(rig.why(970, Access::Write), Some(MemFaultKind::Unmapped), "the gap stays free");
    rig.write(980, 1).unwrap();
    assert_eq!(rig.why(900, Access::Write), Some(MemFaultKind::Unmapped));
}

#[test]
fn reservations_cost_nothing_and_lie_high() {
    let mut rig = Rig::new(64);
    let page = rig.map(0, 16 << 18, Prot::empty(), false).unwrap();
    assert!(page >= tables::LOW_END_PAGE);
    assert_eq!(rig.why(page + 5, Access::Read), Some(MemFaultKind::Denied));
    rig.mem().protect(page + 5..page + 6, RW).unwrap();
    rig.write(page + 5, 3).unwrap();
    assert_eq!(rig.read(page + 5), Ok(3));
    rig.mem().discard(page..page + 100);
    assert_eq!(rig.read(page + 5), Ok(0));
    assert!(rig.space.tables.table_bytes() < 4096);
    assert_eq!(rig.why(1 << 40, Access::Read), Some(MemFaultKind::NonCanonical));
}

/// What a Java machine asks for: half a gigabyte of heap, a gigabyte for its classes. Above the tables each access to them
/// would be a call.
#[test]
fn large_mappings_lie_where_the_cpu_is_fast_and_leave_room() {
    const GIB: u64 = 1 << 18;
    let mut rig = Rig::new(64);
    let heap = rig.map(0, GIB / 2 + 0x600, Prot::empty(), false).unwrap();
    let classes = rig.map(0, GIB, Prot::empty(), false).unwrap();
    let small = rig.map(0, 16, RW, false).unwrap();
    assert!(small < heap && heap < classes && classes + GIB <= tables::LOW_END_PAGE);
    assert_eq!(rig.space.tables.table_bytes(), 0, "a reservation costs nothing");
    rig.mem().protect(heap..heap + 16, RW).unwrap();
    rig.write(heap + 3, 7).unwrap();
    assert_eq!(rig.read(heap + 3), Ok(7));
    assert!(rig.space.tables.read_table().len() as u64 > heap + 3, "reached by the tables");
    // As many as ask: ordinary mappings still find a place below.
    while rig.map(0, GIB / 2, Prot::empty(), false).unwrap() < tables::LOW_END_PAGE {}
    assert!(rig.map(0, GIB / 4, RW, false).unwrap() < tables::LOW_END_PAGE);
    assert!(rig.map(0, GIB / 4, RW, false).unwrap() < tables::LOW_END_PAGE);
}

#[test]
fn the_limit_is_a_fault_and_not_the_end() {
    let mut rig = Rig::new(64);
    let page = rig.map(0, 100, RW, false).unwrap();
    let full = (0..100).find(|&i| rig.write(page + i, 1).is_err()).unwrap();
    assert_eq!(rig.why(page + full, Access::Write), Some(MemFaultKind::OutOfMemory));
    assert_eq!(rig.read(page + full), Ok(0));
    rig.mem().discard(page..page + 10);
    assert_eq!(rig.write(page + full, 1), Ok(()));
}

#[test]
fn writing_to_code_is_noticed_through_fork_and_unmap() {
    use brainworm_cpu::Bus;
    let mut rig = Rig::new(64);
    let page = rig.map(0, 1, RW | Prot::PROT_EXEC, false).unwrap();
    rig.write(page, 0xc3).unwrap();
    let code = rig.mem().fetch(page << 12).unwrap().host;
    let resolved = rig.mem().resolve(page << 12, Access::Write).unwrap();
    assert!(resolved.wrote_code);
    assert_eq!(rig.mem().take_stale(), Some(code));
    rig.mem().fetch(page << 12).unwrap();
    let tag = rig.space.code_tag;
    let mut child = rig.space.fork(&mut rig.frames, 2);
    assert_eq!(child.code_tag, tag, "the child runs the parent's translations");
    rig.write(page, 0x90).unwrap();
    assert_ne!(rig.space.code_tag, tag, "the page is another frame now");
    assert_eq!(rig.mem().take_stale(), None, "the child still runs the old one");
    child.destroy(&mut rig.frames);
    assert_eq!(rig.mem().take_stale(), Some(code));
}

#[test]
fn every_frame_is_counted_after_random_calls() {
    let mut rig = Rig::new(512);
    let mut seed = 12345u64;
    let mut next = |n: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % n
    };
    for _ in 0..4000 {
        let (page, len) = (1024 + next(64), 1 + next(16));
        match next(7) {
            0 => _ = rig.map(page, len, RW, true),
            1 => _ = rig.mem().unmap(page..page + len),
            2 => _ = rig.mem().protect(page..page + len, if next(2) == 0 { RW } else { Prot::PROT_READ }),
            3 => rig.mem().discard(page..page + len),
            4 => _ = rig.mem().remap(page, len, 1 + next(16), RemapFlags::MREMAP_MAYMOVE, 0, NO_LIMITS),
            _ => _ = rig.write(page, 1),
        }
        let total: u64 = rig.space.vmas.iter().map(|(start, vma)| vma.end - start).sum();
        assert_eq!(rig.space.total_pages, total);
    }
    let mut seen = 0;
    let zero = rig.frames.zero_frame();
    rig.space.tables.for_each_frame(|frame| seen += u32::from(frame != zero));
    assert_eq!(rig.frames.usage().used, seen + 1);
    let mut space = core::mem::replace(&mut rig.space, Space::new(2, 2));
    space.destroy(&mut rig.frames);
    assert_eq!(rig.frames.usage().used, 1);
    assert!(rig.frames.alloc().is_some());
}

/// A file whose pages come later.
struct Late;

impl brainworm_abi::File for Late {
    fn stat(&self, _: &mut brainworm_abi::Io<'_>) -> Result<brainworm_abi::Stat, Errno> {
        Err(Errno::EIO)
    }
    fn as_any(&self) -> &dyn core::any::Any {
        self
    }
    fn frame(&self, _: &mut brainworm_abi::Io<'_>, _: u64, _: bool) -> Result<brainworm_abi::Frame, Errno> {
        Err(Errno::EAGAIN)
    }
}

#[test]
fn a_page_that_is_not_here_yet_postpones_the_call() {
    let mut rig = Rig::new(64);
    let desc = crate::task::Descriptions::default().make(alloc::sync::Arc::new(Late), Default::default(), None);
    let request = Request {
        page: 20,
        pages: 1,
        prot: RW,
        flags: VmaFlags::MAY_WRITE,
        backing: Backing::File { desc, first: 0 },
        is_fixed: true,
        keeps_others: false,
        is_low: false,
    };
    rig.mem().map(request, NO_LIMITS).unwrap();
    assert_eq!((rig.read(20), rig.postponed.take()), (Err(Errno::EFAULT), Some(MemFaultKind::NotHereYet)));
    assert_eq!((rig.write(20, 1), rig.postponed.take()), (Err(Errno::EFAULT), Some(MemFaultKind::NotHereYet)));
    assert_eq!(rig.mem().accessible(GuestAddr(20 << 12), 4, Access::Read), Err(Errno::EFAULT));
    assert_eq!(rig.postponed.take(), Some(MemFaultKind::NotHereYet));
    assert_eq!((rig.read(21), rig.postponed), (Err(Errno::EFAULT), None), "nothing is mapped there: a fault");
}
