//! The Common Gateway Interface, version 1.1 (RFC 3875): a process a request.
//!
//! Where the RFC leaves a choice: the whole path is PATH_INFO and SCRIPT_NAME is empty, since the container is the one
//! script of its address. A query without `=` makes no arguments (4.4): a command line out of a stranger's hands serves
//! nobody. `Authorization` is handed on, for nobody but the handler could check it; `Proxy` is not, since HTTP_PROXY
//! means something else to many programs. The peer's address is not known behind `wasi:http`: REMOTE_ADDR is 0.0.0.0.

use crate::{Bad, Field, HEAD_MAX, Head, Request, decimal, is_field_value, is_hop_by_hop, is_token, values};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The variables of a request, `NAME=VALUE` (4.1).
pub fn environment(request: &Request) -> Vec<Vec<u8>> {
    let mut env = Vec::new();
    let mut set = |name: &str, value: &[u8]| env.push([name.as_bytes(), b"=", value].concat());
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let (host, port) = split_authority(&request.authority);
    let default_port = if request.scheme == "https" { "443" } else { "80" };
    set("GATEWAY_INTERFACE", b"CGI/1.1");
    set("SERVER_PROTOCOL", b"HTTP/1.1");
    set("SERVER_SOFTWARE", concat!("brainworm/", env!("CARGO_PKG_VERSION")).as_bytes());
    set("REQUEST_METHOD", request.method.as_bytes());
    set("SCRIPT_NAME", b"");
    set("PATH_INFO", &percent_decoded(path));
    set("QUERY_STRING", query.as_bytes());
    set("SERVER_NAME", if host.is_empty() { b"localhost" } else { host.as_bytes() });
    set("SERVER_PORT", if port.is_empty() { default_port } else { port }.as_bytes());
    set("REMOTE_ADDR", b"0.0.0.0");
    // Not of the RFC, but what handlers look for: Apache's, nginx's and lighttpd's alike.
    set("REQUEST_URI", request.target.as_bytes());
    set("REQUEST_SCHEME", request.scheme.as_bytes());
    if request.scheme == "https" {
        set("HTTPS", b"on");
    }
    if let Some(length) = request.content_length() {
        set("CONTENT_LENGTH", length.to_string().as_bytes());
    }
    if let Some(kind) = request.values("content-type").next() {
        set("CONTENT_TYPE", kind);
    }
    if !request.authority.is_empty() && request.values("host").next().is_none() {
        set("HTTP_HOST", request.authority.as_bytes());
    }
    protocol_variables(request, &mut set);
    env
}

/// HTTP_* (4.1.18): fields of one name are joined.
fn protocol_variables(request: &Request, set: &mut dyn FnMut(&str, &[u8])) {
    const NOT_HANDED_ON: [&str; 4] = ["content-length", "content-type", "proxy", "expect"];
    let mut done: Vec<String> = Vec::new();
    for (name, _) in &request.fields {
        let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let is_ours = NOT_HANDED_ON.iter().any(|other| name.eq_ignore_ascii_case(other));
        let variable: String = name.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_uppercase() }).collect();
        if !is_plain || is_ours || is_hop_by_hop(&request.fields, name) || done.contains(&variable) {
            continue;
        }
        // A name with `_` would be taken for the one with `-`: who wrote which is not to be told apart afterwards.
        if name.contains('_') {
            continue;
        }
        let separator: &[u8] = if name.eq_ignore_ascii_case("cookie") { b"; " } else { b", " };
        let all: Vec<&[u8]> = request.values(name).collect();
        let value: Vec<u8> = all.join(separator).into_iter().filter(|&b| b != 0).collect();
        set(&["HTTP_", &variable].concat(), &value);
        done.push(variable);
    }
}

/// `[::1]:80` is (`[::1]`, `80`).
fn split_authority(authority: &str) -> (&str, &str) {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !host.ends_with(':') => (host, port),
        _ => (authority, ""),
    }
}

/// PATH_INFO is decoded (4.1.5). A NUL would end the variable: it stays as it was written.
fn percent_decoded(path: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), path.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|&b| (b as char).to_digit(16));
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) if high + low > 0 => {
                out.push((high << 4 | low) as u8);
                rest = &after[2..];
            }
            _ => {
                out.push(byte);
                rest = after;
            }
        }
    }
    out
}

