//! What a schema says of one place of a value: the parts of it that apply there, in all branches. Whether they hold is
//! the validator's matter.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::references;

/// Keywords whose schemas apply to the same place.
const BRANCHES: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const SAME_PLACE: [&str; 4] = ["if", "then", "else", "not"];

/// The parts of a schema that apply to one place, each with the number of ways that lead to it.
#[derive(Debug, Clone)]
pub struct Place<'s> {
    root: &'s Value,
    parts: Vec<(&'s Value, u64)>,
    depth: usize,
}

impl<'s> Place<'s> {
    /// The place of the value itself.
    pub fn root(schema: &'s Value) -> Self {
        Self::of(schema, vec![(schema, 1)])
    }

    /// The place with these parts and all that they include.
    fn of(root: &'s Value, starts: Vec<(&'s Value, u64)>) -> Self {
        let mut order = Vec::new();
        let mut seen = BTreeSet::new();
        for (start, _) in &starts {
            visit(root, start, &mut seen, &mut order);
        }
        // Each part before those that it includes, so that its ways are complete when they are passed on.
        order.reverse();
        let mut ways: BTreeMap<*const Value, u64> = BTreeMap::new();
        for (start, n) in starts {
            add(&mut ways, start, n);
        }
        let mut depths: BTreeMap<*const Value, usize> = BTreeMap::new();
        let mut parts = Vec::with_capacity(order.len());
        for part in order {
            let address = std::ptr::from_ref(part);
            let n = ways.get(&address).copied().unwrap_or_default();
            let depth = *depths.entry(address).or_insert(1);
            parts.push((part, n));
            for next in included(root, part) {
                add(&mut ways, next, n);
                let deeper = depths.entry(std::ptr::from_ref(next)).or_default();
                *deeper = (*deeper).max(depth + 1);
            }
        }
        Self { root, parts, depth: depths.into_values().max().unwrap_or_default() }
    }

    /// The number of parts that a validator may evaluate here, each as often as it is reached.
    pub fn work(&self) -> u64 {
        self.parts.iter().fold(0, |sum, (_, n)| sum.saturating_add(*n))
    }

    /// The longest chain of parts that include each other here.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The place of a key's value.
    pub fn key(&self, key: &str) -> Self {
        let mut parts = Vec::new();
        for (part, n) in &self.parts {
            let declared = part.get("properties").and_then(|properties| properties.get(key));
            parts.extend(declared.map(|schema| (schema, *n)));
            // Whether a pattern matches is not asked: which keys there are matters less than what they hold.
            let patterns = part.get("patternProperties").and_then(Value::as_object);
            parts.extend(patterns.into_iter().flat_map(|named| named.values()).map(|schema| (schema, *n)));
            if declared.is_none() {
                let others = ["additionalProperties", "unevaluatedProperties"];
                parts.extend(others.iter().filter_map(|name| part.get(name)).map(|schema| (schema, *n)));
            }
        }
        Self::of(self.root, parts)
    }

    /// The place of the items of an array from `index` on, or of that one item if it has a schema of its own.
    pub fn item(&self, index: usize) -> Self {
        let mut parts = Vec::new();
        for (part, n) in &self.parts {
            let tuple = part.get("prefixItems").or_else(|| part.get("items")).and_then(Value::as_array);
            let own = tuple.and_then(|items| items.get(index));
            parts.extend(own.map(|schema| (schema, *n)));
            if own.is_none() {
                let others = ["items", "additionalItems", "unevaluatedItems"];
                let others = others.iter().filter_map(|name| part.get(name)).filter(|schema| !schema.is_array());
                parts.extend(others.map(|schema| (schema, *n)));
            }
            parts.extend(part.get("contains").map(|schema| (schema, *n)));
        }
        Self::of(self.root, parts)
    }

    /// Number of leading items that have a schema of their own.
    pub fn tuple_len(&self) -> usize {
        let tuples = self.keyword("prefixItems").chain(self.keyword("items"));
        tuples.filter_map(Value::as_array).map(Vec::len).max().unwrap_or_default()
    }

    /// The values of a keyword in all parts.
    fn keyword(&self, name: &'static str) -> impl Iterator<Item = &'s Value> {
        self.parts.iter().filter_map(move |(part, _)| part.get(name))
    }

    /// The keys that `properties` declares, in the schema's order.
    pub fn declared_keys(&self) -> Vec<&'s str> {
        let mut keys = Vec::new();
        for properties in self.keyword("properties").filter_map(Value::as_object) {
            keys.extend(properties.keys().map(String::as_str).filter(|key| !keys.contains(key)).collect::<Vec<_>>());
        }
        keys
    }

    /// Whether the schema provides for this key: it declares it, or describes keys that it does not name.
    pub fn provides(&self, key: &str) -> bool {
        let open = |schema: &Value| schema.as_object().is_some_and(|o| !o.is_empty());
        self.keyword("properties").any(|properties| properties.get(key).is_some())
            || self.keyword("patternProperties").next().is_some()
            || self.keyword("additionalProperties").any(open)
            || self.keyword("unevaluatedProperties").any(open)
    }

    /// The values that the schema names here: those of `enum`, `const` and `default`.
    pub fn named_values(&self) -> impl Iterator<Item = &'s Value> {
        let lists = self.keyword("enum").filter_map(Value::as_array).flatten();
        lists.chain(self.keyword("const")).chain(self.keyword("default"))
    }

    /// Whether only a few values are allowed here.
    pub fn is_closed(&self) -> bool {
        self.keyword("enum").chain(self.keyword("const")).next().is_some()
    }

    /// Whether the schema says this format here.
    pub fn has_format(&self, format: &str) -> bool {
        self.keyword("format").any(|named| named.as_str() == Some(format))
    }
}

