//! Prompts with their gold answers: the manifest's own, or a file of JSON lines. A line that cannot be
//! read is recorded as refused, with the reason; nothing is judged here.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;

use hive_files::{hex, refuse_lfs_pointer};
use hive_plugins::LoadedExpert;
use hive_sdk::Record;
use hive_sdk::manifest::{DatasetSpec, FieldSpec};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::error::EvalError;
use super::refused::Refused;

/// The name of the manifest's own suite.
pub const BUILTIN: &str = "builtin";

/// The key of a line's right answers.
const GOLD: &str = "gold";

/// A prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct SuitePrompt {
    /// Its id, unique in the suite.
    pub id: String,
    /// Its topics.
    pub tags: Vec<String>,
    /// Whether comparisons show its answers side by side.
    pub featured: bool,
    /// The record, with the first gold answer as its completion.
    pub record: Record,
    /// The other gold answers.
    pub alternatives: Vec<String>,
}

/// Prompts, and the lines that could not be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Suite {
    /// `builtin`, or the file's name.
    pub name: String,
    /// Whether it was read from a file; if not, it is the expert's own.
    pub file: bool,
    /// sha256 over its prompts.
    pub digest: String,
    /// Number of prompts and unreadable lines in the whole suite.
    pub total: usize,
    /// The limit on the number of prompts, if it is lower than their number.
    pub limit: Option<usize>,
    /// The prompts.
    pub prompts: Vec<SuitePrompt>,
    /// Lines that could not be read as prompts.
    pub refused: Vec<Refused>,
    /// Keys that are not fields of the expert, with the number of lines that have them.
    pub passed_over: BTreeMap<String, usize>,
}

impl Suite {
    /// The manifest's prompts.
    ///
    /// # Errors
    /// When the expert fails or has no eval prompts.
    pub fn builtin(expert: &LoadedExpert) -> Result<Self, EvalError> {
        let prompts = expert.eval_prompts()?.into_iter().map(|prompt| SuitePrompt {
            id: prompt.id,
            tags: prompt.tags,
            featured: prompt.featured,
            record: prompt.record,
            alternatives: prompt.alternatives,
        });
        let prompts: Vec<SuitePrompt> = prompts.collect();
        if prompts.is_empty() {
            return Err(EvalError::NoPrompts { expert: expert.name().to_owned() });
        }
        Ok(Self { name: BUILTIN.to_owned(), total: prompts.len(), prompts, ..Self::default() }.digested())
    }

    /// The prompts of a file.
    ///
    /// # Errors
    /// When it cannot be read or is empty.
    pub fn read(path: &Path, expert: &LoadedExpert) -> Result<Self, EvalError> {
        let fault = |problem: String| EvalError::Suite { path: path.to_owned(), problem };
        let text = std::fs::read_to_string(path).map_err(|e| match e.kind() {
            ErrorKind::NotFound => EvalError::NoSuite { path: path.to_owned() },
            _ => fault(e.to_string()),
        })?;
        refuse_lfs_pointer(path, text.as_bytes())
            .map_err(|_| fault("it is a Git LFS pointer: `git lfs pull` gets the file".to_owned()))?;
        let name = path.file_name().map_or_else(|| "suite".to_owned(), |n| n.to_string_lossy().into_owned());
        let mut suite = Self { name, file: true, ..Self::default() };
        let fields = FieldNames::new(&expert.manifest().dataset, path.parent().unwrap_or(Path::new("")));
        let mut ids = BTreeSet::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let line_name = format!("line {}", number + 1);
            match fields.prompt(line, &line_name, &mut suite.passed_over) {
                Ok(prompt) if !ids.insert(prompt.id.clone()) => {
                    let why = format!("the id `{}` came before, expected another", prompt.id);
                    suite.refused.push(Refused::new(&line_name, "repeated-id", why));
                }
                Ok(prompt) => suite.prompts.push(prompt),
                Err(refused) => suite.refused.push(refused),
            }
        }
        if suite.prompts.is_empty() && suite.refused.is_empty() {
            return Err(fault("got an empty file, expected one JSON object a line".to_owned()));
        }
        suite.total = suite.prompts.len() + suite.refused.len();
        Ok(suite.digested())
    }

    /// At most `limit` prompts, evenly spaced over the suite.
    #[must_use]
    pub fn limited(mut self, limit: Option<usize>) -> Self {
        let all = self.prompts.len();
        if let Some(limit) = limit.filter(|limit| *limit < all) {
            self.limit = Some(limit);
            let chosen: BTreeSet<usize> = (0..limit).map(|i| i * all / limit.max(1)).collect();
            let mut at = 0;
            self.prompts.retain(|_| {
                at += 1;
                chosen.contains(&(at - 1))
            });
        }
        self.digested()
    }

    fn digested(mut self) -> Self {
        let mut digest = Sha256::new();
        for SuitePrompt { id, record, alternatives, .. } in &self.prompts {
            digest.update(json!([id, record, alternatives]).to_string());
        }
        self.digest = hex(&digest.finalize());
        self
    }
}

