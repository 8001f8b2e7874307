//! `-v HOST:GUEST[:ro]`.

use crate::failure::{Failure, Outcome};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// One directory or file of this machine inside the container.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The directory; of a mount of one file the one made for it.
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
    pub(crate) is_read_only: bool,
    pub(crate) link: Option<Link>,
}

/// A directory that holds one file, under the name the module knows: engines grant directories only, and what lies beside
/// the file is not the container's to see. A hard link, so that writes reach the file itself. Gone with the mount.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link(PathBuf);

impl Link {
    const NAME: &str = "file";

    /// In the system's temporary directory, or beside the file where that is another filesystem.
    fn make(file: &Path) -> std::io::Result<Link> {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!(".brainworm-{}-{number}", std::process::id());
        let beside = file.parent().unwrap_or(Path::new("/"));
        let mut result = Ok(());
        for place in [&std::env::temp_dir(), beside] {
            let link = Link(place.join(&name));
            result = std::fs::DirBuilder::new().mode(0o700).create(&link.0);
            if result.is_ok() {
                result = std::fs::hard_link(file, link.0.join(Link::NAME));
                if result.is_ok() {
                    return Ok(link);
                }
            }
        }
        Err(result.err().unwrap_or_else(|| std::io::ErrorKind::Unsupported.into()))
    }
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Drop for Link {
    fn drop(&mut self) {
        // Nothing is to be done about a link that stays.
        let _ = std::fs::remove_file(self.0.join(Link::NAME));
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// Reads the flags; a directory that is not there is an error, not made.
pub(crate) fn parse(volumes: &[OsString]) -> Outcome<Vec<Mount>> {
    volumes.iter().map(mount).collect()
}

fn mount(volume: &OsString) -> Outcome<Mount> {
    let bad = |why: &str| Failure::new(format!("-v {}: {why}", volume.display()));
    let parts: Vec<&[u8]> = volume.as_bytes().split(|&b| b == b':').collect();
    let (host, guest, is_read_only) = match parts[..] {
        [host, guest] | [host, guest, b"rw"] => (host, guest, false),
        [host, guest, b"ro"] => (host, guest, true),
        [_, _, _] => return Err(bad("the third part can only be ro or rw")),
        _ => return Err(bad("write HOST:GUEST or HOST:GUEST:ro")),
    };
    let host = PathBuf::from(std::ffi::OsStr::from_bytes(host));
    let guest = str::from_utf8(guest).map_err(|_| bad("the guest's side is not UTF-8"))?;
    if !guest.starts_with('/') || guest.trim_matches('/').is_empty() {
        return Err(bad("the guest's side must be an absolute path below /"));
    }
    let guest = guest.to_string();
    if host.is_dir() {
        return Ok(Mount { host, guest, is_read_only, link: None });
    }
    if !host.is_file() {
        return Err(bad("the host's side is no directory and no file (named volumes are not there yet)"));
    }
    let link = host.canonicalize().and_then(|file| Link::make(&file));
    let link =
        link.map_err(|e| Failure::because(format_args!("-v {}: the file cannot be shared", volume.display()), e))?;
    Ok(Mount { host: link.0.clone(), guest, is_read_only, link: Some(link) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts() {
        let one = |text: &str| parse(&[OsString::from(text)]).map(|mut m| m.remove(0));
        let expect = |is_read_only| Mount { host: "/tmp".into(), guest: "/data".into(), is_read_only, link: None };
        assert_eq!(one("/tmp:/data").unwrap(), expect(false));
        assert_eq!(one("/tmp:/data:rw").unwrap(), expect(false));
        assert_eq!(one("/tmp:/data:ro").unwrap(), expect(true));
        for text in ["/tmp", "/tmp:data", "/tmp:/", "/tmp:/x:z", "/no/such:/x", "name:/x", "/tmp:/x:ro:y"] {
            assert!(one(text).is_err(), "{text}");
        }
        let file = std::env::temp_dir().join(format!("brainworm-test-{}", std::process::id()));
        std::fs::write(&file, "text").unwrap();
        let mount = one(&format!("{}:/etc/x:ro", file.display())).unwrap();
        let inner = mount.host.join(Link::NAME);
        assert_eq!((std::fs::read(&inner).unwrap(), mount.is_read_only), (b"text".to_vec(), true));
        drop(mount);
        assert!(!inner.exists() && file.exists());
        std::fs::remove_file(file).unwrap();
    }
}
