//! The packed image: the root filesystem and the container's metadata as one read-only blob, read in place.
//!
//! `loader/pack` writes it, `fs` reads files from it, the kernel reads the container's configuration and maps ELF
//! files out of it without a copy. The blob starts on a page boundary of linear memory. All numbers are little-endian.
//!
//! ```text
//!   0        Header, HEADER_LEN bytes
//!   inodes   Inode records, INODE_LEN bytes each; inode n is record n-1, inode 1 is the root directory
//!   entries  directory entries, ENTRY_LEN bytes each; those of one directory are neighbours, sorted by name bytes
//!   strings  names and symlink targets, without terminators
//!   xattrs   lists: u16 count, then count times { u16 name length, u32 value length, name, value }
//!   config   the container's configuration, see `config.rs`
//!   packed   contents of ordinary files, each 8-byte aligned
//!   pages    contents of ELF files, each page aligned and zero-filled to the page: mapped in place
//! ```
//!
//! Everything but contents comes first, so that a host that delivers the image in parts delivers the tree first.
//! Equal contents are stored once. The reader trusts nothing: a corrupt image gives [`ImageError`], never a panic.
//! It checks a record when it reads it; what it does not check is the tree as a whole ([`Image::verify`] does).

mod config;
mod verify;

pub use config::{ContainerConfig, Http};

use crate::{FileKind, PAGE_SIZE, Timespec};
use core::cmp::Ordering;

/// First bytes of a packed image.
pub const MAGIC: [u8; 8] = *b"BWIMAGE\x01";
/// The version this code writes and reads.
pub const VERSION: u32 = 1;
/// Bytes of the header.
pub const HEADER_LEN: usize = 128;
/// Bytes of an inode record.
pub const INODE_LEN: usize = 64;
/// Bytes of a directory entry record.
pub const ENTRY_LEN: usize = 12;
/// The root directory.
pub const ROOT: InodeId = 1;
/// Longest name of a directory entry (NAME_MAX).
pub const NAME_MAX: usize = 255;
/// Inode flag: the contents are page aligned and zero-filled to the page, and may be mapped in place.
pub const FLAG_PAGES: u32 = 1;

/// Name of the exported symbol through which the packer tells a kernel module where its image is: [`SLOT_WORDS`] u32,
/// address and length of the image, then of the index of code translated ahead of time (0 without any). In a module
/// without an image all are [`SLOT_EMPTY`].
pub const SLOT_SYMBOL: &str = "BRAINWORM_IMAGE";
/// See [`SLOT_SYMBOL`]. Not zero, so that the slot has bytes in the module to be overwritten.
pub const SLOT_EMPTY: u32 = 0x4d52_5742;
/// See [`SLOT_SYMBOL`].
pub const SLOT_WORDS: usize = 4;

/// Number of an inode in the image, from 1; also its `st_ino`. Hard links are entries with the same number.
pub type InodeId = u32;

/// What is wrong with an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImageError {
    /// It does not begin as a packed image does.
    Magic,
    /// It was written by another version of the packer.
    Version(u32),
    /// It is shorter than its header says.
    Truncated,
    /// A record or section reaches out of its bounds, or has an impossible value.
    Corrupt(&'static str),
}

impl core::fmt::Display for ImageError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            ImageError::Magic => f.write_str("not a packed image"),
            ImageError::Version(v) => write!(f, "packed image of version {v}, this program reads {VERSION}"),
            ImageError::Truncated => f.write_str("packed image is truncated"),
            ImageError::Corrupt(what) => write!(f, "packed image is corrupt: {what}"),
        }
    }
}

impl core::error::Error for ImageError {}

/// A section's place in the image.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Section {
    /// Bytes from the start of the image.
    pub offset: u64,
    /// Length in bytes.
    pub len: u64,
}

