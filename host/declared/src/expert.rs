//! The expert that a manifest declares.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use hive_sdk::declared::ValidatorSpec;
use hive_sdk::{Expert, ExpertError, Grade, Inspection, LintLevel, Manifest, Record, Settings, Verdict};
use serde_json::Value;

use crate::facts;
use crate::grade::{Commands, Graded, Graders};
use crate::rules::Rules;
use crate::schemas::{Schema, Schemas};

/// An expert that consists of a manifest.
pub struct DeclaredExpert {
    json: String,
    manifest: Manifest,
    rules: Rules,
    graders: Graders,
    answers: AnswerSchema,
    settings: RwLock<Arc<Settings>>,
}

/// The JSON Schema that answers conform to.
enum AnswerSchema {
    None,
    Fixed(Schema),
    OfRecord(String, Schemas),
}

impl DeclaredExpert {
    /// The expert of this manifest.
    ///
    /// # Errors
    /// When it does not follow its schema, or declares a pattern or JSON Schema that cannot be used.
    pub fn new(json: String, commands: Commands) -> Result<Self, ExpertError> {
        let manifest = Manifest::parse(&json)?;
        if let Some((path, why)) = faults(&manifest).into_iter().next() {
            return Err(ExpertError::new(format!("the manifest declares at `{path}` what cannot be used: {why}")));
        }
        let (rules, _) = Rules::new(&manifest);
        let (graders, _) = Graders::new(&manifest, commands);
        let generation = &manifest.generation;
        let answers = match (&generation.json_schema, &generation.json_schema_field) {
            (Some(schema), _) => AnswerSchema::Fixed(Schema::new(schema).map_err(ExpertError::new)?),
            (None, Some(field)) => AnswerSchema::OfRecord(field.clone(), Schemas::default()),
            (None, None) => AnswerSchema::None,
        };
        Ok(Self { json, rules, graders, answers, manifest, settings: RwLock::default() })
    }

    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn graded(&self, prompt: &Record, alternatives: &[String], completion: &str) -> Result<Grade, ExpertError> {
        if self.graders.is_empty() {
            return Err(ExpertError::new(format!(
                "the manifest of `{}` declares no `grade`, and there is no plugin that grades: answers cannot be graded",
                self.manifest.name
            )));
        }
        let field = self.manifest.completion_field().unwrap_or_default();
        let gold = prompt.text(field).into_iter();
        let right = gold.chain(alternatives.iter().map(String::as_str)).collect();
        let settings = self.settings();
        self.graders.grade(&Graded { prompt, right, completion, options: &settings.options })
    }
}

/// What a manifest declares that cannot be used: each with its JSON pointer.
pub fn faults(manifest: &Manifest) -> Vec<(String, String)> {
    let (_, rules) = Rules::new(manifest);
    let (_, graders) = Graders::new(manifest, Commands::Refused(String::new()));
    let mut faults: Vec<(String, String)> =
        rules.into_iter().map(|(i, why)| (format!("/validate/{i}/rule"), why)).collect();
    faults.extend(graders.into_iter().map(|(i, why)| (format!("/grade/{i}/grader"), why)));
    let schema = manifest.generation.json_schema.as_ref();
    let fault = schema.and_then(|schema| Schema::new(schema).err());
    faults.extend(fault.map(|why| ("/generation/json_schema".to_owned(), why)));
    faults
}

impl Expert for DeclaredExpert {
    fn manifest_json(&self) -> &str {
        &self.json
    }

