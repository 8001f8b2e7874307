//! Files that appear whole or not at all.

use crate::failure::{Failure, Outcome};
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Writes next to `path` and renames at the end; on any error nothing is left.
pub(crate) fn write_whole<T>(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Outcome<T>) -> Outcome<T> {
    let place = path.display();
    let name = path.file_name().ok_or_else(|| Failure::new(format!("{place}: is no file name")))?;
    let mut part_name = std::ffi::OsString::from(".");
    part_name.push(name);
    part_name.push(format!(".{}.part", std::process::id()));
    let part = Part(path.with_file_name(part_name));
    let file = File::create(&part.0).map_err(|e| Failure::because(format_args!("{place}: cannot be written"), e))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let answer = write(&mut out)?;
    out.into_inner()
        .map_err(|e| Failure::because(format_args!("{place}: cannot be written"), e.into_error()))?
        .sync_data()
        .map_err(|e| Failure::because(format_args!("{place}: cannot be written"), e))?;
    fs::rename(&part.0, path).map_err(|e| Failure::because(format_args!("{place}: cannot be written"), e))?;
    Ok(answer)
}

/// A file that goes away unless it was renamed.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
