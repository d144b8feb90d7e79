//! The expert as the host sees it: each method calls the module that does the work.

use std::sync::{Arc, PoisonError, RwLock};

use hive_sdk::{Expert, ExpertError, Grade, Inspection, Manifest, Record, Settings, Verdict};

use crate::validate::Validator;
use crate::{grade, inspect, synthesize};

/// The text-to-JSON expert.
#[derive(Default)]
pub struct JsonExpert {
    validator: RwLock<Option<Arc<Validator>>>,
}

impl JsonExpert {
    fn set(&self, settings: &Settings) -> Result<Arc<Validator>, ExpertError> {
        let validator = Arc::new(Validator::new(&*Manifest::shared(self.manifest_json())?, settings));
        *self.validator.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&validator));
        Ok(validator)
    }

    fn validator(&self) -> Result<Arc<Validator>, ExpertError> {
        let ready = self.validator.read().unwrap_or_else(PoisonError::into_inner).clone();
        ready.map_or_else(|| self.set(&Settings::default()), Ok)
    }
}

impl Expert for JsonExpert {
    fn manifest_json(&self) -> &str {
        include_str!("../../../manifests/json.json")
    }

    fn configure(&self, settings: &Settings) -> Result<(), ExpertError> {
        match settings.options.keys().next() {
            Some(option) => Err(ExpertError::new(format!("there is no option `{option}`, expected none"))),
            None => self.set(settings).map(drop),
        }
    }

    fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        Ok(self.validator()?.validate(record))
    }

    fn grade(&self, prompt: &Record, completion: &str) -> Result<Grade, ExpertError> {
        grade::grade(prompt, completion)
    }

    fn inspect(&self, record: &Record, completion: Option<&str>) -> Result<Inspection, ExpertError> {
        Ok(match completion {
            None => inspect::question(record),
            Some(text) => inspect::answer(record, text),
        })
    }

    fn synthesize(&self, seed: u64, n: usize) -> Result<Option<Vec<Record>>, ExpertError> {
        synthesize::records(seed, n).map(Some)
    }
}
