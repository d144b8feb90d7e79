//! Progress of downloading a base model, a data set or a package: a bar on a terminal, otherwise
//! plain lines. All on stderr.

use std::time::{Duration, Instant};

use hive_net::{RemoteFile, TransferReporter};
use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};

use super::screen::Screen;

/// Time between two plain lines about the same file.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows the progress of a download.
#[derive(Debug)]
pub struct PullProgress {
    screen: Screen,
    bar: Option<ProgressBar>,
    file: String,
    size: Option<u64>,
    last_line: Instant,
}

impl PullProgress {
    /// Shows it on this screen.
    pub fn on(screen: Screen) -> Self {
        Self { screen, bar: None, file: String::new(), size: None, last_line: Instant::now() }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.screen.note(text)),
            None => self.screen.note(text),
        }
    }

    fn close_bar(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl TransferReporter for PullProgress {
    fn started(&mut self, what: &str, bytes: Option<u64>) {
        self.close_bar();
        let size = bytes.map_or(String::new(), |bytes| format!(", {}", DecimalBytes(bytes)));
        self.line(&format!("{what}{size}"));
    }

    fn source(&mut self, source: &str) {
        self.close_bar();
        self.line(&format!("  from {source}"));
    }

    fn file(&mut self, file: &RemoteFile) {
        self.close_bar();
        self.file.clone_from(&file.name);
        self.size = file.size;
        self.last_line = Instant::now();
        if !self.screen.has_bars() {
            return self.line(&format!("  {}", file.name));
        }
        let bar = ProgressBar::new(file.size.unwrap_or(0)).with_message(file.name.clone());
        // The template is constant; if it did not parse, the default bar is used.
        if let Ok(style) =
            ProgressStyle::with_template("  {msg}  {wide_bar}  {decimal_bytes}/{decimal_total_bytes}  {eta}")
        {
            bar.set_style(style);
        }
        self.bar = Some(bar);
    }

    fn advanced(&mut self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
        } else if self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            let of = self.size.map_or(String::new(), |size| format!(" of {}", DecimalBytes(size)));
            self.line(&format!("  {}: {}{of}", self.file, DecimalBytes(bytes)));
        }
    }

    fn note(&mut self, text: &str) {
        self.line(&format!("  {text}"));
    }

    fn finished(&mut self) {
        self.close_bar();
    }
}
