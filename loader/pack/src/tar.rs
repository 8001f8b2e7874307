//! Tar archives as a stream: ustar, GNU and pax headers (tar(5)), sparse files included.
//!
//! The reader yields what the archive says and judges nothing but its form: names, `..` and whiteouts are `layers`'
//! and `tree`'s business. Nothing is believed before it was read: sizes bound reading, never allocation.

use crate::error::{Error, Result, show};
use brainworm_abi::Timespec;
use std::io::{self, Read};

const BLOCK: usize = 512;
/// Longest extended header or long name we take.
const META_MAX: u64 = 1 << 20;

/// What an archive member is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the type flags of tar(5)")]
pub enum Kind {
    File,
    HardLink,
    Symlink,
    CharDevice,
    BlockDevice,
    Directory,
    Fifo,
}

/// The header of one member.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The name as written.
    pub path: Vec<u8>,
    /// Target of a link.
    pub link: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Permission bits, 0..=07777.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Last modification.
    pub mtime: Timespec,
    /// Bytes in the archive.
    pub size: u64,
    /// Major and minor number of a device.
    pub device: (u32, u32),
    /// Extended attributes (pax `SCHILY.xattr.*`).
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    sparse: Option<Sparse>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Sparse {
    /// (offset, length) of the pieces that are stored.
    pieces: Vec<(u64, u64)>,
    real_size: u64,
    /// The map stands in front of the data (GNU sparse format 1.0).
    map_in_data: bool,
}

/// Reads members one after the other.
pub struct Reader<R> {
    inner: R,
    /// Bytes read from `inner`.
    offset: u64,
    /// Contents and padding of the current member not read yet.
    pending: u64,
    globals: Pax,
    /// Contents that may still be handed out: a bomb ends in an error, not in swap.
    budget: u64,
    saw_end: bool,
}

impl<R: Read> Reader<R> {
    /// Reads from `inner`; all contents together may have at most `budget` bytes.
    pub fn new(inner: R, budget: u64) -> Reader<R> {
        Reader { inner, offset: 0, pending: 0, globals: Pax::default(), budget, saw_end: false }
    }
    /// Where the contents of the member just returned begin.
    pub fn data_offset(&self) -> u64 {
        self.offset
    }
    /// True when the archive ended as archives do, with a block of zeros. Without it, it may have been cut between two
    /// members.
    pub fn saw_end(&self) -> bool {
        self.saw_end
    }
    /// Bytes of contents that may still be handed out.
    pub fn budget(&self) -> u64 {
        self.budget
    }

    /// The next member; `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "an iterator of Results would hide that contents come between")]
    pub fn next(&mut self) -> Result<Option<Entry>> {
        let (mut long_name, mut long_link, mut pax) = (None, None, self.globals.clone());
        loop {
            self.skip_pending()?;
            let Some(block) = self.header()? else { return Ok(None) };
            let size = number(&block[124..136]).ok_or_else(|| self.corrupt("a size is no number"))?;
            match block[156] {
                b'L' => long_name = Some(until_nul(&self.meta(size)?).to_vec()),
                b'K' => long_link = Some(until_nul(&self.meta(size)?).to_vec()),
                b'x' => {
                    let records = self.meta(size)?;
                    pax.parse(&records).ok_or_else(|| self.corrupt("a pax header is malformed"))?;
                }
                b'g' => {
                    let records = self.meta(size)?;
                    self.globals.parse(&records).ok_or_else(|| self.corrupt("a pax header is malformed"))?;
                    pax = self.globals.clone();
                }
                b'V' | b'M' | b'N' => self.set_pending(size)?, // volume label, multi-volume: nothing of ours
                flag => return self.member(&block, flag, size, pax, long_name, long_link).map(Some),
            }
        }
    }

    /// The contents of the member just returned.
    pub fn contents(&mut self, entry: &Entry) -> Result<Vec<u8>> {
        let real_size = entry.sparse.as_ref().map_or(entry.size, |s| s.real_size);
        if real_size > self.budget {
            return Err(Error::new(format!(
                "'{}' has {real_size} bytes, more than an image in 32-bit memory can have",
                show(&entry.path)
            )));
        }
        let Some(sparse) = &entry.sparse else {
            let data = self.take(entry.size)?;
            self.budget -= entry.size;
            return Ok(data);
        };
        let mut stored = self.take(entry.size)?;
        let mut pieces = sparse.pieces.clone();
        if sparse.map_in_data {
            let (map, len) = sparse_map(&stored).ok_or_else(|| self.corrupt("a sparse map is malformed"))?;
            pieces = map;
            stored.drain(..len);
        }
        self.budget -= real_size;
        expand(&stored, &pieces, real_size).ok_or_else(|| self.corrupt("a sparse map does not fit its file"))
    }

