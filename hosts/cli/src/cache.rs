//! Compiled modules and packed images kept between runs, below `$XDG_CACHE_HOME/brainworm`.
//!
//! A name is the digest of everything the contents depend on, so an entry is right or not there; the oldest go when
//! the whole grows too large. Without a place to write, nothing is kept and everything still works.

use crate::failure::Outcome;
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Bytes kept at most, besides the entry just made.
const KEPT_MAX: u64 = 8 << 30;

/// What an entry depends on.
#[derive(Default)]
pub(crate) struct Key(Sha256);

impl Key {
    /// Adds a part; parts cannot run into each other.
    pub(crate) fn add(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// Adds what tells one state of a file or directory tree from another: names, sizes, times and inode numbers.
    pub(crate) fn add_files(&mut self, path: &Path) -> io::Result<()> {
        let mut work = vec![fs::canonicalize(path)?];
        while let Some(path) = work.pop() {
            let info = fs::symlink_metadata(&path)?;
            self.add(path.as_os_str().as_bytes());
            for number in [info.dev(), info.ino(), info.size(), info.mtime() as u64, info.mtime_nsec() as u64] {
                self.add(&number.to_le_bytes());
            }
            // Changes of owner, mode and attributes move the change time only.
            for number in [info.ctime() as u64, info.ctime_nsec() as u64] {
                self.add(&number.to_le_bytes());
            }
            if info.is_dir() {
                let mut inside = fs::read_dir(&path)?.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
                inside.sort_unstable();
                work.append(&mut inside);
            }
        }
        Ok(())
    }

    /// Adds an image as it was named, and what tells one state of it from another. `None`: that cannot be told.
    pub(crate) fn add_image(&mut self, image: &OsStr) -> Option<()> {
        let name = image.to_str()?;
        self.add(&brainworm_abi::image::VERSION.to_le_bytes());
        self.add(env!("CARGO_PKG_VERSION").as_bytes());
        self.add(if name.starts_with("rootfs:") { b"root" } else { b"any" });
        self.add_files(Path::new(name.strip_prefix("rootfs:").unwrap_or(name))).ok()
    }

    /// The entry's path; `None` when there is no place for a cache.
    pub(crate) fn path(self, kind: &str) -> Option<PathBuf> {
        let name: String = self.0.finalize().iter().take(20).map(|b| format!("{b:02x}")).collect();
        let folder = folder()?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).ok()?;
        Some(folder.join(name).with_extension(kind))
    }
}

fn folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| Path::new(v).is_absolute()).map(PathBuf::from);
    Some(set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?.join("brainworm"))
}

/// The sha256 of some bytes, in hex.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Marks an entry as used just now.
pub(crate) fn touch(path: &Path) {
    if let Ok(file) = fs::File::open(path) {
        let _ = file.set_modified(SystemTime::now());
    }
}

/// Writes an entry; true when it is there now.
pub(crate) fn store(path: &Path, bytes: &[u8]) -> bool {
    let write = || -> Outcome<()> {
        crate::output::write_whole(path, |out| {
            io::Write::write_all(out, bytes).map_err(|e| crate::failure::Failure::because(path.display(), e))
        })
    };
    let is_stored = write().is_ok();
    if is_stored {
        trim(path);
    }
    is_stored
}

/// Removes the longest unused entries until the rest is small enough.
fn trim(keep: &Path) {
    let Some(folder) = keep.parent() else { return };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut entries: Vec<(SystemTime, u64, PathBuf)> = entries
        .filter(|e| e.path() != keep && e.path().extension().is_some_and(|kind| kind == "cwasm" || kind == "image"))
        .filter_map(|e| e.metadata().ok().and_then(|m| Some((m.modified().ok()?, m.len(), e.path()))))
        .collect();
    entries.sort_unstable_by(|a, b| b.cmp(a));
    let mut kept = 0;
    for (_, len, path) in entries {
        kept += len;
        if kept > KEPT_MAX {
            let _ = fs::remove_file(path);
        }
    }
}