/// The parsed header. Cheap to copy and to keep: with it, [`Image::with_layout`] costs nothing.
///
/// ```text
///   0 magic   8 version u32   12 flags u32 (0)   16 total u64   24 inode count u32   28 entry count u32
///  32 inodes u64   40 entries u64   48 strings u64   56 xattrs u64   64 config u64   72 packed u64   80 pages u64
///  88 strings len u64   96 xattrs len u64   104 config len u64   112 reserved (0)
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "the sections of the module's description")]
pub struct Layout {
    /// Bytes of the whole image; a multiple of the page.
    pub total: u64,
    pub inode_count: u32,
    pub entry_count: u32,
    pub inodes: Section,
    pub entries: Section,
    pub strings: Section,
    pub xattrs: Section,
    pub config: Section,
    pub packed: Section,
    pub pages: Section,
}

impl Layout {
    /// Parses and checks the header at the start of `bytes`, which need not hold more than the header.
    pub fn parse(bytes: &[u8]) -> Result<Layout, ImageError> {
        let head = bytes.get(..HEADER_LEN).ok_or(ImageError::Truncated)?;
        if head[..8] != MAGIC {
            return Err(ImageError::Magic);
        }
        let version = u32_at(head, 8)?;
        if version != VERSION {
            return Err(ImageError::Version(version));
        }
        let total = u64_at(head, 16)?;
        let (inode_count, entry_count) = (u32_at(head, 24)?, u32_at(head, 28)?);
        let section = |at: usize, len: u64| -> Result<Section, ImageError> {
            let offset = u64_at(head, at)?;
            match offset.checked_add(len) {
                Some(end) if offset >= HEADER_LEN as u64 && end <= total => Ok(Section { offset, len }),
                _ => Err(ImageError::Corrupt("a section reaches out of the image")),
            }
        };
        let (packed, pages) = (u64_at(head, 72)?, u64_at(head, 80)?);
        let layout = Layout {
            total,
            inode_count,
            entry_count,
            inodes: section(32, inode_count as u64 * INODE_LEN as u64)?,
            entries: section(40, entry_count as u64 * ENTRY_LEN as u64)?,
            strings: section(48, u64_at(head, 88)?)?,
            xattrs: section(56, u64_at(head, 96)?)?,
            config: section(64, u64_at(head, 104)?)?,
            packed: section(72, pages.checked_sub(packed).ok_or(ImageError::Corrupt("sections out of order"))?)?,
            pages: section(80, total.checked_sub(pages).ok_or(ImageError::Corrupt("sections out of order"))?)?,
        };
        if total % PAGE_SIZE as u64 != 0 || pages % PAGE_SIZE as u64 != 0 {
            return Err(ImageError::Corrupt("contents are not page aligned"));
        }
        if inode_count == 0 {
            return Err(ImageError::Corrupt("there is no root directory"));
        }
        Ok(layout)
    }

    /// The header's bytes.
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut head = [0; HEADER_LEN];
        head[..8].copy_from_slice(&MAGIC);
        let mut put = |at: usize, bytes: &[u8]| head[at..at + bytes.len()].copy_from_slice(bytes);
        put(8, &VERSION.to_le_bytes());
        put(16, &self.total.to_le_bytes());
        put(24, &self.inode_count.to_le_bytes());
        put(28, &self.entry_count.to_le_bytes());
        let offsets = [self.inodes, self.entries, self.strings, self.xattrs, self.config, self.packed, self.pages];
        for (i, section) in offsets.iter().enumerate() {
            put(32 + 8 * i, &section.offset.to_le_bytes());
        }
        for (i, section) in [self.strings, self.xattrs, self.config].iter().enumerate() {
            put(88 + 8 * i, &section.len.to_le_bytes());
        }
        head
    }
}

