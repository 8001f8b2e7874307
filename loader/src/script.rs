//! `#!` lines (execve(2) "Interpreter scripts"; corresponds to fs/binfmt_script.c).

use brainworm_abi::Errno;

/// Linux looks at this many bytes of a file (BINPRM_BUF_SIZE); a longer line is cut.
pub const HEAD_LEN: usize = 256;

/// An interpreter line: the new arguments are `[interpreter, argument?, path of the script, old arguments from 1 on]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Script<'a> {
    /// Path of the program to run instead.
    pub interpreter: &'a [u8],
    /// All the rest of the line as one argument.
    pub argument: Option<&'a [u8]>,
}

/// True when the file is a script.
pub fn is_script(head: &[u8]) -> bool {
    head.starts_with(b"#!")
}

/// Takes the first line of a script apart. `head` holds the file's first `HEAD_LEN` bytes, or all of a shorter file.
pub fn parse(head: &[u8]) -> Result<Script<'_>, Errno> {
    let head = &head[..head.len().min(HEAD_LEN)];
    let body = head.strip_prefix(b"#!").ok_or(Errno::ENOEXEC)?;
    let line = match body.iter().position(|&b| b == b'\n') {
        Some(end) => &body[..end],
        None => whole_or_cut(body, head.len() == HEAD_LEN)?,
    };
    let line = trim(line);
    let (name, rest) = match line.iter().position(|&b| is_blank(b) || b == 0) {
        Some(end) => (&line[..end], &line[end..]),
        None => (line, &[][..]),
    };
    if name.is_empty() {
        return Err(Errno::ENOEXEC);
    }
    // A NUL ends the C string that Linux makes of it.
    let argument = if rest.first() == Some(&0) { &[] } else { until_nul(trim(rest)) };
    Ok(Script { interpreter: name, argument: Some(argument).filter(|a| !a.is_empty()) })
}

/// A line without newline. When the buffer is full, a name that fills it to the end may be cut, and is refused.
fn whole_or_cut(body: &[u8], is_full: bool) -> Result<&[u8], Errno> {
    if !is_full {
        return Ok(until_nul(body));
    }
    // Linux keeps the last byte of the buffer for a terminator.
    let body = &body[..body.len() - 1];
    let start = body.iter().position(|&b| !is_blank(b)).ok_or(Errno::ENOEXEC)?;
    if body[start..].iter().any(|&b| is_blank(b) || b == 0) { Ok(body) } else { Err(Errno::ENOEXEC) }
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|&b| !is_blank(b)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|&b| !is_blank(b)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;

    fn check(head: &[u8], expect: Result<(&str, Option<&str>), Errno>) {
        let expect = expect
            .map(|(name, argument)| Script { interpreter: name.as_bytes(), argument: argument.map(str::as_bytes) });
        assert_eq!(parse(head), expect, "{}", String::from_utf8_lossy(head));
    }

    #[test]
    fn lines() {
        check(b"#!/bin/sh\necho", Ok(("/bin/sh", None)));
        check(b"#!/bin/sh", Ok(("/bin/sh", None)));
        check(b"#! \t/bin/sh -e\n", Ok(("/bin/sh", Some("-e"))));
        check(b"#!/usr/bin/env  -S a b \t\n", Ok(("/usr/bin/env", Some("-S a b"))));
        check(b"#!/bin/sh\r\n", Ok(("/bin/sh\r", None)));
        check(b"#!/bin/sh\0-x\n", Ok(("/bin/sh", None)));
        check(b"#!/bin/sh a\0b\n", Ok(("/bin/sh", Some("a"))));
        check(b"#!", Err(Errno::ENOEXEC));
        check(b"#!\n/bin/sh", Err(Errno::ENOEXEC));
        check(b"#!  \t \n", Err(Errno::ENOEXEC));
        check(b"echo", Err(Errno::ENOEXEC));
        check(b"", Err(Errno::ENOEXEC));
    }

    #[test]
    fn long_lines_lose_their_end_but_never_the_end_of_the_name() {
        let mut long: Vec<u8> = b"#!/".to_vec();
        long.resize(300, b'x');
        check(&long, Err(Errno::ENOEXEC));
        long[20] = b' ';
        let script = parse(&long).unwrap();
        assert_eq!((script.interpreter.len(), script.argument.unwrap().len()), (18, 255 - 21));
        check(&[b"#!".as_slice(), &[b' '; 300]].concat(), Err(Errno::ENOEXEC));
    }
}