fn add(ways: &mut BTreeMap<*const Value, u64>, part: &Value, n: u64) {
    let ways = ways.entry(std::ptr::from_ref(part)).or_default();
    *ways = ways.saturating_add(n);
}

/// The schemas that apply where `part` does because it names them. References that lead nowhere are left out.
fn included<'s>(root: &'s Value, part: &'s Value) -> Vec<&'s Value> {
    let mut found: Vec<&Value> = Vec::new();
    let Some(keywords) = part.as_object() else { return found };
    for (keyword, value) in keywords {
        match keyword.as_str() {
            "$ref" | "$dynamicRef" | "$recursiveRef" => {
                found.extend(value.as_str().and_then(|reference| references::target(root, reference)));
            }
            name if BRANCHES.contains(&name) => found.extend(value.as_array().into_iter().flatten()),
            name if SAME_PLACE.contains(&name) => found.push(value),
            "dependentSchemas" | "dependencies" => {
                found.extend(value.as_object().into_iter().flat_map(|named| named.values()));
            }
            _ => {}
        }
    }
    found
}

/// Appends all that is reached from `start` to `order`, each after what it includes. An explicit stack, because a chain
/// of references may be long.
fn visit<'s>(root: &'s Value, start: &'s Value, seen: &mut BTreeSet<*const Value>, order: &mut Vec<&'s Value>) {
    let mut stack = vec![(start, false)];
    while let Some((part, done)) = stack.pop() {
        if done {
            order.push(part);
        } else if seen.insert(std::ptr::from_ref(part)) {
            stack.push((part, true));
            stack.extend(included(root, part).into_iter().map(|next| (next, false)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_place_knows_what_the_schema_says_of_it() {
        let schema = json!({
            "properties": {
                "b": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/day"}]},
                "a": {"type": "array", "items": {"properties": {"x": {"enum": [1, 2]}}}},
            },
            "$defs": {"day": {"type": "string", "format": "date"}},
        });
        let root = Place::root(&schema);
        assert_eq!(root.declared_keys(), ["b", "a"]);
        assert!(root.provides("a") && !root.provides("c"));
        assert!(root.key("b").has_format("date") && !root.key("a").has_format("date"));
        let x = root.key("a").item(7).key("x");
        assert!(x.is_closed());
        assert_eq!(x.named_values().collect::<Vec<_>>(), [&json!(1), &json!(2)]);
        assert!(root.key("c").declared_keys().is_empty());
    }

    #[test]
    fn ways_are_counted_and_circles_end() {
        let twice = json!({"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}], "$defs": {"a": {"type": "null"}}});
        assert_eq!(Place::root(&twice).work(), 5);
        let circle = json!({"allOf": [{"$ref": "#"}]});
        assert!(Place::root(&circle).work() < 10);
    }
}