    fn member(
        &mut self,
        block: &[u8; BLOCK],
        flag: u8,
        size: u64,
        pax: Pax,
        long_name: Option<Vec<u8>>,
        long_link: Option<Vec<u8>>,
    ) -> Result<Entry> {
        let is_gnu = &block[257..265] == b"ustar  \0";
        let field = |from: usize, to: usize| number(&block[from..to]);
        let bad = || Error::new(format!("corrupt tar: a number in a header is malformed at byte {}", self.offset));
        let mut path = until_nul(&block[..100]).to_vec();
        let prefix = until_nul(&block[345..500]);
        if block[257..262] == *b"ustar" && !is_gnu && !prefix.is_empty() {
            path = [prefix, b"/", &path].concat();
        }
        let kind = match flag {
            b'1' => Kind::HardLink,
            b'2' => Kind::Symlink,
            b'3' => Kind::CharDevice,
            b'4' => Kind::BlockDevice,
            b'5' => Kind::Directory,
            b'6' => Kind::Fifo,
            // The oldest tars mark a directory by its slash.
            0 | b'0' if path.ends_with(b"/") => Kind::Directory,
            // POSIX: an unknown type is a file.
            _ => Kind::File,
        };
        let mtime = signed(&block[136..148]).ok_or_else(bad)?;
        let mut entry = Entry {
            path: pax.path.or(long_name).unwrap_or(path),
            link: pax.link.or(long_link).unwrap_or_else(|| until_nul(&block[157..257]).to_vec()),
            kind,
            mode: field(100, 108).ok_or_else(bad)? as u32 & 0o7777,
            uid: pax.uid.or(field(108, 116)).and_then(|id| id.try_into().ok()).ok_or_else(bad)?,
            gid: pax.gid.or(field(116, 124)).and_then(|id| id.try_into().ok()).ok_or_else(bad)?,
            mtime: pax.mtime.unwrap_or(Timespec { sec: mtime, nsec: 0 }),
            size: if kind == Kind::File { pax.size.unwrap_or(size) } else { 0 },
            device: (0, 0),
            xattrs: pax.xattrs,
            sparse: pax.sparse,
        };
        if matches!(kind, Kind::CharDevice | Kind::BlockDevice) {
            let (major, minor) = (field(329, 337).ok_or_else(bad)?, field(337, 345).ok_or_else(bad)?);
            entry.device = (major as u32, minor as u32);
        }
        if flag == b'S' && is_gnu {
            entry.sparse = Some(self.gnu_sparse(block)?);
        }
        if let Some(name) = pax.sparse_name {
            entry.path = name;
        }
        // Links and the like may claim a size; pax says nothing follows them, old GNU tars agree.
        let stored = if matches!(kind, Kind::File | Kind::Directory) { pax.size.unwrap_or(size) } else { 0 };
        self.set_pending(stored)?;
        Ok(entry)
    }

    /// The map of an old GNU sparse member: four pieces in the header, more in the blocks that follow.
    fn gnu_sparse(&mut self, block: &[u8; BLOCK]) -> Result<Sparse> {
        let bad = |this: &Self| this.corrupt("a sparse map is malformed");
        let mut sparse = Sparse { real_size: number(&block[483..495]).ok_or_else(|| bad(self))?, ..Sparse::default() };
        let mut add = |table: &[u8]| -> Option<()> {
            for piece in table.chunks_exact(24).take_while(|p| p[0] != 0) {
                sparse.pieces.push((number(&piece[..12])?, number(&piece[12..])?));
            }
            Some(())
        };
        add(&block[386..482]).ok_or_else(|| bad(self))?;
        let mut more = block[482] != 0;
        while more {
            let mut next = [0; BLOCK];
            self.fill(&mut next)?;
            add(&next[..504]).ok_or_else(|| bad(self))?;
            more = next[504] != 0;
        }
        Ok(sparse)
    }

