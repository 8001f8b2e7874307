//! A small machine for this crate's tests: frames in a `Vec`, a scripted host, an image built by hand.

use crate::{At, BootConfig, PathRef, Vfs};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use brainworm_abi::image::{self, ENTRY_LEN, HEADER_LEN, INODE_LEN, Layout, Section};
use brainworm_abi::linux::Caller;
use brainworm_abi::*;
use core::any::Any;

/// Frames in memory; frame numbers from `IMAGE_BASE` on are pages of the image.
pub(crate) struct Frames {
    frames: Vec<(u32, Box<[u8; PAGE_SIZE]>)>,
    free: Vec<u32>,
    pub(crate) image: Vec<u8>,
    pub(crate) limit: usize,
    pub(crate) live: usize,
}

const IMAGE_BASE: u32 = 1 << 30;

impl FrameStore for Frames {
    fn alloc(&mut self) -> Option<Frame> {
        if self.live >= self.limit {
            return None;
        }
        self.live += 1;
        if let Some(index) = self.free.pop() {
            self.frames[index as usize] = (1, Box::new([0; PAGE_SIZE]));
            return Some(Frame(index));
        }
        self.frames.push((1, Box::new([0; PAGE_SIZE])));
        Some(Frame(self.frames.len() as u32 - 1))
    }
    fn available(&self) -> u64 {
        (self.limit - self.live) as u64
    }
    fn retain(&mut self, frame: Frame) {
        if frame.0 < IMAGE_BASE {
            self.frames[frame.0 as usize].0 += 1;
        }
    }
    fn release(&mut self, frame: Frame) {
        if frame.0 < IMAGE_BASE {
            let slot = &mut self.frames[frame.0 as usize];
            assert!(slot.0 > 0, "a frame is released once too often");
            slot.0 -= 1;
            if slot.0 == 0 {
                self.free.push(frame.0);
                self.live -= 1;
            }
        }
    }
    fn is_unique(&self, frame: Frame) -> bool {
        frame.0 < IMAGE_BASE && self.frames[frame.0 as usize].0 == 1
    }
    fn bytes(&self, frame: Frame) -> &[u8; PAGE_SIZE] {
        if frame.0 < IMAGE_BASE {
            return &self.frames[frame.0 as usize].1;
        }
        let at = (frame.0 - IMAGE_BASE) as usize * PAGE_SIZE;
        self.image[at..at + PAGE_SIZE].try_into().unwrap()
    }
    fn bytes_mut(&mut self, frame: Frame) -> &mut [u8; PAGE_SIZE] {
        assert!(frame.0 < IMAGE_BASE, "an image frame is written");
        &mut self.frames[frame.0 as usize].1
    }
    fn image(&self, offset: u64, len: usize) -> Option<&[u8]> {
        self.image.get(offset as usize..)?.get(..len)
    }
    fn image_frame(&self, offset: u64) -> Option<Frame> {
        Some(Frame(IMAGE_BASE + (offset / PAGE_SIZE as u64) as u32))
    }
}

/// A host that does what the test put into it.
#[derive(Default)]
pub(crate) struct TestHost {
    /// What reads of standard input answer, in order; nothing left is WouldBlock.
    pub(crate) input: VecDeque<HostResult<Vec<u8>>>,
    pub(crate) output: Vec<u8>,
    /// Bytes a write takes; 0 is WouldBlock.
    pub(crate) room: usize,
    pub(crate) is_closed: bool,
    pub(crate) is_terminal: bool,
    pub(crate) window: Option<WinSize>,
    pub(crate) clock: Nanos,
    pub(crate) files: TestFiles,
}

