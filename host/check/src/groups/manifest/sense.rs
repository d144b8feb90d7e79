//! What a valid manifest can still get wrong.

use std::collections::BTreeMap;

use hive_runtime::models::Catalogue;
use hive_sdk::{ABI_VERSION, Manifest};
use regex::Regex;

use super::flags::clashes;
use crate::check::Check;
use crate::collector::{Collector, quoted};

/// Longest description that fits a line of `hive expert list`.
const DESCRIPTION: usize = 120;

/// The checks.
pub(crate) const CHECKS: &[Check] = &[
    Check::must(
        "manifest-asked-field",
        "Besides the completion, there is a required field",
        "nobody could ask the expert anything",
    )
    .quick(),
    Check::must(
        "manifest-alias-clash",
        "No name or alias belongs to two fields",
        "a column of a data set would be read as the wrong field",
    )
    .quick(),
    Check::should(
        "manifest-heading-clash",
        "No heading belongs to two fields",
        "a section of a chat would be read as the wrong field",
    ),
    Check::must(
        "manifest-chat-groups",
        "The named groups of a chat pattern are declared fields, and all required ones",
        "chats that match the pattern would lack a field, and all be rejected",
    ),
    Check::must(
        "manifest-flag-clash",
        "No option or field becomes a flag that is taken",
        "the flag would set something else than the user means",
    ),
    Check::should(
        "manifest-base-known",
        "Every base model is one that hive can download",
        "users must find and add the base model themselves",
    ),
    Check::should(
        "manifest-abi-current",
        "The ABI is the newest that this hive speaks",
        "hive does not call the methods that came later",
    ),
    Check::should(
        "manifest-description",
        "The description is one sentence of at most 120 characters",
        "`hive expert list` wraps it, and nobody reads it",
    ),
];

/// Looks at a valid manifest.
pub(super) fn run(manifest: &Manifest, flags: &[String], out: &mut Collector) {
    out.begin(&["manifest-asked-field", "manifest-alias-clash"]);
    if manifest.asked_field().is_none() {
        let got = "every field besides the completion is optional";
        out.fail("manifest-asked-field", "$.dataset.fields", got, "a required field, or one with `\"input\"`");
    }
    names(manifest, out);
    if !out.is_full() {
        return;
    }
    let codes = ["manifest-heading-clash", "manifest-chat-groups", "manifest-flag-clash", "manifest-base-known"];
    out.begin(&codes);
    out.begin(&["manifest-abi-current", "manifest-description"]);
    chat_groups(manifest, out);
    for (path, got) in clashes(manifest, flags) {
        out.fail("manifest-flag-clash", path, got, "a name of its own");
    }
    match Catalogue::embedded() {
        Ok(catalogue) => {
            for (i, base) in manifest.base_models.iter().enumerate().filter(|(_, base)| catalogue.named(base).is_none())
            {
                let place = format!("$.base_models[{i}]");
                out.fail("manifest-base-known", place, quoted(base), "a base model of `hive model list`");
            }
        }
        Err(error) => out.skip(&["manifest-base-known"], &error.to_string()),
    }
    if manifest.abi != ABI_VERSION {
        out.fail("manifest-abi-current", "$.abi", manifest.abi.to_string(), ABI_VERSION.to_string());
    }
    let length = manifest.description.chars().count();
    if length > DESCRIPTION || manifest.description.contains('\n') {
        let got = format!("{length} characters in {} lines", manifest.description.lines().count());
        out.fail("manifest-description", "$.description", got, "one sentence of at most 120 characters");
    }
}

/// Names that could be a column of a data set, and headings of a chat.
fn names(manifest: &Manifest, out: &mut Collector) {
    let fields = &manifest.dataset.fields;
    // As the mapping of columns compares them.
    let plain = |name: &str| name.trim().to_lowercase().replace(['-', ' '], "_");
    let mut columns = BTreeMap::new();
    for (i, field) in fields.iter().enumerate() {
        for name in std::iter::once(&field.name).chain(&field.aliases) {
            if let Some(other) = columns.insert(plain(name), i).filter(|other| *other != i) {
                let got = format!("{} also stands for `{}`", quoted(name), fields[other].name);
                out.fail("manifest-alias-clash", format!("$.dataset.fields[{i}]"), got, "");
            }
        }
    }
    if !out.is_full() {
        return;
    }
    let mut headings = BTreeMap::new();
    // A field with a shape is told from others by its text.
    for (i, field) in fields.iter().enumerate().filter(|(_, field)| field.shape.is_none()) {
        let vague = field.vague_headings.iter().map(|heading| (true, heading));
        for (vague, heading) in field.headings.iter().map(|heading| (false, heading)).chain(vague) {
            if let Some(other) = headings.insert((vague, plain(heading)), i).filter(|other| *other != i) {
                let got = format!("{} also marks `{}`", quoted(heading), fields[other].name);
                out.fail("manifest-heading-clash", format!("$.dataset.fields[{i}]"), got, "");
            }
        }
    }
}

fn chat_groups(manifest: &Manifest, out: &mut Collector) {
    let fields = &manifest.dataset.fields;
    for (i, pattern) in manifest.dataset.chat_patterns.iter().enumerate() {
        let Ok(pattern) = Regex::new(pattern) else { continue };
        let groups: Vec<&str> = pattern.capture_names().flatten().collect();
        let unknown = groups.iter().filter(|group| !fields.iter().any(|field| field.name == **group));
        let missing = fields.iter().filter(|field| !field.optional && !field.completion);
        let missing = missing.filter(|field| !groups.contains(&field.name.as_str())).map(|field| field.name.as_str());
        let faults: Vec<String> = unknown
            .map(|group| format!("the group `{group}` is no field"))
            .chain(missing.map(|name| format!("it has no group `{name}`")))
            .collect();
        for fault in faults {
            out.fail("manifest-chat-groups", format!("$.dataset.chat_patterns[{i}]"), fault, "");
        }
    }
}
