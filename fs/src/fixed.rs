//! Trees of small files known in advance: /proc/sys and /sys. A table lists the files; directories follow from it.

use crate::PathRef;
use crate::inode::{Caching, EachEntry, Inode, SetAttr};
use crate::text_file::TextFile;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::{Errno, File, FileKind, Io, OpenFlags, ProcNode, Stat, StatFs, Timespec};
use core::any::Any;

/// A line of a table: path without a leading slash, and content.
pub(crate) type Line = (&'static str, Content);

/// Where the content of a file comes from.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    Text(&'static str),
    /// Asked of the kernel; this when it does not know.
    Kernel(&'static str),
    /// A fresh UUID at each read.
    Uuid,
    /// The UUID of this boot.
    BootId,
    /// An empty directory.
    Dir,
}

/// One such tree.
pub(crate) struct FixedTree {
    pub(crate) lines: &'static [Line],
    pub(crate) dev: u64,
    /// f_type of statfs(2).
    pub(crate) magic: u64,
    pub(crate) first_ino: u64,
    pub(crate) boot: Timespec,
    pub(crate) boot_id: [u8; 16],
}

/// A file or directory of a tree: a line, or a prefix that lines share.
pub(crate) struct FixedInode {
    tree: Arc<FixedTree>,
    /// The path; of a directory without its trailing slash.
    path: &'static str,
    line: Option<usize>,
}

impl FixedInode {
    /// The directory at the top.
    pub(crate) fn root(tree: FixedTree) -> Arc<FixedInode> {
        Arc::new(FixedInode { tree: Arc::new(tree), path: "", line: None })
    }

    fn content(&self) -> Option<Content> {
        self.line.and_then(|line| self.tree.lines.get(line)).map(|line| line.1)
    }

    /// What the line `index` has directly below this directory.
    fn below(&self, index: usize) -> Option<FixedInode> {
        let (path, content) = *self.tree.lines.get(index)?;
        let rest = if self.path.is_empty() { path } else { path.strip_prefix(self.path)?.strip_prefix('/')? };
        let end = path.len() - rest.len();
        let (path, line) = match rest.split_once('/') {
            Some((first, _)) => (&path[..end + first.len()], None),
            None => (path, Some(index).filter(|_| !matches!(content, Content::Dir))),
        };
        Some(FixedInode { tree: self.tree.clone(), path, line })
    }
    fn name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or("")
    }
}

/// A UUID of version 4 from 16 random bytes, as text.
fn uuid(mut bytes: [u8; 16]) -> alloc::string::String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: alloc::string::String = bytes.iter().map(|b| alloc::format!("{b:02x}")).collect();
    alloc::format!("{}-{}-{}-{}-{}\n", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

impl Inode for FixedInode {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn kind(&self) -> FileKind {
        match self.content() {
            None => FileKind::Directory,
            Some(_) => FileKind::Regular,
        }
    }
    fn id(&self) -> (u64, u64) {
        // The first line that has this path as a prefix names a directory too.
        let first = self.tree.lines.iter().position(|line| line.0.starts_with(self.path)).unwrap_or(0) as u64;
        let depth = self.path.bytes().filter(|&b| b == b'/').count() as u64 + u64::from(!self.path.is_empty());
        let number = self.line.map_or(first * 16 + depth, |line| line as u64 * 16 + 15);
        (self.tree.dev, self.tree.first_ino + number)
    }
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        let (dev, ino) = self.id();
        let (mode, nlink) = match self.kind() {
            FileKind::Directory => (0o040555, 2),
            _ => (0o100444, 1),
        };
        let time = self.tree.boot;
        Ok(Stat { dev, ino, mode, nlink, blksize: 4096, atime: time, mtime: time, ctime: time, ..Stat::default() })
    }
    fn statfs(&self, _io: &mut Io<'_>) -> Result<StatFs, Errno> {
        Ok(StatFs { kind: self.tree.magic, bsize: 4096, namelen: 255, ..StatFs::default() })
    }
    fn lookup(&self, _io: &mut Io<'_>, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        if self.line.is_some() {
            return Err(Errno::ENOTDIR);
        }
        let mut children = (0..self.tree.lines.len()).filter_map(|index| self.below(index));
        match children.find(|child| child.name().as_bytes() == name) {
            Some(child) => Ok(Arc::new(child)),
            None => Err(Errno::ENOENT),
        }
    }
    fn caching(&self) -> Caching {
        Caching::Always
    }
    fn entries(&self, _io: &mut Io<'_>, cookie: u64, each: EachEntry<'_>) -> Result<(), Errno> {
        let cookie = cookie.max(3);
        let mut last = "";
        for index in 0..self.tree.lines.len() {
            let Some(child) = self.below(index) else { continue };
            // Lines of one directory are neighbours, so a repeated name is the last one.
            if child.path == last {
                continue;
            }
            last = child.path;
            let at = 3 + index as u64;
            if at >= cookie && !each(child.id().1, at + 1, child.kind().dirent_type(), child.name().as_bytes()) {
                return Ok(());
            }
        }
        Ok(())
    }
    fn open(self: Arc<Self>, _io: &mut Io<'_>, path: &PathRef, flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
        if flags.writes() {
            return Err(Errno::EROFS);
        }
        let content = self.content().ok_or(Errno::EISDIR)?;
        let (name, boot_id) = (self.path, self.tree.boot_id);
        let render = move |io: &mut Io<'_>, out: &mut Vec<u8>| {
            match content {
                Content::Text(text) => out.extend_from_slice(text.as_bytes()),
                Content::Kernel(text) => {
                    if io.proc.render(ProcNode::Sys(name), out).is_err() {
                        out.extend_from_slice(text.as_bytes());
                    }
                }
                Content::Uuid => {
                    let mut bytes = [0; 16];
                    io.host.entropy(&mut bytes);
                    out.extend_from_slice(uuid(bytes).as_bytes());
                }
                Content::BootId => out.extend_from_slice(uuid(boot_id).as_bytes()),
                Content::Dir => {}
            }
            Ok(())
        };
        Ok(Arc::new(TextFile::new(path, alloc::boxed::Box::new(render), None)))
    }
    fn truncate(&self, _io: &mut Io<'_>, _size: u64) -> Result<(), Errno> {
        Err(Errno::EROFS)
    }
    fn set_attr(&self, _io: &mut Io<'_>, _attr: &SetAttr) -> Result<(), Errno> {
        Err(Errno::EPERM)
    }
}
