//! What of an adapter's file does not fit its configuration or a base model, in words: everything at
//! once. It loads nothing.

use std::collections::BTreeMap;
use std::path::Path;

use super::keys::{Keys, meaning, module};
use super::{PeftConfig, open_tensors};
use crate::adapter::Method;
use crate::adapter::config::{AdapterConfig, Matcher, Patterns, Targets};
use crate::adapter::params::{Adapter, Part};
use crate::error::{EngineError, MismatchOf, Result};
use crate::weights::Module;
use crate::weights::config::ModelConfig;
use crate::weights::source::TensorSource;
use crate::weights::source::safetensors::SafetensorsSource;

/// Tensors of a file that do not fit.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Tensors that should be there.
    missing: Vec<String>,
    /// Tensors that are there and wrong, or should not be.
    wrong: Vec<String>,
}

impl Faults {
    /// What does not fit between `file` and `adapter`, which was laid out for a base of this shape.
    pub(super) fn of(adapter: &Adapter, model: &ModelConfig, file: &SafetensorsSource, keys: &Keys) -> Self {
        let mut faults = Self::default();
        let told = Told::of(keys, &adapter.config, Some(model.num_layers));
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
        let strays = left.into_values().chain(keys.strange.iter().map(String::as_str));
        faults.wrong.extend(strays.map(|key| told.stray(key)));
        faults
    }

    /// The error, if there is something to tell: `tensors` are in the file of `dir`.
    pub(super) fn error(self, dir: &Path, targets: &Targets, tensors: usize, against: &str) -> Option<EngineError> {
        let Self { missing, wrong } = self;
        let are = |n: usize| if n == 1 { "is" } else { "are" };
        let do_not = |n: usize| if n == 1 { "does not" } else { "do not" };
        let said = match (wrong.len(), missing.len()) {
            (0, 0) => return None,
            (0, m) => format!("{m} of its tensors {} missing for {against}", are(m)),
            (w, 0) => format!("{w} of its {tensors} tensors {} match {against}", do_not(w)),
            (w, m) => format!("{w} of its {tensors} tensors {} match {against}, and {m} {} missing", do_not(w), are(m)),
        };
        Some(EngineError::Mismatch {
            of: MismatchOf::Adapter,
            summary: format!("Failed to load adapter `{}`, which targets {targets}: {said}", dir.display()),
            problems: [missing, wrong].concat(),
        })
    }
}

/// What strange tensors are held against, to say what is strange about them.
struct Told<'a> {
    keys: &'a Keys,
    config: &'a AdapterConfig,
    /// `None` where the pattern cannot be read: it targets nothing that anyone could name.
    targets: Option<Matcher<'a>>,
    /// Decoder layers of the base, where one is at hand.
    layers: Option<usize>,
}

impl<'a> Told<'a> {
    fn of(keys: &'a Keys, config: &'a AdapterConfig, layers: Option<usize>) -> Self {
        Self { keys, config, targets: config.targets.matcher().ok(), layers }
    }

    /// What is strange about a tensor that no adapted layer has a place for.
    fn stray(&self, key: &str) -> String {
        let nothing = || format!("`{key}` is no tensor of a LoRA or DoRA adapter");
        let Some(path) = module(key) else { return nothing() };
        let Some((layer, _)) = Module::of_path(path) else {
            let targeted = self.targets.as_ref().is_some_and(|targets| targets.matches(path).unwrap_or(false));
            let what = match targeted {
                true => "which the configuration targets and hive does not compute",
                false => "which hive does not compute",
            };
            let computed = Module::ALL.map(Module::name).join(", ");
            return format!("`{key}` belongs to `{path}`, {what} (it computes adapters of {computed})");
        };
        if let Some(last) = self.layers.and_then(|n| n.checked_sub(1)).filter(|last| layer > *last) {
            return format!("`{key}` belongs to decoder layer {layer}, the base model has the layers 0 to {last}");
        }
        match meaning(key) {
            None => nothing(),
            Some(_) if self.keys.strange.iter().any(|strange| strange == key) => {
                format!("`{key}` is in the file a second time, under another name")
            }
            Some((_, Part::Magnitude)) if self.config.method == Method::Lora => {
                format!("`{key}` is a magnitude, which only DoRA has: `use_dora` is false")
            }
            Some(_) => format!("`{key}` belongs to `{path}`, which the configuration does not target"),
        }
    }
}

/// Everything that keeps hive from loading an adapter on whatever base it is for, as far as its own
/// folder tells; empty when nothing does.
///
/// # Errors
/// When the tensors cannot be read, or a pattern of the ranks or alphas.
pub fn problems(dir: &Path, config: &PeftConfig) -> Result<Vec<String>> {
    let file = open_tensors(dir)?;
    let keys = Keys::of(file.names());
    let config = &config.adapter;
    let (told, patterns) = (Told::of(&keys, config, None), Patterns::of(config)?);
    let mut found: Vec<String> = keys.strange.iter().map(|key| told.stray(key)).collect();
    if keys.by_name.is_empty() {
        found.push("it holds no tensor of a LoRA or DoRA adapter".to_owned());
    }
    let mut modules: BTreeMap<(usize, Module), Shapes> = BTreeMap::new();
    for key in keys.by_name.values() {
        match meaning(key).and_then(|(path, part)| Some((Module::of_path(path)?, part))) {
            Some((place, part)) => modules.entry(place).or_default()[part as usize] = file.shape(key),
            None => found.push(told.stray(key)),
        }
    }
    for (&(layer, module), shapes) in &modules {
        let path = module.path(layer);
        // Where the pattern cannot be read, the tensors themselves say which layers are meant.
        let named = told.targets.as_ref().is_none_or(|targets| targets.matches(&path).unwrap_or(true));
        if named && config.layers.as_ref().is_none_or(|only| only.contains(&layer)) {
            found.extend(of_module(config.method, &path, patterns.rank_and_alpha(&path)?.0, shapes));
        } else {
            found.push(format!("`{path}` has tensors, and the configuration does not target it"));
        }
    }
    for key in keys.by_name.values() {
        let (mut values, mut bad) = (0, 0);
        let read = file.for_each_block(key, |block| {
            values += block.len();
            bad += block.iter().filter(|v| !v.is_finite()).count();
        });
        match read {
            Ok(()) if bad > 0 => found.push(not_finite(key, bad, values)),
            Ok(()) => {}
            Err(error) => found.push(error.to_string()),
        }
    }
    Ok(found)
}

/// The shapes of one linear layer's A, B and magnitude.
type Shapes = [Option<Vec<usize>>; 3];

/// What does not fit among the tensors of one linear layer.
fn of_module(method: Method, path: &str, rank: usize, shapes: &Shapes) -> Vec<String> {
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

/// That a tensor holds values with which nothing can be computed.
pub(super) fn not_finite(name: &str, bad: usize, values: usize) -> String {
    format!("`{name}` holds {bad} values of {values} that are not finite (NaN or infinity)")
}
