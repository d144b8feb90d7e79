//! Builds a package from a run: collects its files, computes the probe, and packs them. The content depends only on
//! the run, the expert and the base, not on time or machine, and never includes records of the data set.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hive_check::CheckStatement;
use hive_engine::adapter::peft::{self, BaseRef};
use hive_files::{PARTIAL_PREFIX, hex, sha256_of_file};
use hive_plugins::LoadedExpert;
use hive_runtime::asking::needed_arguments;
use hive_runtime::base::Base;
use hive_runtime::model::LoadedAdapter;
use hive_runtime::models::{Catalogue, catalogue};
use hive_runtime::statistics::Figures;
use hive_runtime::tokenise::Tokeniser;
use hive_sdk::Record;
use hive_train::prompt_sample::PromptSample;
use hive_train::receipt;
use hive_train::run_folder::RunFolder;
use hive_train::run_record::{Digests, RunRecord};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::archive::{self, Source, Sources};
use super::card::{CardFacts, card};
use super::description::{AdapterFacts, BaseFacts, Description};
use super::error::{PackageError, Result};
use super::golden::{Golden, Logits};
use super::integrity::{FileDigest, Integrity};
use super::layout::{
    BASE_FILE, CARD, CHECKS, CONFIG_FILE, DESCRIPTION, EVALUATION, FORMAT, GOLDEN, INTEGRITY, LICENSE, MANIFEST,
    PLUGIN, PROBE, RECEIPT, TENSOR_FILE, is_plain, is_version,
};
use super::package::Package;

/// Format number of a package's `evaluation.json`.
const EVALUATION_FORMAT: u32 = 2;

/// Seed of the records that serve as golden prompts when an expert has no eval prompts.
const GOLDEN_SEED: u64 = 1;

/// What goes into a package.
#[derive(Debug)]
pub struct Ingredients<'a> {
    /// The expert, which renders the prompts.
    pub expert: &'a LoadedExpert,
    /// The base.
    pub base: &'a Base,
    /// The PEFT folder.
    pub adapter: &'a Path,
    /// Version of the package; `None` for the manifest's.
    pub version: Option<String>,
    /// Text of the licence; `None` for a few lines that name it.
    pub license: Option<String>,
    /// The plugin's libraries, by target triple.
    pub libraries: BTreeMap<String, PathBuf>,
    /// Files that the manifest's grading commands use.
    pub graders: Vec<PathBuf>,
    /// Results, for `evaluation.json`.
    pub evaluation: Option<Value>,
    /// What was found of the expert, for `checks.json`.
    pub checks: Option<CheckStatement>,
    /// The training receipt, for `receipt.json`.
    pub receipt: Option<Value>,
    /// Ids and records of the golden prompts; `None` for the expert's eval prompts.
    pub golden: Option<Vec<(String, Record)>>,
}

/// The files of a package before packing.
#[derive(Debug)]
pub struct Assembled {
    /// The description.
    pub description: Description,
    /// The files.
    pub files: Sources,
}

/// What a run folder says about the run.
#[derive(Debug)]
pub struct RunFacts {
    /// The run folder.
    pub run: PathBuf,
    /// Its PEFT folder.
    pub adapter: PathBuf,
    /// The base, as it was named for training.
    pub base: BaseRef,
    /// `evaluation.json` of the package.
    pub evaluation: Option<Value>,
    /// `receipt.json` of the package.
    pub receipt: Option<Value>,
    /// Digests of what its steps depended on.
    digests: Option<Digests>,
    /// Samples of its rendered prompts.
    prompts: Option<PromptSample>,
}

