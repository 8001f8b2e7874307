//! Run one command with a time limit and take what it wrote. The command gets its own process group, and the whole group
//! is killed when time is up, so that a hanging guest leaves nothing behind.

use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How a command ended.
pub(crate) struct Outcome {
    pub(crate) stdout: Vec<u8>,
    /// The end of what it wrote to stderr, for the report.
    pub(crate) stderr: Vec<u8>,
    /// As a shell gives it: 128+n for signal n. None: the time was up.
    pub(crate) status: Option<i32>,
    pub(crate) took: Duration,
}

/// Output beyond this is cut: a guest that prints for ever must not fill the memory.
const MAX_OUTPUT_BYTES: u64 = 64 << 20;

/// Run to the end or to the time limit, stdin empty.
pub(crate) fn run(mut command: Command, limit: Duration) -> std::io::Result<Outcome> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let started = Instant::now();
    let mut child = command.spawn()?;
    let stdout = collect(child.stdout.take().expect("stdout is piped"));
    let stderr = collect(child.stderr.take().expect("stderr is piped"));
    let mut pause = Duration::from_millis(1);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if started.elapsed() > limit {
            kill_group(child.id());
            child.wait()?;
            break None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    let took = started.elapsed();
    // A background process may hold the pipe open after the command has ended; what it writes then does not count.
    let drain = |from: mpsc::Receiver<Vec<u8>>| {
        let mut all = Vec::new();
        let patience = Instant::now() + Duration::from_secs(2);
        while let Ok(part) = from.recv_timeout(patience.saturating_duration_since(Instant::now())) {
            all.extend(part);
        }
        all
    };
    let outcome = Outcome { stdout: drain(stdout), stderr: drain(stderr), status: status.map(shell_status), took };
    kill_group(child.id());
    Ok(outcome)
}

/// $? as a shell would show it.
fn shell_status(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// Read a pipe on a thread of its own, in parts.
fn collect(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let (mut buffer, mut total) = (vec![0; 64 << 10], 0);
        while let Ok(n @ 1..) = pipe.read(&mut buffer) {
            total += n as u64;
            if total <= MAX_OUTPUT_BYTES && send.send(buffer[..n].to_vec()).is_err() {
                break;
            }
        }
    });
    receive
}

fn kill_group(leader: u32) {
    // Fails when the group is gone already, which is the usual case.
    let _ = Command::new("kill").args(["-KILL", "--", &format!("-{leader}")]).stderr(Stdio::null()).status();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(text: &str, limit_ms: u64) -> Outcome {
        let mut c = Command::new("sh");
        c.args(["-c", text]);
        run(c, Duration::from_millis(limit_ms)).unwrap()
    }

    #[test]
    fn gives_output_status_and_signal() {
        let done = sh("echo out; echo err >&2; exit 3", 5000);
        assert_eq!(
            (done.stdout.as_slice(), done.stderr.as_slice(), done.status),
            (&b"out\n"[..], &b"err\n"[..], Some(3))
        );
        assert_eq!(sh("kill -9 $$", 5000).status, Some(137));
    }

    #[test]
    fn kills_the_whole_group_when_time_is_up() {
        let done = sh("sleep 60 & echo $!; wait", 200);
        assert_eq!(done.status, None);
        let pid = String::from_utf8(done.stdout).unwrap();
        thread::sleep(Duration::from_millis(50));
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "still runs: {stat}");
    }
}
