//! Keys of the tensors in PEFT's files. PEFT writes one form and reads several: keys of a model's state dict contain the
//! adapter's name (`lora_A.default.weight`), and other tools write the magnitude with `.weight`. All forms are read.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::adapter::params::Part;
use crate::weights::Module;

/// The prefix of every key.
const PREFIX: &str = "base_model.model.";

/// PEFT's key of a tensor; the magnitude has no `.weight`.
pub fn tensor_name(layer: usize, module: Module, part: Part) -> String {
    key_of_path(&module.path(layer), part)
}

fn key_of_path(path: &str, part: Part) -> String {
    let tail = match part {
        Part::A => "lora_A.weight",
        Part::B => "lora_B.weight",
        Part::Magnitude => "lora_magnitude_vector",
    };
    format!("{PREFIX}{path}.{tail}")
}

/// Parses a key into the module's path and the part: `model.layers.0.self_attn.q_proj` and A. `None` if it is not a key of a
/// LoRA or DoRA adapter.
pub(super) fn parse_key(key: &str) -> Option<(&str, Part)> {
    let (path, tail) = key.strip_prefix(PREFIX)?.rsplit_once(".lora_")?;
    let parts: Vec<&str> = tail.split('.').collect();
    let part = match parts[..] {
        ["A", "weight"] | ["A", _, "weight"] => Part::A,
        ["B", "weight"] | ["B", _, "weight"] => Part::B,
        ["magnitude_vector"] | ["magnitude_vector", _] | ["magnitude_vector", _, "weight"] => Part::Magnitude,
        _ => return None,
    };
    Some((path, part))
}

/// The path of a key's module, supported or not: `lm_head`, `model.embed_tokens`.
pub(super) fn module_path(key: &str) -> Option<&str> {
    key.strip_prefix(PREFIX)?.rsplit_once(".lora_").map(|(path, _)| path)
}

/// The parsed keys of a file.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The file's key of each tensor, by the key that PEFT writes.
    pub by_name: BTreeMap<String, String>,
    /// Keys that cannot be parsed, and duplicates under another form.
    pub unknown: Vec<String>,
}

impl Keys {
    pub(super) fn new(names: Vec<String>) -> Self {
        let mut keys = Self::default();
        for name in names {
            let Some((path, part)) = parse_key(&name) else {
                keys.unknown.push(name);
                continue;
            };
            match keys.by_name.entry(key_of_path(path, part)) {
                Entry::Vacant(place) => {
                    place.insert(name);
                }
                Entry::Occupied(_) => keys.unknown.push(name),
            }
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn every_form_of_a_key_means_the_same() {
        let stem = "base_model.model.model.layers.3.mlp.up_proj";
        check_all(
            [
                ("lora_A.weight", Part::A),
                ("lora_A.default.weight", Part::A),
                ("lora_B.my_adapter.weight", Part::B),
                ("lora_magnitude_vector", Part::Magnitude),
                ("lora_magnitude_vector.weight", Part::Magnitude),
                ("lora_magnitude_vector.default", Part::Magnitude),
                ("lora_magnitude_vector.default.weight", Part::Magnitude),
            ],
            |(tail, part)| {
                let key = format!("{stem}.{tail}");
                assert_eq!(parse_key(&key), Some(("model.layers.3.mlp.up_proj", part)), "{key}");
            },
        );
        check_all(["model.layers.3.mlp.up_proj.lora_A.weight", "base_model.model.lm_head.weight", ""], |key| {
            assert_eq!(parse_key(key), None, "{key}");
        });
        assert_eq!(parse_key(&format!("{stem}.lora_C.weight")), None);
        assert_eq!(module_path("base_model.model.model.embed_tokens.lora_embedding_A"), Some("model.embed_tokens"));
        let twice = ["lora_A.weight", "lora_A.default.weight"].map(|tail| format!("{stem}.{tail}"));
        let keys = Keys::new(twice.to_vec());
        assert_eq!((keys.by_name.len(), keys.unknown.len()), (1, 1));
    }
}
