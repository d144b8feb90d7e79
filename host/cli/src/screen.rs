//! What a command prints besides its result, and the widths that it may use. The level (`--quiet`, `--verbose`) is decided
//! here and passed down in the [environment](crate::context::Environment); there is no global state.

use std::io::Write;

use console::Term;

use crate::heading::{self, heading};
use crate::wrapping::wrapped;

/// Columns of what is no terminal, unless `COLUMNS` says another number.
const ASSUMED: usize = 80;

/// Fewer columns are counted as this many: no layout is legible below.
const LEAST: usize = 40;

/// How much is printed on stderr.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Level {
    /// Errors, and what must be answered.
    Quiet,
    /// Progress, notes and hints as well.
    #[default]
    Normal,
    /// Every detail, and the log at level `info`.
    Verbose,
}

/// Where and how much a command prints.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    level: Level,
    /// Columns of stderr, if it is a terminal.
    stderr: Option<usize>,
    /// Columns of stdout, if it is a terminal.
    stdout: Option<usize>,
    /// Columns of what is no terminal.
    other: usize,
}

impl Screen {
    /// Stderr and stdout of this process; `columns` is the width of what is no terminal.
    pub fn of_process(columns: Option<usize>) -> Self {
        let size = |term: Term| term.is_term().then(|| term.size_checked().map_or(ASSUMED, |(_, w)| usize::from(w)));
        let (stderr, stdout) = (size(Term::stderr()), size(Term::stdout()));
        Self { level: Level::Normal, stderr, stdout, other: columns.unwrap_or(ASSUMED) }
    }

    /// The same screen at this level.
    pub fn at(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// The level.
    pub fn level(self) -> Level {
        self.level
    }

    /// Whether every detail is printed.
    pub fn is_verbose(self) -> bool {
        self.level == Level::Verbose
    }

    /// Whether progress is drawn as a bar. With `--verbose` it is not: bars and the log would overwrite each other.
    pub fn has_bars(self) -> bool {
        self.stderr.is_some() && self.level == Level::Normal
    }

    /// Columns of stderr.
    pub fn width(self) -> usize {
        self.stderr.unwrap_or(self.other).max(LEAST)
    }

    /// Columns of the text beside a heading.
    pub fn row_width(self) -> usize {
        self.width() - heading::WIDTH
    }

    /// Columns for prose on stdout.
    pub fn result_width(self) -> usize {
        self.stdout.unwrap_or(self.other).max(LEAST)
    }

    /// Columns for tables on stdout; `None` if there is no limit, because it is no terminal.
    pub fn table_width(self) -> Option<usize> {
        self.stdout.map(|width| width.max(LEAST))
    }

    /// Prints prose and a line break to stderr, unless quiet.
    pub fn note(self, text: &str) {
        if self.level != Level::Quiet {
            self.say(text);
        }
    }

    /// As [`note`](Self::note), with a heading in a column of its own.
    pub fn row(self, name: &str, text: &str) {
        if self.level != Level::Quiet {
            self.print(&format!("{} {}", heading(name), self.beside_heading(text)));
        }
    }

    /// `text` as [`row`](Self::row) wraps it beside the heading.
    pub fn beside_heading(self, text: &str) -> String {
        wrapped(text, self.row_width()).replace('\n', &format!("\n{}", " ".repeat(heading::WIDTH)))
    }

    /// Prints prose and a line break to stderr at every level: what must be answered, or how the command ended.
    pub fn say(self, text: &str) {
        self.print(&wrapped(text, self.width()));
    }

    /// A failure to print is ignored.
    fn print(self, text: &str) {
        drop(writeln!(std::io::stderr().lock(), "{text}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Screen {
        /// A terminal of this width, for tests of layouts.
        pub(crate) fn terminal(width: usize) -> Self {
            Self { level: Level::Normal, stderr: Some(width), stdout: Some(width), other: width }
        }
    }

    #[test]
    fn only_a_normal_terminal_has_bars() {
        let screen = Screen::terminal(80);
        assert!(screen.has_bars());
        assert!(!screen.at(Level::Quiet).has_bars() && !screen.at(Level::Verbose).has_bars());
        assert_eq!(screen.at(Level::Verbose).width(), 80);
    }

    #[test]
    fn text_beside_a_heading_stays_in_its_column() {
        let text = Screen::terminal(40).beside_heading("one two three four five six seven eight");
        assert_eq!(text, "one two three four five six\n           seven eight");
    }
}
