//! How much work it is to check a value: a small schema can ask for more steps than there is time, by references that
//! branch, and for more calls within each other than a stack holds, by references in a row.

use serde_json::Value;

use super::places::Place;

/// Most evaluations of parts of a schema for one value.
const MAX_WORK: u64 = 3_000_000;

/// Most calls within each other.
const MAX_DEPTH: usize = 6_000;

/// Calls within each other that any thread has room for.
const SHALLOW: usize = 40;

/// Stack of a thread for deep checks, in bytes. Only what is used of it takes memory.
const STACK: usize = 256 << 20;

/// What checking a value takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    work: u64,
    depth: usize,
}

impl Cost {
    /// What it takes to check `value`.
    pub fn of_checking(schema: &Value, value: &Value) -> Self {
        let mut cost = Self { work: 0, depth: 0 };
        cost.add(&Place::root(schema), value, 0);
        cost
    }

    /// What it takes to compile `schema`, which is checked by a schema of schemas.
    pub fn of_compiling(schema: &Value) -> Self {
        Self { work: 0, depth: 4 * nesting(schema) }
    }

    /// Whether it is within the limits.
    pub fn is_affordable(self) -> bool {
        self.work <= MAX_WORK && self.depth <= MAX_DEPTH
    }

    /// Runs `check` where there is enough stack for it; `None` if there is no such place.
    pub fn with_stack<T: Send>(self, check: impl FnOnce() -> T + Send) -> Option<T> {
        if self.depth <= SHALLOW {
            return Some(check());
        }
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, check).ok()?;
            thread.join().ok()
        })
    }

    fn add(&mut self, place: &Place<'_>, value: &Value, above: usize) {
        self.work = self.work.saturating_add(place.work()).saturating_add(1);
        let depth = above + place.depth() + 1;
        self.depth = self.depth.max(depth);
        if !self.is_affordable() {
            return;
        }
        match value {
            Value::Object(entries) => entries.iter().for_each(|(key, value)| self.add(&place.key(key), value, depth)),
            Value::Array(items) => {
                let tuple = place.tuple_len();
                let others = place.item(tuple);
                for (index, item) in items.iter().enumerate() {
                    if index < tuple {
                        self.add(&place.item(index), item, depth);
                    } else {
                        self.add(&others, item, depth);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The number of arrays and objects within each other.
fn nesting(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(nesting).max().unwrap_or_default(),
        Value::Object(entries) => 1 + entries.values().map(nesting).max().unwrap_or_default(),
        _ => 0,
    }
}