impl RunFacts {
    /// Reads the finished run of `expert` in `path`.
    ///
    /// # Errors
    /// When there is no such run, or it has not finished.
    pub fn read(path: &Path, expert: &str) -> Result<Self> {
        let folder = RunFolder::open(path);
        let record = RunRecord::read_of(path, expert)?;
        let adapter = folder.adapter();
        let unfinished = || PackageError::Run {
            run: path.to_owned(),
            problem: "it has no adapter: it is not finished".to_owned(),
            hint: Some(format!("`hive expert train {expert} --resume {}` resumes it", path.display())),
        };
        if !adapter.join(TENSOR_FILE).is_file() {
            return Err(unfinished());
        }
        let base = peft::read_config(&adapter)?.base.or(record.base).ok_or_else(unfinished)?;
        let evaluation = folder.read_json("evaluation.json")?;
        let receipt = folder.read_json(receipt::FILE)?;
        if let Some(receipt) = &receipt {
            let got = sha256_of_file(&adapter.join(TENSOR_FILE))?;
            let expected = receipt["adapter"]["sha256"].as_str().unwrap_or_default();
            if got != expected {
                return Err(PackageError::Run {
                    run: path.to_owned(),
                    problem: format!("its adapter has sha256 {got}, its receipt says {expected}"),
                    hint: Some(
                        "the adapter was changed after training: train again, or package the run it is from".into(),
                    ),
                });
            }
        }
        let evaluation = evaluation.map(|own| run_results(&own));
        let run = path.to_owned();
        Ok(Self { run, adapter, base, evaluation, receipt, digests: record.digests, prompts: record.prompts })
    }

    /// Adds the results of reports of `hive expert eval`: files, or names of reports in the run's `eval`
    /// folder. Only the named reports are added, so that a package does not depend on what else was
    /// evaluated.
    ///
    /// # Errors
    /// When a report cannot be read, or does not compare this run's adapter with its base.
    pub fn add_reports(&mut self, reports: &[PathBuf], expert: &str) -> Result<()> {
        let adapter = sha256_of_file(&self.adapter.join(TENSOR_FILE))?;
        for named in reports {
            let of_run = self.run.join("eval").join(named).with_extension("json");
            let path = if !named.is_file() && of_run.is_file() { of_run } else { named.clone() };
            let text = fs::read(&path).map_err(|e| PackageError::io("read", &path, e))?;
            let report: Value =
                serde_json::from_slice(&text).map_err(|e| PackageError::io("read", &path, std::io::Error::from(e)))?;
            let figures =
                suite_results(&report, expert, &self.base.digest, &adapter).map_err(|problem| PackageError::Run {
                    run: self.run.clone(),
                    problem: format!("the report `{}` cannot go in: {problem}", path.display()),
                    hint: Some(format!("`hive expert eval {expert} --run {}` makes one", self.run.display())),
                })?;
            // A finished run always has an evaluation.
            if let Some(suites) = self.evaluation.as_mut().and_then(|own| own["suites"].as_array_mut()) {
                suites.push(figures);
            }
        }
        Ok(())
    }

