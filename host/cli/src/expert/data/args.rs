//! The options for judging data, which preparing one data set and comparing two have in common.

use std::path::PathBuf;

use clap::Args;
use hive_data::datasets::fixed_fields;
use hive_data::sources::LocalData;
use hive_engine::weights::source::BaseModel;
use hive_runtime::base;
use hive_runtime::opened::OpenExpert;
use hive_sdk::manifest::Recipe;
use hive_train::data::DataRequest;
use hive_train::recipe::resolve;
use serde_json::json;

use super::lint;
use crate::context::Environment;
use crate::error::CommandResult;
use crate::expert_flags::ExpertFlags;
use crate::numbers::whole;
use crate::pull_progress::PullProgress;

/// Options for judging data.
#[derive(Debug, Args)]
pub(super) struct DataArgs {
    /// Map fields to columns
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    map: Option<String>,
    /// Set a field in every record that lacks it, such as `language=en`; may be repeated
    #[arg(long = "field", value_name = "FIELD=VALUE")]
    fields: Vec<String>,
    /// Set the level of a lint: `reject`, `repair`, `note` or `off`; may be repeated
    #[arg(long = "lint", value_name = "CODE=LEVEL")]
    lints: Vec<String>,
    #[command(flatten)]
    flags: ExpertFlags,
    /// Base model whose tokenizer counts tokens, instead of the recipe's; `none` disables counting
    #[arg(long)]
    base: Option<String>,
    /// A named recipe, a profile of the manifest (such as `quickstart`), or a TOML file
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
    /// Set a key of the recipe, such as `validation_fraction=0.02`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Number of worker processes [default: one per core]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u16>(1..=256))]
    workers: Option<u16>,
}

impl DataArgs {
    /// The recipe, whose data section says how data is judged.
    ///
    /// # Errors
    /// When `--lint` is malformed, or the merged recipe is invalid.
    pub(super) fn recipe(&self, env: &Environment, open: &OpenExpert) -> CommandResult<Recipe> {
        let mut sets = self.sets.clone();
        for lint in &self.lints {
            sets.push(lint::set(lint)?);
        }
        sets.extend(self.base.as_ref().filter(|b| *b != "none").map(|base| format!("base_model={}", json!(base))));
        let layers = env.layers(self.profile.clone(), sets);
        Ok(resolve(open.expert.manifest_json(), &layers)?.recipe)
    }

    /// The request to prepare these data sets.
    ///
    /// # Errors
    /// When the expert has no such field or option.
    pub(super) fn request(
        &self,
        open: &OpenExpert,
        recipe: Recipe,
        datasets: Vec<LocalData>,
        out: Option<PathBuf>,
    ) -> CommandResult<DataRequest> {
        Ok(DataRequest {
            datasets,
            map: self.map.clone(),
            fields: fixed_fields(&self.fields, &open.expert.manifest().dataset.fields)?,
            recipe,
            options: self.flags.options(open.expert.manifest())?,
            out,
            workers: self.workers.map(usize::from),
            take_prepared: false,
        })
    }

    /// The base model whose tokenizer counts, downloaded if necessary. If it is unavailable, token
    /// counts are omitted, unless it was requested by name.
    ///
    /// # Errors
    /// When it was requested by name and is unavailable.
    pub(super) fn base_model(&self, env: &Environment, recipe: &Recipe) -> CommandResult<Option<(BaseModel, String)>> {
        if self.base.as_deref() == Some("none") {
            return Ok(None);
        }
        match base::files(&env.context, &recipe.base_model, &mut PullProgress::on(env.screen)) {
            Ok((id, model)) => Ok(Some((model, id))),
            Err(error) if self.base.is_some() => Err(error.into()),
            Err(error) => {
                let why = error.to_string();
                env.screen.note(&format!("Tokens are not counted: {}", why.lines().next().unwrap_or_default()));
                Ok(None)
            }
        }
    }
}
