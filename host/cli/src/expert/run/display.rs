//! The answer of `hive expert run` on its way to stdout: on a terminal token by token, otherwise whole. While the prompt is
//! read, a spinner turns on stderr.

use std::io::{IsTerminal, Write};
use std::time::Duration;

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
}

impl<'a> AnswerDisplay<'a> {
    /// Before a prompt of this many tokens is read. With `whole` the answer is not printed token by token.
    pub(super) fn new(screen: Screen, tokeniser: &'a Tokeniser<'a>, prompt: usize, whole: bool) -> Self {
        let bar = if screen.has_bars() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        let spinner = styled(bar, "{spinner} reading {msg} tokens").with_message(prompt.to_string());
        spinner.enable_steady_tick(Duration::from_millis(100));
        let printed = (!whole && std::io::stdout().is_terminal()).then(String::new);
        Self { tokeniser, spinner, printed }
    }

    /// Shows what there is after another token.
    pub(super) fn token(&mut self, ids: &[u32]) {
        self.spinner.finish_and_clear();
        let Some(printed) = &mut self.printed else { return };
        let Ok(text) = self.tokeniser.tokenizer.decode(ids) else { return };
        // A character of several tokens is printed when it is whole.
        if let Some(more) = text.trim().strip_prefix(printed.as_str()).filter(|_| !text.ends_with('\u{fffd}')) {
            let mut stdout = std::io::stdout().lock();
            // A closed stdout is reported at the end.
            drop(write!(stdout, "{more}").and_then(|()| stdout.flush()));
            *printed = text.trim().to_owned();
        }
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
