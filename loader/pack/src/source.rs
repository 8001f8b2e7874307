//! Where an image's parts come from: a directory, or a tar file that is read in place by an index of its members.

use crate::decompress;
use crate::error::{Error, Place, Result, show};
use crate::tar::{Kind, Reader};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Links between members of an archive followed for one name.
const LINKS_MAX: u32 = 8;

/// A set of files by name.
pub enum Source {
    /// A directory of this machine.
    Directory(PathBuf),
    /// A tar archive.
    Archive(Archive),
}

/// A tar archive and where its members are.
pub struct Archive {
    data: Data,
    members: HashMap<Vec<u8>, Member>,
}

/// The bytes of an archive: on disk, or in memory because they were compressed.
pub enum Data {
    /// A plain file and its length.
    File(File, u64),
    /// Uncompressed bytes.
    Memory(Vec<u8>),
}

enum Member {
    File { offset: u64, len: u64 },
    Link(Vec<u8>),
    Other,
}

/// What a compressed archive may hold: contents of an image, and headers around them.
const ARCHIVE_MAX: u64 = crate::CONTENTS_MAX + (1 << 30);

/// All of a stream, unless it is more than `most`: a few bytes can be made to grow without end.
fn whole(stream: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is more than an image may hold"));
    }
    Ok(bytes)
}

/// A part of a source to be read; and its length.
pub type Part<'a> = (Box<dyn Read + 'a>, u64);

impl Source {
    /// Opens a directory or archive.
    pub fn open(path: &Path) -> Result<Source> {
        let place = show(path.as_os_str().as_bytes());
        let meta = std::fs::metadata(path).at(&place)?;
        if meta.is_dir() {
            return Ok(Source::Directory(path.to_owned()));
        }
        let file = File::open(path).at(&place)?;
        let mut head = [0; 6];
        let got = file.read_at(&mut head, 0).at(&place)?;
        let data = if meta.is_file() && !decompress::is_compressed(&head[..got]) {
            Data::File(file, meta.len())
        } else {
            let plain = decompress::open(file).at(&place)?;
            Data::Memory(whole(plain, ARCHIVE_MAX).at(format_args!("{place}: cannot be uncompressed"))?)
        };
        Archive::index(data).at(&place).map(Source::Archive)
    }

    /// True when there is a file of this name.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Source::Directory(root) => root.join(name).is_file(),
            Source::Archive(archive) => archive.find(name.as_bytes()).is_some(),
        }
    }

    /// Opens a part by its relative name; `None` when it is not there. The name comes from the image itself: it must
    /// not lead out of a directory.
    pub fn part(&self, name: &str) -> Result<Option<Part<'_>>> {
        match self {
            Source::Directory(root) => {
                let is_inside = Path::new(name).components().all(|c| matches!(c, std::path::Component::Normal(_)));
                if !is_inside {
                    return Err(Error::new(format!(
                        "the image names a part '{}' outside of itself",
                        show(name.as_bytes())
                    )));
                }
                match File::open(root.join(name)) {
                    Ok(file) => {
                        let len = file.metadata().at(show(name.as_bytes()))?.len();
                        Ok(Some((Box::new(file), len)))
                    }
                    Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(e) => Err(Error::because(show(name.as_bytes()), e)),
                }
            }
            Source::Archive(archive) => {
                Ok(archive.find(name.as_bytes()).map(|(offset, len)| (archive.data.window(offset, len), len)))
            }
        }
    }

    /// A small part as a whole: JSON documents.
    pub fn document(&self, name: &str) -> Result<Option<Vec<u8>>> {
        const DOCUMENT_MAX: u64 = 32 << 20;
        let Some((part, len)) = self.part(name)? else { return Ok(None) };
        if len > DOCUMENT_MAX {
            return Err(Error::new(format!("'{name}' has {len} bytes, too many for a manifest")));
        }
        let mut bytes = Vec::new();
        part.take(DOCUMENT_MAX).read_to_end(&mut bytes).at(name)?;
        Ok(Some(bytes))
    }
}

impl Archive {
    /// Reads all headers once.
    pub fn index(data: Data) -> Result<Archive> {
        let mut members = HashMap::new();
        let mut reader = Reader::new(io::BufReader::with_capacity(1 << 18, Skipping { data: &data, at: 0 }), u64::MAX);
        while let Some(entry) = reader.next()? {
            let member = match entry.kind {
                Kind::File => Member::File { offset: reader.data_offset(), len: entry.size },
                Kind::Symlink => Member::Link(relative_to(&entry.path, &entry.link)),
                Kind::HardLink => Member::Link(clean(&entry.link)),
                _ => Member::Other,
            };
            members.insert(clean(&entry.path), member);
        }
        if members.is_empty() {
            return Err(Error::new("it is not a tar archive, or an empty one"));
        }
        Ok(Archive { data, members })
    }

    /// The whole archive as a stream.
    pub fn stream(&self) -> Part<'_> {
        let len = self.data.len();
        (self.data.window(0, len), len)
    }

    fn find(&self, name: &[u8]) -> Option<(u64, u64)> {
        let mut name = clean(name);
        for _ in 0..LINKS_MAX {
            match self.members.get(&name)? {
                Member::File { offset, len } => return Some((*offset, *len)),
                Member::Link(target) => name = target.clone(),
                Member::Other => return None,
            }
        }
        None
    }
}

impl Data {
    fn len(&self) -> u64 {
        match self {
            Data::File(_, len) => *len,
            Data::Memory(bytes) => bytes.len() as u64,
        }
    }
    fn window(&self, offset: u64, len: u64) -> Box<dyn Read + '_> {
        match self {
            Data::File(file, _) => Box::new(Window { file, at: offset }.take(len)),
            Data::Memory(bytes) => {
                let rest = bytes.get(offset as usize..).unwrap_or(&[]);
                Box::new(Cursor::new(rest).take(len))
            }
        }
    }
}

struct Window<'a> {
    file: &'a File,
    at: u64,
}

impl Read for Window<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(buf, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

/// Reads all of an archive without owning it.
struct Skipping<'a> {
    data: &'a Data,
    at: u64,
}

impl Read for Skipping<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = match self.data {
            Data::File(file, _) => file.read_at(buf, self.at)?,
            Data::Memory(bytes) => {
                let rest = bytes.get(self.at as usize..).unwrap_or(&[]);
                let n = rest.len().min(buf.len());
                buf[..n].copy_from_slice(&rest[..n]);
                n
            }
        };
        self.at += n as u64;
        Ok(n)
    }
}

/// A name without `.`, `..` and double slashes, so that equal names are equal bytes.
fn clean(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|&b| b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join(&b'/')
}

/// Where a symlink in the archive leads.
fn relative_to(path: &[u8], target: &[u8]) -> Vec<u8> {
    let parent = path.iter().rposition(|&b| b == b'/').map_or(&b""[..], |slash| &path[..slash]);
    if target.starts_with(b"/") { clean(target) } else { clean(&[parent, b"/", target].concat()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_without_end_is_refused() {
        assert_eq!(whole(&[7; 10][..], 10).unwrap(), [7; 10]);
        let error = whole(io::repeat(0), 100_000).unwrap_err();
        assert!(error.to_string().contains("more than an image may hold"), "{error}");
    }
}
