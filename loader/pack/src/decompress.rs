//! Whatever a layer or archive is compressed with, told by its first bytes: nothing, gzip or zstd.

use crate::error::{Error, Result};
use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::StreamingDecoder;
use std::io::{self, BufRead, BufReader, Read};

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// True when the bytes begin as a compressed stream we can read.
pub fn is_compressed(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b]) || head.starts_with(&ZSTD_MAGIC) || is_skippable(head)
}

/// Reads through the compression, if there is any.
pub fn open<'a>(source: impl Read + 'a) -> Result<Box<dyn Read + 'a>> {
    let mut source = BufReader::with_capacity(1 << 16, source);
    let head = peek(&mut source).map_err(|e| Error::because("cannot read", e))?;
    match () {
        _ if head.starts_with(&[0x1f, 0x8b]) => Ok(Box::new(MultiGzDecoder::new(source))),
        _ if head.starts_with(&ZSTD_MAGIC) || is_skippable(head) => {
            Ok(Box::new(Zstd { state: State::Between(source) }))
        }
        _ if head.starts_with(b"\xfd7zXZ\0") => Err(unsupported("xz")),
        _ if head.starts_with(b"BZh") => Err(unsupported("bzip2")),
        _ => Ok(Box::new(source)),
    }
}

fn unsupported(name: &str) -> Error {
    Error::new(format!("it is compressed with {name}; uncompress it first, or use gzip or zstd"))
}

/// Frames for other programs, skipped (RFC 8878 3.1.2).
fn is_skippable(head: &[u8]) -> bool {
    head.len() >= 4 && head[0] & 0xf0 == 0x50 && head[1..4] == [0x2a, 0x4d, 0x18]
}

/// The first bytes, without taking them. Fewer than asked for only at the end.
fn peek<R: Read>(source: &mut BufReader<R>) -> io::Result<&[u8]> {
    source.fill_buf()
}

/// All frames of a zstd stream, one after the other.
struct Zstd<R: Read> {
    state: State<R>,
}

enum State<R: Read> {
    Between(BufReader<R>),
    Frame(Box<StreamingDecoder<BufReader<R>, FrameDecoder>>),
    Done,
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            self.state = match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Ok(0),
                State::Between(source) => next_frame(source)?,
                State::Frame(mut decoder) => match decoder.read(buf)? {
                    0 => {
                        let (source, decoder) = (*decoder).into_parts();
                        let stated = decoder.get_checksum_from_data();
                        if stated.is_some() && stated != decoder.get_calculated_checksum() {
                            return Err(io::Error::new(
                                io::ErrorKind::InvalidData,
                                "corrupt zstd stream: wrong checksum",
                            ));
                        }
                        State::Between(source)
                    }
                    n => {
                        self.state = State::Frame(decoder);
                        return Ok(n);
                    }
                },
            }
        }
    }
}

fn next_frame<R: Read>(mut source: BufReader<R>) -> io::Result<State<R>> {
    loop {
        let head = peek(&mut source)?;
        if head.is_empty() {
            return Ok(State::Done);
        }
        let mut header = [0; 4];
        // A frame's first byte tells which kind it is: 0x28 begins a zstd frame, 0x5? one to skip.
        if head[0] & 0xf0 != 0x50 {
            let decoder = StreamingDecoder::new(source)
                .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("corrupt zstd stream: {e}")))?;
            return Ok(State::Frame(Box::new(decoder)));
        }
        source.read_exact(&mut header)?;
        if !is_skippable(&header) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "corrupt zstd stream: an unknown frame"));
        }
        source.read_exact(&mut header)?;
        let len = u32::from_le_bytes(header) as u64;
        if io::copy(&mut (&mut source).take(len), &mut io::sink())? < len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::Write;

    fn plain(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        open(bytes).map_err(io::Error::other)?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn streams_of_several_parts_are_read_to_the_end() {
        let zstd = |text: &[u8]| compress_to_vec(text, CompressionLevel::Fastest);
        let skip = [&[0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
        let whole = [zstd(b"one "), skip.clone(), zstd(b"two")].concat();
        assert_eq!(plain(&whole).unwrap(), b"one two");
        assert_eq!(plain(&[skip, zstd(b"x")].concat()).unwrap(), b"x");
        let gzip = |text: &[u8]| {
            let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            e.write_all(text).unwrap();
            e.finish().unwrap()
        };
        assert_eq!(plain(&[gzip(b"one "), gzip(b"two")].concat()).unwrap(), b"one two");
        assert_eq!(plain(b"plain").unwrap(), b"plain");
        assert_eq!(plain(b"").unwrap(), b"");
    }

    #[test]
    fn a_cut_stream_is_an_error() {
        let text: Vec<u8> = (0..5000u32).flat_map(u32::to_le_bytes).collect();
        let zstd = compress_to_vec(&text[..], CompressionLevel::Fastest);
        assert!(plain(&zstd[..zstd.len() - 9]).is_err());
        assert!(plain(b"\xfd7zXZ\0....").is_err());
    }
}
