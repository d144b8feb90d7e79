//! The references of a schema: all must lead to a place within it, by its path. Anchors are refused as well: what they
//! cost to follow is not known before they are found.

use serde_json::Value;

/// Keywords whose values are data, in which a key of the name of a keyword means nothing.
const DATA: [&str; 5] = ["const", "default", "enum", "example", "examples"];

/// Keywords that map names to schemas: their keys are no keywords.
const NAMED: [&str; 6] =
    ["$defs", "definitions", "dependentSchemas", "dependencies", "patternProperties", "properties"];

/// Beginnings of the addresses of meta-schemas that the validator knows.
const KNOWN: [&str; 2] = ["http://json-schema.org/", "https://json-schema.org/"];

/// The first reference that is no path within the schema.
pub fn outside(schema: &Value) -> Option<String> {
    let mut waiting = vec![(schema, true)];
    while let Some((value, root)) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items.iter().map(|item| (item, false))),
            Value::Object(keywords) => {
                for (keyword, value) in keywords {
                    match keyword.as_str() {
                        "$ref" | "$dynamicRef" | "$recursiveRef" => {
                            let reference = value.as_str().filter(|r| *r != "#" && !r.starts_with("#/"));
                            if let Some(reference) = reference {
                                return Some(reference.to_owned());
                            }
                        }
                        "$schema" => {
                            let unknown = |uri: &&str| !KNOWN.iter().any(|known| uri.starts_with(known));
                            if let Some(uri) = value.as_str().filter(unknown) {
                                return Some(uri.to_owned());
                            }
                        }
                        // A part with an address of its own: references in it would start there.
                        "$id" if !root && value.is_string() => return value.as_str().map(str::to_owned),
                        name if DATA.contains(&name) => {}
                        name if NAMED.contains(&name) => {
                            let schemas = value.as_object().into_iter().flat_map(|named| named.values());
                            waiting.extend(schemas.map(|schema| (schema, false)));
                        }
                        _ => waiting.push((value, false)),
                    }
                }
            }
            _ => {}
        }
    }
    None
}

/// The part of the schema that a reference within it leads to; `None` if it leads nowhere.
pub fn target<'s>(schema: &'s Value, reference: &str) -> Option<&'s Value> {
    let pointer = reference.strip_prefix('#')?;
    if !pointer.contains('%') {
        return schema.pointer(pointer);
    }
    schema.pointer(&percent_decoded(pointer)?)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|d| char::from(d).to_digit(16));
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;
    use serde_json::json;

    #[test]
    fn references_out_of_the_schema_are_found() {
        check_all(
            [
                (json!({"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": true}}), None),
                (json!({"properties": {"a": {"items": [{"$ref": "file:///etc/a"}]}}}), Some("file:///etc/a")),
                (json!({"properties": {"$ref": {"type": "string"}}}), None),
                (json!({"enum": [{"$ref": "http://a"}], "default": {"$ref": "http://a"}}), None),
                (json!({"$schema": "http://json-schema.org/draft-07/schema#", "$id": "http://a/b"}), None),
                (json!({"$schema": "https://json-schema.org/draft/2020-12/schema"}), None),
                (json!({"$schema": "https://example.com/x"}), Some("https://example.com/x")),
                (json!({"items": {"$id": "http://a/b"}}), Some("http://a/b")),
                (json!({"properties": {"$id": {"type": "string"}}}), None),
                (json!({"$ref": "#name", "$defs": {"a": {"$anchor": "name"}}}), Some("#name")),
            ],
            |(schema, expected)| assert_eq!(outside(&schema).as_deref(), expected, "{schema}"),
        );
    }

    #[test]
    fn pointers_lead_to_parts() {
        let schema = json!({"$defs": {"a b": 1, "c/d": 2}});
        assert_eq!(target(&schema, "#/$defs/a%20b"), Some(&json!(1)));
        assert_eq!(target(&schema, "#/$defs/c~1d"), Some(&json!(2)));
        assert_eq!(target(&schema, "#"), Some(&schema));
        assert_eq!(target(&schema, "#anchor"), None);
        assert_eq!(target(&schema, "#/%"), None);
    }
}
