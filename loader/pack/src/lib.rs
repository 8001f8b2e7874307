//! From a container image to one wasm file: reads what docker and others save, merges the layers in memory, writes the
//! packed image (`abi::image`) and joins it with the kernel's module.
//!
//! Nothing of an image is ever unpacked to this machine's disk, and nothing in it is believed: digests are checked,
//! paths resolve inside a tree in memory. Pulling from a registry is not here.
#![forbid(unsafe_code)]

pub mod browser;
pub mod component;
mod config;
pub mod decompress;
mod error;
pub mod functions;
pub mod layers;
pub mod link;
pub mod oci;
pub mod rebase;
pub mod rootfs;
pub mod source;
pub mod tar;
pub mod tree;
pub mod writer;

pub use error::{Error, Result};

use brainworm_abi::image::ContainerConfig;
use error::Place;
use layers::ArchiveKind;
use source::Source;
use std::io::BufReader;
use std::path::Path;
use tree::Tree;

/// Contents of all files of an image together: no more fits a 32-bit memory.
pub const CONTENTS_MAX: u64 = 4 << 30;

/// Whoever wants to know how far it is.
pub trait Progress {
    /// `done` of `all` bytes of what `label` names are read.
    fn step(&mut self, label: &str, done: u64, all: u64);
}

/// Nobody wants to know.
impl Progress for () {
    fn step(&mut self, _label: &str, _done: u64, _all: u64) {}
}

/// A container image, merged.
#[derive(Clone, Debug, Default)]
pub struct Container {
    /// The root filesystem.
    pub tree: Tree,
    /// How to run it.
    pub config: ContainerConfig,
}

impl Container {
    /// The packed image and its figures.
    pub fn pack(&self) -> Result<(Vec<u8>, writer::Figures)> {
        writer::write(&self.tree, &self.config)
    }
}

/// Reads the image `reference` names: an OCI layout or `docker save` archive, a root directory or tar, each also
/// compressed; `rootfs:PATH` says that it is a root filesystem, whatever it looks like.
pub fn load(reference: &str, progress: &mut dyn Progress) -> Result<Container> {
    let (path, must_be_root) = match reference.strip_prefix("rootfs:") {
        Some(path) => (path, true),
        None => (reference, false),
    };
    if !Path::new(path).exists() {
        return Err(Error::new(if must_be_root || path.contains(".tar") || path.starts_with(['/', '.']) {
            format!("{path}: no such file or directory")
        } else {
            format!(
                "{path}: no such file or directory, and pulling from a registry is not there yet: 'docker save {path} -o image.tar' makes a file"
            )
        }));
    }
    let source = Source::open(Path::new(path))?;
    read(&source, must_be_root, CONTENTS_MAX, progress).at(path)
}

/// Reads an image or root filesystem from an opened source; contents may have `budget` bytes.
pub fn read(source: &Source, must_be_root: bool, mut budget: u64, progress: &mut dyn Progress) -> Result<Container> {
    let mut container = Container::default();
    let tree = &mut container.tree;
    if !must_be_root && oci::is_image(source) {
        container.config = oci::read(source, tree, &mut budget, progress)?;
        return Ok(container);
    }
    match source {
        Source::Directory(root) => rootfs::read(tree, root, budget)?,
        Source::Archive(archive) => {
            let (stream, len) = archive.stream();
            let stream = BufReader::with_capacity(1 << 16, Counting { inner: stream, done: 0, len, progress });
            if !layers::apply(tree, stream, ArchiveKind::Root, &mut budget)? {
                return Err(Error::new("truncated tar: the mark at its end is missing"));
            }
        }
    }
    Ok(container)
}

struct Counting<'a, R> {
    inner: R,
    done: u64,
    len: u64,
    progress: &'a mut dyn Progress,
}

impl<R: std::io::Read> std::io::Read for Counting<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.done += n as u64;
        self.progress.step("root filesystem", self.done, self.len);
        Ok(n)
    }
}