    /// The next header block; `None` at a block of zeros or at the end of the source.
    fn header(&mut self) -> Result<Option<[u8; BLOCK]>> {
        let mut block = [0; BLOCK];
        let got = read_full(&mut self.inner, &mut block).map_err(|e| Error::because("cannot read the tar", e))?;
        self.offset += got as u64;
        if got == 0 {
            return Ok(None);
        }
        if got < BLOCK {
            return Err(self.truncated());
        }
        if block.iter().all(|&b| b == 0) {
            self.saw_end = true;
            return Ok(None);
        }
        let stated = number(&block[148..156]);
        let sum = |of: fn(u8) -> i64| {
            block.iter().enumerate().map(|(i, &b)| if (148..156).contains(&i) { 32 } else { of(b) }).sum::<i64>()
        };
        // Some historic tars summed signed bytes.
        if stated != Some(sum(|b| b as i64) as u64) && stated.map(|s| s as i64) != Some(sum(|b| b as i8 as i64)) {
            return Err(self.corrupt("a header's checksum is wrong"));
        }
        Ok(Some(block))
    }

    fn set_pending(&mut self, size: u64) -> Result<()> {
        self.pending = size
            .checked_next_multiple_of(BLOCK as u64)
            .filter(|&n| n <= i64::MAX as u64)
            .ok_or_else(|| self.corrupt("a size is absurd"))?;
        Ok(())
    }

    fn skip_pending(&mut self) -> Result<()> {
        let skipped = io::copy(&mut (&mut self.inner).take(self.pending), &mut io::sink())
            .map_err(|e| Error::because("cannot read the tar", e))?;
        self.offset += skipped;
        if skipped < self.pending {
            return Err(self.truncated());
        }
        self.pending = 0;
        Ok(())
    }

    fn meta(&mut self, size: u64) -> Result<Vec<u8>> {
        if size > META_MAX {
            return Err(self.corrupt("an extended header is absurdly long"));
        }
        self.set_pending(size)?;
        self.take(size)
    }

    fn take(&mut self, len: u64) -> Result<Vec<u8>> {
        let mut data = Vec::with_capacity(len.min(1 << 20) as usize);
        (&mut self.inner).take(len).read_to_end(&mut data).map_err(|e| Error::because("cannot read the tar", e))?;
        self.offset += data.len() as u64;
        if (data.len() as u64) < len {
            return Err(self.truncated());
        }
        self.pending = self.pending.saturating_sub(len);
        Ok(data)
    }

    fn fill(&mut self, block: &mut [u8; BLOCK]) -> Result<()> {
        let got = read_full(&mut self.inner, block).map_err(|e| Error::because("cannot read the tar", e))?;
        self.offset += got as u64;
        if got < BLOCK { Err(self.truncated()) } else { Ok(()) }
    }

    fn truncated(&self) -> Error {
        Error::new(format!("truncated tar: it ends at byte {} in the middle of a member", self.offset))
    }
    fn corrupt(&self, what: &str) -> Error {
        Error::new(format!("corrupt tar: {what} (near byte {})", self.offset))
    }
}

/// What pax records say about the next member, or about all of them.
#[derive(Clone, Default)]
struct Pax {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u64>,
    gid: Option<u64>,
    mtime: Option<Timespec>,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    sparse: Option<Sparse>,
    sparse_name: Option<Vec<u8>>,
}

impl Pax {
    /// Reads `LENGTH KEY=VALUE\n` records.
    fn parse(&mut self, mut records: &[u8]) -> Option<()> {
        while !records.is_empty() {
            // Some writers pad with NULs.
            if records.iter().all(|&b| b == 0) {
                break;
            }
            let space = records.iter().take(20).position(|&b| b == b' ')?;
            let len = decimal(&records[..space])? as usize;
            if len > records.len() || len < space + 3 {
                return None;
            }
            let record = records[space + 1..len].strip_suffix(b"\n")?;
            let equals = record.iter().position(|&b| b == b'=')?;
            self.set(&record[..equals], &record[equals + 1..])?;
            records = &records[len..];
        }
        Some(())
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let sparse = |this: &mut Pax| this.sparse.take().unwrap_or_default();
        match key {
            b"path" => self.path = Some(until_nul(value).to_vec()),
            b"linkpath" => self.link = Some(until_nul(value).to_vec()),
            b"size" => self.size = Some(decimal(value)?),
            b"uid" => self.uid = Some(decimal(value)?),
            b"gid" => self.gid = Some(decimal(value)?),
            b"mtime" => self.mtime = Some(time(value)?),
            b"GNU.sparse.name" => self.sparse_name = Some(value.to_vec()),
            b"GNU.sparse.realsize" | b"GNU.sparse.size" => {
                self.sparse = Some(Sparse { real_size: decimal(value)?, ..sparse(self) });
            }
            b"GNU.sparse.major" => {
                self.sparse = Some(Sparse { map_in_data: value == b"1", ..sparse(self) });
            }
            b"GNU.sparse.map" => {
                let numbers: Vec<u64> = value.split(|&b| b == b',').map(decimal).collect::<Option<_>>()?;
                let pieces = numbers.chunks_exact(2).map(|p| (p[0], p[1])).collect();
                self.sparse = Some(Sparse { pieces, ..sparse(self) });
            }
            b"GNU.sparse.offset" => {
                let mut map = sparse(self);
                map.pieces.push((decimal(value)?, 0));
                self.sparse = Some(map);
            }
            b"GNU.sparse.numbytes" => {
                let mut map = sparse(self);
                map.pieces.last_mut()?.1 = decimal(value)?;
                self.sparse = Some(map);
            }
            _ => {
                if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    self.xattrs.retain(|(old, _)| old != name);
                    self.xattrs.push((name.to_vec(), value.to_vec()));
                }
            }
        }
        Some(())
    }
}

