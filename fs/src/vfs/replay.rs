//! Random calls on path names, answered as a Linux machine answered them (`testdata/record.py`).

use crate::testing::{World, root};
use crate::{Access, RenameFlags};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use brainworm_abi::{Errno, FileKind, OpenFlags, Stat};

fn show(stat: &Stat) -> String {
    let size = if stat.mode & 0o170000 == 0o040000 { 0 } else { stat.size };
    format!("{:o} {} {size} {} {}", stat.mode, stat.nlink, stat.uid, stat.gid)
}

/// Makes the call of one line; answers what record.py would have written.
fn call(w: &mut World, t: &mut crate::testing::Tree, step: usize, fields: &[&str]) -> Result<String, Errno> {
    let text = |i: usize| fields[i].as_bytes();
    let number = |i: usize| fields[i].parse::<i64>().unwrap();
    let path = text(1);
    let (vfs, at) = (t.vfs.clone(), crate::At::new(&t.root, &t.cwd));
    match fields[0] {
        "open" => {
            let flags = OpenFlags::from_bits_retain(number(2) as u32);
            let opened = vfs.open(&mut w.io(), at, path, flags, 0o666)?;
            let stat = opened.file.stat(&mut w.io())?;
            let is_written = flags.writes() && !flags.contains(OpenFlags::O_PATH);
            if is_written && opened.path.kind() == FileKind::Regular {
                opened.file.write(&mut w.io(), 0, false, &b"xxxxxxx"[..step % 7])?;
            }
            opened.file.close(&mut w.io());
            return Ok(show(&stat));
        }
        "tmpfile" => {
            let opened = vfs.open(&mut w.io(), at, path, OpenFlags::O_TMPFILE | OpenFlags::O_RDWR, 0o600)?;
            return opened.file.stat(&mut w.io()).map(|stat| show(&stat));
        }
        "stat" => return vfs.stat(&mut w.io(), at, path, true).map(|stat| show(&stat)),
        "lstat" => return vfs.stat(&mut w.io(), at, path, false).map(|stat| show(&stat)),
        "readlink" => return vfs.readlink(&mut w.io(), at, path).map(|text| String::from_utf8(text).unwrap()),
        "list" => {
            let dir = vfs.open(&mut w.io(), at, path, OpenFlags::O_DIRECTORY, 0)?;
            let mut names = Vec::new();
            dir.file.read_dir(&mut w.io(), 2, &mut |_, _, _, name| {
                names.push(String::from_utf8_lossy(name).into_owned());
                true
            })?;
            names.sort();
            return Ok(names.join(" "));
        }
        "chdir" => {
            let dir = vfs.chdir(&mut w.io(), at, path)?;
            let name = vfs.getcwd(&t.root, &dir);
            t.cwd = dir;
            return name.map(|name| String::from_utf8(name).unwrap());
        }
        "mkdir" => vfs.mkdir(&mut w.io(), at, path, 0o777)?,
        "rmdir" => vfs.rmdir(&mut w.io(), at, path)?,
        "unlink" => vfs.unlink(&mut w.io(), at, path)?,
        "rename" => {
            let flags = RenameFlags::from_bits_retain(number(3) as u32);
            vfs.rename(&mut w.io(), at, path, at, text(2), flags)?;
        }
        "link" => vfs.link(&mut w.io(), at, path, number(3) == 1, at, text(2))?,
        "symlink" => vfs.symlink(&mut w.io(), path, at, text(2))?,
        "chmod" => vfs.chmod(&mut w.io(), at, path, true, number(2) as u32)?,
        "chown" => {
            let [uid, gid] = [2, 3].map(|i| u32::try_from(number(i)).ok());
            vfs.chown(&mut w.io(), at, path, true, uid, gid)?;
        }
        "truncate" => vfs.truncate(&mut w.io(), at, path, number(2) as u64)?,
        "access" => vfs.access(&mut w.io(), at, path, Access::from_bits_retain(number(2) as u32), true)?,
        "mkfifo" => drop(vfs.mknod(&mut w.io(), at, path, 0o010666, 0)?),
        "uid" if number(1) == 0 => w.caller = root(),
        "uid" => w.become_user(number(1) as u32),
        other => panic!("{other}"),
    }
    Ok(String::new())
}

#[test]
fn path_calls_answer_as_linux_does() {
    let (mut w, mut t) = World::boot(Vec::new());
    t.vfs.mount(&mut w.io(), t.at(), b"none", b"/sys", b"tmpfs", 0, b"mode=755").unwrap();
    let jail = t.vfs.chroot(&mut w.io(), t.at(), b"/sys").unwrap();
    (t.root, t.cwd) = (jail.clone(), jail);
    for (step, line) in include_str!("../../testdata/names.log").lines().enumerate() {
        let (fields, expect) = line.split_once("\t=\t").unwrap();
        let fields: Vec<&str> = fields.split('\t').collect();
        let answer = match call(&mut w, &mut t, step, &fields) {
            Ok(text) => format!("ok {text}").trim_end().to_string(),
            Err(errno) => errno.name().to_string(),
        };
        assert_eq!(answer, expect, "line {}: {fields:?}, cwd {:?}", step + 1, t.vfs.getcwd(&t.root, &t.cwd));
    }
}
