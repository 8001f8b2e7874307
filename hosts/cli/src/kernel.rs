//! The embedded kernel module, and images joined with it.

use crate::failure::{Failure, Outcome};
use crate::progress::Bar;
use brainworm_abi::image::Layout;
use brainworm_cpu::ahead;
use brainworm_pack::{Container, link, rebase};
use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

/// The module hosts/module was built to, as it goes into files: for every engine, and small.
pub(crate) const KERNEL: &[u8] = include_bytes!(env!("BRAINWORM_KERNEL_PATH"));
/// The same as a component that exports `wasi:cli/run`.
pub(crate) const COMPONENT: &[u8] = include_bytes!(env!("BRAINWORM_COMPONENT_PATH"));
/// The same as a component that exports `wasi:http/incoming-handler`.
pub(crate) const HTTP: &[u8] = include_bytes!(env!("BRAINWORM_HTTP_PATH"));
/// The module's sha256.
pub(crate) const DIGEST: &str = env!("BRAINWORM_KERNEL_DIGEST");
/// The same machine for `run` and `web`: faster, larger, with `--strace` and translation at run time, which only our own
/// hosts can load.
pub(crate) const KERNEL_RUN: &[u8] = include_bytes!(env!("BRAINWORM_KERNEL_RUN_PATH"));
/// Its sha256.
pub(crate) const DIGEST_RUN: &str = env!("BRAINWORM_KERNEL_RUN_DIGEST");

/// Reads an image of any form.
pub(crate) fn load(image: &OsStr, bar: &mut Bar) -> Outcome<Container> {
    let name = image.to_str().ok_or_else(|| Failure::new(format!("{}: the name is not UTF-8", image.display())))?;
    let container = brainworm_pack::load(name, bar)?;
    Ok(container)
}

/// True when the word names a wasm file.
pub(crate) fn is_wasm(image: &OsStr) -> bool {
    let mut head = [0; 4];
    let is_file = Path::new(image).is_file();
    is_file && std::fs::File::open(image).and_then(|mut f| f.read_exact(&mut head)).is_ok() && link::is_wasm(&head)
}

/// Reads a built wasm file and checks that it is one of ours.
pub(crate) fn read_wasm(path: &OsStr) -> Outcome<(Vec<u8>, Vec<u8>)> {
    let place = path.display();
    let wasm = std::fs::read(path).map_err(|e| Failure::because(format_args!("{place}"), e))?;
    let image = link::extract(&wasm).map_err(|e| Failure::from(e.at(place)))?;
    Ok((wasm, image))
}

/// The translated functions and image of a file appended to the kernel with translation at run time, if they were appended
/// to the small one of this version.
pub(crate) fn on_ours(wasm: &[u8], parts: &link::Parts) -> Option<link::Parts> {
    let (from, to) = (link::room(KERNEL).ok()?, link::room(KERNEL_RUN).ok()?);
    let functions = rebase::functions_behind(&parts.code, from.function).ok()?;
    let total = Layout::parse(&parts.image).ok()?.total as usize;
    let (image, index) = parts.image.split_at_checked(total)?;
    if !is_linked(wasm, image, link::Ahead { functions: &functions, index }) {
        return None;
    }
    let functions = rebase::rebase(&functions, from, to).ok()?;
    let mut index = index.to_vec();
    if !ahead::rebase(&mut index, to.element.wrapping_sub(from.element)) {
        return None;
    }
    with_functions(image, link::Ahead { functions: &functions, index: &index }).ok()
}

/// The kernel with translation at run time and functions appended to it; the image, with their index behind it.
pub(crate) fn with_functions(image: &[u8], ahead: link::Ahead<'_>) -> Outcome<link::Parts> {
    let mut joined = Vec::new();
    link::link(KERNEL_RUN, image, ahead, &mut joined)?;
    Ok(link::split(&joined)?)
}

/// True when the file is what joining these to the small kernel gives.
pub(crate) fn is_linked(wasm: &[u8], packed: &[u8], ahead: link::Ahead<'_>) -> bool {
    let mut same = Same { rest: wasm, is_same: true };
    link::link(KERNEL, packed, ahead, &mut same).is_ok() && same.is_same && same.rest.is_empty()
}

/// Compares what is written with what should be.
struct Same<'a> {
    rest: &'a [u8],
    is_same: bool,
}

impl std::io::Write for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.rest.strip_prefix(bytes) {
            Some(rest) => self.rest = rest,
            None => self.is_same = false,
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// `NAME=VALUE` words with the values of bare names taken from here; bare names nobody set are left out, as docker does.
pub(crate) fn environment(words: &[std::ffi::OsString]) -> Outcome<Vec<Vec<u8>>> {
    use std::os::unix::ffi::OsStrExt;
    let mut variables = Vec::new();
    for word in words {
        let bytes = word.as_bytes();
        match bytes.iter().position(|&b| b == b'=') {
            Some(0) => return Err(Failure::new(format!("-e {}: a variable needs a name", word.display()))),
            Some(_) => variables.push(bytes.to_vec()),
            None if bytes.is_empty() => return Err(Failure::new("-e '': a variable needs a name")),
            None => {
                if let Some(value) = std::env::var_os(word) {
                    variables.push([bytes, b"=", value.as_bytes()].concat());
                }
            }
        }
    }
    Ok(variables)
}
