//! Progress of downloading a base model, a data set or a package: on a terminal a bar with percentage, sizes and time left,
//! otherwise a line at the begin and one at the end. All on stderr.

use std::time::{Duration, Instant};

use hive_net::{RemoteFile, TransferReporter};
use indicatif::{DecimalBytes, ProgressBar};

use super::numbers::short;
use super::progress_bar::{styled, transfer};
use super::screen::Screen;

/// Shows the progress of a download.
#[derive(Debug)]
pub struct PullProgress {
    screen: Screen,
    bar: Option<ProgressBar>,
    /// The title, until its line is printed.
    title: Option<String>,
    /// When the transfer began.
    begin: Instant,
    /// Bytes of the files before the one in transfer.
    before: u64,
    /// Bytes of the file in transfer.
    bytes: u64,
}

impl PullProgress {
    /// Shows it on this screen.
    pub fn on(screen: Screen) -> Self {
        Self { screen, bar: None, title: None, begin: Instant::now(), before: 0, bytes: 0 }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.screen.note(text)),
            None => self.screen.note(text),
        }
    }

    fn print_title(&mut self) {
        if let Some(title) = self.title.take() {
            self.line(&title);
        }
    }

    fn close_bar(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn open_bar(&mut self, new: ProgressBar, template: &str, message: &str) {
        self.close_bar();
        if self.screen.has_bars() {
            let bar = styled(new, template).with_message(message.to_owned());
            // Time passes while nothing arrives.
            bar.enable_steady_tick(Duration::from_millis(200));
            self.bar = Some(bar);
        }
    }
}

impl TransferReporter for PullProgress {
    fn started(&mut self, what: &str, bytes: Option<u64>) {
        self.close_bar();
        let size = bytes.map_or(String::new(), |bytes| format!(", {}", DecimalBytes(bytes)));
        self.title = Some(format!("{what}{size}"));
        (self.begin, self.before, self.bytes) = (Instant::now(), 0, 0);
    }

    fn source(&mut self, source: &str) {
        self.close_bar();
        let line = match self.title.take() {
            Some(title) => format!("{title}, from {source}"),
            None => format!("  from {source}"),
        };
        self.line(&line);
    }

    fn file(&mut self, file: &RemoteFile) {
        self.print_title();
        self.before += std::mem::take(&mut self.bytes);
        let new = file.size.map_or_else(ProgressBar::no_length, ProgressBar::new);
        self.open_bar(new, &transfer(self.screen, file.size), &file.name);
    }

    fn advanced(&mut self, bytes: u64) {
        self.bytes = bytes;
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
        }
    }

    fn waiting(&mut self, text: &str) {
        self.print_title();
        match self.screen.has_bars() {
            true => self.open_bar(ProgressBar::new_spinner(), "  {spinner} {elapsed}  {wide_msg}", text),
            false => self.line(&format!("  {text}")),
        }
    }

    fn note(&mut self, text: &str) {
        self.print_title();
        self.line(&format!("  {text}"));
    }

    fn finished(&mut self) {
        self.close_bar();
        self.print_title();
        let bytes = self.before + self.bytes;
        if bytes > 0 {
            self.line(&format!("  {} in {}", DecimalBytes(bytes), short(self.begin.elapsed())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::{ProgressDrawTarget, TermLike};
    use std::io::Result;
    use std::sync::{Arc, Mutex};

    /// A terminal of this width that keeps what is written.
    #[derive(Debug, Clone)]
    struct Paper(u16, Arc<Mutex<String>>);

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            self.0
        }
        fn move_cursor_up(&self, _: usize) -> Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> Result<()> {
            self.write_str(&format!("{text}\n"))
        }
        fn write_str(&self, text: &str) -> Result<()> {
            self.1.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> Result<()> {
            self.1.lock().unwrap().clear();
            Ok(())
        }
        fn flush(&self) -> Result<()> {
            Ok(())
        }
    }

    /// What a terminal of this width shows of a file of which 49 MB are transferred.
    fn drawn(width: u16, size: Option<u64>) -> String {
        let paper = Paper(width, Arc::default());
        let screen = Screen::terminal(usize::from(width));
        let new = size.map_or_else(ProgressBar::no_length, ProgressBar::new);
        new.set_draw_target(ProgressDrawTarget::term_like(Box::new(paper.clone())));
        new.set_position(49_181_216);
        let bar = styled(new, &transfer(screen, size)).with_message("SmolLM2-135M-Instruct.Q4_1.gguf");
        paper.1.lock().unwrap().clear();
        bar.tick();
        let text = paper.1.lock().unwrap().trim().to_owned();
        console::strip_ansi_codes(&text).into_owned()
    }

    #[test]
    fn a_bar_has_percentage_sizes_and_time_left_in_one_line() {
        for width in [60, 80, 120] {
            let line = drawn(width, Some(98_362_432));
            assert_eq!(line.lines().count(), 1, "{line}");
            assert!(console::measure_text_width(&line) <= usize::from(width), "{line}");
            assert!(line.contains(" 50 %  49.18 MB/98.36 MB  ") && line.contains(" left  SmolLM2"), "{line}");
            let unknown = drawn(width, None);
            assert!(unknown.contains("49.18 MB, ") && !unknown.contains('%'), "{unknown}");
        }
    }
}