/// One inode record.
///
/// ```text
///   0 mode u32   4 uid u32   8 gid u32   12 nlink u32   16 mtime sec i64   24 mtime nsec u32   28 xattrs u32
///  32 size u64   40 data u64   48 parent u32   52 flags u32   56 reserved (0)
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Inode {
    /// File type and permissions, as `st_mode`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Hard links; of a directory 2 + its subdirectories.
    pub nlink: u32,
    /// Last modification.
    pub mtime: Timespec,
    /// 0, or 1 + the offset of its list in the xattrs section.
    pub xattrs: u32,
    /// Regular file: bytes. Symlink: bytes of the target. Directory: number of entries. Else 0.
    pub size: u64,
    /// Regular file: offset of the contents from the image's start. Symlink: offset of the target in the strings
    /// section. Directory: index of its first entry. Device: `st_rdev` (makedev(3)). Else 0.
    pub data: u64,
    /// Directory: the directory it is in; the root is its own parent. Else 0.
    pub parent: InodeId,
    /// [`FLAG_PAGES`].
    pub flags: u32,
}

impl Inode {
    /// The file type; the reader refuses records without one.
    pub fn kind(&self) -> FileKind {
        FileKind::from_mode(self.mode).unwrap_or(FileKind::Regular)
    }
    /// True for a directory.
    pub fn is_dir(&self) -> bool {
        self.kind() == FileKind::Directory
    }
    /// True when the contents can be mapped in place.
    pub fn is_mappable(&self) -> bool {
        self.flags & FLAG_PAGES != 0
    }
    /// `st_rdev`; 0 when it is no device.
    pub fn rdev(&self) -> u64 {
        match self.kind() {
            FileKind::CharDevice | FileKind::BlockDevice => self.data,
            _ => 0,
        }
    }
    /// The record's bytes.
    pub fn encode(&self) -> [u8; INODE_LEN] {
        let mut out = [0; INODE_LEN];
        let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &self.mode.to_le_bytes());
        put(4, &self.uid.to_le_bytes());
        put(8, &self.gid.to_le_bytes());
        put(12, &self.nlink.to_le_bytes());
        put(16, &self.mtime.sec.to_le_bytes());
        put(24, &self.mtime.nsec.to_le_bytes());
        put(28, &self.xattrs.to_le_bytes());
        put(32, &self.size.to_le_bytes());
        put(40, &self.data.to_le_bytes());
        put(48, &self.parent.to_le_bytes());
        put(52, &self.flags.to_le_bytes());
        out
    }
    fn decode(bytes: &[u8]) -> Result<Inode, ImageError> {
        let inode = Inode {
            mode: u32_at(bytes, 0)?,
            uid: u32_at(bytes, 4)?,
            gid: u32_at(bytes, 8)?,
            nlink: u32_at(bytes, 12)?,
            mtime: Timespec { sec: u64_at(bytes, 16)? as i64, nsec: u32_at(bytes, 24)? },
            xattrs: u32_at(bytes, 28)?,
            size: u64_at(bytes, 32)?,
            data: u64_at(bytes, 40)?,
            parent: u32_at(bytes, 48)?,
            flags: u32_at(bytes, 52)?,
        };
        if FileKind::from_mode(inode.mode).is_none() || inode.mtime.nsec >= 1_000_000_000 {
            return Err(ImageError::Corrupt("an inode has no type or an impossible time"));
        }
        Ok(inode)
    }
}

/// One name in a directory. On disk: name offset u32, inode u32, name length u16, d_type u8, 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry<'a> {
    /// The name: 1..=255 bytes without `/` and NUL.
    pub name: &'a [u8],
    /// What it names.
    pub inode: InodeId,
    /// `d_type` of getdents64(2).
    pub kind: u8,
}

/// The bytes of an entry record; its name is `name_len` bytes at `name_offset` of the strings section.
pub fn encode_entry(name_offset: u32, name_len: u16, inode: InodeId, kind: u8) -> [u8; ENTRY_LEN] {
    let mut out = [0; ENTRY_LEN];
    out[..4].copy_from_slice(&name_offset.to_le_bytes());
    out[4..8].copy_from_slice(&inode.to_le_bytes());
    out[8..10].copy_from_slice(&name_len.to_le_bytes());
    out[10] = kind;
    out
}

/// A packed image in memory. Copying it copies a reference.
#[derive(Clone, Copy)]
pub struct Image<'a> {
    bytes: &'a [u8],
    layout: Layout,
}

