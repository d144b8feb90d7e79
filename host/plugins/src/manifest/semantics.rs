//! Checks of a manifest that a schema cannot express: names that must match, lists without
//! duplicates, portable paths. Works on untyped JSON, so that all faults of a malformed manifest
//! are still reported at once.

use std::collections::{BTreeMap, BTreeSet};

use hive_errors::{listed, nearest};
use hive_sdk::prompt::{Piece, pieces};
use hive_sdk::{ABI_VERSION, OLDEST_ABI};
use serde_json::{Map, Value};

use super::fault::{Fault, JsonPath};
use super::{MAX_FAULTS, MAX_FIELDS};

/// Maximum rank and alpha for a single module, as in the schema for all modules.
const MAX_RANK: u64 = 4096;
const MAX_ALPHA: f64 = 1e6;

/// The input kind of the field for the text that the user types.
const ASKED: &str = "question";

/// All faults that the schema cannot express.
pub(super) fn faults(manifest: &Value) -> Vec<Fault> {
    let mut checks = Checks { faults: Vec::new() };
    let Some(top) = manifest.as_object() else { return Vec::new() };
    let root = JsonPath::root();
    let fields = list(top.get("dataset").and_then(|d| d.get("fields"))).len();
    if fields > MAX_FIELDS {
        let path = root.key("dataset").key("fields");
        return vec![Fault::new(path, format!("got {fields} fields, expected at most {MAX_FIELDS}"))];
    }
    checks.head(top, &root);
    checks.paths_and_blanks(manifest, &root);
    let fields = checks.dataset(top.get("dataset"), &root.key("dataset"));
    checks.options(top.get("options"), &root.key("options"));
    checks.uses(top, &root.key("uses"));
    checks.eval_prompts(top.get("eval_prompts"), &root.key("eval_prompts"), &fields);
    checks.prompt(top.get("prompt"), &root.key("prompt"), &fields);
    let mut lints = checks.lints(top.get("dataset").and_then(|d| d.get("lints")), &root.key("dataset").key("lints"));
    checks.validate(top.get("validate"), &root.key("validate"), &fields, &mut lints);
    checks.grade(top, &root.key("grade"), &fields);
    checks.generation(top.get("generation"), &root.key("generation"), &fields);
    if let Some(recipe) = top.get("recipe") {
        checks.recipe(recipe, &root.key("recipe"), &lints);
    }
    for (name, profile) in object(top.get("profiles")) {
        checks.recipe(profile, &root.key("profiles").key(name), &lints);
    }
    let profiles: Vec<&str> = object(top.get("profiles")).map(|(name, _)| name.as_str()).collect();
    for (name, _) in object(top.get("profile_notes")).filter(|(name, _)| !profiles.contains(&name.as_str())) {
        let message = match nearest(name, profiles.iter().copied()) {
            Some(near) => format!("`{name}` is no profile, did you mean `{near}`?"),
            None => format!("`{name}` is no profile, expected one of: {}", listed(profiles.iter().copied())),
        };
        checks.fault(root.key("profile_notes").key(name), message);
    }
    checks.faults
}

/// A declared field of a record.
pub(super) struct Field<'m> {
    pub(super) name: &'m str,
    optional: bool,
    completion: bool,
    /// Whether its values are texts alone.
    text: bool,
}

pub(super) struct Checks {
    faults: Vec<Fault>,
}