impl Host for TestHost {
    fn monotonic(&mut self) -> Nanos {
        self.clock
    }
    fn wall(&mut self) -> Nanos {
        self.clock
    }
    fn entropy(&mut self, out: &mut [u8]) {
        out.iter_mut().enumerate().for_each(|(i, byte)| *byte = i as u8 ^ 0x5a);
    }
    fn read(&mut self, _stream: Stream, buf: &mut [u8]) -> HostResult<usize> {
        match self.input.pop_front() {
            None => Err(HostError::WouldBlock),
            Some(Err(e)) => Err(e),
            Some(Ok(mut bytes)) => {
                let n = buf.len().min(bytes.len());
                buf[..n].copy_from_slice(&bytes[..n]);
                if n < bytes.len() {
                    self.input.push_front(Ok(bytes.split_off(n)));
                }
                Ok(n)
            }
        }
    }
    fn write(&mut self, _stream: Stream, bytes: &[u8]) -> HostResult<usize> {
        if self.is_closed {
            return Err(HostError::Closed);
        }
        if self.room == 0 {
            return Err(HostError::WouldBlock);
        }
        let n = bytes.len().min(self.room);
        self.room -= n;
        self.output.extend_from_slice(&bytes[..n]);
        Ok(n)
    }
    fn is_terminal(&mut self, _stream: Stream) -> bool {
        self.is_terminal
    }
    fn window(&mut self) -> Option<WinSize> {
        self.window
    }
    fn files(&mut self) -> &mut dyn HostFiles {
        &mut self.files
    }
    fn chunk(&mut self, _id: ChunkId) -> HostResult<()> {
        Ok(())
    }
    fn log(&mut self, _line: &str) {}
}

/// Host directories held in memory: path to (mode, contents or target). The root of mount 0 is `""`.
#[derive(Default)]
pub(crate) struct TestFiles {
    pub(crate) mounts: Vec<(Vec<u8>, bool)>,
    pub(crate) tree: BTreeMap<Vec<u8>, (u32, Vec<u8>)>,
    open: Vec<Vec<u8>>,
    /// Answers WouldBlock this many times before working.
    pub(crate) stalls: u32,
}

impl TestFiles {
    fn stall(&mut self) -> HostResult<()> {
        if self.stalls > 0 {
            self.stalls -= 1;
            return Err(HostError::WouldBlock);
        }
        Ok(())
    }
    fn get(&self, path: &[u8]) -> HostResult<&(u32, Vec<u8>)> {
        let path = if path == b"." { b"" } else { path };
        self.tree.get(path).ok_or(HostError::Errno(Errno::ENOENT))
    }
    fn stat_of(&self, path: &[u8]) -> HostResult<HostStat> {
        let (mode, bytes) = self.get(path)?;
        let ino = 1000 + self.tree.keys().position(|key| key == path).unwrap_or(0) as u64;
        Ok(HostStat { dev: 9, ino, mode: *mode, nlink: 1, size: bytes.len() as u64, ..HostStat::default() })
    }
}

