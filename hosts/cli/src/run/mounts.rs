//! `-v HOST:GUEST[:ro]`.

use crate::failure::{Failure, Outcome};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// One directory of this machine inside the container.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
    pub(crate) is_read_only: bool,
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
    if !host.is_dir() {
        return Err(bad("the host's side is no directory (named volumes and single files are not there yet)"));
    }
    let guest = str::from_utf8(guest).map_err(|_| bad("the guest's side is not UTF-8"))?;
    if !guest.starts_with('/') || guest.trim_matches('/').is_empty() {
        return Err(bad("the guest's side must be an absolute path below /"));
    }
    Ok(Mount { host, guest: guest.to_string(), is_read_only })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts() {
        let one = |text: &str| parse(&[OsString::from(text)]).map(|mut m| m.remove(0));
        let expect = |is_read_only| Mount { host: "/tmp".into(), guest: "/data".into(), is_read_only };
        assert_eq!(one("/tmp:/data").unwrap(), expect(false));
        assert_eq!(one("/tmp:/data:rw").unwrap(), expect(false));
        assert_eq!(one("/tmp:/data:ro").unwrap(), expect(true));
        for text in ["/tmp", "/tmp:data", "/tmp:/", "/tmp:/x:z", "/no/such:/x", "name:/x", "/tmp:/x:ro:y"] {
            assert!(one(text).is_err(), "{text}");
        }
    }
}
