//! The client's side of HTTP/1.1 (RFC 9112), one request a connection: the request as bytes, and the answer out of bytes.

use crate::{Bad, Field, HEAD_MAX, Head, Request, decimal, is_field_value, is_hop_by_hop, is_token, values};
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

/// Fields of an answer at most.
const FIELDS_MAX: usize = 256;

/// How the body of a request is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body {
    /// There is none.
    None,
    /// As many bytes as Content-Length says.
    Length(u64),
    /// In chunks: [`chunk`] and [`LAST_CHUNK`].
    Chunked,
}

/// What ends a body in chunks.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// A chunk's head; CRLF follows its bytes.
pub fn chunk_head(len: usize) -> Vec<u8> {
    alloc::format!("{len:x}\r\n").into_bytes()
}

/// The head of a request. Whatever could end a line or a part of it early is refused.
pub fn request_head(request: &Request, body: Body) -> Result<Vec<u8>, Bad> {
    let is_clean = |text: &str| !text.is_empty() && text.bytes().all(|b| b > b' ' && b != 0x7f);
    if !is_token(request.method.as_bytes()) || !is_clean(&request.target) {
        return Err(Bad("the request line cannot be sent on"));
    }
    let mut head = Vec::new();
    let mut line = |parts: &[&[u8]]| {
        head.extend(parts.concat());
        head.extend(b"\r\n");
    };
    line(&[request.method.as_bytes(), b" ", request.target.as_bytes(), b" HTTP/1.1"]);
    let own = request.values("host").next().filter(|_| request.authority.is_empty());
    let host = own.unwrap_or(request.authority.as_bytes());
    if !is_field_value(host) {
        return Err(Bad("the request's host cannot be sent on"));
    }
    line(&[b"Host: ", if host.is_empty() { b"localhost" } else { host }]);
    for (name, value) in &request.fields {
        let is_ours = ["host", "content-length", "expect"].iter().any(|other| name.eq_ignore_ascii_case(other));
        if is_ours || is_hop_by_hop(&request.fields, name) {
            continue;
        }
        if !is_token(name.as_bytes()) || !is_field_value(value) {
            return Err(Bad("a header of the request cannot be sent on"));
        }
        line(&[name.as_bytes(), b": ", value]);
    }
    match body {
        // Methods that mean a body say that it is empty.
        Body::None if matches!(&request.method[..], "POST" | "PUT" | "PATCH") => line(&[b"Content-Length: 0"]),
        Body::None => {}
        Body::Length(length) => line(&[b"Content-Length: ", length.to_string().as_bytes()]),
        Body::Chunked => line(&[b"Transfer-Encoding: chunked"]),
    }
    line(&[b"Connection: close"]);
    line(&[]);
    Ok(head)
}

/// How the body of an answer ends (RFC 9112 6.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Framing {
    /// After so many bytes more.
    Length(u64),
    Chunked(Chunk),
    /// With the connection.
    Close,
}

/// Where in a body of chunks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Chunk {
    /// In the line with the size: what it says so far, and whether a digit and whether an extension was seen.
    Size(u64, bool, bool),
    Data(u64),
    /// Behind the data.
    End,
    /// In the trailer: bytes of the present line, and of all.
    Trailer(usize, usize),
    Done,
}

/// An answer as it comes in.
pub struct Response {
    is_head_request: bool,
    has_body: bool,
    head: Vec<u8>,
    framing: Option<Framing>,
}

impl Response {
    /// The answer to a request of this method.
    pub fn new(method: &str) -> Response {
        Response { is_head_request: method == "HEAD", has_body: true, head: Vec::new(), framing: None }
    }

