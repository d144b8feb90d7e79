//! The answer of `hive expert run` on its way to stdout: on a terminal token by token, otherwise whole. While the prompt is
//! read, a spinner turns on stderr.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use console::measure_text_width;
use hive_runtime::tokenise::Tokeniser;
use indicatif::ProgressBar;

use crate::error::CommandResult;
use crate::output::result;
use crate::progress_bar::styled;
use crate::screen::Screen;

/// Shows one answer.
pub(super) struct AnswerDisplay<'a> {
    tokeniser: &'a Tokeniser<'a>,
    spinner: ProgressBar,
    /// What has been printed; `None` if nothing is printed before the end.
    printed: Option<String>,
    /// Columns of the terminal.
    width: usize,
}

/// What erases a text that was printed from the first column on.
fn erasing(printed: &str, width: usize) -> String {
    let rows = |line: &str| measure_text_width(line).saturating_sub(1) / width.max(1);
    let up: usize = printed.lines().map(|line| rows(line) + 1).sum::<usize>().saturating_sub(1);
    format!("\r{}\x1b[J", "\x1b[1A".repeat(up))
}

impl<'a> AnswerDisplay<'a> {
    /// Before a prompt of this many tokens is read. With `whole` the answer is not printed token by token.
    pub(super) fn new(screen: Screen, tokeniser: &'a Tokeniser<'a>, prompt: usize, whole: bool) -> Self {
        let bar = if screen.has_bars() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        let spinner = styled(bar, "{spinner} reading {msg} tokens").with_message(prompt.to_string());
        spinner.enable_steady_tick(Duration::from_millis(100));
        let printed = (!whole && std::io::stdout().is_terminal()).then(String::new);
        Self { tokeniser, spinner, printed, width: screen.result_width() }
    }

    /// Shows what there is after another token.
    pub(super) fn token(&mut self, ids: &[u32]) {
        self.spinner.finish_and_clear();
        let Some(printed) = &mut self.printed else { return };
        let Ok(text) = self.tokeniser.tokenizer.decode(ids) else { return };
        // A character of several tokens is printed when it is whole.
        if text.ends_with('\u{fffd}') {
            return;
        }
        let (erase, more) = match text.trim().strip_prefix(printed.as_str()) {
            Some(more) => (String::new(), more),
            // A constraint has replaced some of it.
            None => (erasing(printed, self.width), text.trim()),
        };
        let mut stdout = std::io::stdout().lock();
        // A closed stdout is reported at the end.
        drop(write!(stdout, "{erase}{more}").and_then(|()| stdout.flush()));
        *printed = text.trim().to_owned();
    }

    /// Prints the rest of the answer; of an answer that was stopped, ends the line that is on the terminal.
    ///
    /// # Errors
    /// When stdout cannot be written to.
    pub(super) fn finish(self, text: &str, stopped: bool) -> CommandResult {
        self.spinner.finish_and_clear();
        match self.printed.as_deref().map(|printed| text.strip_prefix(printed)) {
            Some(_) if stopped => result(""),
            Some(Some(rest)) => result(rest),
            Some(None) => result(&format!("\n{text}")),
            None => result(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::erasing;

    #[test]
    fn all_rows_of_a_text_are_erased() {
        let up = |text, width| erasing(text, width).matches("\x1b[1A").count();
        assert_eq!((up("", 10), up("abc", 10), up("abcdefghij", 10)), (0, 0, 0));
        assert_eq!((up("abcdefghijk", 10), up("abc\nabcdefghijk\nx", 10)), (1, 3));
    }
}