/// The map in front of a sparse 1.0 member: decimal lines, padded to a block. Answers the pieces and its length.
fn sparse_map(data: &[u8]) -> Option<(Vec<(u64, u64)>, usize)> {
    let mut at = 0;
    let mut line = || {
        let rest = data.get(at..)?;
        let len = rest.iter().take(24).position(|&b| b == b'\n')?;
        at += len + 1;
        decimal(&rest[..len])
    };
    let count = line()?;
    let mut pieces = Vec::new();
    for _ in 0..count {
        pieces.push((line()?, line()?));
    }
    let len = at.next_multiple_of(BLOCK);
    (len <= data.len()).then_some((pieces, len))
}

fn expand(stored: &[u8], pieces: &[(u64, u64)], real_size: u64) -> Option<Vec<u8>> {
    let mut out = vec![0; usize::try_from(real_size).ok()?];
    let mut rest = stored;
    for &(offset, len) in pieces {
        let (piece, after) = rest.split_at_checked(usize::try_from(len).ok()?)?;
        let start = usize::try_from(offset).ok()?;
        out.get_mut(start..start.checked_add(piece.len())?)?.copy_from_slice(piece);
        rest = after;
    }
    Some(out)
}

/// A header's number: octal digits, or base 256 when the top bit is set.
fn number(field: &[u8]) -> Option<u64> {
    signed(field)?.try_into().ok()
}

fn signed(field: &[u8]) -> Option<i64> {
    if field[0] & 0x80 != 0 {
        let first = if field[0] & 0x40 != 0 { -1i64 << 6 } else { 0 } | (field[0] & 0x3f) as i64;
        return field[1..].iter().try_fold(first, |n, &b| n.checked_mul(256)?.checked_add(b as i64));
    }
    let digits = field.trim_ascii_start();
    let end = digits.iter().position(|&b| b == 0 || b == b' ').unwrap_or(digits.len());
    digits[..end].iter().try_fold(0i64, |n, &b| match b {
        b'0'..=b'7' => n.checked_mul(8)?.checked_add((b - b'0') as i64),
        _ => None,
    })
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let is_decimal = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_decimal.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

/// A pax time: seconds with a fraction, perhaps negative.
fn time(text: &[u8]) -> Option<Timespec> {
    let (is_negative, text) = text.strip_prefix(b"-").map_or((false, text), |t| (true, t));
    let mut parts = text.splitn(2, |&b| b == b'.');
    let sec = i64::try_from(decimal(parts.next()?)?).ok()?;
    let fraction = parts.next().unwrap_or(b"");
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let nsec = (0..9).fold(0, |n, i| n * 10 + fraction.get(i).map_or(0, |b| (b - b'0') as u32));
    Some(match (is_negative, nsec) {
        (false, _) => Timespec { sec, nsec },
        (true, 0) => Timespec { sec: -sec, nsec },
        (true, _) => Timespec { sec: -sec - 1, nsec: 1_000_000_000 - nsec },
    })
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len())]
}

fn read_full(source: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < buf.len() {
        match source.read(&mut buf[done..]) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"   644 \0"), Some(0o644));
        assert_eq!(number(b"\0\0\0\0\0\0\0\0"), Some(0));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\0\0\0\x01\0"), Some(256));
        assert_eq!(signed(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe"), Some(-2));
        assert_eq!(number(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe"), None);
        assert_eq!(number(b"12x45670"), None);
        assert_eq!(number(b"\xbf\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), None);
        assert_eq!(time(b"12.5"), Some(Timespec { sec: 12, nsec: 500_000_000 }));
        assert_eq!(time(b"-1.25"), Some(Timespec { sec: -2, nsec: 750_000_000 }));
        assert_eq!(time(b"1.x"), None);
    }
}
