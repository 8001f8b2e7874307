//! `cargo x size`: the sizes that may not grow unseen. The kernel module, and a built file against what is in it:
//!
//!     built file <= files + kernel + 4 KiB a mapped file + 128 bytes an inode + 256 KiB

use crate::{Failure, args::Args, repo};
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// 1.2 MiB: what the portable module may have.
const KERNEL_BYTES: u64 = 1_258_291;
const BYTES_PER_MAPPED_FILE: u64 = 4096;
const BYTES_PER_INODE: u64 = 128;
const BYTES_OF_THE_REST: u64 = 256 << 10;

/// What a tree holds.
#[derive(Default)]
struct Content {
    bytes: u64,
    inodes: BTreeSet<(u64, u64)>,
    mapped: u64,
}

/// Measure what has been built.
pub(crate) fn run(words: &[String]) -> Result<bool, Failure> {
    let mut args = Args::new(words);
    let kernel = args.value("--kernel")?.map(PathBuf::from).or_else(find_kernel);
    let wasm = args.value("--wasm")?.map_or_else(|| repo::cache().join("debian.wasm"), PathBuf::from);
    let tree = args.value("--tree")?.map_or_else(|| repo::cache().join("debian"), PathBuf::from);
    args.finish()?;
    let kernel = kernel.ok_or("the kernel module is not built yet: cargo build --release")?;
    let kernel_bytes = kernel.metadata()?.len();
    let mut is_good = report("kernel.wasm", kernel_bytes, KERNEL_BYTES);
    if wasm.exists() {
        let mut content = Content::default();
        measure(&tree, &mut content)?;
        let inodes = content.inodes.len() as u64;
        let limit = content.bytes
            + kernel_bytes
            + content.mapped * BYTES_PER_MAPPED_FILE
            + inodes * BYTES_PER_INODE
            + BYTES_OF_THE_REST;
        println!(
            "{}: {} bytes in files, {inodes} inodes, {} mapped files",
            tree.display(),
            content.bytes,
            content.mapped
        );
        is_good &= report(&wasm.display().to_string(), wasm.metadata()?.len(), limit);
    }
    Ok(is_good)
}

fn report(what: &str, bytes: u64, limit: u64) -> bool {
    let verdict = if bytes <= limit { "ok" } else { "TOO LARGE" };
    println!("{what}: {bytes} of {limit} bytes, {verdict}");
    bytes <= limit
}

/// The module as hosts/cli builds it, wherever the target directory is.
fn find_kernel() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repo::top().join("target"), PathBuf::from);
    let built = ["release", "debug"].map(|profile| {
        // Next to the profile's own products, or one level up: the module is the same.
        [target.join(profile).join("kernel-module"), target.join("kernel-module")]
    });
    let module = |dir: &PathBuf| dir.join("preview1.wasm");
    built.iter().flatten().map(module).find(|path| path.exists())
}

/// Regular files count once, however many names they have; programs and libraries are mapped, so they are aligned.
fn measure(dir: &Path, content: &mut Content) -> Result<(), Failure> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let meta = entry.path().symlink_metadata()?;
        let is_new = content.inodes.insert((meta.dev(), meta.ino()));
        if meta.is_dir() {
            measure(&entry.path(), content)?;
        } else if is_new && meta.is_file() {
            content.bytes += meta.len();
            content.mapped += u64::from(is_elf(&entry.path()));
        }
    }
    Ok(())
}

fn is_elf(path: &Path) -> bool {
    let mut head = [0; 4];
    std::fs::File::open(path).and_then(|mut f| std::io::Read::read_exact(&mut f, &mut head)).is_ok()
        && head == *b"\x7fELF"
}
