//! How a pull of a base model, a data set or a package looks: a bar on a terminal, plain lines otherwise. All on stderr.

use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};

use super::output::note;
use crate::models::PullReporter;
use crate::models::catalogue::{Model, ModelFile, Source};

/// Time between two plain lines about the same file.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Draws a pull.
#[derive(Debug)]
pub struct PullProgress {
    terminal: bool,
    bar: Option<ProgressBar>,
    file: String,
    size: Option<u64>,
    last_line: Instant,
}

impl PullProgress {
    /// For this process's stderr.
    pub fn stderr() -> Self {
        let terminal = console::user_attended_stderr();
        Self { terminal, bar: None, file: String::new(), size: None, last_line: Instant::now() }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(text)),
            None => note(text),
        }
    }

    fn close_bar(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl PullReporter for PullProgress {
    fn means(&mut self, name: &str, model: &str) {
        self.line(&format!("Base model `{name}` of the hub is `{model}` of the catalogue"));
    }

    fn started(&mut self, model: &Model) {
        let size = model.size().map_or(String::new(), |bytes| format!(", {}", DecimalBytes(bytes)));
        self.line(&format!("Pulling base model {} ({}{size})", model.id, model.license));
    }

    fn data_set(&mut self, name: &str, revision: &str, files: usize, bytes: Option<u64>) {
        let size = bytes.map_or(String::new(), |bytes| format!(", {}", DecimalBytes(bytes)));
        let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
        let revision = revision.get(..12).unwrap_or(revision);
        self.line(&format!("Pulling data set {name} at {revision} ({files}{size})"));
    }

    fn transfer(&mut self, what: &str) {
        self.close_bar();
        self.line(what);
    }

    fn source(&mut self, source: &Source) {
        self.close_bar();
        self.line(&format!("  from {source}"));
    }

    fn file(&mut self, file: &ModelFile) {
        self.close_bar();
        self.file.clone_from(&file.name);
        self.size = file.size;
        self.last_line = Instant::now();
        if !self.terminal {
            return self.line(&format!("  {}", file.name));
        }
        let bar = ProgressBar::new(file.size.unwrap_or(0)).with_message(file.name.clone());
        // The template is fixed; should it not parse, the plain bar does.
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