impl HostFiles for TestFiles {
    fn mounts(&mut self) -> Vec<(Vec<u8>, bool)> {
        self.mounts.clone()
    }
    fn stat(&mut self, _mount: u32, path: &[u8]) -> HostResult<HostStat> {
        self.stall()?;
        self.stat_of(path)
    }
    fn open(&mut self, _mount: u32, path: &[u8], flags: OpenFlags, mode: u32) -> HostResult<HostFileId> {
        self.stall()?;
        if flags.contains(OpenFlags::O_CREAT) && !self.tree.contains_key(path) {
            self.tree.insert(path.to_vec(), (0o100000 | mode, Vec::new()));
        }
        self.get(path)?;
        self.open.push(path.to_vec());
        Ok(self.open.len() as u32 - 1)
    }
    fn close(&mut self, file: HostFileId) {
        self.open[file as usize].clear();
    }
    fn fstat(&mut self, file: HostFileId) -> HostResult<HostStat> {
        self.stat_of(&self.open[file as usize].clone())
    }
    fn read_at(&mut self, file: HostFileId, pos: u64, buf: &mut [u8]) -> HostResult<usize> {
        self.stall()?;
        let bytes = &self.get(&self.open[file as usize])?.1;
        let rest = bytes.get(pos as usize..).unwrap_or(&[]);
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
    fn write_at(&mut self, file: HostFileId, pos: u64, bytes: &[u8]) -> HostResult<usize> {
        let path = self.open[file as usize].clone();
        let old = &mut self.tree.get_mut(&path).ok_or(HostError::Errno(Errno::EIO))?.1;
        let end = pos as usize + bytes.len();
        if old.len() < end {
            old.resize(end, 0);
        }
        old[pos as usize..end].copy_from_slice(bytes);
        Ok(bytes.len())
    }
    fn set_len(&mut self, file: HostFileId, size: u64) -> HostResult<()> {
        let path = self.open[file as usize].clone();
        self.tree.get_mut(&path).ok_or(HostError::Errno(Errno::EIO))?.1.resize(size as usize, 0);
        Ok(())
    }
    fn sync(&mut self, _file: HostFileId) -> HostResult<()> {
        Ok(())
    }
    fn read_dir(&mut self, _mount: u32, path: &[u8]) -> HostResult<Vec<DirEntry>> {
        let mut out = Vec::new();
        for (key, (mode, _)) in &self.tree {
            let name =
                if path == b"." { Some(&key[..]) } else { key.strip_prefix(path).and_then(|k| k.strip_prefix(b"/")) };
            if let Some(name) = name.filter(|name| !name.is_empty() && !name.contains(&b'/')) {
                out.push(DirEntry { ino: 1, kind: (mode >> 12) as u8, name: name.to_vec() });
            }
        }
        Ok(out)
    }
    fn mkdir(&mut self, _mount: u32, path: &[u8]) -> HostResult<()> {
        self.tree.insert(path.to_vec(), (0o040755, Vec::new()));
        Ok(())
    }
    fn unlink(&mut self, _mount: u32, path: &[u8]) -> HostResult<()> {
        self.tree.remove(path).map(drop).ok_or(HostError::Errno(Errno::ENOENT))
    }
    fn rmdir(&mut self, mount: u32, path: &[u8]) -> HostResult<()> {
        if !self.read_dir(mount, path)?.is_empty() {
            return Err(HostError::Errno(Errno::ENOTEMPTY));
        }
        self.unlink(mount, path)
    }
    fn rename(&mut self, _mount: u32, from: &[u8], to: &[u8]) -> HostResult<()> {
        let moved: Vec<Vec<u8>> = self.tree.keys().filter(|k| k.starts_with(from)).cloned().collect();
        for key in moved {
            let value = self.tree.remove(&key).unwrap();
            self.tree.insert([to, &key[from.len()..]].concat(), value);
        }
        Ok(())
    }
    fn link(&mut self, _mount: u32, from: &[u8], to: &[u8]) -> HostResult<()> {
        let value = self.get(from)?.clone();
        self.tree.insert(to.to_vec(), value);
        Ok(())
    }
    fn symlink(&mut self, _mount: u32, target: &[u8], path: &[u8]) -> HostResult<()> {
        self.tree.insert(path.to_vec(), (0o120777, target.to_vec()));
        Ok(())
    }
    fn readlink(&mut self, _mount: u32, path: &[u8]) -> HostResult<Vec<u8>> {
        Ok(self.get(path)?.1.clone())
    }
    fn set_times(
        &mut self,
        _mount: u32,
        _path: &[u8],
        _atime: Option<Timespec>,
        _mtime: Option<Timespec>,
    ) -> HostResult<()> {
        Ok(())
    }
}

/// Processes 1 and 7 exist; the test puts the targets of links in.
#[derive(Default)]
pub(crate) struct TestProc {
    pub(crate) targets: Vec<(ProcNode, PathRef)>,
}

impl ProcInfo for TestProc {
    fn render(&self, node: ProcNode, out: &mut Vec<u8>) -> Result<(), Errno> {
        out.extend_from_slice(alloc::format!("{node:?}\n").as_bytes());
        Ok(())
    }
    fn target(&self, node: ProcNode) -> Result<Box<dyn Any>, Errno> {
        let found = self.targets.iter().find(|(n, _)| *n == node).ok_or(Errno::ENOENT)?;
        Ok(Box::new(found.1.clone()))
    }
    fn current(&self) -> (Pid, Pid) {
        (7, 8)
    }
    fn pids(&self, out: &mut Vec<Pid>) {
        out.extend_from_slice(&[1, 7]);
    }
    fn tids(&self, pid: Pid, out: &mut Vec<Pid>) -> Result<(), Errno> {
        match pid {
            1 => out.push(1),
            7 => out.extend_from_slice(&[7, 8]),
            _ => return Err(Errno::ESRCH),
        }
        Ok(())
    }
    fn fds(&self, pid: Pid, out: &mut Vec<u32>) -> Result<(), Errno> {
        if pid == 7 {
            out.extend_from_slice(&[0, 3]);
        }
        Ok(())
    }
    fn group_session(&self, pgid: Pid) -> Result<Pid, Errno> {
        match pgid {
            7 | 9 => Ok(7),
            1 => Ok(1),
            _ => Err(Errno::ESRCH),
        }
    }
    fn memory(&self, pid: Pid) -> Result<u64, Errno> {
        self.owner(pid).map(|_| u64::from(pid) + 100)
    }
    fn is_running(&self, _file: (u64, u64)) -> bool {
        false
    }
    fn owner(&self, pid: Pid) -> Result<(u32, u32, Nanos), Errno> {
        match pid {
            1 => Ok((0, 0, 5)),
            7 | 8 => Ok((1000, 1000, 9)),
            _ => Err(Errno::ESRCH),
        }
    }
}

/// Guest memory for ioctls.
#[derive(Default)]
pub(crate) struct TestMem(pub(crate) Vec<u8>);

impl IoctlMem for TestMem {
    fn read(&mut self, addr: u64, into: &mut [u8]) -> Result<(), Errno> {
        into.copy_from_slice(self.0.get(addr as usize..addr as usize + into.len()).ok_or(Errno::EFAULT)?);
        Ok(())
    }
    fn write(&mut self, addr: u64, bytes: &[u8]) -> Result<(), Errno> {
        let end = addr as usize + bytes.len();
        if self.0.len() < end {
            self.0.resize(end, 0);
        }
        self.0[addr as usize..end].copy_from_slice(bytes);
        Ok(())
    }
}

/// Everything an `Io` borrows.
pub(crate) struct World {
    pub(crate) host: TestHost,
    pub(crate) frames: Frames,
    pub(crate) proc: TestProc,
    pub(crate) now: Timespec,
    pub(crate) caller: Caller,
    pub(crate) effects: Vec<Effect>,
    pub(crate) bell: Arc<Bell>,
}

impl World {
    /// A world whose caller is root.
    pub(crate) fn new(image: Vec<u8>) -> World {
        World {
            host: TestHost { room: usize::MAX, ..TestHost::default() },
            frames: Frames { frames: Vec::new(), free: Vec::new(), image, limit: 4096, live: 0 },
            proc: TestProc::default(),
            now: Timespec { sec: 1000, nsec: 0 },
            caller: root(),
            effects: Vec::new(),
            bell: Bell::new(),
        }
    }
    /// A world with its tree.
    pub(crate) fn boot(image: Vec<u8>) -> (World, Tree) {
        World::new(image).with_tree()
    }
    pub(crate) fn with_tree(self) -> (World, Tree) {
        let mut world = self;
        let bell = world.bell.clone();
        let (vfs, root) = Vfs::boot(&mut world.io(), &bell, &BootConfig::default()).unwrap();
        let tree = Tree { vfs, cwd: root.clone(), root };
        (world, tree)
    }
    pub(crate) fn io(&mut self) -> Io<'_> {
        Io {
            host: &mut self.host,
            frames: &mut self.frames,
            proc: &self.proc,
            now: self.now,
            caller: self.caller.clone(),
            effects: &mut self.effects,
        }
    }
    /// The caller is an ordinary user from now on.
    pub(crate) fn become_user(&mut self, uid: u32) {
        self.caller = Caller { fsuid: uid, fsgid: uid, is_privileged: false, ..root() };
    }
}