    /// Checks that prompts are still rendered and tokenised as in training.
    ///
    /// # Errors
    /// When the expert renders prompts differently, or the base has another tokenizer or template.
    pub fn check_prompts(&self, expert: &LoadedExpert, base: &Base) -> Result<()> {
        let mut problems: Vec<String> = self.prompts.iter().filter_map(|then| then.differs(expert)).collect();
        if let Some(then) = &self.digests {
            let (tokenizer, template) = Tokeniser::new(&base.model)?.digests()?;
            for (what, then, now) in
                [("tokenizer", &then.tokenizer, &tokenizer), ("chat template", &then.template, &template)]
            {
                if then != now {
                    problems.push(format!("the base's {what} had the digest {then} in training, now {now}"));
                }
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(PackageError::Run {
            run: self.run.clone(),
            problem: problems.join("; "),
            hint: Some("train again with the expert as it is, or package with what it was trained with".to_owned()),
        })
    }
}

/// Assembles the files of a package.
///
/// # Errors
/// When the adapter does not fit the base, or there is no golden prompt.
pub fn assemble(from: &Ingredients<'_>) -> Result<Assembled> {
    let expert = from.expert;
    let manifest = expert.manifest();
    let version = from.version.clone().unwrap_or_else(|| manifest.version.clone());
    if !is_version(&version) {
        let problem = format!("`{version}` is no semantic version without build metadata, expected one like `0.1.0`");
        return Err(PackageError::Argument { problem, hint: None });
    }
    let adapter = LoadedAdapter::load(from.adapter, from.base)?;
    let catalogue = Catalogue::embedded()?;
    let id = base_name(&from.base.reference, &from.base.model.name, &catalogue);
    let (tokenizer, template) = Tokeniser::new(&from.base.model)?.digests()?;
    let base = BaseFacts { id, digest: from.base.reference.digest.clone(), tokenizer, template };
    let golden = golden(from, &adapter)?;
    let libraries = |target: &String, path: &PathBuf| {
        let ending = path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
        (target.clone(), format!("{PLUGIN}{target}{ending}"))
    };
    let description = Description {
        format: FORMAT,
        name: manifest.name.clone(),
        version,
        description: manifest.description.clone(),
        license: manifest.license.clone(),
        hive: env!("CARGO_PKG_VERSION").to_owned(),
        base,
        adapter: AdapterFacts::of(adapter.weights()),
        libraries: from.libraries.iter().map(|(target, path)| libraries(target, path)).collect(),
    };
    let mut files = Sources::new();
    for (target, name) in &description.libraries {
        files.insert(name.clone(), Source::File(from.libraries[target].clone()));
    }
    for path in &from.graders {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.insert(name, Source::File(path.clone()));
    }
    files.insert(TENSOR_FILE.to_owned(), Source::File(from.adapter.join(TENSOR_FILE)));
    let mut add = |name: &str, bytes: Vec<u8>| files.insert(name.to_owned(), Source::Bytes(bytes));
    let known = catalogue.get(&description.base.id);
    // For PEFT, the repository on the hub if there is one.
    let base_path = known.and_then(repository).unwrap_or_else(|| description.base.id.clone());
    add(CONFIG_FILE, config_bytes(&from.adapter.join(CONFIG_FILE), &from.base.reference, &base_path)?);
    let BaseFacts { id, digest, .. } = description.base.clone();
    add(BASE_FILE, json_bytes(&BaseRef { id, digest })?);
    add(MANIFEST, expert.manifest_json().as_bytes().to_vec());
    add(GOLDEN, json_bytes(&golden.0)?);
    add(PROBE, golden.1.to_bytes(Path::new(PROBE))?);
    let facts = CardFacts {
        base_repository: known.and_then(repository),
        base_license: known.map(|model| model.license.clone()),
        arguments: needed_arguments(manifest),
        evaluation: from.evaluation.clone(),
        checks: from.checks.clone(),
        receipt: from.receipt.clone(),
    };
    add(CARD, card(&description, &facts).into_bytes());
    add(LICENSE, license(from, &facts).into_bytes());
    if let Some(evaluation) = &from.evaluation {
        add(EVALUATION, json_bytes(evaluation)?);
    }
    if let Some(checks) = &from.checks {
        add(CHECKS, json_bytes(checks)?);
    }
    if let Some(receipt) = &from.receipt {
        add(RECEIPT, json_bytes(&renamed_base(receipt, &from.base.reference.id, &description.base.id))?);
    }
    add(DESCRIPTION, json_bytes(&description)?);
    let digests = files.iter().map(|(name, source)| Ok((name.clone(), digest_of(source)?))).collect::<Result<_>>()?;
    files.insert(INTEGRITY.to_owned(), Source::Bytes(json_bytes(&Integrity::of(&digests))?));
    Ok(Assembled { description, files })
}

impl Assembled {
    /// The path of the package file in `folder`.
    pub fn path(&self, folder: &Path) -> PathBuf {
        folder.join(self.description.file_name())
    }

    /// The package's digest, signed or not: sha256 of its list of files.
    pub fn digest(&self) -> Option<String> {
        match self.files.get(INTEGRITY) {
            Some(Source::Bytes(bytes)) => Some(hex(&Sha256::digest(bytes))),
            _ => None,
        }
    }

    /// Packs the files into `folder` and returns the path. `prove` gets the package as a recipient would read it; if it
    /// fails, no package is left.
    ///
    /// # Errors
    /// When the package cannot be written, or `prove` fails.
    pub fn write<E: From<PackageError>>(
        &self,
        folder: &Path,
        prove: impl FnOnce(&Package) -> std::result::Result<(), E>,
    ) -> std::result::Result<PathBuf, E> {
        let path = self.path(folder);
        // Under a temporary name until it has been read back.
        let temporary = folder.join(format!("{PARTIAL_PREFIX}{}", self.description.file_name()));
        let made = archive::write(&temporary, &self.files).map_err(E::from).and_then(|()| {
            prove(&Package::open(&temporary, folder)?)?;
            fs::rename(&temporary, &path).map_err(|e| PackageError::io("rename", &temporary, e).into())
        });
        if made.is_err() {
            drop(fs::remove_file(&temporary));
        }
        made.map(|()| path)
    }
}

/// The golden prompts and their logits: from the manifest's eval prompts or, if there are none, from records that the
/// expert synthesises.
fn golden(from: &Ingredients<'_>, adapter: &LoadedAdapter) -> Result<(Golden, Logits)> {
    let expert = from.expert;
    let mut records = match &from.golden {
        Some(records) => records.clone(),
        None => expert.eval_prompts()?.into_iter().map(|prompt| (prompt.id, prompt.record)).collect(),
    };
    if records.is_empty() {
        let made = expert.synthesize(GOLDEN_SEED, super::golden::PROMPTS)?.unwrap_or_default();
        records = made.into_iter().enumerate().map(|(i, record)| (format!("made-{i}"), record)).collect();
    }
    let golden = Golden::of(records, expert, &Tokeniser::new(&from.base.model)?)?;
    if golden.prompts.is_empty() {
        let problem = format!(
            "Expert `{}` has no prompt to prove its adapter with: its manifest has no `eval_prompts`, and it makes no records",
            expert.name()
        );
        let hint = format!("add `eval_prompts` to the manifest of `{}`", expert.name());
        return Err(PackageError::Argument { problem, hint: Some(hint) });
    }
    let logits = golden.logits(from.base, adapter)?;
    Ok((golden, logits))
}

/// The base's name in the package: its id in the catalogue or, for a local path, the name in its files.
fn base_name(base: &BaseRef, own_name: &str, catalogue: &Catalogue) -> String {
    if catalogue.get(&base.id).is_some() {
        return base.id.clone();
    }
    let name: String = own_name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .collect();
    let name = name.trim_start_matches(['.', '-']).to_owned();
    if is_plain(&name) { name } else { "base".to_owned() }
}

/// The hub repository that a base comes from.
fn repository(model: &catalogue::Model) -> Option<String> {
    model.sources.iter().find_map(|source| match source {
        catalogue::Source::Hub { repository, .. } => Some(repository.clone()),
        _ => None,
    })
}

/// PEFT's configuration with the base's name in the package, so that no local path is published.
fn config_bytes(path: &Path, base: &BaseRef, name: &str) -> Result<Vec<u8>> {
    let text = fs::read(path).map_err(|e| PackageError::io("read", path, e))?;
    let mut config: Value =
        serde_json::from_slice(&text).map_err(|e| PackageError::io("read", path, std::io::Error::from(e)))?;
    if config["base_model_name_or_path"].as_str() == Some(&base.id) || config["base_model_name_or_path"].is_null() {
        config["base_model_name_or_path"] = json!(name);
    }
    json_bytes(&config)
}

/// The receipt with the base's name in the package.
fn renamed_base(receipt: &Value, from: &str, to: &str) -> Value {
    let mut receipt = receipt.clone();
    if receipt["base"]["id"].as_str() == Some(from) {
        receipt["base"]["id"] = json!(to);
    }
    receipt
}

fn license(from: &Ingredients<'_>, facts: &CardFacts) -> String {
    if let Some(text) = &from.license {
        return text.clone();
    }
    let own = &from.expert.manifest().license;
    let base = facts.base_license.as_deref().unwrap_or("see where it comes from");
    format!(
        "SPDX-License-Identifier: {own}\n\nThis adapter is licensed under {own}.\nThe base model has a licence of its own: {base}.\n"
    )
}

/// The results of a run's own evaluation as figures, without records, answers or anything about the machine.
fn run_results(own: &Value) -> Value {
    let mut held_out = json!({"loss": own["loss"], "token_accuracy": own["token_accuracy"]});
    if let (Some(held_out), Some(Value::Object(graded))) = (held_out.as_object_mut(), graded(&own["held_out"])) {
        held_out.extend(graded);
    }
    json!({
        "format": EVALUATION_FORMAT,
        "step": own["step"],
        "held_out": held_out,
        "eval_prompts": graded(&own["eval_prompts"]),
        "suites": [],
    })
}

/// The figures of graded answers, computed from the answers, because runs of older versions have no figures.
fn graded(pair: &Value) -> Option<Value> {
    let figures = |candidate: &str| {
        let scores = pair[candidate]["graded"].as_array()?.iter().map(|graded| graded["grade"]["score"].as_f64());
        Some(Figures::of(scores.collect::<Option<Vec<f64>>>()?))
    };
    let (base, expert) = (figures("base")?, figures("expert")?);
    Some(json!({
        "asked": expert.right_answers.of,
        "of": pair["expert"]["of"],
        "right_answers": {"base": base.right_answers, "expert": expert.right_answers},
        "partial_credit": {"base": base.partial_credit, "expert": expert.partial_credit},
    }))
}

/// The figures of a report of `hive expert eval`, which must compare the base with the adapter that has this sha256.
fn suite_results(report: &Value, expert: &str, base_digest: &str, adapter: &str) -> std::result::Result<Value, String> {
    if report["format"] != hive_eval::FORMAT {
        return Err(format!("it has the format {}, expected {}", report["format"], hive_eval::FORMAT));
    }
    if report["expert"][0] != expert {
        return Err(format!("it is of expert {}, expected `{expert}`", report["expert"][0]));
    }
    let candidates = report["candidates"].as_array().map_or(&[][..], Vec::as_slice);
    let [base, candidate] = candidates else {
        return Err(format!("it has {} candidates, expected the base and the run's adapter", candidates.len()));
    };
    if base["origin"] != "base" || candidate["adapter"] != adapter {
        return Err(
            "it is of another adapter than the run's: a checkpoint, perhaps, or one from before the run was resumed"
                .into(),
        );
    }
    if report["base"]["digest"] != base_digest {
        return Err("it was made on another base than the run's".to_owned());
    }
    let rate = |candidate: &Value, code: &str| {
        let all = candidate["checks"].as_array();
        all.into_iter().flatten().find(|c| c["code"] == code).map_or(Value::Null, |c| c["rate"].clone())
    };
    let checks = report["checks"].as_array().into_iter().flatten().map(|check| {
        let code = check["code"].as_str().unwrap_or_default();
        json!({"code": code, "title": check["title"], "base": rate(base, code), "expert": rate(candidate, code)})
    });
    let both = |key: &str| json!({"base": base[key], "expert": candidate[key]});
    Ok(json!({
        "name": report["suite"]["name"],
        "digest": report["suite"]["digest"],
        "asked": report["suite"]["asked"],
        "of": report["suite"]["of"],
        "right_answers": both("right_answers"),
        "partial_credit": both("partial_credit"),
        "checks": checks.collect::<Vec<_>>(),
    }))
}

fn digest_of(source: &Source) -> Result<FileDigest> {
    match source {
        Source::Bytes(bytes) => Ok(FileDigest { size: bytes.len() as u64, sha256: hex(&Sha256::digest(bytes)) }),
        Source::File(path) => {
            let size = fs::metadata(path).map_err(|e| PackageError::io("read", path, e))?.len();
            Ok(FileDigest { size, sha256: sha256_of_file(path)? })
        }
    }
}

fn json_bytes(value: &impl Serialize) -> Result<Vec<u8>> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|e| PackageError::io("write", Path::new(DESCRIPTION), e.into()))?;
    Ok((text + "\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_machine_does_not_go_out() {
        let catalogue = Catalogue::embedded().unwrap();
        let base = |id: &str| BaseRef { id: id.to_owned(), digest: String::new() };
        assert_eq!(base_name(&base("qwen3-0.6b"), "whatever", &catalogue), "qwen3-0.6b");
        assert_eq!(base_name(&base("/home/me/models/My Model"), "My Model", &catalogue), "My-Model");
        assert_eq!(base_name(&base("../x"), "..", &catalogue), "base");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.json");
        fs::write(&path, r#"{"base_model_name_or_path": "/home/me/m", "r": 4}"#).unwrap();
        let bytes = config_bytes(&path, &base("/home/me/m"), "m").unwrap();
        let config: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(config, json!({"base_model_name_or_path": "m", "r": 4}));
    }

    #[test]
    fn figures_go_in_and_records_do_not() {
        let answers = |scores: &[f64]| {
            let graded: Vec<Value> = scores
                .iter()
                .map(|score| json!({"prompt": {"question": "a secret"}, "completion": "a secret", "grade": {"score": score}}))
                .collect();
            json!({"graded": graded, "of": 24})
        };
        let own = json!({
            "step": 7, "loss": {"base": 2.0, "expert": 1.0}, "token_accuracy": null,
            "held_out": {"base": answers(&[0.0, 0.5]), "expert": answers(&[1.0, 0.5])}, "eval_prompts": null,
        });
        let out = run_results(&own);
        assert_eq!(out["held_out"]["loss"]["expert"], 1.0);
        assert_eq!((&out["held_out"]["asked"], &out["held_out"]["of"]), (&json!(2), &json!(24)));
        assert_eq!(out["held_out"]["right_answers"]["expert"]["value"], 0.5);
        assert_eq!(out["held_out"]["partial_credit"]["expert"]["value"], 0.75);
        assert_eq!(out["held_out"]["right_answers"]["base"]["value"], 0.0);
        assert!(out["eval_prompts"].is_null() && !out.to_string().contains("secret"), "{out}");
    }

    #[test]
    fn a_report_of_something_else_is_refused() {
        let candidate = |origin: Value, adapter: Value, share: f64| {
            json!({
                "origin": origin, "adapter": adapter, "right_answers": {"value": share}, "partial_credit": {"value": share},
                "checks": [{"code": "executes", "rate": {"value": share}}], "answers": [{"completion": "a secret"}],
            })
        };
        let report = json!({
            "format": hive_eval::FORMAT, "expert": ["sql", "0.1.0"], "base": {"digest": "b"},
            "suite": {"name": "builtin", "digest": "d", "asked": 3, "of": 96, "prompts": ["a secret"]},
            "checks": [{"code": "executes", "title": "executes"}],
            "candidates": [
                candidate(json!("base"), json!(null), 0.0),
                candidate(json!({"run": {"path": "/a/secret"}}), json!("abc"), 0.5),
            ],
        });
        let out = suite_results(&report, "sql", "b", "abc").unwrap();
        assert_eq!((&out["asked"], &out["of"]), (&json!(3), &json!(96)));
        assert_eq!(out["checks"][0]["expert"]["value"], 0.5);
        assert!(!out.to_string().contains("secret"), "{out}");
        assert!(suite_results(&report, "sql", "b", "abd").unwrap_err().contains("of another adapter"));
        assert!(suite_results(&report, "sql", "c", "abc").unwrap_err().contains("another base"));
        assert!(suite_results(&report, "shout", "b", "abc").unwrap_err().contains("expected `shout`"));
        let older = json!({"format": 1, "expert": ["sql", "0.1.0"]});
        assert!(suite_results(&older, "sql", "b", "abc").unwrap_err().contains("the format 1"));
    }
}
