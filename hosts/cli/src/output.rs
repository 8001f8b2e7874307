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

/// Writes a folder of files, whole or not at all. A folder that is there is replaced if it is empty or `is_ours` says so
/// of it and the names of all files below it; others are left alone.
pub(crate) fn write_folder(
    path: &Path,
    files: &[(&str, &[u8])],
    is_ours: impl FnOnce(&Path, &[String]) -> bool,
) -> Outcome<()> {
    let place = path.display();
    let failed = |e| Failure::because(format_args!("{place}: cannot be written"), e);
    let old = names_below(path).map_err(failed)?;
    if old.as_ref().is_some_and(|names| !names.is_empty() && !is_ours(path, names)) {
        return Err(Failure::new(format!(
            "{place}: is there and holds other files than brainworm's: name another folder, or remove it"
        )));
    }
    let path = if old.is_some() { fs::canonicalize(path).map_err(failed)? } else { path.to_path_buf() };
    let name = path.file_name().ok_or_else(|| Failure::new(format!("{place}: is no name for a folder")))?;
    let aside = |end: &str| {
        let mut aside = std::ffi::OsString::from(".");
        aside.push(name);
        aside.push(format!(".{}.{end}", std::process::id()));
        Aside(path.with_file_name(aside))
    };
    let (new, before) = (aside("part"), aside("old"));
    for (name, contents) in files {
        let file = new.0.join(name);
        fs::create_dir_all(file.parent().unwrap_or(&new.0)).map_err(failed)?;
        fs::write(&file, contents).and_then(|()| File::open(&file)?.sync_data()).map_err(failed)?;
    }
    if old.is_some() {
        fs::rename(&path, &before.0).map_err(failed)?;
    }
    fs::rename(&new.0, &path).map_err(|e| {
        let _ = fs::rename(&before.0, &path);
        failed(e)
    })
}

/// Names of all files below a folder, relative to it; `None`: there is no such folder.
fn names_below(folder: &Path) -> std::io::Result<Option<Vec<String>>> {
    match fs::symlink_metadata(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
        Ok(_) => {}
    }
    let (mut names, mut work) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(inside) = work.pop() {
        for entry in fs::read_dir(inside)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => work.push(entry.path()),
                false => {
                    let path = entry.path();
                    let name = path.strip_prefix(folder).unwrap_or(&path);
                    names.push(name.to_string_lossy().into_owned());
                }
            }
        }
    }
    Ok(Some(names))
}

/// A folder that goes away unless it was renamed.
struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file that goes away unless it was renamed.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
