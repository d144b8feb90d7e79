//! The prompt of `hive expert run` as a record: each field from its argument, others by `--field`.

use std::path::Path;

use hive_errors::nearest;
use hive_plugins::LoadedExpert;
use hive_runtime::asking::{argument, flag};
use hive_sdk::Record;

use super::Run;
use crate::error::{CommandResult, Failure};
use crate::expert_flags::{stdin_text, text_of};
use crate::shell::word;

/// A record under construction.
struct Draft<'a> {
    expert: &'a LoadedExpert,
    record: Record,
}

impl Draft<'_> {
    /// Sets a field; `argument` is what sets it, for the message about an unknown one.
    fn set(&mut self, name: &str, value: String, argument: &str) -> CommandResult {
        let fields = &self.expert.manifest().dataset.fields;
        if !fields.iter().any(|field| field.name == name) {
            let names: Vec<&str> = fields.iter().filter(|f| !f.completion).map(|f| f.name.as_str()).collect();
            let problem = format!(
                "Expert `{}` has no field `{name}`, which {argument} sets (its fields: {})",
                self.expert.name(),
                names.join(", ")
            );
            let hint = match nearest(name, names) {
                Some(near) => format!("did you mean `--field {near}=…`?"),
                None => {
                    format!("`hive run {} --help` describes those that have flags of their own", self.expert.name())
                }
            };
            return Err(Failure::misuse(problem).hint(hint).into());
        }
        self.record.set(name, value);
        Ok(())
    }

    /// The record, if no field that the expert needs is missing.
    fn complete(self, asked_field: &str) -> CommandResult<Record> {
        let name = self.expert.name();
        for field in self.expert.manifest().dataset.fields.iter().filter(|f| !f.completion && !f.optional) {
            if self.record.text(&field.name).is_none() {
                let hint = if field.name == asked_field {
                    format!("it is the text after the expert's name: `hive expert run {name} \"…\"`")
                } else {
                    format!("`{}` gives it", argument(field))
                };
                let problem = format!("Expert `{name}` needs the field `{}`, which is missing or empty", field.name);
                return Err(Failure::misuse(problem).hint(hint).into());
            }
        }
        Ok(self.record)
    }
}

/// The record that these arguments ask for.
///
/// # Errors
/// When a field is unknown or missing, or a file cannot be read.
pub(super) fn record(args: &Run, expert: &LoadedExpert) -> CommandResult<Record> {
    let manifest = expert.manifest();
    let mut draft = Draft { expert, record: Record::default() };
    let [asked] = &args.asked[..] else {
        let got = args.asked.len();
        return Err(Failure::misuse(format!("Got {got} words as the prompt, expected one text in quotes"))
            .hint(format!("put it in quotes: {}", word(&args.asked.join(" "))))
            .into());
    };
    let asked_field = manifest.asked_field().unwrap_or_default();
    let reads_stdin = |path: &Path| path == Path::new("-");
    if asked == "-" && args.flags.files.iter().any(|(_, path)| reads_stdin(path)) {
        return Err(Failure::misuse("The prompt and a file are both `-`, and stdin can be read once").into());
    }
    let asked = if asked == "-" { stdin_text()?.trim().to_owned() } else { asked.clone() };
    draft.set(asked_field, asked, "the prompt")?;
    for (name, path) in &args.flags.files {
        let Some(field) = manifest.dataset.fields.iter().find(|field| field.name == *name) else { continue };
        draft.set(name, text_of(path, field)?, &format!("`--{}`", flag(name)))?;
    }
    for (name, text) in &args.flags.texts {
        draft.set(name, text.clone(), &format!("`--{}`", flag(name)))?;
    }
    for field in &args.fields {
        let (name, value) = field.split_once('=').ok_or_else(|| {
            let problem = format!("`--field {field}` is not of the form `NAME=VALUE`");
            let mut known = manifest.dataset.fields.iter().filter(|f| !f.completion && f.name != asked_field);
            let some = known.next_back().map_or_else(|| "name".to_owned(), |field| field.name.clone());
            Failure::misuse(problem).hint(format!("such as `--field {some}=…`"))
        })?;
        draft.set(name, value.to_owned(), "`--field`")?;
    }
    draft.complete(asked_field)
}
