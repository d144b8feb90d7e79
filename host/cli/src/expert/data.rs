//! `hive expert data`: judges, repairs and splits data into a prepared set; and compares two data
//! sets.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::{Args, Subcommand};
use hive_data::datasets::fixed_fields;
use hive_data::pipeline::{Comparison, Outcome, PreparedSet, compare};
use hive_data::sources::{LocalData, locate};
use hive_engine::weights::source::BaseModel;
use hive_runtime::base;
use hive_runtime::opened::OpenExpert;
use hive_sdk::manifest::Recipe;
use hive_train::data::{DataRequest, prepare};
use hive_train::recipe::resolve;
use serde_json::json;

use super::super::columns::{figure_columns, heading};
use super::super::data_progress::{DataProgress, shares, summary};
use super::super::error::{CommandResult, Failure};
use super::super::expert_flags::ExpertFlags;
use super::super::interrupt::on_interrupt;
use super::super::loading::load_expert;
use super::super::numbers::{grouped, whole};
use super::super::output::{json_text, note, result};
use super::super::pull_progress::PullProgress;
use crate::context::Environment;

/// Shown at the first Ctrl-C.
const STOPPING: &str = "\nStopping after the records in hand; Ctrl-C again ends at once";

/// Lint levels accepted by `--lint`.
const LEVELS: [&str; 4] = ["reject", "repair", "note", "off"];

/// Arguments of `hive expert data`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Data {
    #[command(subcommand)]
    command: Option<DataCommand>,
    /// Name of the expert
    #[arg(required = true)]
    name: Option<String>,
    /// Data set: JSON Lines, a JSON array, CSV or Parquet, optionally compressed with gzip, zstd or
    /// xz; a folder of these; a prepared set, which is judged again; or a data set of the model
    /// hub, `hub:OWNER/NAME`. May be repeated [default: the expert's synthetic data]
    #[arg(long, value_name = "FILE")]
    dataset: Vec<PathBuf>,
    /// Folder for the prepared set [default: in the cache below `HIVE_HOME`]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    #[command(flatten)]
    args: DataArgs,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Subcommands of `hive expert data`.
#[derive(Debug, Subcommand)]
enum DataCommand {
    /// Judge two data sets and compare them
    Compare(Compare),
}

/// Arguments of `hive expert data compare`.
#[derive(Debug, Args)]
struct Compare {
    /// Name of the expert
    name: String,
    /// The first data set
    first: PathBuf,
    /// The second
    second: PathBuf,
    #[command(flatten)]
    args: DataArgs,
    /// Print the comparison as JSON
    #[arg(long)]
    json: bool,
}

/// Options for judging data.
#[derive(Debug, Args)]
struct DataArgs {
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

impl Data {
    /// Runs the command.
    ///
    /// # Errors
    /// Errors of data preparation.
    pub fn run(self, env: &Environment) -> CommandResult {
        if let Some(DataCommand::Compare(command)) = self.command {
            return command.run(env);
        }
        let Some(name) = self.name else { return Err(Failure::misuse("No expert was named").into()) };
        let open = load_expert(env, &name)?;
        let recipe = self.args.recipe(env, &open)?;
        let datasets = locate(&env.context, &self.dataset, &mut PullProgress::stderr())?;
        let model = self.args.base_model(env, &recipe)?;
        let request = self.args.request(&open, recipe, datasets, self.out)?;
        let stop = on_interrupt(STOPPING)?;
        let Some((set, found)) = run(&open, &request, model.as_ref(), &stop)? else { return stopped(self.json) };
        summary(&set, found).iter().for_each(|line| note(line));
        if self.json {
            return result(&json_text(&json!({"prepared": set.path, "report": set.report}))?);
        }
        let hive = super::train::spoken_name();
        result(&format!(
            "{}\nPrepared: {}\nReport:   {}\nTry next: {hive} expert train {name} --dataset {}",
            shares(&set.report),
            set.path.display(),
            set.path.join("report.html").display(),
            set.path.display()
        ))
    }
}

/// Reports that the user stopped the command.
fn stopped(json: bool) -> CommandResult {
    note("Stopped; judged records are kept, and the same command resumes");
    if json { result(&json!({"stopped": true}).to_string()) } else { Ok(()) }
}

/// Prepares data with a progress bar; `None` when stopped.
fn run(
    open: &OpenExpert,
    request: &DataRequest,
    model: Option<&(BaseModel, String)>,
    stop: &AtomicBool,
) -> CommandResult<Option<(Box<PreparedSet>, bool)>> {
    let progress = DataProgress::stderr();
    let outcome = prepare(open, request, model.map(|(model, id)| (model, id.as_str())), stop, &progress);
    progress.close();
    Ok(match outcome? {
        Outcome::Done(set, found) => Some((set, found)),
        Outcome::Stopped => None,
    })
}

impl DataArgs {
    fn recipe(&self, env: &Environment, open: &OpenExpert) -> CommandResult<Recipe> {
        let mut sets = self.sets.clone();
        for lint in &self.lints {
            let misuse = |expected: &str| {
                Failure::misuse(format!("Failed to read `--lint {lint}`: expected {expected}"))
                    .hint("such as `--lint needless-alias=note`")
            };
            let (code, level) = lint.split_once('=').ok_or_else(|| misuse("`CODE=LEVEL`"))?;
            if !LEVELS.contains(&level.trim()) {
                return Err(misuse(&format!("one of these levels: {}", LEVELS.join(", "))).into());
            }
            sets.push(format!("data.lints.{}={}", code.trim(), level.trim()));
        }
        sets.extend(self.base.as_ref().filter(|b| *b != "none").map(|base| format!("base_model={}", json!(base))));
        let layers = env.layers(self.profile.clone(), sets);
        Ok(resolve(open.expert.manifest_json(), &layers)?.recipe)
    }