/// Maps the keys of a line to the fields of a record.
struct FieldNames<'a> {
    spec: &'a DatasetSpec,
    folder: &'a Path,
}

impl<'a> FieldNames<'a> {
    fn new(spec: &'a DatasetSpec, folder: &'a Path) -> Self {
        Self { spec, folder }
    }

    /// The field that a key names; a field's name has precedence over an alias.
    fn named(&self, key: &str) -> Option<&'a FieldSpec> {
        let fields = &self.spec.fields;
        let by_name = fields.iter().find(|f| f.name.eq_ignore_ascii_case(key));
        by_name.or_else(|| fields.iter().find(|f| f.aliases.iter().any(|a| a.eq_ignore_ascii_case(key))))
    }

    /// Reads one line; counts keys that are not fields in `passed_over`.
    fn prompt(
        &self,
        line: &str,
        line_name: &str,
        passed_over: &mut BTreeMap<String, usize>,
    ) -> Result<SuitePrompt, Refused> {
        let object: Map<String, Value> = serde_json::from_str(line)
            .map_err(|e| Refused::new(line_name, "not-json", format!("got no JSON object: {e}")))?;
        let id_value = object.get("id").or_else(|| {
            let is_id = |key: &str| self.named(key).is_some_and(|field| field.name == "id");
            object.iter().find(|(key, _)| is_id(key)).map(|(_, value)| value)
        });
        let id = match id_value {
            Some(Value::String(id)) if !id.trim().is_empty() => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => line_name.to_owned(),
        };
        let refused = |code: &str, why: String| Refused::new(&id, code, why);
        let completion = self.spec.fields.iter().find(|f| f.completion);
        let mut record = Record::default();
        let mut golds = Vec::new();
        let mut tags = Vec::new();
        // A field's name has precedence over its aliases.
        let is_alias = |key: &str| !self.spec.fields.iter().any(|f| f.name.eq_ignore_ascii_case(key));
        let mut pairs: Vec<(&String, &Value)> = object.iter().collect();
        pairs.sort_by_key(|(key, _)| is_alias(key));
        for (key, value) in pairs {
            match (key.as_str(), self.named(key)) {
                (GOLD, _) => golds = texts(value),
                ("tags", None) => tags = texts(value),
                ("id", _) => {}
                (_, Some(field)) if field.completion => {
                    if !object.contains_key(GOLD) && golds.is_empty() {
                        golds = texts(value);
                    }
                }
                (_, Some(field)) if record.0.contains_key(&field.name) || field.name == "id" => {}
                (_, Some(field)) => match value {
                    Value::Null => {}
                    Value::String(text) if field.path => {
                        let path = self.folder.join(text);
                        if !path.is_file() {
                            let why = format!("`{key}` names `{}`, which is no file", path.display());
                            return Err(refused("no-file", why));
                        }
                        record.set(&field.name, path.to_string_lossy());
                    }
                    Value::String(text) => record.set(&field.name, text),
                    other => {
                        return Err(refused("not-text", format!("`{key}` is {other}, expected text")));
                    }
                },
                (_, None) => *passed_over.entry(key.clone()).or_default() += 1,
            }
        }
        if golds.is_empty() {
            return Err(refused("no-gold", "got no `gold`, expected one right answer or a list of them".to_owned()));
        }
        if let Some(field) = completion {
            record.set(&field.name, golds.remove(0));
        }
        Ok(SuitePrompt { id, tags, featured: false, record, alternatives: golds })
    }
}

