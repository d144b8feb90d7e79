//! The expert as the host sees it: each method hands over to the module that does the work.

use std::sync::{Arc, PoisonError, RwLock};

use hive_sdk::{Expert, ExpertError, Grade, Manifest, Record, Rendered, Settings, Verdict};

use crate::validate::Validator;
use crate::{grade, prompt, synthesize};

/// The text-to-SQL expert.
#[derive(Default)]
pub struct SqlExpert {
    /// Made at the first need: it starts a database.
    validator: RwLock<Option<Arc<Validator>>>,
}

impl SqlExpert {
    fn set(&self, settings: &Settings) -> Result<Arc<Validator>, ExpertError> {
        let validator = Arc::new(Validator::new(&Manifest::parse(self.manifest_json())?, settings)?);
        *self.validator.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&validator));
        Ok(validator)
    }
}

impl Expert for SqlExpert {
    fn manifest_json(&self) -> &str {
        include_str!("../../../manifests/sql.json")
    }

    fn configure(&self, settings: &Settings) -> Result<(), ExpertError> {
        self.set(settings)?.warm_up()
    }

    fn render(&self, record: &Record) -> Result<Rendered, ExpertError> {
        prompt::render(record)
    }

    fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        let ready = self.validator.read().unwrap_or_else(PoisonError::into_inner).clone();
        let validator = ready.map_or_else(|| self.set(&Settings::default()), Ok)?;
        validator.validate(record)
    }

    fn grade(&self, prompt: &Record, completion: &str) -> Result<Grade, ExpertError> {
        grade::grade(prompt, completion)
    }

    fn synthesize(&self, seed: u64, n: usize) -> Result<Option<Vec<Record>>, ExpertError> {
        synthesize::records(seed, n).map(Some)
    }
}
