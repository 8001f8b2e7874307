//! Who runs what, where: the container's configuration and the user's wishes become the first process's arguments,
//! environment, directory and identity, by docker's rules.

use crate::passwd;
use abi::image::ContainerConfig;
use alloc::vec::Vec;
use brainworm_abi as abi;

/// What PATH is when nobody sets it (as docker has it).
pub const DEFAULT_PATH: &[u8] = b"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What the user asked for on top of the image's configuration.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Replaces CMD when not empty.
    pub args: Vec<Vec<u8>>,
    /// Replaces ENTRYPOINT and drops CMD; an empty program means none.
    pub entrypoint: Option<Vec<Vec<u8>>>,
    /// `NAME=VALUE`, added to or replacing the image's.
    pub env: Vec<Vec<u8>>,
    /// Replaces WORKDIR.
    pub working_dir: Option<Vec<u8>>,
    /// Replaces USER.
    pub user: Option<Vec<u8>>,
    /// The host's name inside.
    pub hostname: Option<Vec<u8>>,
    /// The first process has a terminal: TERM is set when nobody did.
    pub term: Option<Vec<u8>>,
}

/// The first process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Start {
    /// Arguments; the first is the program, looked up in PATH when it has no slash.
    pub argv: Vec<Vec<u8>>,
    /// Environment. HOME is missing unless set by the image or the user: see [`Identity::home`].
    pub env: Vec<Vec<u8>>,
    /// Absolute path.
    pub working_dir: Vec<u8>,
    /// `user[:group]`, for [`identity`].
    pub user: Vec<u8>,
    /// Name of the machine inside.
    pub hostname: Vec<u8>,
}

/// Why nothing can start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StartError {
    /// The image has neither ENTRYPOINT nor CMD and the user named no command.
    NoCommand,
    /// The user is not in /etc/passwd.
    NoUser(Vec<u8>),
    /// The group is not in /etc/group.
    NoGroup(Vec<u8>),
}

/// Joins configuration and wishes.
pub fn resolve(config: &ContainerConfig, wishes: &Wishes) -> Result<Start, StartError> {
    let entrypoint = wishes.entrypoint.as_ref().unwrap_or(&config.entrypoint);
    let entrypoint = if entrypoint.first().is_some_and(|p| p.is_empty()) { &[][..] } else { &entrypoint[..] };
    let args = match (&wishes.entrypoint, wishes.args.is_empty()) {
        (None, true) => &config.cmd[..],
        _ => &wishes.args[..],
    };
    let argv = [entrypoint, args].concat();
    if argv.first().is_none_or(|program| program.is_empty()) {
        return Err(StartError::NoCommand);
    }

    let hostname = wishes.hostname.as_ref().unwrap_or(&config.hostname);
    let hostname = if hostname.is_empty() { b"brainworm".to_vec() } else { hostname.clone() };
    // As docker orders them: defaults, then the image's, then the user's, each replacing what was there.
    let mut env = Vec::from([DEFAULT_PATH.to_vec(), [b"HOSTNAME=", &hostname[..]].concat()]);
    if let Some(term) = &wishes.term {
        env.push([b"TERM=", &term[..]].concat());
    }
    config.env.iter().chain(&wishes.env).for_each(|variable| set(&mut env, variable));

    let directory = wishes.working_dir.as_ref().unwrap_or(&config.working_dir);
    Ok(Start {
        argv,
        env,
        working_dir: if directory.starts_with(b"/") { directory.clone() } else { [b"/", &directory[..]].concat() },
        user: wishes.user.as_ref().unwrap_or(&config.user).clone(),
        hostname,
    })
}

/// Sets `NAME=VALUE` in an environment, in the old place when the name is there.
pub fn set(env: &mut Vec<Vec<u8>>, variable: &[u8]) {
    let name_len = variable.iter().position(|&b| b == b'=').map_or(variable.len(), |at| at + 1);
    match env.iter_mut().find(|old| old.starts_with(&variable[..name_len])) {
        Some(old) => *old = variable.to_vec(),
        None => env.push(variable.to_vec()),
    }
}

/// Credentials of the first process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// User id.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Supplementary groups, ascending.
    pub groups: Vec<u32>,
    /// HOME when the environment has none.
    pub home: Vec<u8>,
}

