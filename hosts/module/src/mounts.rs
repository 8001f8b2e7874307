//! Where preopened directories go.

use alloc::vec::Vec;

/// Where a directory goes whose own name would cover the root.
const ROOT_GOES_TO: &[u8] = b"/mnt";

/// The guest's path of a directory that the engine's user called `name`.
pub(crate) fn mount_point(working_dir: &[u8], name: &[u8]) -> Vec<u8> {
    let name = name.split(|&b| b == 0).next().unwrap_or(b"");
    let whole = if name.starts_with(b"/") { name.to_vec() } else { [working_dir, b"/", name].concat() };
    let mut path = Vec::new();
    for part in whole.split(|&b| b == b'/').filter(|part| !part.is_empty() && *part != b".") {
        path.push(b'/');
        path.extend_from_slice(part);
    }
    if path.is_empty() { ROOT_GOES_TO.to_vec() } else { path }
}