    fn configure(&self, settings: &Settings) -> Result<(), ExpertError> {
        let unknown = settings.options.keys().find(|name| !self.manifest.options.iter().any(|o| o.name == **name));
        if let Some(option) = unknown {
            return Err(ExpertError::new(format!("it has no option `{option}`")));
        }
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings.clone());
        Ok(())
    }

    fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        let settings = self.settings();
        let level = |spec: &ValidatorSpec| settings.lints.get(&spec.code).copied().unwrap_or(spec.level);
        Ok(self.rules.verdict(&self.manifest, record, level, |record| facts::of(&self.manifest, record)))
    }

    fn grade(&self, prompt: &Record, completion: &str) -> Result<Grade, ExpertError> {
        self.graded(prompt, &[], completion)
    }

    fn examine(&self, prompt: &Record, alternatives: &[String], completion: &str) -> Result<Grade, ExpertError> {
        self.graded(prompt, alternatives, completion)
    }

    fn inspect(&self, record: &Record, completion: Option<&str>) -> Result<Inspection, ExpertError> {
        let Some(completion) = completion else { return Ok(self.inspected(record)) };
        let found = self.inspected_answer(record, completion);
        let of_record;
        let schema = match &self.answers {
            AnswerSchema::None => return Ok(found),
            AnswerSchema::Fixed(schema) => schema,
            AnswerSchema::OfRecord(field, schemas) => {
                let Some(text) = record.text(field) else { return Ok(found) };
                match schemas.of(text) {
                    Ok(schema) => of_record = schema,
                    // Said of the question already.
                    Err(_) => return Ok(found),
                }
                &of_record
            }
        };
        Ok(match serde_json::from_str::<Value>(completion) {
            Err(e) => found.fault("not-json", format!("the answer is not JSON: {e}")),
            Ok(value) => match schema.fault(&value) {
                Some(fault) => found.fault("does-not-conform", format!("the answer does not conform: {fault}")),
                None => found,
            },
        })
    }
}

impl DeclaredExpert {
    /// An answer that would not have been trained on: what the rules for its field find.
    fn inspected_answer(&self, record: &Record, completion: &str) -> Inspection {
        let Some(field) = self.manifest.completion_field() else { return Inspection::default() };
        let mut answered = record.clone();
        answered.set(field, completion);
        let settings = self.settings();
        let level = |spec: &ValidatorSpec| match spec.field == field {
            true => settings.lints.get(&spec.code).copied().unwrap_or(spec.level),
            false => LintLevel::Off,
        };
        match self.rules.verdict(&self.manifest, &answered, level, |_| Default::default()) {
            Verdict::Reject { code, why, .. } => Inspection::default().fault(&code, why),
            Verdict::Accept { notes, .. } => Inspection { notes, ..Inspection::default() },
            // A form that would be repaired in a record is remarked on.
            Verdict::Repaired { changes, notes, .. } => {
                Inspection { notes: changes.into_iter().chain(notes).collect(), ..Inspection::default() }
            }
        }
    }

    /// A question that would not have been trained on: the answer's field, and fields that need it, do not count.
    fn inspected(&self, record: &Record) -> Inspection {
        let completion = self.manifest.completion_field();
        let mut asked = self.manifest.clone();
        asked.dataset.fields.retain(|field| Some(field.name.as_str()) != completion);
        // Repairs make a question look like the training data, lints of other levels do not refuse a user's question.
        let settings = self.settings();
        let levels: BTreeMap<&str, LintLevel> =
            settings.lints.iter().map(|(code, level)| (code.as_str(), *level)).collect();
        let level = |spec: &ValidatorSpec| match Some(spec.field.as_str()) == completion {
            true => LintLevel::Off,
            false => levels.get(spec.code.as_str()).copied().unwrap_or(spec.level),
        };
        let verdict = self.rules.verdict(&asked, record, level, |_| Default::default());
        let mut inspection = match verdict {
            Verdict::Accept { notes, .. } => Inspection { notes, ..Inspection::default() },
            Verdict::Repaired { record, notes, .. } => {
                Inspection { notes, record: Some(record), ..Inspection::default() }
            }
            Verdict::Reject { code, why, .. } => Inspection::default().fault(&code, why),
        };
        if let AnswerSchema::OfRecord(field, schemas) = &self.answers
            && let Some(Err(why)) = record.text(field).map(|text| schemas.of(text))
        {
            inspection =
                inspection.fault("unusable-schema", format!("the JSON Schema in `{field}` cannot be used: {why}"));
        }
        inspection
    }
}
