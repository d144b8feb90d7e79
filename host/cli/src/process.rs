//! Settings of this process that the environment decides: the log, the number of compute threads, and the vector width.
//! No result depends on them.

use std::io::IsTerminal;

use hive_engine::ops::simd::{self, SimdLimit};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use super::context::Environment;
use super::error::{CommandError, CommandResult, Failure};
use super::screen::Level;
use super::variables::{HIVE_LOG, HIVE_LOG_FORMAT, HIVE_THREADS, HIVE_VECTORS, RAYON_NUM_THREADS, Variable, Variables};

/// Applies the settings.
///
/// # Errors
/// When a variable has a value that is not accepted.
pub(crate) fn set_up(env: &Environment) -> CommandResult {
    start_logging(&env.variables, env.screen.level())?;
    if let Some((name, threads)) = threads(&env.variables)? {
        hive_engine::set_threads(threads)
            .map_err(|e| Failure::misuse(format!("`{name}`: failed to start {threads} threads: {e}")))?;
    }
    if let Some(limit) = vectors(&env.variables)? {
        simd::set_limit(limit);
    }
    Ok(())
}

/// Every value that [`set_up`] would refuse, for a report.
pub(crate) fn refused(variables: &Variables) -> Vec<CommandError> {
    let log = log_format(variables).and_then(|_| variables.text(HIVE_LOG).map(|text| log_filter(&text)).transpose());
    [log.err(), threads(variables).err(), vectors(variables).err()].into_iter().flatten().collect()
}

/// Sends `tracing` to stderr when `HIVE_LOG` asks for it: `HIVE_LOG=debug`, `HIVE_LOG=hive=trace`.
/// `--verbose` alone is as `HIVE_LOG=info`.
fn start_logging(variables: &Variables, level: Level) -> CommandResult {
    let verbose = || (level == Level::Verbose).then(|| "info".to_owned());
    let Some(filter) = variables.text(HIVE_LOG).or_else(verbose) else { return Ok(()) };
    let (filter, json) = (log_filter(&filter)?, log_format(variables)?);
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

/// The limit on the vector width that `HIVE_VECTORS` sets.
fn vectors(variables: &Variables) -> CommandResult<Option<SimdLimit>> {
    let Some(text) = variables.text(HIVE_VECTORS) else { return Ok(None) };
    let limit = text.parse().map_err(|expected| Failure::misuse(format!("`HIVE_VECTORS` is `{text}`, {expected}")))?;
    Ok(Some(limit))
}

/// The number of compute threads, and the variable that sets it: hive's own, or that of the library of thread pools,
/// where 0 means one per core.
fn threads(variables: &Variables) -> CommandResult<Option<(&'static str, usize)>> {
    let set = |variable: Variable| variables.text(variable).map(|text| (variable.name, text));
    let library = || set(RAYON_NUM_THREADS).filter(|(_, text)| text.parse() != Ok(0usize));
    let Some((name, text)) = set(HIVE_THREADS).or_else(library) else { return Ok(None) };
    let max = max_threads();
    let threads = text.parse::<usize>().ok().filter(|n| (1..=max).contains(n));
    let problem = || Failure::misuse(format!("`{name}` is `{text}`, expected a number from 1 to {max}"));
    Ok(Some((name, threads.ok_or_else(problem)?)))
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
