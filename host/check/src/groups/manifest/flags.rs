//! The flags that a manifest's options and fields become, in one list: each must be one of its own.

use std::collections::BTreeMap;

use hive_sdk::Manifest;
use hive_sdk::manifest::InputKind;

/// What wants a flag that is taken: its JSON path, and what has the flag. `own` are hive's flags.
pub(super) fn clashes(manifest: &Manifest, own: &[String]) -> Vec<(String, String)> {
    let options =
        manifest.options.iter().enumerate().map(|(i, option)| (format!("$.options[{i}].name"), option.name.as_str()));
    let entered = |input: Option<InputKind>| matches!(input, Some(InputKind::File | InputKind::Text));
    let fields = manifest.dataset.fields.iter().enumerate().filter(|(_, field)| entered(field.input));
    let fields = fields.map(|(i, field)| (format!("$.dataset.fields[{i}].name"), field.name.as_str()));
    let mut taken: BTreeMap<String, String> =
        own.iter().map(|flag| (flag.clone(), "a flag of hive's own".to_owned())).collect();
    let mut found = Vec::new();
    for (path, name) in options.chain(fields) {
        let flag = name.replace('_', "-");
        match taken.get(&flag) {
            Some(by) => found.push((path, format!("`--{flag}` is {by}"))),
            None => {
                taken.insert(flag, format!("that of {path}"));
            }
        }
    }
    found
}
