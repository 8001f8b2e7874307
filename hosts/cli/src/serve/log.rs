//! One line a request on standard error: when, who, what, status, bytes, how long.

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A request that was answered, or could not be.
pub(super) struct Line {
    pub(super) peer: SocketAddr,
    pub(super) method: String,
    pub(super) target: String,
    /// 0: there was no answer.
    pub(super) status: u16,
    pub(super) bytes: u64,
    pub(super) took: Duration,
    /// What was wrong.
    pub(super) note: Option<String>,
}

impl Line {
    /// Writes it, whole lines only.
    pub(super) fn write(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let line = self.text(now.as_secs());
        // A log that nobody takes is no reason to stop.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }

    fn text(&self, now: u64) -> String {
        let (peer, took) = (self.peer.ip(), self.took.as_secs_f64() * 1e3);
        let note = self.note.as_ref().map_or(String::new(), |note| format!(" ({})", note.escape_debug()));
        let (method, target) = (self.method.escape_debug(), self.target.escape_debug());
        let status = if self.status == 0 { "-".into() } else { self.status.to_string() };
        format!("{} {peer} {method} {target} {status} {} {took:.1}ms{note}\n", time(now), self.bytes)
    }
}

/// RFC 3339, UTC. Days to a date as in "Euclidean affine functions and their application to calendar algorithms".
fn time(seconds: u64) -> String {
    let (days, rest) = (seconds / 86400, seconds % 86400);
    // Years begin in March, counted from the year 0; 719,468 days lie before 1970.
    let n = 4 * (days + 719_468) + 3;
    let (century, n) = (n / 146_097, n % 146_097 / 4);
    let n = 4 * n + 3;
    let (year, day_of_year) = (n / 1461, n % 1461 / 4);
    let n = 5 * day_of_year + 2;
    let (month, day) = (n / 153, n % 153 / 5 + 1);
    let is_next = month >= 10;
    let (year, month) = (100 * century + year + is_next as u64, if is_next { month - 9 } else { month + 3 });
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (seconds, expect) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(time(seconds), expect);
        }
    }

    #[test]
    fn a_line_stays_one() {
        let line = Line {
            peer: ([127, 0, 0, 1], 4000).into(),
            method: "GET".into(),
            target: "/a?b".into(),
            status: 502,
            bytes: 7,
            took: Duration::from_micros(12_340),
            note: Some("two\nlines".into()),
        };
        assert_eq!(line.text(0), "1970-01-01T00:00:00Z 127.0.0.1 GET /a?b 502 7 12.3ms (two\\nlines)\n");
    }
}
