//! The arguments that say what to train, and on what: of `hive expert train` and `hive expert plan`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use hive_data::datasets::fixed_fields;
use hive_runtime::opened::OpenExpert;
use hive_train::recipe::{Effective, resolve};
use hive_train::run_record::TrainRequest;
use serde_json::json;

use super::super::numbers::{MOST_STEPS, whole};
use crate::context::Environment;
use crate::error::CommandResult;
use crate::expert_flags::ExpertFlags;

/// What to train, and on what.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// A named recipe (`before`, `external`, `llama-factory`, `optimized`), one of the manifest's
    /// profiles (such as `quickstart`), or a TOML file; may be given several times, the last wins
    #[arg(long, value_name = "NAME")]
    pub profile: Vec<String>,
    /// Train on this instead of the expert's own data: JSON Lines, a JSON list, CSV or Parquet, packed
    /// or not; a folder of these; what `hive expert data` prepared; or a data set of the model hub,
    /// `hub:OWNER/NAME`. May be given several times
    #[arg(long, value_name = "FILE")]
    pub dataset: Vec<PathBuf>,
    /// Which column of the files holds which field, such as `text=body,label=class`
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    pub map: Option<String>,
    /// Value of a field for every record that lacks it, such as `language=en`; may be given several
    /// times
    #[arg(long = "field", value_name = "FIELD=VALUE")]
    pub fields: Vec<String>,
    #[command(flatten)]
    pub flags: ExpertFlags,
    /// Base model instead of the recipe's: a catalogue id, a folder or a GGUF file
    #[arg(long)]
    pub base: Option<String>,
    /// Number of optimizer steps instead of the recipe's
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u64>(1..=MOST_STEPS))]
    pub steps: Option<u64>,
    /// Set a key of the recipe, such as `learning_rate=1e-4`; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
}

impl TrainArgs {
    /// The request of a new run.
    ///
    /// # Errors
    /// When the recipe of all layers is not acceptable.
    pub fn request(&self, env: &Environment, open: &OpenExpert) -> CommandResult<TrainRequest> {
        let layers = env.layers(self.profile.clone(), self.sets());
        let Effective { recipe, origins } = resolve(open.expert.manifest_json(), &layers)?;
        let (datasets, map, fields) = (self.dataset.clone(), self.map.clone(), self.fixed(open)?);
        Ok(TrainRequest {
            recipe,
            origins,
            datasets,
            map,
            fields,
            options: self.flags.options(open.expert.manifest())?,
        })
    }

    /// What `--field` says.
    ///
    /// # Errors
    /// When the expert has no such field.
    pub fn fixed(&self, open: &OpenExpert) -> CommandResult<BTreeMap<String, String>> {
        Ok(fixed_fields(&self.fields, &open.expert.manifest().dataset.fields)?)
    }

    /// What `--set` and its short forms say.
    pub fn sets(&self) -> Vec<String> {
        let mut sets = self.sets.clone();
        sets.extend(self.base.as_ref().map(|base| format!("base_model={}", json!(base))));
        sets.extend(self.steps.map(|steps| format!("training.steps={steps}")));
        sets
    }
}
