//! The root filesystem while it is put together: a tree in memory that layers are laid over.
//!
//! Paths resolve inside it and nowhere else, as in a chroot; nothing touches the disk of the machine that packs.
//! `layers` feeds it archives, `rootfs` directories, `writer` turns it into a packed image.

use crate::error::{Error, Result, show};
use brainworm_abi::Timespec;
use std::collections::{BTreeMap, VecDeque};

/// Index of a node; hard links share one.
pub type NodeId = usize;
/// The root directory.
pub const ROOT: NodeId = 0;
/// Symlinks followed in one path, as Linux.
const LINKS_MAX: u32 = 40;
/// Directories below one another; deeper trees are somebody's joke and would cost every walker.
const DEPTH_MAX: usize = 1024;

/// Ownership and the like.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "fields of struct stat")]
pub struct Meta {
    /// Permission bits, 0..=07777.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub mtime: Timespec,
    /// Sorted by name.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Default for Meta {
    /// Of directories nobody described.
    fn default() -> Meta {
        Meta { mode: 0o755, uid: 0, gid: 0, mtime: Timespec::default(), xattrs: Vec::new() }
    }
}

/// What a node is.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the file types of inode(7)")]
pub enum Body {
    Directory(Directory),
    File(Vec<u8>),
    Symlink(Vec<u8>),
    /// `st_rdev`.
    CharDevice(u64),
    /// `st_rdev`.
    BlockDevice(u64),
    Fifo,
    Socket,
}

/// Names and what they name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Directory {
    parent: NodeId,
    children: BTreeMap<Vec<u8>, Child>,
}

impl Directory {
    /// The entries in the order of their names' bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], NodeId)> {
        self.children.iter().map(|(name, child)| (&name[..], child.node))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Child {
    node: NodeId,
    /// The layer that last had an entry of this name: whiteouts hide lower layers only.
    layer: u32,
}

/// One inode.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "see the types")]
pub struct Node {
    pub meta: Meta,
    pub body: Body,
}

/// The tree.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    layer: u32,
}

impl Default for Tree {
    fn default() -> Tree {
        Tree::new()
    }
}

impl Tree {
    /// An empty root directory.
    pub fn new() -> Tree {
        Tree { nodes: vec![Node { meta: Meta::default(), body: Body::Directory(Directory::default()) }], layer: 0 }
    }
    /// What comes from here on is of a new layer.
    pub fn begin_layer(&mut self) {
        self.layer += 1;
    }
    /// A node by its number.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }
    /// Numbers ever given: a bound for [`NodeId`]s.
    pub fn node_limit(&self) -> usize {
        self.nodes.len()
    }

    /// Puts a node at a path, replacing what was there; a directory over a directory only changes its metadata.
    pub fn put(&mut self, path: &[u8], meta: Meta, body: Body) -> Result<()> {
        let Some((parent, name)) = self.locate(path)? else {
            return match body {
                Body::Directory(_) => {
                    self.nodes[ROOT].meta = meta;
                    Ok(())
                }
                _ => Err(Error::new("the root of the image is not a directory")),
            };
        };
        let layer = self.layer;
        let old = self.children(parent).get(&name).map(|child| child.node);
        if let (Some(old), Body::Directory(_)) = (old, &body)
            && let Body::Directory(_) = self.nodes[old].body
        {
            self.nodes[old].meta = meta;
            self.children_mut(parent).insert(name, Child { node: old, layer });
            return Ok(());
        }
        let body = match body {
            Body::Directory(_) => Body::Directory(Directory { parent, children: BTreeMap::new() }),
            other => other,
        };
        let node = self.nodes.len();
        self.nodes.push(Node { meta, body });
        self.children_mut(parent).insert(name, Child { node, layer });
        Ok(())
    }

    /// One more name for what `target` names.
    pub fn link(&mut self, path: &[u8], target: &[u8]) -> Result<()> {
        let missing = || Error::new(format!("hard link '{}' to '{}', which is not there", show(path), show(target)));
        let (parent, name) = self.locate(target)?.ok_or_else(missing)?;
        let node = self.children(parent).get(&name).map(|child| child.node).ok_or_else(missing)?;
        if let Body::Directory(_) = self.nodes[node].body {
            return Err(Error::new(format!("hard link '{}' to the directory '{}'", show(path), show(target))));
        }
        let (parent, name) = self.locate(path)?.ok_or_else(|| Error::new("a hard link in place of the root"))?;
        let layer = self.layer;
        self.children_mut(parent).insert(name, Child { node, layer });
        Ok(())
    }

