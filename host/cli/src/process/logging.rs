//! The log on stderr, as `HIVE_LOG`, `HIVE_LOG_FORMAT` and `--verbose` ask for it.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::error::{CommandError, CommandResult, Failure};
use crate::screen::Level;
use crate::variables::{HIVE_LOG, HIVE_LOG_FORMAT, Variables};

/// Sends `tracing` to stderr when `HIVE_LOG` asks for it: `HIVE_LOG=debug`, `HIVE_LOG=hive=trace`.
/// `--verbose` alone is as `HIVE_LOG=info`.
///
/// # Errors
/// When a variable has a value that is not accepted.
pub(super) fn start(variables: &Variables, level: Level) -> CommandResult {
    let verbose = || (level == Level::Verbose).then(|| "info".to_owned());
    // A wrong format is refused also where nothing is logged.
    let json = log_format(variables)?;
    let Some(filter) = variables.text(HIVE_LOG).or_else(verbose) else { return Ok(()) };
    let filter = log_filter(&filter)?;
    let colour = std::io::stderr().is_terminal() && console::colors_enabled_stderr();
    // A closing span reports its duration: a phase of training, a step, a forward pass.
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(std::io::stderr)
        .with_ansi(colour);
    if json {
        log.json().init()
    } else {
        log.init()
    }
    Ok(())
}

/// The values that [`start`] would refuse.
pub(super) fn refused(variables: &Variables) -> Vec<CommandError> {
    let filter = variables.text(HIVE_LOG).map(|text| log_filter(&text)).transpose();
    [filter.err(), log_format(variables).err()].into_iter().flatten().collect()
}

/// Whether the log is JSON.
fn log_format(variables: &Variables) -> CommandResult<bool> {
    match variables.text(HIVE_LOG_FORMAT).as_deref() {
        None | Some("text") => Ok(false),
        Some("json") => Ok(true),
        Some(other) => {
            Err(Failure::misuse(format!("`HIVE_LOG_FORMAT` is `{other}`, expected `text` or `json`")).into())
        }
    }
}

/// The filter that `HIVE_LOG` describes. A word that is no level would be a filter for the target of this name, and
/// nothing would be logged: it is refused.
fn log_filter(text: &str) -> CommandResult<EnvFilter> {
    let accepted =
        "`off`, `error`, `warn`, `info`, `debug` or `trace`, or `TARGET=LEVEL` pairs such as `hive_train=debug`";
    let problem = format!("`HIVE_LOG` is `{text}`, expected {accepted}");
    let is_filter = |part: &str| part.contains('=') || part.trim().parse::<LevelFilter>().is_ok();
    if !text.split(',').all(is_filter) {
        return Err(Failure::misuse(problem).into());
    }
    EnvFilter::try_new(text).map_err(|e| Failure::misuse(problem).source(e).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn a_word_that_is_no_level_is_no_filter() {
        check_all(
            ["info", "DEBUG", "off", "hive_train=debug", "warn,hive_net=trace", "hive_train[train]=debug"],
            |text| {
                assert!(log_filter(text).is_ok(), "{text}");
            },
        );
        check_all(["loud", "hive_train", "hive_train=loud", "info,loud"], |text| {
            let error = log_filter(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`HIVE_LOG` is `{text}`, expected `off`, `error`")), "{error}");
        });
    }
}
