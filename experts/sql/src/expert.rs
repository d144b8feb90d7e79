//! The expert as the host sees it: each method calls the module that does the work.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use hive_sdk::{
    Expert, ExpertError, Grade, Grammar, Inspection, Manifest, PrefixVerdict, Record, Rendered, Settings, Verdict,
};

use crate::constrain::Schemas;
use crate::examine::Examiner;
use crate::execute::Pool;
use crate::validate::Validator;
use crate::{grade, inspect, options, prompt, synthesize};

/// The text-to-SQL expert.
#[derive(Default)]
pub struct SqlExpert {
    /// Created on first use, because it starts a database.
    judges: RwLock<Option<Arc<Judges>>>,
    manifest: OnceLock<Manifest>,
    schemas: Schemas,
}

/// The judges of records and of answers, which share the same databases.
struct Judges {
    pool: Arc<Pool>,
    validator: Validator,
    examiner: Examiner,
}

impl SqlExpert {
    fn manifest(&self) -> Result<&Manifest, ExpertError> {
        if let Some(manifest) = self.manifest.get() {
            return Ok(manifest);
        }
        let manifest = Manifest::parse(self.manifest_json())?;
        Ok(self.manifest.get_or_init(|| manifest))
    }

    fn set(&self, settings: &Settings) -> Result<Arc<Judges>, ExpertError> {
        let pool = Arc::new(Pool::new(options::database(settings)?));
        let validator = Validator::new(self.manifest()?, settings, Arc::clone(&pool));
        let judges = Arc::new(Judges { validator, examiner: Examiner::new(Arc::clone(&pool)), pool });
        *self.judges.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&judges));
        Ok(judges)
    }

    fn judges(&self) -> Result<Arc<Judges>, ExpertError> {
        let ready = self.judges.read().unwrap_or_else(PoisonError::into_inner).clone();
        ready.map_or_else(|| self.set(&Settings::default()), Ok)
    }
}

impl Expert for SqlExpert {
    fn manifest_json(&self) -> &str {
        include_str!("../../../manifests/sql.json")
    }

    fn configure(&self, settings: &Settings) -> Result<(), ExpertError> {
        self.set(settings)?.validator.warm_up()
    }

    fn render(&self, record: &Record) -> Result<Rendered, ExpertError> {
        prompt::render(self.manifest()?, record)
    }

    fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        self.judges()?.validator.validate(record)
    }

    fn grade(&self, prompt: &Record, completion: &str) -> Result<Grade, ExpertError> {
        grade::grade(prompt, completion)
    }

    fn examine(&self, prompt: &Record, alternatives: &[String], completion: &str) -> Result<Grade, ExpertError> {
        self.judges()?.examiner.examine(prompt, alternatives, completion)
    }

    fn inspect(&self, record: &Record, completion: Option<&str>) -> Result<Inspection, ExpertError> {
        match completion {
            None => Ok(inspect::question(record, || Ok(Arc::clone(&self.judges()?.pool)))),
            Some(text) => inspect::answer(&self.judges()?.pool, record, text),
        }
    }

    fn constrain(&self, prompt: &Record) -> Result<Option<Grammar>, ExpertError> {
        Ok(Some(Grammar { lark: self.schemas.grammar(prompt.require("schema")?) }))
    }

    fn check_prefix(&self, prompt: &Record, text: &str, ended: bool) -> Result<PrefixVerdict, ExpertError> {
        let dead = self.schemas.check(prompt.require("schema")?, text, ended);
        Ok(dead.map_or(PrefixVerdict::Fine, |(at, why)| PrefixVerdict::Dead { at, why }))
    }

    fn synthesize(&self, seed: u64, n: usize) -> Result<Option<Vec<Record>>, ExpertError> {
        synthesize::records(seed, n).map(Some)
    }
}
