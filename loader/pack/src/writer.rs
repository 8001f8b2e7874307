//! The tree becomes a packed image (`abi::image` has the format). Same tree, same bytes.

use crate::error::{Error, Result};
use crate::tree::{Body, Node, NodeId, ROOT, Tree};
use brainworm_abi::image::{
    self, ContainerConfig, ENTRY_LEN, FLAG_PAGES, HEADER_LEN, INODE_LEN, Inode, Layout, Section,
};
use brainworm_abi::{FileKind, PAGE_SIZE};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Everything must fit a wasm32 memory with room to run in.
const IMAGE_MAX: u64 = 3 << 30;

/// What was written, for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Inodes.
    pub inodes: u64,
    /// Names.
    pub entries: u64,
    /// Bytes of all files, each inode once.
    pub file_bytes: u64,
    /// The same, equal contents once.
    pub stored_bytes: u64,
    /// Files that are mapped in place.
    pub mapped_files: u64,
    /// Bytes of the image.
    pub image_bytes: u64,
}

/// Writes the image.
pub fn write(tree: &Tree, config: &ContainerConfig) -> Result<(Vec<u8>, Figures)> {
    let order = Order::of(tree);
    let mut contents = Contents::default();
    let mut tables = Tables::default();
    let (mut entry_index, mut figures) = (0u64, Figures::default());
    for (index, &id) in order.nodes.iter().enumerate() {
        let node = tree.node(id);
        let xattrs = tables.xattrs(node)?;
        let mut inode = Inode {
            mode: node.meta.mode & 0o7777 | kind(&node.body) as u32,
            uid: node.meta.uid,
            gid: node.meta.gid,
            nlink: order.links[index],
            mtime: node.meta.mtime,
            xattrs,
            size: 0,
            data: 0,
            parent: 0,
            flags: 0,
        };
        match &node.body {
            Body::Directory(directory) => {
                inode.parent = order.parents[index];
                (inode.data, inode.size) = (entry_index, directory.iter().count() as u64);
                entry_index += inode.size;
                for (name, child) in directory.iter() {
                    let number = order.numbers[&child];
                    let kind = kind(&tree.node(child).body).dirent_type();
                    let at = tables.string(name)?;
                    tables.entries.extend(image::encode_entry(at, name.len() as u16, number, kind));
                }
            }
            Body::File(bytes) => {
                figures.file_bytes += bytes.len() as u64;
                (inode.size, inode.data, inode.flags) = contents.add(tree, id, bytes);
            }
            Body::Symlink(target) => (inode.size, inode.data) = (target.len() as u64, tables.string(target)? as u64),
            Body::CharDevice(rdev) | Body::BlockDevice(rdev) => inode.data = *rdev,
            Body::Fifo | Body::Socket => {}
        }
        tables.inodes.push(inode);
    }
    figures.inodes = order.nodes.len() as u64;
    figures.entries = entry_index;
    figures.stored_bytes = contents.stored;
    figures.mapped_files = contents.pages.len() as u64;
    let bytes = assemble(tree, tables, &contents, &config.encode())?;
    figures.image_bytes = bytes.len() as u64;
    Ok((bytes, figures))
}

fn kind(body: &Body) -> FileKind {
    match body {
        Body::Directory(_) => FileKind::Directory,
        Body::File(_) => FileKind::Regular,
        Body::Symlink(_) => FileKind::Symlink,
        Body::CharDevice(_) => FileKind::CharDevice,
        Body::BlockDevice(_) => FileKind::BlockDevice,
        Body::Fifo => FileKind::Fifo,
        Body::Socket => FileKind::Socket,
    }
}

/// Inode numbers: breadth first, so that a directory's inodes are neighbours, as its entries are.
struct Order {
    nodes: Vec<NodeId>,
    numbers: HashMap<NodeId, u32>,
    parents: Vec<u32>,
    links: Vec<u32>,
}

impl Order {
    fn of(tree: &Tree) -> Order {
        let mut order =
            Order { nodes: vec![ROOT], numbers: HashMap::from([(ROOT, 1)]), parents: vec![1], links: vec![2] };
        let mut at = 0;
        while at < order.nodes.len() {
            if let Body::Directory(directory) = &tree.node(order.nodes[at]).body {
                for (_, child) in directory.iter() {
                    order.visit(tree, at, child);
                }
            }
            at += 1;
        }
        order
    }

    fn visit(&mut self, tree: &Tree, parent: usize, child: NodeId) {
        if let Some(&number) = self.numbers.get(&child) {
            self.links[number as usize - 1] += 1;
            return;
        }
        let is_directory = matches!(tree.node(child).body, Body::Directory(_));
        self.nodes.push(child);
        self.numbers.insert(child, self.nodes.len() as u32);
        self.parents.push(parent as u32 + 1);
        self.links.push(if is_directory { 2 } else { 1 });
        self.links[parent] += is_directory as u32;
    }
}

#[derive(Default)]
struct Tables {
    inodes: Vec<Inode>,
    entries: Vec<u8>,
    strings: Vec<u8>,
    string_at: HashMap<Vec<u8>, u32>,
    xattrs: Vec<u8>,
    xattrs_at: HashMap<Vec<u8>, u32>,
}

