//! Settings of this process that the environment decides: the log, the number of compute threads, and the vector width.
//! No result depends on them.

mod logging;

use hive_engine::ops::simd::{self, SimdLimit};
use hive_packages::trust::RequireSigned;

use super::context::Environment;
use super::error::{CommandError, CommandResult, Failure};
use super::variables::{
    HF_ENDPOINT, HIVE_REQUIRE_SIGNED, HIVE_THREADS, HIVE_VECTORS, RAYON_NUM_THREADS, Variable, Variables,
};

/// Applies the settings.
///
/// # Errors
/// When a variable has a value that is not accepted.
pub(crate) fn set_up(env: &Environment) -> CommandResult {
    let variables = &env.variables;
    logging::start(variables, env.screen.level())?;
    checked_only(variables)?;
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
    let others = [threads(variables).err(), vectors(variables).err(), checked_only(variables).err()];
    logging::refused(variables).into_iter().chain(others.into_iter().flatten()).collect()
}

/// Checks settings that only some commands use, so that every command and `hive doctor` judge them alike.
fn checked_only(variables: &Variables) -> CommandResult {
    if let Some(hub) = variables.text(HF_ENDPOINT).filter(|hub| !is_address(hub)) {
        let problem = format!("`HF_ENDPOINT` is `{hub}`, expected an address such as `{}`", HF_ENDPOINT.default);
        return Err(Failure::misuse(problem).into());
    }
    let policy = variables.text(HIVE_REQUIRE_SIGNED).map(|text| text.parse::<RequireSigned>());
    policy.transpose().map_err(|why| Failure::misuse(format!("`HIVE_REQUIRE_SIGNED`: {why}")))?;
    Ok(())
}

/// Whether it is the address of a server.
fn is_address(text: &str) -> bool {
    let host = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    host.is_some_and(|host| !host.trim_start_matches('/').is_empty() && !host.contains(char::is_whitespace))
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
    fn what_only_some_commands_use_is_checked_by_all() {
        check_all(
            [
                ("HF_ENDPOINT", "https://huggingface.co", None),
                ("HF_ENDPOINT", "http://127.0.0.1:8000/", None),
                ("HF_ENDPOINT", "huggingface.co", Some("expected an address such as `https://huggingface.co`")),
                ("HF_ENDPOINT", "https://", Some("expected an address")),
                ("HIVE_REQUIRE_SIGNED", "any", None),
                ("HIVE_REQUIRE_SIGNED", "maybe", Some("`HIVE_REQUIRE_SIGNED`: ")),
                ("HIVE_LOG_FORMAT", "xml", Some("`HIVE_LOG_FORMAT` is `xml`, expected `text` or `json`")),
            ],
            |(name, value, expected)| {
                let found: Vec<String> =
                    refused(&Variables::from([(name, value)])).iter().map(ToString::to_string).collect();
                match expected {
                    None => assert!(found.is_empty(), "{found:?}"),
                    Some(text) => assert!(found.len() == 1 && found[0].contains(text), "{found:?}"),
                }
            },
        );
    }
}
