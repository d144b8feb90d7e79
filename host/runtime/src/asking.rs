//! How the fields of a record are entered on the command line, as declared in the manifest. The
//! text after the expert's name is one of them; each other field has its own flag or `--field`.

use hive_sdk::Manifest;
use hive_sdk::manifest::{FieldSpec, InputKind};

/// A flag's name: `db_schema` becomes `--db-schema`.
pub fn flag(name: &str) -> String {
    name.replace('_', "-")
}

/// The argument for a field that is not the text after the name: `--context FILE`, `--field
/// language=…`.
pub fn argument(field: &FieldSpec) -> String {
    match field.input {
        Some(InputKind::File) => format!("--{} FILE", flag(&field.name)),
        Some(InputKind::Text) => format!("--{} …", flag(&field.name)),
        Some(InputKind::Question) | None => format!("--field {}=…", field.name),
    }
}

/// The required arguments after `hive expert run NAME`: flags of required fields, and the text in
/// quotes.
pub fn needed_arguments(manifest: &Manifest) -> String {
    let asked = manifest.asked_field();
    let needed = manifest.dataset.fields.iter().filter(|f| !f.optional && !f.completion);
    let flags = needed.filter(|field| Some(field.name.as_str()) != asked).map(argument);
    flags.chain(["\"…\"".to_owned()]).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_entered_as_the_manifest_says() {
        let manifest = Manifest::parse(
            r#"{"name": "n", "version": "0.1.0", "abi": 5, "description": "d", "license": "MIT", "base_models": ["m"],
                "dataset": {"fields": [{"name": "language", "input": "text"}, {"name": "db_schema", "input": "file"},
                    {"name": "text", "input": "question"}, {"name": "tone"}, {"name": "note", "optional": true},
                    {"name": "out", "completion": true}]}}"#,
        );
        let needed = needed_arguments(&manifest.unwrap());
        assert_eq!(needed, "--language … --db-schema FILE --field tone=… \"…\"");
    }
}