    /// Looks for the head in more bytes: `None` as long as it is not whole; then the head, and how many of these bytes
    /// belonged to it. Provisional answers (100, 103) are passed over.
    pub fn feed_head(&mut self, bytes: &[u8]) -> Result<Option<(Head, usize)>, Bad> {
        for (at, &byte) in bytes.iter().enumerate() {
            self.head.push(byte);
            if self.head.len() > HEAD_MAX {
                return Err(Bad("its headers are too long"));
            }
            if byte != b'\n' || !(self.head.ends_with(b"\n\n") || self.head.ends_with(b"\n\r\n")) {
                continue;
            }
            let head = parse(&self.head)?;
            self.head.clear();
            match head.status {
                101 => return Err(Bad("it changes the protocol, which nobody asked for")),
                100..200 => continue,
                status => {
                    self.has_body = !self.is_head_request && status != 204 && status != 304;
                    self.framing = Some(if self.has_body { framing(&head.fields)? } else { Framing::Length(0) });
                    return Ok(Some((without_hops(head), at + 1)));
                }
            }
        }
        Ok(None)
    }

    /// Takes the framing off bytes of the body: how many of them were looked at, and which of these are the body's. May
    /// stop early: what was not looked at comes again.
    pub fn feed_body(&mut self, bytes: &[u8]) -> Result<(usize, core::ops::Range<usize>), Bad> {
        let mut at = 0;
        loop {
            let rest = bytes.len() - at;
            match &mut self.framing {
                None => return Ok((at, 0..0)),
                Some(Framing::Close) => return Ok((bytes.len(), at..bytes.len())),
                Some(Framing::Length(left)) | Some(Framing::Chunked(Chunk::Data(left))) if *left > 0 => {
                    let len = rest.min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= len as u64;
                    return Ok((at + len, at..at + len));
                }
                // What comes behind the end is nobody's.
                Some(Framing::Length(_)) | Some(Framing::Chunked(Chunk::Done)) => return Ok((bytes.len(), 0..0)),
                Some(Framing::Chunked(chunk)) => {
                    let Some(&byte) = bytes.get(at) else { return Ok((at, 0..0)) };
                    at += 1;
                    *chunk = chunk.step(byte)?;
                }
            }
        }
    }

    /// The whole body was seen.
    pub fn is_complete(&self) -> bool {
        matches!(self.framing, Some(Framing::Length(0) | Framing::Chunked(Chunk::Done)))
    }

    /// The answer is one that a body, perhaps an empty one, belongs to; asked once the head is there.
    pub fn has_body(&self) -> bool {
        self.has_body
    }

    /// The connection ended, as it may (`may_end`).
    pub fn end(&mut self) {
        if self.framing == Some(Framing::Close) {
            self.framing = Some(Framing::Length(0));
        }
    }

    /// The connection ended here: whether that is the answer's end.
    pub fn may_end(&self) -> bool {
        self.is_complete() || self.framing == Some(Framing::Close)
    }
}

impl Chunk {
    fn step(self, byte: u8) -> Result<Chunk, Bad> {
        const BAD: Bad = Bad("a chunk of its body is malformed");
        Ok(match (self, byte) {
            (Chunk::Size(0, true, _), b'\n') => Chunk::Trailer(0, 0),
            (Chunk::Size(size, true, _), b'\n') => Chunk::Data(size),
            (Chunk::Size(size, true, _), b'\r' | b';' | b' ' | b'\t') => Chunk::Size(size, true, true),
            (Chunk::Size(size, true, true), _) => Chunk::Size(size, true, true),
            (Chunk::Size(size, _, false), digit) => {
                let digit = (digit as char).to_digit(16).ok_or(BAD)?;
                let size = size.checked_mul(16).and_then(|size| size.checked_add(digit as u64)).ok_or(BAD)?;
                Chunk::Size(size, true, false)
            }
            // The data was taken; its end is CRLF.
            (Chunk::Data(_) | Chunk::End, b'\n') => Chunk::Size(0, false, false),
            (Chunk::Data(_), b'\r') => Chunk::End,
            (Chunk::Trailer(0, _), b'\n') => Chunk::Done,
            (Chunk::Trailer(_, all), b'\n') => Chunk::Trailer(0, all + 1),
            (Chunk::Trailer(..), _) if matches!(self, Chunk::Trailer(_, HEAD_MAX..)) => return Err(BAD),
            (Chunk::Trailer(line, all), b'\r') => Chunk::Trailer(line, all + 1),
            (Chunk::Trailer(line, all), _) => Chunk::Trailer(line + 1, all + 1),
            _ => return Err(BAD),
        })
    }
}

