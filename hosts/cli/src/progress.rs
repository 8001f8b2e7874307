//! A progress bar on a terminal, nothing in a pipe.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// What is being done, on standard error.
pub(crate) struct Bar {
    bar: ProgressBar,
    label: String,
}

impl Bar {
    /// Visible on a terminal unless `is_quiet`.
    pub(crate) fn new(is_quiet: bool) -> Bar {
        let is_seen = !is_quiet && std::io::stderr().is_terminal();
        Bar { bar: if is_seen { ProgressBar::new(0) } else { ProgressBar::hidden() }, label: String::new() }
    }
    /// Something whose end is not known.
    pub(crate) fn spin(&mut self, label: &str) {
        if !self.bar.is_hidden() {
            self.bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the template is well-formed"));
            self.bar.set_message(label.to_string());
            self.bar.enable_steady_tick(Duration::from_millis(100));
        }
    }
    /// Takes it away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl brainworm_pack::Progress for Bar {
    fn step(&mut self, label: &str, done: u64, all: u64) {
        if self.bar.is_hidden() {
            return;
        }
        if label != self.label {
            let style = ProgressStyle::with_template("{msg:20} {wide_bar} {bytes}/{total_bytes}");
            self.bar.set_style(style.expect("the template is well-formed"));
            self.bar.set_message(label.to_string());
            self.label = label.to_string();
        }
        self.bar.set_length(all);
        self.bar.set_position(done);
    }
}
