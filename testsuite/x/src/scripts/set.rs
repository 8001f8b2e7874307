//! A set of scripts: a directory of `NAME.sh` with the recording `NAME.out` beside each, and the image they run in.

use crate::process::Outcome;
use crate::{Failure, repo};
use std::path::PathBuf;

/// One directory of scripts.
pub(crate) struct Set {
    pub(crate) dir: PathBuf,
    /// The tree under .cache the scripts are recorded in; its tar is the image a runner takes.
    pub(crate) image: &'static str,
}

/// One script.
pub(crate) struct Case {
    pub(crate) name: String,
    /// The words of the first line after `#!`.
    pub(crate) shell: Vec<String>,
    pub(crate) recording: PathBuf,
    script: String,
}

/// Between standard output and the exit status in a recording; on a line of its own where the output ends in a newline.
pub(crate) const MARK: &str = "--- exit ";

/// What every script may rely on. One line, so that line numbers in messages are those of the file.
const PRELUDE: &str = "export TZ=UTC LC_ALL=C HOME=/root TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; \
    umask 022; mkdir -p /tmp/scratch && cd /tmp/scratch || exit 99; ";

impl Set {
    /// The sets there are.
    pub(crate) fn named(name: &str) -> Result<Self, Failure> {
        let (dir, image) = match name {
            "scripts" => ("testsuite/scripts", "debian"),
            "programs" => ("testsuite/programs/debian", "debian"),
            "musl" => ("testsuite/programs/musl", "musl"),
            "tools" => ("testsuite/programs/tools", "tools-root"),
            "heavy" => ("testsuite/programs/heavy", "heavy"),
            "luajit" => ("testsuite/programs/luajit", "luajit"),
            other => return Err(format!("no such set: {other} (scripts, programs, musl, tools, luajit, heavy)").into()),
        };
        Ok(Set { dir: repo::top().join(dir), image })
    }

    /// All scripts, in order of their names.
    pub(crate) fn cases(&self) -> Result<Vec<Case>, Failure> {
        let mut cases = Vec::new();
        for entry in std::fs::read_dir(&self.dir).map_err(|e| format!("{}: {e}", self.dir.display()))? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|n| n.to_str()?.strip_suffix(".sh")) else { continue };
            let script = std::fs::read_to_string(&path)?;
            let first = script.lines().next().and_then(|l| l.strip_prefix("#!"));
            let shell = first.ok_or_else(|| format!("{}: the first line names no shell", path.display()))?;
            cases.push(Case {
                name: name.to_string(),
                shell: shell.split_whitespace().map(str::to_string).collect(),
                recording: path.with_extension("out"),
                script,
            });
        }
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(cases)
    }
}

impl Case {
    /// The argument of `-c`. The script's first line becomes a comment at the end of the prelude's line.
    pub(crate) fn text(&self) -> String {
        format!("{PRELUDE}{}", self.script)
    }
}

/// The recording of a run.
pub(crate) fn record(outcome: &Outcome) -> Vec<u8> {
    let mut out = outcome.stdout.clone();
    let status = outcome.status.map_or("none, time is up".to_string(), |s| s.to_string());
    out.extend(format!("{MARK}{status}\n").bytes());
    out
}
