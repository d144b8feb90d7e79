//! What checks have found of an expert: on record for `hive expert list`, and as a statement in its package.

use clap::ValueEnum;
use hive_check::subject::RECORDS_FILE;
use hive_check::{CheckStatement, ChecksOnRecord, Depth, PassedLevel, Report, checks, run};
use hive_files::sha256_of_file;
use hive_plugins::{ExpertCode, ExpertPlace};
use hive_runtime::opened::OpenExpert;

use super::subject::find;
use crate::context::Environment;
use crate::error::CommandResult;

/// The checks whose result goes into a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PackageChecks {
    /// All
    Full,
    /// Those that training runs
    Quick,
    /// None: the package states nothing
    None,
}

/// Records a result, so that it need not be found again. Nothing depends on it.
pub(super) fn record(env: &Environment, place: &ExpertPlace, report: &Report) {
    let Ok(home) = env.context.home() else { return };
    if let Some(checked) = digest(place) {
        drop(ChecksOnRecord::of(home).save(&place.expert, &report.statement(), &checked));
    }
}

/// What was found of the expert with this manifest before, if it has not changed.
pub(super) fn on_record(env: &Environment, place: &ExpertPlace, manifest: &str) -> Option<CheckStatement> {
    let home = env.context.home.as_deref()?;
    ChecksOnRecord::of(home).get(&place.expert, manifest, &digest(place)?)
}

/// A digest of what is checked besides the manifest: what the expert does, and the records beside a manifest.
fn digest(place: &ExpertPlace) -> Option<String> {
    let code = place.sha256().ok()?;
    let ExpertCode::Declared { manifest, .. } = &place.code else { return Some(code) };
    let records = sha256_of_file(&manifest.parent()?.join(RECORDS_FILE)).unwrap_or_default();
    Some(format!("{code} {records}"))
}

/// The statement for the expert's package: that on record, or else of these checks, which are run.
///
/// # Errors
/// When the expert cannot be found any more.
pub(super) fn for_package(
    env: &Environment,
    open: &OpenExpert,
    which: PackageChecks,
) -> CommandResult<Option<CheckStatement>> {
    let (depth, words) = match which {
        PackageChecks::None => return Ok(None),
        PackageChecks::Quick => (Depth::Quick, "the quick checks"),
        PackageChecks::Full => (Depth::Full, "all checks"),
    };
    let name = open.expert.name();
    let all = checks().filter(|check| depth == Depth::Full || check.quick).count();
    let known = on_record(env, &open.place, open.expert.manifest_json());
    // What has failed may have been mended where it does not show, in a file beside the expert for instance.
    let known = known.filter(|known| known.ran() >= all && known.level > PassedLevel::None);
    let statement = match known {
        Some(statement) => statement,
        None => {
            env.screen.note(&format!("Running {words} of expert `{name}`, as `hive expert check {name}` does"));
            let found = find(env, name)?;
            let mut subject = found.subject(env, None)?;
            subject.manifest = open.expert.manifest_json().to_owned();
            let report = run(&subject, depth);
            record(env, &open.place, &report);
            report.statement()
        }
    };
    if statement.level == PassedLevel::None {
        let failures = statement.failures.join(", ");
        env.screen.note(&format!(
            "warning: checks of level `must` have failed, and the package says so; failed: {failures}; \
             `hive expert check {name}` shows where"
        ));
    }
    Ok(Some(statement))
}