impl Tables {
    /// Offset of a name or target; equal ones are stored once.
    fn string(&mut self, bytes: &[u8]) -> Result<u32> {
        if let Some(&at) = self.string_at.get(bytes) {
            return Ok(at);
        }
        let at = u32::try_from(self.strings.len()).map_err(|_| Error::new("the image has more than 4 GiB of names"))?;
        self.strings.extend_from_slice(bytes);
        self.string_at.insert(bytes.to_vec(), at);
        Ok(at)
    }

    /// Reference to an inode's list of extended attributes: 1 + its offset, 0 for none.
    fn xattrs(&mut self, node: &Node) -> Result<u32> {
        if node.meta.xattrs.is_empty() {
            return Ok(0);
        }
        let too_many = |_| Error::new("a file has more extended attributes than Linux allows");
        let mut list = u16::try_from(node.meta.xattrs.len()).map_err(too_many)?.to_le_bytes().to_vec();
        for (name, value) in &node.meta.xattrs {
            list.extend(u16::try_from(name.len()).map_err(too_many)?.to_le_bytes());
            list.extend(u32::try_from(value.len()).map_err(too_many)?.to_le_bytes());
            list.extend_from_slice(name);
            list.extend_from_slice(value);
        }
        if let Some(&at) = self.xattrs_at.get(&list) {
            return Ok(at);
        }
        let at = u32::try_from(self.xattrs.len() + 1).map_err(|_| Error::new("the image has too many attributes"))?;
        self.xattrs.extend_from_slice(&list);
        self.xattrs_at.insert(list, at);
        Ok(at)
    }
}

/// Contents placed so far. Offsets count from the start of their section until `assemble` knows where that is.
#[derive(Default)]
struct Contents {
    packed: Vec<(NodeId, u64)>,
    pages: Vec<(NodeId, u64)>,
    packed_len: u64,
    pages_len: u64,
    stored: u64,
    /// By length and hash: contents that may be equal, and where they are.
    seen: HashMap<(usize, u64), Vec<(NodeId, u64)>>,
}

impl Contents {
    /// (size, offset in its section, flags) of a file's contents.
    fn add(&mut self, tree: &Tree, id: NodeId, bytes: &[u8]) -> (u64, u64, u32) {
        let size = bytes.len() as u64;
        if size == 0 {
            return (0, 0, 0);
        }
        let flags = if is_mapped(bytes) { FLAG_PAGES } else { 0 };
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let alike = self.seen.entry((bytes.len(), hasher.finish())).or_default();
        let is_same = |id: NodeId| matches!(&tree.node(id).body, Body::File(other) if other == bytes);
        if let Some(&(_, at)) = alike.iter().find(|(other, _)| is_same(*other)) {
            return (size, at, flags);
        }
        let (list, len, align) = match flags {
            0 => (&mut self.packed, &mut self.packed_len, 8),
            _ => (&mut self.pages, &mut self.pages_len, PAGE_SIZE as u64),
        };
        let at = *len;
        *len += size.next_multiple_of(align);
        list.push((id, at));
        alike.push((id, at));
        self.stored += size;
        (size, at, flags)
    }
}

/// Programs and libraries: what the kernel maps in place. Object files are ELF too, but nobody maps them.
fn is_mapped(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF") && matches!(bytes.get(16..18), Some([2 | 3, 0]))
}

fn assemble(tree: &Tree, mut tables: Tables, contents: &Contents, config: &[u8]) -> Result<Vec<u8>> {
    let mut at = HEADER_LEN as u64;
    let mut section = |len: u64, align: u64| {
        let offset = at.next_multiple_of(align);
        at = offset + len;
        Section { offset, len }
    };
    let layout = Layout {
        inode_count: tables.inodes.len() as u32,
        entry_count: (tables.entries.len() / ENTRY_LEN) as u32,
        inodes: section((tables.inodes.len() * INODE_LEN) as u64, 8),
        entries: section(tables.entries.len() as u64, 8),
        strings: section(tables.strings.len() as u64, 1),
        xattrs: section(tables.xattrs.len() as u64, 8),
        config: section(config.len() as u64, 8),
        packed: section(contents.packed_len, 8),
        pages: section(contents.pages_len, PAGE_SIZE as u64),
        total: 0,
    };
    let total = (layout.pages.offset + layout.pages.len).next_multiple_of(PAGE_SIZE as u64);
    if total > IMAGE_MAX {
        return Err(Error::new(format!(
            "the image has {} MiB, more than the {} MiB a 32-bit memory can take: leave files out",
            total >> 20,
            IMAGE_MAX >> 20
        )));
    }
    let mut out = vec![0; total as usize];
    let mut put = |at: u64, bytes: &[u8]| out[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
    put(0, &Layout { total, ..layout }.encode());
    for (i, inode) in tables.inodes.iter_mut().enumerate() {
        if inode.kind() == FileKind::Regular && inode.size != 0 {
            inode.data += if inode.is_mappable() { layout.pages.offset } else { layout.packed.offset };
        }
        put(layout.inodes.offset + (i * INODE_LEN) as u64, &inode.encode());
    }
    put(layout.entries.offset, &tables.entries);
    put(layout.strings.offset, &tables.strings);
    put(layout.xattrs.offset, &tables.xattrs);
    put(layout.config.offset, config);
    for (list, section) in [(&contents.packed, layout.packed), (&contents.pages, layout.pages)] {
        for &(id, at) in list {
            if let Body::File(bytes) = &tree.node(id).body {
                put(section.offset + at, bytes);
            }
        }
    }
    Ok(out)
}