impl<'a> Image<'a> {
    /// Reads the header; `bytes` may be longer than the image.
    pub fn open(bytes: &'a [u8]) -> Result<Image<'a>, ImageError> {
        Image::with_layout(bytes, Layout::parse(bytes)?)
    }
    /// The same with a header parsed before.
    pub fn with_layout(bytes: &'a [u8], layout: Layout) -> Result<Image<'a>, ImageError> {
        let total = usize::try_from(layout.total).map_err(|_| ImageError::Truncated)?;
        let bytes = bytes.get(..total).ok_or(ImageError::Truncated)?;
        Ok(Image { bytes, layout })
    }
    /// The parsed header.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
    /// The whole image.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The record of inode `id`.
    pub fn inode(&self, id: InodeId) -> Result<Inode, ImageError> {
        if id == 0 || id > self.layout.inode_count {
            return Err(ImageError::Corrupt("an inode number is out of range"));
        }
        Inode::decode(self.record(self.layout.inodes, id - 1, INODE_LEN)?)
    }

    /// The inode `name` leads to in directory `dir`; `None` when there is no such entry. `.` and `..` are the
    /// caller's: they are never stored.
    pub fn lookup(&self, dir: InodeId, name: &[u8]) -> Result<Option<InodeId>, ImageError> {
        let (first, count) = self.directory(dir)?;
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low + (high - low) / 2;
            let entry = self.entry(first + middle)?;
            match entry.name.cmp(name) {
                Ordering::Equal => return Ok(Some(entry.inode)),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }

    /// The entries of directory `dir` from number `from` on, in the order of their names' bytes.
    pub fn entries(
        &self,
        dir: InodeId,
        from: u32,
    ) -> Result<impl Iterator<Item = Result<Entry<'a>, ImageError>> + use<'a>, ImageError> {
        let (first, count) = self.directory(dir)?;
        let image = *self;
        Ok((from.min(count)..count).map(move |i| image.entry(first + i)))
    }

    /// Where the contents of a regular file are: (offset from the image's start, length).
    pub fn data(&self, id: InodeId) -> Result<(u64, u64), ImageError> {
        let inode = self.inode(id)?;
        if inode.kind() != FileKind::Regular {
            return Err(ImageError::Corrupt("contents asked of what is no file"));
        }
        let end = inode.data.checked_add(inode.size);
        if inode.size == 0 {
            return Ok((0, 0));
        }
        if inode.is_mappable() {
            // A whole number of pages belongs to the file: the last page is mapped with its zeros.
            let aligned = inode.data % PAGE_SIZE as u64 == 0 && inode.data >= self.layout.pages.offset;
            return match end.and_then(|end| end.checked_next_multiple_of(PAGE_SIZE as u64)) {
                Some(end) if aligned && end <= self.layout.total => Ok((inode.data, inode.size)),
                _ => Err(ImageError::Corrupt("a mapped file reaches out of the image")),
            };
        }
        match end {
            Some(end) if inode.data >= self.layout.packed.offset && end <= self.layout.total => {
                Ok((inode.data, inode.size))
            }
            _ => Err(ImageError::Corrupt("a file reaches out of the image")),
        }
    }

    /// The contents of a regular file.
    pub fn contents(&self, id: InodeId) -> Result<&'a [u8], ImageError> {
        let (offset, len) = self.data(id)?;
        slice(self.bytes, offset, len)
    }

    /// The target of a symlink.
    pub fn readlink(&self, id: InodeId) -> Result<&'a [u8], ImageError> {
        let inode = self.inode(id)?;
        if inode.kind() != FileKind::Symlink {
            return Err(ImageError::Corrupt("target asked of what is no symlink"));
        }
        slice(self.section(self.layout.strings)?, inode.data, inode.size)
    }

    /// The extended attributes of an inode as (name, value), xattr(7).
    pub fn xattrs(&self, id: InodeId) -> Result<Xattrs<'a>, ImageError> {
        let Some(offset) = self.inode(id)?.xattrs.checked_sub(1) else {
            return Ok(Xattrs { rest: &[], left: 0 });
        };
        let section = self.section(self.layout.xattrs)?;
        let list = section.get(offset as usize..).ok_or(ImageError::Corrupt("an xattr list is out of bounds"))?;
        let (count, rest) =
            list.split_first_chunk::<2>().ok_or(ImageError::Corrupt("an xattr list is out of bounds"))?;
        Ok(Xattrs { rest, left: u16::from_le_bytes(*count) })
    }

