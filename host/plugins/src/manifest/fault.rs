//! A fault of a manifest, with its path.

use std::collections::HashMap;
use std::fmt;

use serde_json::Value;

/// A path in a JSON document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct JsonPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    Key(String),
    Index(usize),
}

impl JsonPath {
    /// The whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path of `key` in this object.
    pub fn key(&self, key: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.to_owned()));
        Self(steps)
    }

    /// The path of the item at `index` in this array.
    pub fn index(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Index(index));
        Self(steps)
    }

    /// Converts a JSON pointer into `document`.
    pub(super) fn from_pointer(pointer: &str, document: &Value) -> Self {
        let mut path = Self::root();
        let mut here = Some(document);
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            match (here, step.parse::<usize>()) {
                (Some(Value::Array(items)), Ok(index)) => {
                    path = path.index(index);
                    here = items.get(index);
                }
                _ => {
                    here = here.and_then(|v| v.get(&step));
                    path = path.key(&step);
                }
            }
        }
        path
    }
}

impl fmt::Display for JsonPath {
    /// As JSONPath: `$.recipe.adapter.rank`, `$.eval_prompts[3].id`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in &self.0 {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if key.chars().all(|c| c.is_alphanumeric() || "_-$".contains(c)) && !key.is_empty() => {
                    write!(f, ".{key}")?
                }
                Step::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its path.
    pub path: JsonPath,
    /// What was found and what was expected.
    pub message: String,
}

impl Fault {
    /// A fault at `path`.
    pub fn new(path: JsonPath, message: impl Into<String>) -> Self {
        Self { path, message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// Sorts faults by their position in the file, and removes duplicates.
pub(super) fn sort(faults: &mut Vec<Fault>, document: &Value) {
    let mut order = HashMap::new();
    number(document, JsonPath::root(), &mut order);
    // A missing key has no position: it takes that of its parent.
    let place = |path: &JsonPath| {
        let mut path = path.clone();
        loop {
            if let Some(place) = order.get(&path) {
                return *place;
            }
            path.0.pop();
        }
    };
    faults.sort_by_cached_key(|fault| (place(&fault.path), fault.path.to_string(), fault.message.clone()));
    faults.dedup();
}

fn number(value: &Value, path: JsonPath, order: &mut HashMap<JsonPath, usize>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| number(v, path.key(k), order)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| number(v, path.index(i), order)),
        _ => {}
    }
    // After its contents, so that what is missing from an object is reported last.
    let next = order.len();
    order.insert(path, next);
}
