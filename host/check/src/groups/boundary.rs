//! Loading, settings, and what must hold of every call. Faults of single calls are reported here too, from wherever they
//! happen: see [`crate::session`].

use std::collections::BTreeMap;

use hive_errors::Diagnostic as _;
use hive_plugins::{LoadFault, LoadedExpert, PluginError, differences};
use hive_sdk::manifest::{Manifest, OptionKind};
use hive_sdk::{LintLevel, Settings};
use serde_json::{Map, Value, json};

use crate::check::Check;
use crate::collector::{Collector, quoted};
use crate::sample::Sample;
use crate::session::Session;
use crate::subject::Subject;

/// Number of records that two processes are compared over.
const COMPARED: usize = 8;

/// An option that no expert declares.
const NO_OPTION: &str = "no_such_option";

/// The checks.
pub(crate) const CHECKS: &[Check] = &[
    Check::must(
        "boundary-load",
        "The library is an expert for this machine and this hive",
        "no command can use the expert",
    )
    .quick(),
    Check::must("boundary-name", "The library's manifest names the expert", "hive refuses to load it").quick(),
    Check::must(
        "boundary-manifest",
        "The library's manifest equals the manifest file",
        "commands that read one would contradict those that read the other",
    )
    .quick(),
    Check::must(
        "boundary-start",
        "A process with the expert starts and accepts the settings",
        "no record can be judged and no answer graded",
    )
    .quick(),
    Check::must(
        "boundary-panic",
        "No call panics on a sound record",
        "the record is lost, and training may stop over it",
    )
    .quick(),
    Check::must(
        "boundary-exit",
        "No call ends its process: no abort, exit or exhausted memory",
        "training, which calls the expert in its own process, ends with it",
    )
    .quick(),
    Check::must(
        "boundary-time",
        "Every call returns within the time limit",
        "records are rejected as too slow, and training waits for ever",
    )
    .quick(),
    Check::must("boundary-protocol", "Every reply is JSON of the protocol", "hive cannot read it, and the call fails")
        .quick(),
    Check::must(
        "boundary-count",
        "A batch has as many replies as records",
        "hive could not tell which reply belongs to which record",
    )
    .quick(),
    Check::must("boundary-reply", "Every call has a reply of at most 256 MiB", "the call fails").quick(),
    Check::must(
        "boundary-stdout",
        "The expert prints nothing on stdout",
        "what it prints is mixed into the results of hive's commands, and breaks programs that read them",
    ),
    Check::must(
        "boundary-process",
        "Another process of the expert replies the same",
        "results depend on which worker a record meets, and no run can be repeated",
    ),
    Check::must(
        "boundary-settings",
        "`configure` accepts the declared lints at their levels, and no options",
        "every command with the expert fails before the first record",
    ),
    Check::must(
        "boundary-lint-levels",
        "`configure` accepts every level of every declared lint",
        "`--lint` is offered to users and fails",
    ),
    Check::must(
        "boundary-options",
        "`configure` knows every declared option",
        "the flag is offered to users and refused",
    ),
    Check::should(
        "boundary-unknown-option",
        "`configure` refuses an option that the manifest does not declare",
        "a misspelt option is ignored without a word",
    ),
    Check::should(
        "boundary-option-kind",
        "`configure` refuses a value of another type than the option's",
        "a value that cannot be used is ignored without a word",
    ),
];

/// The settings that hive sends by default.
fn defaults(manifest: &Manifest) -> Settings {
    let lints = manifest.lints().into_iter().map(|lint| (lint.code, lint.level)).collect();
    Settings { lints, options: Map::new() }
}

/// Opens the expert and compares its manifest with the file; `None` if it cannot be used.
pub(crate) fn open(subject: &Subject<'_>, out: &mut Collector) -> Option<LoadedExpert> {
    out.begin(&["boundary-load", "boundary-name"]);
    let expert = match (subject.open)() {
        Ok(expert) => expert,
        Err(error) => {
            refused(subject, &error, out);
            return None;
        }
    };
    out.begin(&["boundary-manifest", "boundary-start", "boundary-panic", "boundary-exit", "boundary-time"]);
    out.begin(&["boundary-protocol", "boundary-count", "boundary-reply"]);
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    if let (Some(library), Some(file)) = (read(expert.manifest_json()), read(&subject.manifest)) {
        for difference in differences(&library, &file) {
            out.fail("boundary-manifest", &subject.manifest_file, difference, "");
        }
    }
    let settings = defaults(expert.manifest());
    let mut session = Session::new(&expert, subject.declared, out);
    session.out.begin(&["boundary-settings"]);
    session.call("configure", "the default settings", "boundary-settings", |e| e.configure(&settings))?;
    Some(expert)
}

/// Reports why the expert cannot be opened.
fn refused(subject: &Subject<'_>, error: &PluginError, out: &mut Collector) {
    let place = &subject.manifest_file;
    match error {
        PluginError::Load { fault: LoadFault::Name { got }, .. } => {
            out.fail("boundary-name", place, quoted(got), quoted(&subject.name));
        }
        PluginError::Load { fault: LoadFault::Manifest { .. } | LoadFault::OtherManifest { .. }, .. } => {
            let details = error.details();
            for fault in if details.is_empty() { vec![error.to_string()] } else { details } {
                out.fail("boundary-manifest", place, format!("in the library: {fault}"), "that of the file");
            }
        }
        PluginError::Call { .. } => {
            out.begin(&["boundary-start"]);
            out.fail("boundary-start", place, error.to_string(), "");
        }
        error => out.fail("boundary-load", place, error.to_string(), ""),
    }
}

