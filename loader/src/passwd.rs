//! /etc/passwd and /etc/group (passwd(5), group(5)), as far as starting a container needs them.

use alloc::vec::Vec;

/// A line of /etc/passwd.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "fields of passwd(5)")]
pub struct User<'a> {
    pub name: &'a [u8],
    pub uid: u32,
    pub gid: u32,
    pub home: &'a [u8],
}

/// The well-formed lines of /etc/passwd.
pub fn users(passwd: &[u8]) -> impl Iterator<Item = User<'_>> {
    passwd.split(|&b| b == b'\n').filter_map(|line| {
        let mut fields = line.split(|&b| b == b':');
        let (name, _password) = (fields.next()?, fields.next()?);
        let (uid, gid) = (number(fields.next()?)?, number(fields.next()?)?);
        let home = fields.nth(1).unwrap_or(b"");
        Some(User { name, uid, gid, home })
    })
}

/// The gid of a group by name.
pub fn group_id(group: &[u8], name: &[u8]) -> Option<u32> {
    groups(group).find(|g| g.0 == name).map(|g| g.1)
}

/// The groups that list `user` as a member.
pub fn groups_of(group: &[u8], user: &[u8]) -> Vec<u32> {
    groups(group).filter(|g| g.2.split(|&b| b == b',').any(|m| m == user)).map(|g| g.1).collect()
}

fn groups(group: &[u8]) -> impl Iterator<Item = (&[u8], u32, &[u8])> {
    group.split(|&b| b == b'\n').filter_map(|line| {
        let mut fields = line.split(|&b| b == b':');
        let (name, _password) = (fields.next()?, fields.next()?);
        Some((name, number(fields.next()?)?, fields.next().unwrap_or(b"")))
    })
}

/// A decimal number, all of it.
pub fn number(digits: &[u8]) -> Option<u32> {
    let is_decimal = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_decimal.then(|| core::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}
