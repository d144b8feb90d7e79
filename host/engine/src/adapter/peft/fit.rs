//! Compares an adapter's tensors with its configuration and a base model, and lists everything that does not fit. It loads
//! nothing.

use std::collections::BTreeMap;
use std::path::Path;

use super::keys::{Keys, module_path, parse_key};
use super::{PeftConfig, open_tensors};
use crate::adapter::Method;
use crate::adapter::config::{AdapterConfig, Matcher, Patterns, Targets};
use crate::adapter::params::{Adapter, Part};
use crate::error::{EngineError, MismatchSubject, Result};
use crate::weights::Module;
use crate::weights::config::ModelConfig;
use crate::weights::source::TensorSource;
use crate::weights::source::safetensors::SafetensorsSource;

/// Tensors of a file that do not fit.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Messages about missing tensors.
    missing: Vec<String>,
    /// Messages about wrong or unexpected tensors.
    wrong: Vec<String>,
}

impl Faults {
    /// Compares `file` with `adapter`, which was laid out for a base of this shape.
    pub(super) fn find(adapter: &Adapter, model: &ModelConfig, file: &SafetensorsSource, keys: &Keys) -> Self {
        let mut faults = Self::default();
        let diagnosis = Diagnosis::new(keys, &adapter.config, Some(model.num_layers));
        let mut left: BTreeMap<&str, &str> = keys.by_name.iter().map(|(name, key)| (&**name, &**key)).collect();
        for (slot, part, _, shape) in adapter.tensors() {
            let name = super::tensor_name(slot.site.layer, slot.site.module, part);
            let Some(key) = left.remove(name.as_str()) else {
                faults.missing.push(format!("`{name}` is missing, expected {shape:?}"));
                continue;
            };
            let got = file.shape(key).unwrap_or_default();
            if got != shape {
                faults.wrong.push(format!("`{key}` is {got:?}, expected {shape:?}"));
            }
        }
        let strays = left.into_values().chain(keys.unknown.iter().map(String::as_str));
        faults.wrong.extend(strays.map(|key| diagnosis.stray(key)));
        faults
    }

    /// The error, if there are faults. `tensors` is the number of tensors in the file.
    pub(super) fn error(self, dir: &Path, targets: &Targets, tensors: usize, against: &str) -> Option<EngineError> {
        let Self { missing, wrong } = self;
        let are = |n: usize| if n == 1 { "is" } else { "are" };
        let do_not = |n: usize| if n == 1 { "does not" } else { "do not" };
        let mismatch = match (wrong.len(), missing.len()) {
            (0, 0) => return None,
            (0, m) => format!("{m} of its tensors {} missing for {against}", are(m)),
            (w, 0) => format!("{w} of its {tensors} tensors {} match {against}", do_not(w)),
            (w, m) => format!("{w} of its {tensors} tensors {} match {against}, and {m} {} missing", do_not(w), are(m)),
        };
        Some(EngineError::Mismatch {
            subject: MismatchSubject::Adapter,
            summary: format!("Failed to load adapter `{}`, which targets {targets}: {mismatch}", dir.display()),
            problems: [missing, wrong].concat(),
        })
    }
}

/// Explains unexpected tensors.
struct Diagnosis<'a> {
    keys: &'a Keys,
    config: &'a AdapterConfig,
    /// `None` if the pattern is not valid.
    targets: Option<Matcher<'a>>,
    /// Number of decoder layers of the base, if it is known.
    layers: Option<usize>,
}

impl<'a> Diagnosis<'a> {
    fn new(keys: &'a Keys, config: &'a AdapterConfig, layers: Option<usize>) -> Self {
        Self { keys, config, targets: config.targets.matcher().ok(), layers }
    }

    /// The message about a tensor that belongs to no adapted layer.
    fn stray(&self, key: &str) -> String {
        let nothing = || format!("`{key}` is no tensor of a LoRA or DoRA adapter");
        let Some(path) = module_path(key) else { return nothing() };
        let Some((layer, _)) = Module::from_path(path) else {
            let targeted = self.targets.as_ref().is_some_and(|targets| targets.matches(path).unwrap_or(false));
            let reason = match targeted {
                true => "which the configuration targets and hive does not compute",
                false => "which hive does not compute",
            };
            let computed = Module::ALL.map(Module::name).join(", ");
            return format!("`{key}` belongs to `{path}`, {reason} (it computes adapters of {computed})");
        };
        if let Some(last) = self.layers.and_then(|n| n.checked_sub(1)).filter(|last| layer > *last) {
            return format!("`{key}` belongs to decoder layer {layer}, the base model has the layers 0 to {last}");
        }
        match parse_key(key) {
            None => nothing(),
            Some(_) if self.keys.unknown.iter().any(|unknown| unknown == key) => {
                format!("`{key}` is in the file a second time, under another name")
            }
            Some((_, Part::Magnitude)) if self.config.method == Method::Lora => {
                format!("`{key}` is a magnitude, which only DoRA has: `use_dora` is false")
            }
            Some(_) => format!("`{key}` belongs to `{path}`, which the configuration does not target"),
        }
    }
}

