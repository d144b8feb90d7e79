//! Turns an error into text and an exit code: `error: …`, its details, its causes, and a hint.

use std::error::Error;
use std::process::ExitCode;

use console::style;
use hive_errors::Diagnostic;

use super::error::CommandError;
use crate::ended::{Interrupted, StdoutClosed};
use crate::screen::{Level, Screen};

/// Prints the error on the screen and returns the exit code of the process.
pub fn report(screen: Screen, error: &CommandError) -> ExitCode {
    // The reader of our output has closed it (`hive … | head`): not a failure.
    if (&*error.0 as &dyn Error).is::<StdoutClosed>() {
        return ExitCode::SUCCESS;
    }
    // What the user wanted is no error.
    match (&*error.0 as &dyn Error).downcast_ref::<Interrupted>() {
        Some(Interrupted(message)) => screen.say(message),
        None => screen.say(&rendered(screen, &*error.0)),
    }
    ExitCode::from(error.0.exit_code())
}

fn rendered(screen: Screen, error: &dyn Diagnostic) -> String {
    // `for_stderr` restricts colour to terminals and honours NO_COLOR.
    let red = |text| style(text).red().bold().for_stderr();
    let mut text = format!("{} {error}", red("error:"));
    for line in error.details() {
        text += &format!("\n  {line}");
    }
    let mut said = error.to_string();
    let mut heading = false;
    let mut source = error.source();
    while let Some(error) = source {
        source = error.source();
        let cause = error.to_string();
        // A transparent error and its source have the same text; print it once.
        if cause == said {
            continue;
        }
        if !heading {
            text += &format!("\n{}", red("Caused by:"));
            heading = true;
        }
        text += &format!("\n  {cause}");
        said = cause;
    }
    // A hint is no error: `--quiet` drops it.
    if let Some(hint) = error.hint().filter(|_| screen.level() != Level::Quiet) {
        text += &format!("\n\n{} {hint}", style("hint:").cyan().bold().for_stderr());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Failure;
    use hive_data::datasets::DatasetError;
    use hive_data::pipeline::PipelineError;
    use hive_plugins::PluginError;

    fn text_of(error: impl Into<CommandError>) -> String {
        console::strip_ansi_codes(&rendered(Screen::terminal(80), &*error.into().0)).into_owned()
    }

    #[test]
    fn message_details_causes_and_hint_in_this_order() {
        let inner = Failure::unacceptable("Failed to do it").details(vec!["one".to_owned()]).hint("`try this`");
        assert_eq!(text_of(inner), "error: Failed to do it\n  one\n\nhint: `try this`");

        let source = std::io::Error::new(std::io::ErrorKind::PermissionDenied, "not permitted");
        let read = DatasetError::Read { file: "d.jsonl".into(), source };
        assert_eq!(
            text_of(Failure::because("Failed to train expert `sql`", read)),
            "error: Failed to train expert `sql`\nCaused by:\n  Failed to read data set `d.jsonl`\n  not permitted"
        );
    }

    #[test]
    fn what_an_error_says_is_kept_within_others() {
        let unknown = || PluginError::Unknown { name: "sqll".to_owned(), known: vec!["sql".to_owned()] };
        let errors = [PipelineError::Plugin(unknown()).into(), Failure::because("Failed to train", unknown()).into()];
        for CommandError(error) in errors {
            assert_eq!(error.exit_code(), 2);
            assert_eq!(error.hint().unwrap(), "did you mean `sql`? `hive expert list` shows all of them");
        }
    }

    #[test]
    fn who_closes_stdout_sees_a_success() {
        assert_eq!(report(Screen::terminal(80), &StdoutClosed.into()), ExitCode::SUCCESS);
    }
}