impl Checks {
    pub(super) fn fault(&mut self, path: JsonPath, message: impl Into<String>) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault::new(path, message));
        }
    }

    fn head(&mut self, top: &Map<String, Value>, root: &JsonPath) {
        if let Some(version) = top.get("version").and_then(Value::as_str)
            && !is_semver(version)
        {
            let message = format!("got `{version}`, expected a semantic version like `0.1.0`");
            self.fault(root.key("version"), message);
        }
        for key in ["description", "license", "version"] {
            if top.get(key).and_then(Value::as_str).is_some_and(|text| text.chars().any(char::is_control)) {
                self.fault(root.key(key), "it has control characters, expected one line of text".to_owned());
            }
        }
        if let Some(name) = top.get("name").and_then(Value::as_str)
            && !is_name(name)
        {
            let message = format!(
                "got `{name}`, expected lower-case letters, digits and dashes, a letter first, at most 63 characters"
            );
            self.fault(root.key("name"), message);
        }
        if let Some(abi) = top.get("abi").and_then(Value::as_u64)
            && !(u64::from(OLDEST_ABI)..=u64::from(ABI_VERSION)).contains(&abi)
        {
            let message =
                format!("got {abi}, expected {ABI_VERSION}, the ABI of this hive (or {OLDEST_ABI} and above)");
            self.fault(root.key("abi"), message);
        }
        self.no_repetition(top.get("base_models"), &root.key("base_models"));
    }

    /// Texts that must not be blank, and paths that are valid on one machine only.
    fn paths_and_blanks(&mut self, value: &Value, path: &JsonPath) {
        const NEEDED: [&str; 7] = ["name", "description", "license", "version", "id", "group_by", "$schema"];
        const NEEDED_ITEMS: [&str; 5] = ["base_models", "aliases", "tags", "headings", "vague_headings"];
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    let here = path.key(key);
                    // A record's texts are data and may contain anything, and so may a JSON Schema.
                    if key == "record" || key == "json_schema" {
                        continue;
                    }
                    if let Some(text) = inner.as_str() {
                        if NEEDED.contains(&key.as_str()) && text.trim().is_empty() {
                            self.fault(here, "got a blank text, expected some");
                        } else if ["base_model", "$schema"].contains(&key.as_str()) && is_absolute(text) {
                            self.fault(here, absolute(text));
                        }
                    } else if NEEDED_ITEMS.contains(&key.as_str()) {
                        for (i, item) in list(Some(inner)).iter().enumerate() {
                            match item.as_str() {
                                Some(text) if text.trim().is_empty() => {
                                    self.fault(here.index(i), "got a blank text, expected some");
                                }
                                Some(text) if key == "base_models" && is_absolute(text) => {
                                    self.fault(here.index(i), absolute(text));
                                }
                                _ => {}
                            }
                        }
                    } else {
                        self.paths_and_blanks(inner, &here);
                    }
                }
            }
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.paths_and_blanks(item, &path.index(i));
                }
            }
            _ => {}
        }
    }

    fn dataset<'m>(&mut self, dataset: Option<&'m Value>, path: &JsonPath) -> Vec<Field<'m>> {
        let Some(dataset) = dataset else { return Vec::new() };
        let declared = list(dataset.get("fields"));
        let fields_path = path.key("fields");
        let mut fields = Vec::new();
        let mut names = BTreeSet::new();
        let (mut completions, mut asked) = (0, 0);
        for (i, field) in declared.iter().enumerate() {
            let is = |key: &str| field.get(key).and_then(Value::as_bool).unwrap_or(false);
            if let Some(name) = field.get("name").and_then(Value::as_str) {
                if !names.insert(name) {
                    self.fault(fields_path.index(i).key("name"), format!("the field `{name}` is declared twice"));
                }
                let text = matches!(field.get("type").and_then(Value::as_str), None | Some("text"));
                fields.push(Field { name, optional: is("optional"), completion: is("completion"), text });
            }
            completions += usize::from(is("completion"));
            let input = field.get("input").and_then(Value::as_str);
            asked += usize::from(input == Some(ASKED));
            if input.is_some() && is("completion") {
                let message = "the completion is what the model writes: nobody enters it";
                self.fault(fields_path.index(i).key("input"), message.to_owned());
            }
            if field.get("refuse").is_some() && input != Some("file") {
                let message = "files are refused for a field that is entered as one: `\"input\": \"file\"`";
                self.fault(fields_path.index(i).key("refuse"), message.to_owned());
            }
            for names in ["aliases", "headings", "vague_headings"] {
                self.no_repetition(field.get(names), &fields_path.index(i).key(names));
            }
            self.pattern(field.get("shape"), fields_path.index(i).key("shape"));
        }
        for (i, pattern) in list(dataset.get("chat_patterns")).iter().enumerate() {
            self.pattern(Some(pattern), path.key("chat_patterns").index(i));
        }
        if asked > 1 {
            let message = format!("got {asked} fields with `\"input\": \"{ASKED}\"`, expected at most 1");
            self.fault(fields_path.clone(), message);
        }
        self.no_repetition(dataset.get("chat_columns"), &path.key("chat_columns"));
        if !declared.is_empty() && completions != 1 {
            let message = format!("got {completions} fields with `\"completion\": true`, expected exactly 1");
            self.fault(fields_path, message);
        }
        if let Some(group_by) = dataset.get("group_by").and_then(Value::as_str)
            && !group_by.trim().is_empty()
            && !fields.iter().any(|f| f.name == group_by)
        {
            self.fault(path.key("group_by"), undeclared(group_by, &fields));
        }
        fields
    }

    /// The expert's options, without duplicates.
    fn options(&mut self, options: Option<&Value>, path: &JsonPath) {
        let mut names = BTreeSet::new();
        for (i, option) in list(options).iter().enumerate() {
            let Some(name) = option.get("name").and_then(Value::as_str) else { continue };
            if !names.insert(name) {
                self.fault(path.index(i).key("name"), format!("the option `{name}` is declared twice"));
            }
        }
    }

    /// What the expert can use: each kind has the key that says where it is, and options are declared ones.
    fn uses(&mut self, top: &Map<String, Value>, path: &JsonPath) {
        let options: Vec<&str> =
            list(top.get("options")).iter().filter_map(|option| option.get("name").and_then(Value::as_str)).collect();
        for (i, resource) in list(top.get("uses")).iter().enumerate() {
            let here = path.index(i);
            let has = |key: &str| resource.get(key).is_some();
            let kind = resource.get("kind").and_then(Value::as_str).unwrap_or_default();
            let (needed, foreign) = match kind {
                "command" => ("command", &["port"][..]),
                "url" => ("option", &["command"][..]),
                _ => continue,
            };
            if !has(needed) {
                self.fault(here.clone(), format!("a `{kind}` needs `{needed}`"));
            }
            for key in foreign.iter().filter(|key| has(key)) {
                self.fault(here.key(key), format!("a `{kind}` has no `{key}`"));
            }
            let Some(option) = resource.get("option").and_then(Value::as_str) else { continue };
            if !options.contains(&option) {
                let message = match nearest(option, options.iter().copied()) {
                    Some(near) => format!("`{option}` is no option, did you mean `{near}`?"),
                    None => format!("`{option}` is no option, expected one of: {}", listed(options.iter().copied())),
                };
                self.fault(here.key("option"), message);
            }
        }
    }

    /// A regular expression.
    fn pattern(&mut self, pattern: Option<&Value>, path: JsonPath) {
        if let Some(pattern) = pattern.and_then(Value::as_str)
            && regex::Regex::new(pattern).is_err()
        {
            self.fault(path, format!("got `{pattern}`, expected a regular expression"));
        }
    }

    fn eval_prompts(&mut self, prompts: Option<&Value>, path: &JsonPath, fields: &[Field<'_>]) {
        let mut ids = BTreeSet::new();
        for (i, prompt) in list(prompts).iter().enumerate() {
            let here = path.index(i);
            if let Some(id) = prompt.get("id").and_then(Value::as_str)
                && !ids.insert(id)
            {
                self.fault(here.key("id"), format!("the id `{id}` is used twice"));
            }
            // Without declared fields, their absence has already been reported.
            let Some(record) = prompt.get("record").and_then(Value::as_object).filter(|_| !fields.is_empty()) else {
                continue;
            };
            let here = here.key("record");
            for key in record.keys().filter(|key| !fields.iter().any(|f| f.name == key.as_str())) {
                self.fault(here.key(key), undeclared(key, fields));
            }
            for field in fields.iter().filter(|f| f.text) {
                if let Some(value) = record.get(field.name).filter(|value| !value.is_string()) {
                    let message = format!("got {value}, expected a text, as the field's `type` is");
                    self.fault(here.key(field.name), message);
                }
            }
            for field in fields.iter().filter(|f| !f.optional) {
                match record.get(field.name) {
                    None => self.fault(here.key(field.name), format!("missing, `{}` is a required field", field.name)),
                    Some(Value::String(text)) if text.trim().is_empty() => {
                        self.fault(here.key(field.name), "got a blank text, expected some");
                    }
                    Some(Value::Null) if !field.text => self.fault(here.key(field.name), "got null, expected a value"),
                    Some(_) => {}
                }
            }
        }
    }

    /// The declared turns: each can be filled in, and none contains the answer.
    fn prompt(&mut self, turns: Option<&Value>, path: &JsonPath, fields: &[Field<'_>]) {
        for (i, turn) in list(turns).iter().enumerate() {
            let Some(content) = turn.get("content").and_then(Value::as_str) else { continue };
            let here = path.index(i).key("content");
            match pieces(content) {
                Err(error) => self.fault(here, error.message),
                // Without declared fields, their absence has already been reported.
                Ok(_) if fields.is_empty() => {}
                Ok(pieces) => {
                    for piece in pieces {
                        let Piece::Field { name, .. } = piece else { continue };
                        match fields.iter().find(|field| field.name == name) {
                            None => self.fault(here.clone(), undeclared(name, fields)),
                            Some(field) if field.completion => {
                                let message = format!("`{name}` is the completion, which no prompt may hold");
                                self.fault(here.clone(), message);
                            }
                            Some(_) => {}
                        }
                    }
                }
            }
        }
    }

    /// The declared lints: code, and whether a repair is possible.
    fn lints<'m>(&mut self, lints: Option<&'m Value>, path: &JsonPath) -> BTreeMap<&'m str, bool> {
        let mut known = BTreeMap::new();
        for (i, lint) in list(lints).iter().enumerate() {
            let Some(code) = lint.get("code").and_then(Value::as_str) else { continue };
            let repairs = lint.get("repairs").and_then(Value::as_bool).unwrap_or(false);
            if known.insert(code, repairs).is_some() {
                self.fault(path.index(i).key("code"), format!("the lint `{code}` is declared twice"));
            }
            if lint.get("level").and_then(Value::as_str) == Some("repair") && !repairs {
                self.fault(path.index(i).key("level"), no_repair(code));
            }
        }
        known
    }

    fn recipe(&mut self, recipe: &Value, path: &JsonPath, lints: &BTreeMap<&str, bool>) {
        let levels_path = path.key("data").key("lints");
        for (code, level) in object(recipe.get("data").and_then(|d| d.get("lints"))) {
            match lints.get(code.as_str()) {
                None => {
                    let known = || lints.keys().copied();
                    let message = match nearest(code, known()) {
                        Some(near) => format!("`{code}` is not a declared lint, did you mean `{near}`?"),
                        None => format!(
                            "`{code}` is not a declared lint, expected one of: {}; other codes in reports are those of \
                             repairs, which have no level",
                            listed(known())
                        ),
                    };
                    self.fault(levels_path.key(code), message);
                }
                Some(false) if level == "repair" => self.fault(levels_path.key(code), no_repair(code)),
                Some(_) => {}
            }
        }
        let Some(adapter) = recipe.get("adapter") else { return };
        let path = path.key("adapter");
        self.no_repetition(adapter.get("target_modules"), &path.key("target_modules"));
        if adapter.get("alpha").and_then(Value::as_f64) == Some(0.0) {
            self.fault(path.key("alpha"), "got 0, expected more: the adapter would do nothing");
        }
        for (module, rank) in object(adapter.get("rank_pattern")) {
            let here = || path.key("rank_pattern").key(module);
            match rank.as_u64() {
                Some(0) => self.fault(here(), "got 0, expected at least 1"),
                Some(rank) if rank > MAX_RANK => {
                    self.fault(here(), format!("got {rank}, expected at most {MAX_RANK}"));
                }
                _ => {}
            }
        }
        for (module, alpha) in object(adapter.get("alpha_pattern")) {
            let here = || path.key("alpha_pattern").key(module);
            match alpha.as_f64() {
                Some(alpha) if alpha <= 0.0 => {
                    self.fault(here(), format!("got {alpha}, expected more: the adapter would do nothing there"));
                }
                Some(alpha) if alpha > MAX_ALPHA => {
                    self.fault(here(), format!("got {alpha}, expected at most {MAX_ALPHA}"));
                }
                _ => {}
            }
        }
    }

    fn no_repetition(&mut self, values: Option<&Value>, path: &JsonPath) {
        let mut seen = BTreeSet::new();
        for (i, value) in list(values).iter().enumerate() {
            if let Some(text) = value.as_str()
                && !seen.insert(text)
            {
                self.fault(path.index(i), format!("`{text}` is in the list twice"));
            }
        }
    }
}