/// Resolves `user[:group]` (names or numbers; empty is root) with the container's own files, as docker does: a number
/// need not exist, and a named group replaces the supplementary ones.
pub fn identity(user: &[u8], passwd: &[u8], group: &[u8]) -> Result<Identity, StartError> {
    let (user, wanted_group) = match user.iter().position(|&b| b == b':') {
        Some(at) => (&user[..at], Some(&user[at + 1..]).filter(|g| !g.is_empty())),
        None => (user, None),
    };
    let user = if user.is_empty() { b"0" } else { user };
    let as_number = passwd::number(user);
    let found = passwd::users(passwd)
        .find(|u| u.name == user)
        .or_else(|| passwd::users(passwd).find(|u| Some(u.uid) == as_number));
    let uid = found.map(|u| u.uid).or(as_number).ok_or_else(|| StartError::NoUser(user.to_vec()))?;
    let mut identity = Identity {
        uid,
        gid: found.map_or(0, |u| u.gid),
        groups: found.map(|u| passwd::groups_of(group, u.name)).unwrap_or_default(),
        home: found.map(|u| u.home).filter(|h| !h.is_empty()).unwrap_or(b"/").to_vec(),
    };
    if let Some(name) = wanted_group {
        let gid = passwd::group_id(group, name).or_else(|| passwd::number(name));
        identity.gid = gid.ok_or_else(|| StartError::NoGroup(name.to_vec()))?;
        identity.groups.clear();
    }
    identity.groups.sort_unstable();
    identity.groups.dedup();
    Ok(identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(words: &[&str]) -> Vec<Vec<u8>> {
        words.iter().map(|w| w.as_bytes().to_vec()).collect()
    }

    fn argv(
        entrypoint: &[&str],
        cmd: &[&str],
        replace: Option<&str>,
        args: &[&str],
    ) -> Result<Vec<Vec<u8>>, StartError> {
        let config = ContainerConfig { entrypoint: list(entrypoint), cmd: list(cmd), ..ContainerConfig::default() };
        let entrypoint = replace.map(|p| list(&[p]));
        resolve(&config, &Wishes { args: list(args), entrypoint, ..Wishes::default() }).map(|s| s.argv)
    }

    #[test]
    fn the_command_is_dockers() {
        assert_eq!(argv(&[], &["sh"], None, &[]), Ok(list(&["sh"])));
        assert_eq!(argv(&["/e", "-x"], &["a"], None, &[]), Ok(list(&["/e", "-x", "a"])));
        assert_eq!(argv(&["/e"], &["a"], None, &["b", "--"]), Ok(list(&["/e", "b", "--"])));
        assert_eq!(argv(&["/e"], &["a"], Some("/f"), &[]), Ok(list(&["/f"])));
        assert_eq!(argv(&["/e"], &["a"], Some("/f"), &["b"]), Ok(list(&["/f", "b"])));
        assert_eq!(argv(&["/e"], &["a"], Some(""), &["b"]), Ok(list(&["b"])));
        assert_eq!(argv(&[], &[], None, &[]), Err(StartError::NoCommand));
        assert_eq!(argv(&[], &[""], None, &[]), Err(StartError::NoCommand));
    }

    #[test]
    fn the_environment_is_the_images_then_the_users() {
        let config = ContainerConfig { env: list(&["PATH=/bin", "A=1"]), ..ContainerConfig::default() };
        let wishes = Wishes { args: list(&["x"]), env: list(&["A=2", "AB=3"]), ..Wishes::default() };
        let start = resolve(&config, &wishes).unwrap();
        assert_eq!(start.env, list(&["PATH=/bin", "HOSTNAME=brainworm", "A=2", "AB=3"]));
        assert_eq!(start.working_dir, b"/");
    }

    #[test]
    fn users_come_from_the_containers_files() {
        let passwd = b"root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/srv:/bin/false\nbroken\n12:x:40:41::/h:\n";
        let group = b"root:x:0:\nweb:x:33:\nssl:x:44:other,web\nmail:x:8:web\n";
        let check = |user: &str, expect: Result<(u32, u32, &[u32], &str), StartError>| {
            let found = identity(user.as_bytes(), passwd, group);
            let expect = expect.map(|(uid, gid, groups, home)| Identity {
                uid,
                gid,
                groups: groups.to_vec(),
                home: home.as_bytes().to_vec(),
            });
            assert_eq!(found, expect, "{user}");
        };
        check("", Ok((0, 0, &[], "/root")));
        check("web", Ok((33, 33, &[8, 44], "/srv")));
        check("33", Ok((33, 33, &[8, 44], "/srv")));
        check("web:ssl", Ok((33, 44, &[], "/srv")));
        check("1000:7", Ok((1000, 7, &[], "/")));
        check("12", Ok((40, 41, &[], "/h")));
        check("nobody", Err(StartError::NoUser(b"nobody".to_vec())));
        check("web:none", Err(StartError::NoGroup(b"none".to_vec())));
    }
}