/// What a handler's output begins with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// A head; the body follows.
    Head(Head),
    /// Answer as if this had been asked for (6.2.2): path and query.
    Redirect(String),
}

/// Takes the head off a handler's output (6).
#[derive(Default)]
pub struct Output {
    head: Vec<u8>,
}

impl Output {
    /// Looks at more output: `None` as long as the head is not whole; then the answer, and how many of these bytes were
    /// the head's.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<(Answer, usize)>, Bad> {
        let before = self.head.len();
        for (at, &byte) in bytes.iter().enumerate() {
            self.head.push(byte);
            if self.head.len() > HEAD_MAX {
                return Err(Bad("its headers are too long"));
            }
            if byte == b'\n' && (self.head.ends_with(b"\n\n") || self.head.ends_with(b"\n\r\n")) {
                return Ok(Some((parse(&self.head)?, at + 1)));
            }
            // A blank line at once: no field at all.
            if before + at < 2 && (self.head == b"\n" || self.head == b"\r\n") {
                return Err(Bad("it begins with a blank line instead of headers"));
            }
        }
        Ok(None)
    }
    /// Nothing was put out yet.
    pub fn is_empty(&self) -> bool {
        self.head.is_empty()
    }
}

fn parse(head: &[u8]) -> Result<Answer, Bad> {
    let mut fields: Vec<Field> = Vec::new();
    let mut status = None;
    for line in head.split(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let colon = line.iter().position(|&b| b == b':').ok_or(Bad("a line of its headers has no colon"))?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if !is_token(name) || !is_field_value(value) {
            return Err(Bad("its headers hold bytes that no header may have"));
        }
        let name = String::from_utf8_lossy(name).into_owned();
        if name.eq_ignore_ascii_case("status") {
            let code = decimal(value.split(|&b| b == b' ').next().unwrap_or(value));
            let code = code.filter(|code| (200..600).contains(code)).ok_or(Bad("its Status is none"))?;
            if status.replace(code as u16).is_some() {
                return Err(Bad("it gives two Status headers"));
            }
        } else {
            fields.push((name, value.to_vec()));
        }
    }
    let location = values(&fields, "location").next().map(<[u8]>::to_vec);
    let has_kind = values(&fields, "content-type").next().is_some();
    if let (Some(location), None, false) = (&location, status, has_kind)
        && location.starts_with(b"/")
        && !location.starts_with(b"//")
    {
        let target = String::from_utf8(location.clone()).map_err(|_| Bad("its Location is none"))?;
        return Ok(Answer::Redirect(target));
    }
    if status.is_none() && location.is_none() && !has_kind {
        return Err(Bad("its headers name neither Content-Type nor Location nor Status"));
    }
    let status = status.unwrap_or(if location.is_some() { 302 } else { 200 });
    let all = core::mem::take(&mut fields);
    fields.extend(all.iter().filter(|(name, _)| !is_hop_by_hop(&all, name)).cloned());
    Ok(Answer::Head(Head { status, fields }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn request(target: &str, fields: &[(&str, &str)]) -> Request {
        Request {
            method: "POST".into(),
            target: target.into(),
            scheme: "http".into(),
            authority: "example.org:8080".into(),
            fields: fields.iter().map(|(n, v)| (n.to_string(), v.as_bytes().to_vec())).collect(),
        }
    }

    #[test]
    fn a_request_becomes_variables() {
        let fields = [
            ("content-type", "text/plain"),
            ("Content-Length", "12"),
            ("X-One", "a"),
            ("x-one", "b"),
            ("Cookie", "a=1"),
            ("cookie", "b=2"),
            ("Proxy", "http://evil"),
            ("X_Forged", "1"),
            ("Connection", "x-hop"),
            ("X-Hop", "1"),
            ("Authorization", "Basic Zm9v"),
        ];
        let env = environment(&request("/a%20b/%00%zz?x=1&y=%20", &fields));
        let has = |line: &str| env.iter().any(|v| v == line.as_bytes());
        for line in [
            "GATEWAY_INTERFACE=CGI/1.1",
            "REQUEST_METHOD=POST",
            "PATH_INFO=/a b/%00%zz",
            "QUERY_STRING=x=1&y=%20",
            "SCRIPT_NAME=",
            "SERVER_NAME=example.org",
            "SERVER_PORT=8080",
            "SERVER_PROTOCOL=HTTP/1.1",
            "REMOTE_ADDR=0.0.0.0",
            "CONTENT_TYPE=text/plain",
            "CONTENT_LENGTH=12",
            "HTTP_X_ONE=a, b",
            "HTTP_COOKIE=a=1; b=2",
            "HTTP_AUTHORIZATION=Basic Zm9v",
            "HTTP_HOST=example.org:8080",
            "REQUEST_URI=/a%20b/%00%zz?x=1&y=%20",
        ] {
            assert!(has(line), "{line}");
        }
        for name in ["HTTP_PROXY", "HTTP_X_FORGED", "HTTP_X_HOP", "HTTP_CONTENT", "HTTP_CONNECTION", "HTTPS"] {
            assert!(!env.iter().any(|v| v.starts_with(name.as_bytes())), "{name}");
        }
    }

    #[test]
    fn authorities() {
        for (text, expect) in
            [("a:1", ("a", "1")), ("a", ("a", "")), ("[::1]:80", ("[::1]", "80")), ("[::1]", ("[::1]", ""))]
        {
            assert_eq!(split_authority(text), expect);
        }
    }

    fn feed(text: &str) -> Result<Option<(Answer, usize)>, Bad> {
        let whole = Output::default().feed(text.as_bytes());
        let mut output = Output::default();
        let mut in_pieces = Ok(None);
        for at in 0..text.len() {
            in_pieces =
                output.feed(&text.as_bytes()[at..at + 1]).map(|found| found.map(|(answer, n)| (answer, at + n)));
            if !matches!(in_pieces, Ok(None)) {
                break;
            }
        }
        assert_eq!(whole, in_pieces, "{text:?}");
        whole
    }

    #[test]
    fn heads_are_taken_off_the_output() {
        let head = |status, fields: &[(&str, &str)]| {
            Answer::Head(Head {
                status,
                fields: fields.iter().map(|(n, v)| (n.to_string(), v.as_bytes().to_vec())).collect(),
            })
        };
        let html = ("Content-Type", "text/html");
        assert_eq!(feed("Content-Type: text/html\n\nbody"), Ok(Some((head(200, &[html]), 25))));
        assert_eq!(feed("Content-Type:text/html\r\nStatus: 404 Gone\r\n\r\n"), Ok(Some((head(404, &[html]), 44))));
        assert_eq!(feed("Status: 204\n\n"), Ok(Some((head(204, &[]), 13))));
        let away = ("Location", "http://example.org/");
        assert_eq!(feed("Location: http://example.org/\n\n"), Ok(Some((head(302, &[away]), 31))));
        assert_eq!(feed("Location: /other?x\n\n"), Ok(Some((Answer::Redirect("/other?x".into()), 20))));
        assert_eq!(
            feed("Status: 301\nLocation: /o\nConnection: close\n\n"),
            Ok(Some((head(301, &[("Location", "/o")]), 44)))
        );
        assert_eq!(feed("Content-Type: text/html\n"), Ok(None));
    }

    #[test]
    fn garbage_is_refused() {
        for text in [
            "hello\n\n",
            "\nbody",
            "\r\nbody",
            "Content Type: x\n\n",
            "X: y\n\n",
            "Status: 99\n\n",
            "Status: 100\n\n",
            "Status: abc\n\n",
            "Status: 200\nStatus: 200\n\n",
            "Content-Type: a\u{1}b\n\n",
            ": x\n\n",
            "Content-Type: a\n folded\n\n",
        ] {
            assert!(feed(text).is_err(), "{text:?}");
        }
        let mut output = Output::default();
        let line = vec![b'a'; 1000];
        assert!((0..100).any(|_| output.feed(&line).is_err()), "a head without an end");
    }
}