fn framing(fields: &[Field]) -> Result<Framing, Bad> {
    let mut codings = values(fields, "transfer-encoding").flat_map(|v| v.split(|&b| b == b',')).map(<[u8]>::trim_ascii);
    if let Some(coding) = codings.next() {
        // Nobody asked for another one by TE.
        return match coding.eq_ignore_ascii_case(b"chunked") && codings.next().is_none() {
            true => Ok(Framing::Chunked(Chunk::Size(0, false, false))),
            false => Err(Bad("its transfer encoding is not chunked")),
        };
    }
    let mut lengths = values(fields, "content-length").map(decimal);
    match lengths.next() {
        None => Ok(Framing::Close),
        Some(Some(length)) if lengths.all(|other| other == Some(length)) => Ok(Framing::Length(length)),
        Some(_) => Err(Bad("its Content-Length is none")),
    }
}

fn parse(head: &[u8]) -> Result<Head, Bad> {
    let mut fields = vec![httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut response = httparse::Response::new(&mut fields);
    match response.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(Bad("its headers end early")),
        Err(httparse::Error::TooManyHeaders) => return Err(Bad("it has too many headers")),
        Err(_) => return Err(Bad("its headers are malformed")),
    }
    let status = response.code.filter(|code| (100..600).contains(code)).ok_or(Bad("its status is none"))?;
    let field = |field: &&mut httparse::Header<'_>| (field.name.to_string(), field.value.to_vec());
    let fields = response.headers.iter_mut().collect::<Vec<_>>().iter().map(field).collect();
    Ok(Head { status, fields })
}

