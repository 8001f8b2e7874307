//! HTTP on the way into a container: what a request looks like to a CGI handler ([`cgi`]) or to a server that speaks
//! HTTP/1.1 ([`http1`]), and what their answers mean. Bytes in, bytes out: streams, sockets and the `wasi:http` types
//! are hosts/module's.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod cgi;
pub mod http1;

use alloc::string::String;
use alloc::vec::Vec;

/// A head may have so many bytes, as with most servers; a longer one is an error of whoever sends it.
pub const HEAD_MAX: usize = 64 << 10;

/// A header field.
pub type Field = (String, Vec<u8>);

/// A request without its body.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET` and so on.
    pub method: String,
    /// Path and query, as the client wrote them; begins with `/`, or is `*`.
    pub target: String,
    /// `http` or `https`.
    pub scheme: String,
    /// What the client calls the host: a name or address, perhaps with a port.
    pub authority: String,
    /// Fields as they came; names in any case.
    pub fields: Vec<Field>,
}

impl Request {
    /// The length its body has by its own word. `None` also for nonsense.
    pub fn content_length(&self) -> Option<u64> {
        let mut lengths = self.values("content-length").map(decimal);
        let first = lengths.next()??;
        lengths.all(|other| other == Some(first)).then_some(first)
    }
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        values(&self.fields, name)
    }
}

/// The head of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// 200 to 599.
    pub status: u16,
    /// Without those that are about one connection only.
    pub fields: Vec<Field>,
}

/// Why an answer is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bad(pub &'static str);

fn values<'a>(fields: &'a [Field], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    fields.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim_ascii())
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    core::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}

/// RFC 9110 5.6.2.
fn is_token(name: &[u8]) -> bool {
    let is_tchar = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
    !name.is_empty() && name.iter().all(is_tchar)
}

/// RFC 9110 5.5, with obs-text.
fn is_field_value(value: &[u8]) -> bool {
    value.iter().all(|&b| b == b'\t' || b >= b' ' && b != 0x7f)
}

/// Fields that are about one connection and not about the message (RFC 9110 7.6.1), named or not.
fn is_hop_by_hop(fields: &[Field], name: &str) -> bool {
    const ALWAYS: [&str; 8] = [
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    ALWAYS.iter().any(|known| name.eq_ignore_ascii_case(known))
        || values(fields, "connection")
            .flat_map(|value| value.split(|&b| b == b','))
            .any(|option| option.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
}
