//! Arguments that select the training data and recipe: shared by `hive expert train` and `hive
//! expert plan`.

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

/// What to train on, and how.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// A named recipe (`small`, `before`, `external`, `llama-factory`, `optimized`), a profile of the
    /// manifest (such as `quickstart`), or a TOML file; may be repeated, the last wins
    #[arg(long, value_name = "NAME")]
    pub profile: Vec<String>,
    /// Data set to train on: JSON Lines, a JSON array, CSV or Parquet, optionally compressed; a
    /// folder of these; a set prepared by `hive expert data`; or a data set of the model hub,
    /// `hub:OWNER/NAME`. May be repeated [default: the expert's own data]
    #[arg(long, value_name = "FILE")]
    pub dataset: Vec<PathBuf>,
    /// Map fields to columns, such as `text=body,label=class`
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    pub map: Option<String>,
    /// Set a field in every record that lacks it, such as `language=en`; may be repeated
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
    /// Set a key of the recipe, such as `learning_rate=1e-4`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
}

impl TrainArgs {
    /// The request of a new run.
    ///
    /// # Errors
    /// When the merged recipe is invalid.
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

    /// The values of `--field`.
    ///
    /// # Errors
    /// When the expert has no such field.
    pub fn fixed(&self, open: &OpenExpert) -> CommandResult<BTreeMap<String, String>> {
        Ok(fixed_fields(&self.fields, &open.expert.manifest().dataset.fields)?)
    }

    /// The values of `--set` and its short forms.
    pub fn sets(&self) -> Vec<String> {
        let mut sets = self.sets.clone();
        sets.extend(self.base.as_ref().map(|base| format!("base_model={}", json!(base))));
        sets.extend(self.steps.map(|steps| format!("training.steps={steps}")));
        sets
    }
}