pub(crate) fn root() -> Caller {
    Caller {
        pid: 7,
        tid: 8,
        pgid: 7,
        sid: 7,
        is_privileged: true,
        umask: 0o022,
        file_size_limit: u64::MAX,
        ..Caller::default()
    }
}

/// A tree and a task's two directories in it, with shorthands.
pub(crate) struct Tree {
    pub(crate) vfs: Arc<Vfs>,
    pub(crate) root: PathRef,
    pub(crate) cwd: PathRef,
}

impl Tree {
    pub(crate) fn at(&self) -> At<'_> {
        At::new(&self.root, &self.cwd)
    }
    pub(crate) fn open(&self, w: &mut World, path: &str, flags: OpenFlags) -> Result<crate::Opened, Errno> {
        self.vfs.open(&mut w.io(), self.at(), path.as_bytes(), flags, 0o666)
    }
    pub(crate) fn mkdir(&self, w: &mut World, path: &str) -> Result<(), Errno> {
        self.vfs.mkdir(&mut w.io(), self.at(), path.as_bytes(), 0o777)
    }
    pub(crate) fn unlink(&self, w: &mut World, path: &str) -> Result<(), Errno> {
        self.vfs.unlink(&mut w.io(), self.at(), path.as_bytes())
    }
    pub(crate) fn rmdir(&self, w: &mut World, path: &str) -> Result<(), Errno> {
        self.vfs.rmdir(&mut w.io(), self.at(), path.as_bytes())
    }
    pub(crate) fn symlink(&self, w: &mut World, target: &str, path: &str) -> Result<(), Errno> {
        self.vfs.symlink(&mut w.io(), target.as_bytes(), self.at(), path.as_bytes())
    }
    pub(crate) fn link(&self, w: &mut World, old: &str, new: &str) -> Result<(), Errno> {
        self.vfs.link(&mut w.io(), self.at(), old.as_bytes(), false, self.at(), new.as_bytes())
    }
    pub(crate) fn rename(&self, w: &mut World, old: &str, new: &str) -> Result<(), Errno> {
        self.rename_with(w, old, new, crate::RenameFlags::empty())
    }
    pub(crate) fn rename_with(
        &self,
        w: &mut World,
        old: &str,
        new: &str,
        flags: crate::RenameFlags,
    ) -> Result<(), Errno> {
        self.vfs.rename(&mut w.io(), self.at(), old.as_bytes(), self.at(), new.as_bytes(), flags)
    }
    pub(crate) fn stat(&self, w: &mut World, path: &str) -> Result<Stat, Errno> {
        self.vfs.stat(&mut w.io(), self.at(), path.as_bytes(), true)
    }
    pub(crate) fn lstat(&self, w: &mut World, path: &str) -> Result<Stat, Errno> {
        self.vfs.stat(&mut w.io(), self.at(), path.as_bytes(), false)
    }
    pub(crate) fn write(&self, w: &mut World, path: &str, text: &str) -> Result<(), Errno> {
        let flags = OpenFlags::O_WRONLY | OpenFlags::O_CREAT | OpenFlags::O_TRUNC;
        let opened = self.open(w, path, flags)?;
        assert_eq!(opened.file.write(&mut w.io(), 0, false, text.as_bytes())?.0, text.len());
        opened.file.close(&mut w.io());
        Ok(())
    }
    pub(crate) fn read(&self, w: &mut World, path: &str) -> Result<Vec<u8>, Errno> {
        let opened = self.open(w, path, OpenFlags::empty())?;
        read_all(w, &*opened.file)
    }
    pub(crate) fn list(&self, w: &mut World, path: &str) -> Result<Vec<alloc::string::String>, Errno> {
        let opened = self.open(w, path, OpenFlags::O_DIRECTORY)?;
        let mut names = Vec::new();
        opened.file.read_dir(&mut w.io(), 0, &mut |_, _, _, name| {
            names.push(alloc::string::String::from_utf8_lossy(name).into_owned());
            true
        })?;
        Ok(names.into_iter().filter(|name| name != "." && name != "..").collect())
    }
}

