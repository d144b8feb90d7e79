//! Settings of this process that the environment decides: the log, the number of compute threads, and the vector width.
//! No result depends on them.

use std::io::IsTerminal;

use hive_engine::ops::simd::{self, SimdLimit};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use super::error::{CommandResult, Failure};
use super::screen::Level;

/// Applies the settings.
///
/// # Errors
/// When a variable has a value that is not accepted.
pub(crate) fn set_up(level: Level) -> CommandResult {
    start_logging(level)?;
    set_threads()?;
    set_vectors()
}

/// Sends `tracing` to stderr when `HIVE_LOG` asks for it: `HIVE_LOG=debug`, `HIVE_LOG=hive=trace`.
/// `--verbose` alone is as `HIVE_LOG=info`.
fn start_logging(level: Level) -> CommandResult {
    let Some(filter) = std::env::var("HIVE_LOG")
        .ok()
        .filter(|text| !text.is_empty())
        .or_else(|| (level == Level::Verbose).then(|| "info".to_owned()))
    else {
        return Ok(());
    };
    let filter = log_filter(&filter)?;
    let colour = std::io::stderr().is_terminal() && console::colors_enabled_stderr();
    // A closing span reports its duration: a phase of training, a step, a forward pass.
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(std::io::stderr)
        .with_ansi(colour);
    match std::env::var("HIVE_LOG_FORMAT").ok().filter(|f| !f.is_empty()).as_deref() {
        None | Some("text") => log.init(),
        Some("json") => log.json().init(),
        Some(other) => {
            return Err(Failure::misuse(format!("`HIVE_LOG_FORMAT` is `{other}`, expected `text` or `json`")).into());
        }
    }
    Ok(())
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

/// Limits the vector width to `HIVE_VECTORS`. The result does not depend on it.
fn set_vectors() -> CommandResult {
    let Some(text) = std::env::var("HIVE_VECTORS").ok().filter(|t| !t.is_empty()) else { return Ok(()) };
    let limit = text
        .parse::<SimdLimit>()
        .map_err(|expected| Failure::misuse(format!("`HIVE_VECTORS` is `{text}`, {expected}")))?;
    simd::set_limit(limit);
    Ok(())
}

/// Sets the number of compute threads from `HIVE_THREADS`. The result does not depend on it.
fn set_threads() -> CommandResult {
    let variable =
        |name: &'static str| std::env::var(name).ok().filter(|text| !text.trim().is_empty()).map(|text| (name, text));
    let own = variable("HIVE_THREADS");
    // The variable that the thread pool itself reads; there, 0 means one per core.
    let of_library = || variable("RAYON_NUM_THREADS").filter(|(_, text)| text.parse() != Ok(0usize));
    let Some((name, text)) = own.or_else(of_library) else { return Ok(()) };
    let max = max_threads();
    let threads = text.parse::<usize>().ok().filter(|n| (1..=max).contains(n));
    let threads =
        threads.ok_or_else(|| Failure::misuse(format!("`{name}` is `{text}`, expected a number from 1 to {max}")))?;
    hive_engine::set_threads(threads)
        .map_err(|e| Failure::misuse(format!("Failed to start {threads} threads: {e}")).into())
}

/// Maximum number of threads: far more threads than cores would mostly wait for each other.
fn max_threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (4 * cores).max(LEAST_BOUND)
}

/// A number of threads that is always allowed, so that a setup can be reproduced on any machine.
const LEAST_BOUND: usize = 64;

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
