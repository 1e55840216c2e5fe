//! The progress bar: virtual time, events a second, live instances, time left. Only on a terminal.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::sim::Progress;

/// A progress bar for one run; silent when standard error is no terminal or the user asked for quiet.
pub(super) struct RunBar {
    bar: ProgressBar,
}

impl RunBar {
    pub(super) fn new(quiet: bool) -> RunBar {
        let shown = !quiet && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(1_000), target);
        let style = ProgressStyle::with_template("{bar:24} {percent:>3} %  {msg}  eta {eta}")
            .expect("the template is a constant")
            .progress_chars("=> ");
        bar.set_style(style);
        bar.enable_steady_tick(Duration::from_millis(250));
        RunBar { bar }
    }

    pub(super) fn show(&self, progress: &Progress, events_per_sec: f64) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_position((progress.done * 1_000.0) as u64);
        self.bar.set_message(format!(
            "{}  {:.2} M events/s  {} live",
            progress.now,
            events_per_sec / 1e6,
            progress.live
        ));
    }

    pub(super) fn clear(self) {
        self.bar.finish_and_clear();
    }
}