pub(crate) fn read_all(w: &mut World, file: &dyn File) -> Result<Vec<u8>, Errno> {
    let mut out = Vec::new();
    let mut buf = [0; 5000];
    loop {
        let n = file.read(&mut w.io(), out.len() as u64, &mut buf)?;
        if n == 0 {
            return Ok(out);
        }
        out.extend_from_slice(&buf[..n]);
    }
}

/// One file for `build_image`.
pub(crate) enum Item {
    Dir(Vec<(&'static str, usize)>),
    File(Vec<u8>),
    /// A file that can be mapped in place.
    Pages(Vec<u8>),
    Link(&'static str),
}

/// An image of these inodes (the first is the root directory; entries name inodes by index, sorted by name).
pub(crate) fn build_image(items: &[(u32, Item)]) -> Vec<u8> {
    let (mut inodes, mut entries, mut strings) = (Vec::new(), Vec::new(), Vec::new());
    let mut links = vec![0u32; items.len()];
    let mut parents = vec![1u32; items.len()];
    for (i, (_, item)) in items.iter().enumerate() {
        if let Item::Dir(children) = item {
            links[i] += 2;
            for &(_, child) in children {
                parents[child] = i as u32 + 1;
                if matches!(items[child].1, Item::Dir(_)) { links[i] += 1 } else { links[child] += 1 }
            }
        }
    }
    let mut records = Vec::new();
    let (mut packed, mut pages) = (Vec::new(), Vec::new());
    for (i, (mode, item)) in items.iter().enumerate() {
        let mut record = image::Inode {
            mode: *mode,
            uid: 0,
            gid: 0,
            nlink: links[i],
            mtime: Timespec { sec: 500, nsec: 0 },
            xattrs: 0,
            size: 0,
            data: 0,
            parent: 0,
            flags: 0,
        };
        match item {
            Item::Dir(children) => {
                (record.mode, record.parent) = (0o040000 | mode, parents[i]);
                (record.data, record.size) = (entries.len() as u64 / ENTRY_LEN as u64, children.len() as u64);
                for (name, child) in children {
                    let kind = match items[*child].1 {
                        Item::Dir(_) => 4,
                        Item::Link(_) => 10,
                        _ => 8,
                    };
                    let at = strings.len() as u32;
                    entries.extend_from_slice(&image::encode_entry(at, name.len() as u16, *child as u32 + 1, kind));
                    strings.extend_from_slice(name.as_bytes());
                }
            }
            Item::Link(target) => {
                (record.mode, record.data, record.size) = (0o120777, strings.len() as u64, target.len() as u64);
                strings.extend_from_slice(target.as_bytes());
            }
            Item::File(bytes) => {
                (record.mode, record.data, record.size) = (0o100000 | mode, packed.len() as u64, bytes.len() as u64);
                packed.extend_from_slice(bytes);
                packed.resize(packed.len().next_multiple_of(8), 0);
            }
            Item::Pages(bytes) => {
                (record.mode, record.data, record.size) = (0o100000 | mode, pages.len() as u64, bytes.len() as u64);
                record.flags = image::FLAG_PAGES;
                pages.extend_from_slice(bytes);
                pages.resize(pages.len().next_multiple_of(PAGE_SIZE), 0);
            }
        }
        records.push(record);
    }
    let mut at = HEADER_LEN as u64;
    let mut section = |len: usize| {
        let section = Section { offset: at, len: len as u64 };
        at += len as u64;
        section
    };
    let mut layout = Layout {
        inode_count: records.len() as u32,
        entry_count: (entries.len() / ENTRY_LEN) as u32,
        inodes: section(records.len() * INODE_LEN),
        entries: section(entries.len()),
        strings: section(strings.len()),
        xattrs: section(0),
        config: section(0),
        ..Layout::default()
    };
    let packed_at = at.next_multiple_of(8);
    let pages_at = (packed_at + packed.len() as u64).next_multiple_of(PAGE_SIZE as u64);
    layout.packed = Section { offset: packed_at, len: pages_at - packed_at };
    layout.pages = Section { offset: pages_at, len: pages.len() as u64 };
    layout.total = pages_at + pages.len() as u64;
    for (record, (_, item)) in records.iter_mut().zip(items) {
        match item {
            Item::File(_) => record.data += packed_at,
            Item::Pages(_) => record.data += pages_at,
            _ => {}
        }
        inodes.extend_from_slice(&record.encode());
    }
    let mut out = layout.encode().to_vec();
    [&inodes, &entries, &strings].iter().for_each(|part| out.extend_from_slice(part));
    out.resize(packed_at as usize, 0);
    out.extend_from_slice(&packed);
    out.resize(pages_at as usize, 0);
    out.extend_from_slice(&pages);
    image::Image::open(&out).unwrap().verify().unwrap();
    out
}