/// A text, or a list of texts.
fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().filter(|t| !t.trim().is_empty()).map(str::to_owned);
    match value {
        Value::Array(items) => items.iter().filter_map(text).collect(),
        other => text(other).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> DatasetSpec {
        let field = |name: &str, aliases: &[&str], completion: bool, path: bool| FieldSpec {
            name: name.to_owned(),
            aliases: aliases.iter().map(|a| (*a).to_owned()).collect(),
            completion,
            path,
            optional: true,
            ..FieldSpec::default()
        };
        let fields = vec![
            field("id", &["question_id"], false, false),
            field("question", &["input"], false, false),
            field("sql", &["query"], true, false),
            field("database", &[], false, true),
        ];
        DatasetSpec { fields, ..DatasetSpec::default() }
    }

    fn read(line: &str) -> Result<SuitePrompt, Refused> {
        let spec = spec();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.sqlite"), "").unwrap();
        let mut over = BTreeMap::new();
        let prompt = FieldNames::new(&spec, dir.path()).prompt(line, "line 1", &mut over)?;
        assert_eq!(over.keys().collect::<Vec<_>>(), ["more"]);
        Ok(prompt)
    }

    #[test]
    fn a_line_becomes_a_prompt() {
        let prompt = read(r#"{"id": 7, "input": "q", "gold": ["a", "b"], "database": "a.sqlite", "more": 1}"#).unwrap();
        assert_eq!((prompt.id.as_str(), prompt.alternatives), ("7", vec!["b".to_owned()]));
        assert_eq!((prompt.record.text("question"), prompt.record.text("sql")), (Some("q"), Some("a")));
        assert!(Path::new(prompt.record.text("database").unwrap()).is_absolute());
        let prompt = read(r#"{"question": "q", "query": "a", "more": 1}"#).unwrap();
        assert_eq!((prompt.id.as_str(), prompt.record.text("sql")), ("line 1", Some("a")));
        let line = r#"{"input": "another", "question_id": 0, "question": "q", "query": "a", "more": 1}"#;
        let prompt = read(line).unwrap();
        assert_eq!((prompt.id.as_str(), prompt.record.text("question")), ("0", Some("q")), "its own name goes first");
    }

    #[test]
    fn a_line_that_is_no_prompt_says_why() {
        let code = |line: &str| read(line).unwrap_err().code;
        assert_eq!(code("{"), "not-json");
        assert_eq!(code(r#"{"question": "q"}"#), "no-gold");
        assert_eq!(code(r#"{"question": "q", "gold": []}"#), "no-gold");
        assert_eq!(code(r#"{"question": 1, "gold": "a"}"#), "not-text");
        assert_eq!(code(r#"{"question": "q", "gold": "a", "database": "b.sqlite"}"#), "no-file");
    }

    #[test]
    fn a_limit_is_spread_evenly() {
        let prompt = |i: usize| SuitePrompt {
            id: i.to_string(),
            tags: vec![],
            featured: false,
            record: Record::default(),
            alternatives: vec![],
        };
        let suite = Suite { prompts: (0..10).map(prompt).collect(), ..Suite::default() };
        let ids = |suite: Suite| suite.prompts.into_iter().map(|p| p.id).collect::<Vec<_>>();
        assert_eq!(ids(suite.clone().limited(Some(4))), ["0", "2", "5", "7"]);
        assert_eq!(ids(suite.clone().limited(Some(99))).len(), 10);
        assert_ne!(suite.clone().limited(Some(4)).digest, suite.limited(None).digest);
    }
}