/// Everything that prevents hive from loading an adapter, as far as its folder alone shows; empty if nothing does.
///
/// # Errors
/// When the tensors cannot be read, or a pattern of ranks or alphas is not valid.
pub fn problems(dir: &Path, config: &PeftConfig) -> Result<Vec<String>> {
    let file = open_tensors(dir)?;
    let keys = Keys::new(file.names());
    let config = &config.adapter;
    let (diagnosis, patterns) = (Diagnosis::new(&keys, config, None), Patterns::new(config)?);
    let mut found: Vec<String> = keys.unknown.iter().map(|key| diagnosis.stray(key)).collect();
    if keys.by_name.is_empty() {
        found.push("it holds no tensor of a LoRA or DoRA adapter".to_owned());
    }
    let mut modules: BTreeMap<(usize, Module), Shapes> = BTreeMap::new();
    for key in keys.by_name.values() {
        match parse_key(key).and_then(|(path, part)| Some((Module::from_path(path)?, part))) {
            Some((place, part)) => modules.entry(place).or_default()[part as usize] = file.shape(key),
            None => found.push(diagnosis.stray(key)),
        }
    }
    for (&(layer, module), shapes) in &modules {
        let path = module.path(layer);
        // If the pattern is not valid, the target layers are those that have tensors.
        let named = diagnosis.targets.as_ref().is_none_or(|targets| targets.matches(&path).unwrap_or(true));
        if named && config.layers.as_ref().is_none_or(|only| only.contains(&layer)) {
            found.extend(module_faults(config.method, &path, patterns.rank_and_alpha(&path)?.0, shapes));
        } else {
            found.push(format!("`{path}` has tensors, and the configuration does not target it"));
        }
    }
    for key in keys.by_name.values() {
        let (mut values, mut not_finite) = (0, 0);
        let read = file.for_each_block(key, |block| {
            values += block.len();
            not_finite += block.iter().filter(|v| !v.is_finite()).count();
        });
        match read {
            Ok(()) if not_finite > 0 => found.push(not_finite_values(key, not_finite, values)),
            Ok(()) => {}
            Err(error) => found.push(error.to_string()),
        }
    }
    Ok(found)
}

/// The shapes of one linear layer's A, B and magnitude.
type Shapes = [Option<Vec<usize>>; 3];

/// Faults among the tensors of one linear layer.
fn module_faults(method: Method, path: &str, rank: usize, shapes: &Shapes) -> Vec<String> {
    const NAMES: [&str; 3] = ["lora_A", "lora_B", "lora_magnitude_vector"];
    let wanted = [true, true, method == Method::Dora];
    let outputs = shapes[1].as_ref().and_then(|b| b.first().copied());
    let fits = |part: usize, shape: &[usize]| match (part, shape) {
        (0, [r, _]) | (1, [_, r]) => *r == rank,
        (2, [n]) => outputs.is_none_or(|outputs| outputs == *n),
        _ => false,
    };
    let form = |part: usize| match (part, outputs) {
        (0, _) => format!("[{rank}, inputs]"),
        (1, _) => format!("[outputs, {rank}]"),
        (_, Some(outputs)) => format!("[{outputs}]"),
        (_, None) => "[outputs]".to_owned(),
    };
    (0..NAMES.len())
        .filter_map(|part| match &shapes[part] {
            None => wanted[part].then(|| format!("`{path}` has no `{}`", NAMES[part])),
            Some(_) if !wanted[part] => {
                Some(format!("`{path}` has a `{}`, which only DoRA has: `use_dora` is false", NAMES[part]))
            }
            Some(shape) if !fits(part, shape) => {
                Some(format!("`{path}` has a `{}` of the shape {shape:?}, expected {}", NAMES[part], form(part)))
            }
            Some(_) => None,
        })
        .collect()
}

/// The message about a tensor with values that are not finite.
pub(super) fn not_finite_values(name: &str, not_finite: usize, values: usize) -> String {
    format!("`{name}` holds {not_finite} values of {values} that are not finite (NaN or infinity)")
}