    fn request(
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
    fn base_model(&self, env: &Environment, recipe: &Recipe) -> CommandResult<Option<(BaseModel, String)>> {
        if self.base.as_deref() == Some("none") {
            return Ok(None);
        }
        match base::files(&env.context, &recipe.base_model, &mut PullProgress::stderr()) {
            Ok((id, model)) => Ok(Some((model, id))),
            Err(error) if self.base.is_some() => Err(error.into()),
            Err(error) => {
                let why = error.to_string();
                note(&format!("Tokens are not counted: {}", why.lines().next().unwrap_or_default()));
                Ok(None)
            }
        }
    }
}

impl Compare {
    fn run(self, env: &Environment) -> CommandResult {
        let open = load_expert(env, &self.name)?;
        let recipe = self.args.recipe(env, &open)?;
        let both = locate(&env.context, &[self.first, self.second], &mut PullProgress::stderr())?;
        let stop = on_interrupt(STOPPING)?;
        let mut sets = Vec::new();
        for one in &both {
            let request = self.args.request(&open, recipe.clone(), vec![one.clone()], None)?;
            let Some((set, found)) = run(&open, &request, None, &stop)? else { return stopped(self.json) };
            if found {
                note(&format!("{} {} (judged before)", heading("data"), one.name));
            }
            sets.push(set);
        }
        let ([first, second], [a, b]) = (&both[..], &sets[..]) else { return Ok(()) };
        let comparison = compare([&first.name, &second.name], [&a.report, &b.report]);
        if self.json {
            return result(&json_text(&comparison)?);
        }
        result(&format!(
            "{}\nReports: {}\n         {}",
            table(&comparison),
            a.path.join("report.html").display(),
            b.path.join("report.html").display()
        ))
    }
}

fn table(comparison: &Comparison) -> String {
    let [a, b] = &comparison.sides;
    let mut rows: Vec<[String; 4]> = vec![[String::new(), a.name.clone(), b.name.clone(), "difference".to_owned()]];
    rows.push(["records".to_owned(), grouped(a.records), grouped(b.records), String::new()]);
    let mut row = |name: &str, counts: [usize; 2]| {
        let shares = [a.share(counts[0]), b.share(counts[1])];
        let relative = if shares[0] > 0.0 {
            format!(" ({:+.0} %)", 100.0 * (shares[1] - shares[0]) / shares[0])
        } else {
            String::new()
        };
        let show = |count: usize, share: f64| format!("{} ({:.1} %)", grouped(count), 100.0 * share);
        rows.push([
            name.to_owned(),
            show(counts[0], shares[0]),
            show(counts[1], shares[1]),
            format!("{:+.1} points{relative}", 100.0 * (shares[1] - shares[0])),
        ]);
    };
    row("conformity: good as given, style included", [a.conforming, b.conforming]);
    row("correctness: works as given", [a.correct, b.correct]);
    row("usable after repair", [a.usable, b.usable]);
    for line in &comparison.lines {
        row(&format!("  {}", line.code), line.found);
    }
    figure_columns(&rows).join("\n")
}