pub(super) fn no_repair(code: &str) -> String {
    format!("got `repair`, expected `reject`, `note` or `off`: the expert cannot repair `{code}`")
}

pub(super) fn undeclared(name: &str, fields: &[Field<'_>]) -> String {
    let names = || fields.iter().map(|f| f.name);
    match nearest(name, names()) {
        Some(near) => format!("`{name}` is not a declared field, did you mean `{near}`?"),
        None => format!("`{name}` is not a declared field, expected one of: {}", listed(names())),
    }
}

fn absolute(text: &str) -> String {
    format!("got the absolute path `{text}`, expected an id or a relative path: a manifest serves every machine")
}

pub(super) fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn object(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

/// Absolute on any operating system: `/x`, `\\server\x`, `F:/x`, `~/x`.
fn is_absolute(text: &str) -> bool {
    let drive = matches!(text.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic());
    drive || text.starts_with(['/', '\\', '~']) || text.starts_with("file:")
}

/// Whether an expert can have this name. Folders and files are named after it.
pub fn is_name(text: &str) -> bool {
    let mut letters = text.bytes();
    letters.next().is_some_and(|b| b.is_ascii_lowercase())
        && letters.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && text.len() <= 63
}

/// Semantic Versioning 2.0.0, without build metadata, which would allow two packages of one
/// version.
fn is_semver(text: &str) -> bool {
    let number = |n: &str| {
        !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) && (n == "0" || !n.starts_with('0')) && n.len() < 20
    };
    let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    let pre_fits = pre.is_none_or(|pre| {
        pre.split('.').all(|id| {
            let digits = id.bytes().all(|b| b.is_ascii_digit());
            !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && (!digits || number(id))
        })
    });
    core.split('.').count() == 3 && core.split('.').all(number) && pre_fits
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn versions() {
        check_all(["0.1.0", "10.20.30", "1.0.0-rc.1", "1.0.0-0", "1.2.3-a-b"], |good| {
            assert!(is_semver(good), "{good}");
        });
        check_all(
            ["", "1", "1.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+build", "v1.0.0", "1.0.0.0", "1.0.-0"],
            |bad| {
                assert!(!is_semver(bad), "{bad}");
            },
        );
    }

    #[test]
    fn absolute_paths_of_every_system() {
        check_all(["/x", "F:/x", "c:\\x", "\\\\server\\x", "~/x", "file:///x"], |path| {
            assert!(is_absolute(path), "{path}");
        });
        check_all(["qwen3-0.6b", "models/x.gguf", "../x", "https://example.org/x", "a:b"], |path| {
            assert!(!is_absolute(path), "{path}");
        });
    }
}