/// Settings, another process, and what was printed.
pub(crate) fn run(subject: &Subject<'_>, sample: &Sample, session: &mut Session<'_>) {
    settings(session);
    process(subject, sample, session);
}

fn settings(session: &mut Session<'_>) {
    let manifest = session.manifest();
    let options = &manifest.options;
    levels(session);
    let mut with = |name: &str, value: Value| {
        let options = Map::from_iter([(name.to_owned(), value)]);
        let settings = Settings { options, ..defaults(manifest) };
        session.attempt("configure", &format!("option `{name}`"), |e| e.configure(&settings))
    };
    let unknown = with(NO_OPTION, json!("x"));
    let mut found = Vec::new();
    if let Some(Ok(())) = unknown {
        found.push(("boundary-unknown-option", format!("option `{NO_OPTION}`"), "it was accepted".to_owned()));
    }
    let unknown = unknown.and_then(Result::err).unwrap_or_default();
    for option in options {
        let place = format!("option `{}`", option.name);
        let value = match option.kind {
            OptionKind::Number => json!(1),
            OptionKind::Flag => json!(true),
            OptionKind::Text | OptionKind::File | OptionKind::Url => json!("x"),
        };
        // A value may be refused for what it is; an unknown name is refused in the same words as any other.
        if let Some(Err(why)) = with(&option.name, value)
            && why.replace(&option.name, NO_OPTION) == unknown
        {
            found.push(("boundary-options", place.clone(), why));
        }
        let wrong = matches!(option.kind, OptionKind::Number | OptionKind::Flag).then(|| json!(["x"]));
        if let Some(Some(Ok(()))) = wrong.map(|value| with(&option.name, value)) {
            found.push(("boundary-option-kind", place, "`[\"x\"]` was accepted".to_owned()));
        }
    }
    session.out.begin(&["boundary-unknown-option"]);
    if options.is_empty() {
        session.out.skip(&["boundary-options", "boundary-option-kind"], "the manifest declares no options");
    } else {
        session.out.begin(&["boundary-options", "boundary-option-kind"]);
    }
    for (code, place, got) in found {
        session.out.fail(code, place, got, "");
    }
    let settings = defaults(manifest);
    session.call("configure", "the default settings again", "boundary-settings", |e| e.configure(&settings));
}

fn levels(session: &mut Session<'_>) {
    let lints = session.manifest().lints();
    if lints.is_empty() {
        return session.out.skip(&["boundary-lint-levels"], "the manifest declares no lints");
    }
    session.out.begin(&["boundary-lint-levels"]);
    for lint in &lints {
        for level in [LintLevel::Reject, LintLevel::Note, LintLevel::Off, LintLevel::Repair] {
            if level == LintLevel::Repair && !lint.repairs {
                continue;
            }
            let lints = BTreeMap::from([(lint.code.clone(), level)]);
            let settings = Settings { lints, ..Settings::default() };
            let place = format!("lint `{}` at {}", lint.code, json!(level));
            session.call("configure", &place, "boundary-lint-levels", |e| e.configure(&settings));
        }
    }
}

/// Compares the replies of another process with those of this one.
fn process(subject: &Subject<'_>, sample: &Sample, session: &mut Session<'_>) {
    let other = match (subject.open)() {
        Ok(other) => other,
        Err(error) => return session.out.skip(&["boundary-process"], &format!("no other process: {error}")),
    };
    session.out.begin(&["boundary-process"]);
    let settings = defaults(session.manifest());
    let Ok(()) = other.configure(&settings) else { return };
    for gold in sample.golds.iter().take(COMPARED) {
        let here =
            (session.expert.render_one(&gold.record), session.expert.validate(std::slice::from_ref(&gold.record)));
        let there = (other.render_one(&gold.record), other.validate(std::slice::from_ref(&gold.record)));
        if let ((Ok(a), _), (Ok(b), _)) = (&here, &there)
            && a != b
        {
            session.out.fail("boundary-process", &gold.place, "`render` replies otherwise", "");
        }
        if let ((_, Ok(a)), (_, Ok(b))) = (&here, &there)
            && a != b
        {
            session.out.fail("boundary-process", &gold.place, "`validate` replies otherwise", "");
        }
    }
    if other.manifest_json() != session.expert.manifest_json() {
        session.out.fail("boundary-process", "manifest", "the text differs", "");
    }
    let made = |expert: &LoadedExpert| expert.synthesize(1, COMPARED).ok();
    if made(session.expert) != made(&other) {
        session.out.fail("boundary-process", "seed 1", "`synthesize` replies otherwise", "");
    }
}

/// Reports what the expert has printed on stdout so far.
pub(crate) fn printed(expert: &LoadedExpert, declared: bool, out: &mut Collector) {
    if declared {
        return out.skip(&["boundary-stdout"], "the expert has no code");
    }
    out.begin(&["boundary-stdout"]);
    if let Some(line) = expert.printed() {
        out.fail("boundary-stdout", "stdout", quoted(&line), "nothing; stderr is for messages");
    }
}