    /// The container's configuration.
    pub fn config(&self) -> Result<ContainerConfig, ImageError> {
        ContainerConfig::decode(self.section(self.layout.config)?)
    }

    fn directory(&self, dir: InodeId) -> Result<(u32, u32), ImageError> {
        let inode = self.inode(dir)?;
        if !inode.is_dir() {
            return Err(ImageError::Corrupt("entries asked of what is no directory"));
        }
        let end = inode.data.checked_add(inode.size);
        match end {
            Some(end) if end <= self.layout.entry_count as u64 => Ok((inode.data as u32, inode.size as u32)),
            _ => Err(ImageError::Corrupt("a directory reaches out of the image")),
        }
    }

    fn entry(&self, index: u32) -> Result<Entry<'a>, ImageError> {
        let record = self.record(self.layout.entries, index, ENTRY_LEN)?;
        let len = u16::from_le_bytes([record[8], record[9]]) as u64;
        let name = slice(self.section(self.layout.strings)?, u32_at(record, 0)? as u64, len)?;
        let is_plain = !name.is_empty() && name.len() <= NAME_MAX && name != b"." && name != b"..";
        if !is_plain || name.iter().any(|&b| b == b'/' || b == 0) {
            return Err(ImageError::Corrupt("a name is impossible"));
        }
        Ok(Entry { name, inode: u32_at(record, 4)?, kind: record[10] })
    }

    fn section(&self, section: Section) -> Result<&'a [u8], ImageError> {
        slice(self.bytes, section.offset, section.len)
    }

    /// Record `index` of a table; the answer has exactly `len` bytes.
    fn record(&self, table: Section, index: u32, len: usize) -> Result<&'a [u8], ImageError> {
        slice(self.section(table)?, index as u64 * len as u64, len as u64)
    }
}

/// The extended attributes of one inode.
#[derive(Clone)]
pub struct Xattrs<'a> {
    rest: &'a [u8],
    left: u16,
}

impl<'a> Xattrs<'a> {
    fn take(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let (head, rest) = self.rest.split_at_checked(6)?;
        let name_len = u16::from_le_bytes([head[0], head[1]]) as usize;
        let value_len = u32::from_le_bytes([head[2], head[3], head[4], head[5]]) as usize;
        let (name, rest) = rest.split_at_checked(name_len)?;
        let (value, rest) = rest.split_at_checked(value_len)?;
        self.rest = rest;
        Some((name, value))
    }
}

impl<'a> Iterator for Xattrs<'a> {
    type Item = Result<(&'a [u8], &'a [u8]), ImageError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let pair = self.take();
        if pair.is_none() {
            self.left = 0;
        }
        Some(pair.ok_or(ImageError::Corrupt("an xattr list is out of bounds")))
    }
}

fn slice(bytes: &[u8], offset: u64, len: u64) -> Result<&[u8], ImageError> {
    let start = usize::try_from(offset).ok();
    let end = offset.checked_add(len).and_then(|end| usize::try_from(end).ok());
    start
        .zip(end)
        .and_then(|(start, end)| bytes.get(start..end))
        .ok_or(ImageError::Corrupt("a reference out of bounds"))
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, ImageError> {
    bytes.get(at..).and_then(|b| b.first_chunk()).map(|b| u32::from_le_bytes(*b)).ok_or(ImageError::Truncated)
}

fn u64_at(bytes: &[u8], at: usize) -> Result<u64, ImageError> {
    bytes.get(at..).and_then(|b| b.first_chunk()).map(|b| u64::from_le_bytes(*b)).ok_or(ImageError::Truncated)
}