    /// A whiteout: hides what lower layers have at this path.
    pub fn hide(&mut self, path: &[u8]) -> Result<()> {
        let Some((parent, name)) = self.locate(path)? else {
            return Err(Error::new("a whiteout of the root"));
        };
        let Some(child) = self.children(parent).get(&name).copied() else { return Ok(()) };
        if child.layer < self.layer {
            self.children_mut(parent).remove(&name);
        } else if let Body::Directory(_) = self.nodes[child.node].body {
            self.hide_children(child.node);
        }
        Ok(())
    }

    /// An opaque whiteout: hides everything lower layers have in the directory at this path.
    pub fn hide_all(&mut self, path: &[u8]) -> Result<()> {
        let directory = match self.locate(path)? {
            None => ROOT,
            Some((parent, name)) => match self.children(parent).get(&name) {
                Some(child) => child.node,
                None => return Ok(()),
            },
        };
        if let Body::Directory(_) = self.nodes[directory].body {
            self.hide_children(directory);
        }
        Ok(())
    }

    fn hide_children(&mut self, directory: NodeId) {
        let layer = self.layer;
        let mut work = vec![directory];
        while let Some(directory) = work.pop() {
            self.children_mut(directory).retain(|_, child| child.layer >= layer);
            work.extend(
                self.children(directory)
                    .values()
                    .map(|c| c.node)
                    .filter(|&n| matches!(self.nodes[n].body, Body::Directory(_))),
            );
        }
    }

    /// The directory a path leads to and the last name; `None` for the root itself. Missing directories are made.
    fn locate(&mut self, path: &[u8]) -> Result<Option<(NodeId, Vec<u8>)>> {
        let mut names = names(path)?;
        let Some(last) = names.pop() else { return Ok(None) };
        if names.len() >= DEPTH_MAX {
            return Err(Error::new(format!("'{}' is too deep a path", show(path))));
        }
        // (name, it stands in the path itself and not in a symlink's target)
        let mut pending: VecDeque<(Vec<u8>, bool)> = names.into_iter().map(|name| (name, true)).collect();
        let (mut at, mut links) = (ROOT, 0);
        while let Some((name, is_own)) = pending.pop_front() {
            let child = match &name[..] {
                b".." if at == ROOT => {
                    return Err(Error::new(format!("'{}' leads out of the image through a symlink", show(path))));
                }
                b".." => self.parent(at),
                _ => match self.children(at).get(&name) {
                    Some(child) => child.node,
                    None if is_own => self.make_directory(at, name),
                    None => {
                        let hint = "leads through a symlink to a directory that is not in the image";
                        return Err(Error::new(format!("'{}' {hint}", show(path))));
                    }
                },
            };
            match &self.nodes[child].body {
                Body::Directory(_) => at = child,
                Body::Symlink(target) => {
                    links += 1;
                    if links > LINKS_MAX {
                        return Err(Error::new(format!("'{}' leads through too many symlinks", show(path))));
                    }
                    if target.starts_with(b"/") {
                        at = ROOT;
                    }
                    let parts = target.split(|&b| b == b'/').filter(|p| !p.is_empty() && *p != b".");
                    parts.rev().for_each(|part| pending.push_front((part.to_vec(), false)));
                }
                _ => return Err(Error::new(format!("'{}' lies below what is no directory", show(path)))),
            }
        }
        Ok(Some((at, last)))
    }

    fn make_directory(&mut self, parent: NodeId, name: Vec<u8>) -> NodeId {
        let (node, layer) = (self.nodes.len(), self.layer);
        let directory = Directory { parent, children: BTreeMap::new() };
        self.nodes.push(Node { meta: Meta::default(), body: Body::Directory(directory) });
        self.children_mut(parent).insert(name, Child { node, layer });
        node
    }

    fn parent(&self, directory: NodeId) -> NodeId {
        match &self.nodes[directory].body {
            Body::Directory(d) => d.parent,
            _ => ROOT,
        }
    }
    fn children(&self, directory: NodeId) -> &BTreeMap<Vec<u8>, Child> {
        match &self.nodes[directory].body {
            Body::Directory(d) => &d.children,
            _ => unreachable!("only directories are walked"),
        }
    }
    fn children_mut(&mut self, directory: NodeId) -> &mut BTreeMap<Vec<u8>, Child> {
        match &mut self.nodes[directory].body {
            Body::Directory(d) => &mut d.children,
            _ => unreachable!("only directories are walked"),
        }
    }
}

/// The names of a path from the root, `.` and `..` resolved by the letter as tar programs do.
fn names(path: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for part in path.split(|&b| b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                names.pop().ok_or_else(|| Error::new(format!("'{}' leads out of the image", show(path))))?;
            }
            _ if part.len() > brainworm_abi::image::NAME_MAX || part.contains(&0) => {
                return Err(Error::new(format!("'{}' has a name no Linux file can have", show(path))));
            }
            _ => names.push(part.to_vec()),
        }
    }
    Ok(names)
}
