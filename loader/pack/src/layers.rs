//! A tar laid over the tree: an OCI layer with its whiteouts, or a plain root archive.

use crate::error::{Error, Result, show};
use crate::tar::{Entry, Kind, Reader};
use crate::tree::{Body, Directory, Meta, Tree};
use std::io::Read;

/// What an archive is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArchiveKind {
    /// A layer: `.wh.NAME` hides NAME of lower layers, `.wh..wh..opq` all of them (OCI image specification, "Whiteouts").
    Layer,
    /// A root filesystem: every name means itself.
    Root,
}

/// Lays an archive over the tree; contents count against `budget`. Answers whether the archive ended as archives do:
/// without that mark it may have been cut between two members.
pub fn apply(tree: &mut Tree, source: impl Read, kind: ArchiveKind, budget: &mut u64) -> Result<bool> {
    tree.begin_layer();
    let mut reader = Reader::new(source, *budget);
    while let Some(entry) = reader.next()? {
        if kind == ArchiveKind::Layer && whiteout(tree, &entry)? {
            continue;
        }
        put(tree, &mut reader, entry)?;
    }
    *budget = reader.budget();
    Ok(reader.saw_end())
}

fn whiteout(tree: &mut Tree, entry: &Entry) -> Result<bool> {
    let path = entry.path.strip_suffix(b"/").unwrap_or(&entry.path);
    let (parent, name) = match path.iter().rposition(|&b| b == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (&b""[..], path),
    };
    let Some(hidden) = name.strip_prefix(b".wh.") else { return Ok(false) };
    match hidden {
        b".wh..opq" => tree.hide_all(parent)?,
        // aufs's own bookkeeping (.wh..wh.aufs, .wh..wh.plnk, .wh..wh.orph) says nothing about the files.
        _ if hidden.starts_with(b".wh.") => {}
        b"" | b"." | b".." => return Err(Error::new(format!("'{}' is a whiteout of nothing", show(path)))),
        _ => tree.hide(&[parent, b"/", hidden].concat())?,
    }
    Ok(true)
}

fn put<R: Read>(tree: &mut Tree, reader: &mut Reader<R>, mut entry: Entry) -> Result<()> {
    let mut xattrs = std::mem::take(&mut entry.xattrs);
    xattrs.sort();
    let meta = Meta { mode: entry.mode, uid: entry.uid, gid: entry.gid, mtime: entry.mtime, xattrs };
    let body = match entry.kind {
        Kind::HardLink => return tree.link(&entry.path, &entry.link),
        Kind::Directory => Body::Directory(Directory::default()),
        Kind::File => Body::File(reader.contents(&entry)?),
        Kind::Symlink if entry.link.is_empty() => {
            return Err(Error::new(format!("symlink '{}' has no target", show(&entry.path))));
        }
        Kind::Symlink => Body::Symlink(entry.link),
        Kind::CharDevice => Body::CharDevice(rdev(entry.device)),
        Kind::BlockDevice => Body::BlockDevice(rdev(entry.device)),
        Kind::Fifo => Body::Fifo,
    };
    tree.put(&entry.path, meta, body)
}

/// `st_rdev` as Linux encodes it (makedev(3)).
pub(crate) fn rdev((major, minor): (u32, u32)) -> u64 {
    let (major, minor) = (major as u64, minor as u64);
    (major & 0xffff_f000) << 32 | (major & 0xfff) << 8 | (minor & 0xffff_ff00) << 12 | minor & 0xff
}
