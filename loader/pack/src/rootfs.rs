//! A root directory of this machine, read into the tree.

use crate::error::{Error, Place, Result, show};
use crate::tree::{Body, Directory, Meta, Tree};
use brainworm_abi::Timespec;
use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// Reads everything below `root` as it is: owners, modes, times, links, devices and extended attributes.
pub fn read(tree: &mut Tree, root: &Path, mut budget: u64) -> Result<()> {
    let mut first_names: HashMap<(u64, u64), Vec<u8>> = HashMap::new();
    let mut work = vec![Vec::new()];
    while let Some(relative) = work.pop() {
        let path = root.join(std::ffi::OsStr::from_bytes(&relative));
        let place = show(path.as_os_str().as_bytes());
        let info = fs::symlink_metadata(&path).at(&place)?;
        if !info.is_dir() && info.nlink() > 1 {
            if let Some(first) = first_names.get(&(info.dev(), info.ino())) {
                tree.link(&relative, first)?;
                continue;
            }
            first_names.insert((info.dev(), info.ino()), relative.clone());
        }
        let meta = Meta {
            mode: info.mode() & 0o7777,
            uid: info.uid(),
            gid: info.gid(),
            mtime: Timespec { sec: info.mtime(), nsec: info.mtime_nsec() as u32 },
            xattrs: xattrs(&path).at(&place)?,
        };
        let body = body(&path, &info, &mut budget).at(&place)?;
        if let Body::Directory(_) = body {
            let mut names = Vec::new();
            for entry in fs::read_dir(&path).at(&place)? {
                names.push(entry.at(&place)?.file_name().as_bytes().to_vec());
            }
            // The order on disk is chance; the tree's is by name, from the first pop on.
            names.sort_unstable_by(|a, b| b.cmp(a));
            work.extend(names.iter().map(|name| match relative.is_empty() {
                true => name.clone(),
                false => [&relative[..], b"/", name].concat(),
            }));
        }
        tree.put(&relative, meta, body).at(&place)?;
    }
    Ok(())
}

fn body(path: &Path, info: &Metadata, budget: &mut u64) -> Result<Body> {
    let kind = info.file_type();
    Ok(match () {
        _ if kind.is_dir() => Body::Directory(Directory::default()),
        _ if kind.is_symlink() => {
            Body::Symlink(fs::read_link(path).at("cannot be read")?.as_os_str().as_bytes().to_vec())
        }
        _ if kind.is_file() => {
            *budget = budget
                .checked_sub(info.len())
                .ok_or_else(|| Error::new("the files are more than an image in 32-bit memory can have"))?;
            Body::File(fs::read(path).at("cannot be read")?)
        }
        _ if kind.is_char_device() => Body::CharDevice(info.rdev()),
        _ if kind.is_block_device() => Body::BlockDevice(info.rdev()),
        _ if kind.is_fifo() => Body::Fifo,
        _ => Body::Socket,
    })
}

/// Extended attributes except what describes the file on this machine only.
fn xattrs(path: &Path) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    use rustix::fs::{lgetxattr, llistxattr};
    use rustix::io::Errno;
    // 64 KiB is the most Linux lets names or one value have (XATTR_LIST_MAX, XATTR_SIZE_MAX).
    let mut list = vec![0u8; 65536];
    let len = match llistxattr(path, &mut list[..]) {
        Ok(len) => len,
        Err(Errno::NOTSUP | Errno::NOSYS | Errno::PERM) => 0,
        Err(e) => return Err(Error::because("cannot list its extended attributes", e)),
    };
    let mut found = Vec::new();
    for name in list[..len].split(|&b| b == 0).filter(|name| !name.is_empty() && *name != b"security.selinux") {
        let mut value = vec![0u8; 65536];
        match lgetxattr(path, name, &mut value[..]) {
            Ok(len) => {
                value.truncate(len);
                found.push((name.to_vec(), value));
            }
            Err(Errno::NODATA | Errno::PERM | Errno::ACCESS) => {}
            Err(e) => return Err(Error::because("cannot read its extended attributes", e)),
        }
    }
    found.sort();
    Ok(found)
}
