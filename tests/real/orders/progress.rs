//! How far the run has come: a bar on a terminal, a line every ten seconds elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::world::Counts;

const EVERY: Duration = Duration::from_secs(10);

/// The progress of a run.
pub(crate) struct Progress {
    bar: ProgressBar,
    rows: u64,
    began: Instant,
    /// When a line was printed last; none: there is a bar.
    printed: Option<Mutex<Instant>>,
}

impl Progress {
    pub(crate) fn begin(rows: u64) -> Progress {
        let bar = ProgressBar::new(rows);
        let style = ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {pos}/{len} rows, {msg}");
        bar.set_style(style.expect("a template"));
        let printed = (!std::io::stderr().is_terminal()).then(|| Mutex::new(Instant::now()));
        Progress { bar, rows, began: Instant::now(), printed }
    }

    pub(crate) fn show(&self, answered: u64, counts: &Counts) {
        let open = counts.submitted - counts.ended;
        let message = format!("{} cases over, {open} open, {} events", counts.ended, counts.events);
        self.bar.set_position(answered);
        self.bar.set_message(message.clone());
        let Some(printed) = &self.printed else { return };
        let mut printed = printed.lock().expect("nobody panics while printing");
        if printed.elapsed() >= EVERY {
            *printed = Instant::now();
            eprintln!("{:>5} s  {answered}/{} rows, {message}", self.began.elapsed().as_secs(), self.rows);
        }
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