fn without_hops(head: Head) -> Head {
    let has_coding = values(&head.fields, "transfer-encoding").next().is_some();
    // A length beside a transfer encoding is wrong, whatever it says (RFC 9112 6.3).
    let is_message =
        |name: &str| !(is_hop_by_hop(&head.fields, name) || has_coding && name.eq_ignore_ascii_case("content-length"));
    let fields = head.fields.iter().filter(|(name, _)| is_message(name)).cloned().collect();
    Head { status: head.status, fields }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn request(method: &str, fields: &[(&str, &str)]) -> Request {
        Request {
            method: method.into(),
            target: "/a?b".into(),
            scheme: "http".into(),
            authority: "h:1".into(),
            fields: fields.iter().map(|(n, v)| (n.to_string(), v.as_bytes().to_vec())).collect(),
        }
    }

    #[test]
    fn a_request_becomes_bytes() {
        let fields = [("Accept", "*/*"), ("Host", "other"), ("Connection", "x"), ("X", "y"), ("content-length", "9")];
        let head = request_head(&request("POST", &fields), Body::Length(3)).unwrap();
        let expect = "POST /a?b HTTP/1.1\r\nHost: h:1\r\nAccept: */*\r\nContent-Length: 3\r\nConnection: close\r\n\r\n";
        assert_eq!(String::from_utf8(head).unwrap(), expect);
        let head = request_head(&request("GET", &[]), Body::None).unwrap();
        assert_eq!(head, b"GET /a?b HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\n\r\n");
        for bad in [
            Request { method: "GET /".into(), ..request("GET", &[]) },
            Request { target: "/ HTTP/1.1\r\nX: y".into(), ..request("GET", &[]) },
            Request { authority: "h\r\nX: y".into(), ..request("GET", &[]) },
            request("GET", &[("X", "a\nb")]),
            request("GET", &[("X:", "a")]),
        ] {
            assert!(request_head(&bad, Body::None).is_err(), "{bad:?}");
        }
    }

    /// (status, body, whether it was complete) of an answer, fed whole and byte by byte.
    fn answer(method: &str, bytes: &[u8]) -> Result<(u16, Vec<u8>, bool), Bad> {
        let run = |step: usize| {
            let mut response = Response::new(method);
            let (mut status, mut body) = (None, Vec::new());
            for piece in bytes.chunks(step) {
                let mut rest = piece;
                if status.is_none() {
                    match response.feed_head(rest)? {
                        None => continue,
                        Some((head, used)) => {
                            status = Some(head.status);
                            rest = &rest[used..];
                        }
                    }
                }
                while !rest.is_empty() {
                    let (used, found) = response.feed_body(rest)?;
                    body.extend(&rest[found]);
                    rest = &rest[used..];
                }
            }
            Ok((status.unwrap_or(0), body, response.may_end()))
        };
        let whole = run(bytes.len());
        assert_eq!(whole, run(1), "{}", bytes.escape_ascii());
        assert_eq!(whole, run(3), "{}", bytes.escape_ascii());
        whole
    }

    #[test]
    fn answers_of_every_framing() {
        let ok = |status, body: &[u8], is_whole| Ok((status, body.to_vec(), is_whole));
        assert_eq!(answer("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), ok(200, b"abc", true));
        assert_eq!(answer("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"), ok(200, b"ab", false));
        assert!(answer("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc").is_err());
        assert_eq!(answer("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc"), ok(200, b"a", true));
        assert_eq!(answer("GET", b"HTTP/1.0 200 OK\r\n\r\nabc"), ok(200, b"abc", true));
        assert_eq!(answer("GET", b"HTTP/1.0 404 Not Found\n\nabc"), ok(404, b"abc", true));
        assert_eq!(answer("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"), ok(200, b"", true));
        assert_eq!(answer("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n"), ok(304, b"", true));
        assert_eq!(
            answer("GET", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"),
            ok(200, b"x", true)
        );
        let chunked = |body: &str| {
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n";
            answer("GET", [head, body].concat().as_bytes())
        };
        assert_eq!(chunked("3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n"), ok(200, b"abc0123456789", true));
        assert_eq!(chunked("1\nx\n0\nTrailer: y\n\n"), ok(200, b"x", true));
        assert_eq!(chunked("3\r\nabc\r\n"), ok(200, b"abc", false));
        assert_eq!(chunked("3\r\nabc\r\n0\r\n"), ok(200, b"abc", false));
        for bad in ["x\r\n", "\r\n", "3\r\nabcd\r\n", "ffffffffffffffff1\r\n", "-1\r\n", "0x3\r\n", ";\r\n"] {
            assert!(chunked(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn garbage_is_refused() {
        for bad in [
            &b"hello\r\n\r\n"[..],
            b"HTTP/1.1 99 x\r\n\r\n",
            b"HTTP/1.1 700 x\r\n\r\n",
            b"HTTP/2 200 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA\x00: b\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            b"HTTP/1.1 101 Switching\r\n\r\n",
        ] {
            assert!(answer("GET", bad).is_err(), "{}", bad.escape_ascii());
        }
        let mut response = Response::new("GET");
        assert!((0..100).any(|_| response.feed_head(&[b'a'; 1000]).is_err()), "a head without an end");
    }

    #[test]
    fn what_is_about_the_connection_stays_there() {
        let mut response = Response::new("GET");
        let bytes = b"HTTP/1.1 200 OK\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nTransfer-Encoding: chunked\r\n\
            Content-Length: 5\r\nX: y\r\n\r\n";
        let (head, used) = response.feed_head(bytes).unwrap().unwrap();
        assert_eq!((&head.fields[..], used), (&[("X".to_string(), b"y".to_vec())][..], bytes.len()));
    }
}
