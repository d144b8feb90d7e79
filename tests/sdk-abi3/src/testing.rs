//! Drives an expert through its own exported table, as the host would: for an expert's tests.
//! It loads no library.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::abi::ExpertTable;
use crate::error::ExpertError;
use crate::protocol::{
    ExamineRequest, Grade, GradeRequest, MethodId, Record, Rendered, Reply, Settings, SynthesizeRequest, Verdict,
};

/// A plugin linked into the test.
#[derive(Debug, Clone, Copy)]
pub struct Driver {
    table: &'static ExpertTable,
}

impl Driver {
    /// Drives the plugin whose table this is: `Driver::new(&HIVE_EXPERT_TABLE)`.
    pub fn new(table: &'static ExpertTable) -> Self {
        Self { table }
    }

    /// Any method with any request.
    ///
    /// # Errors
    /// What the expert answered, or that its reply does not follow the protocol.
    pub fn call<T: DeserializeOwned>(&self, method: MethodId, request: &impl Serialize) -> Result<T, ExpertError> {
        let input = serde_json::to_vec(request).map_err(|e| ExpertError::new(e.to_string()))?;
        // SAFETY: the table was made by `export_expert!` in this same program.
        let bytes = unsafe { self.table.invoke(method, &input) }.map_err(|e| ExpertError::new(e.to_string()))?;
        match serde_json::from_slice(&bytes) {
            Ok(Reply::Ok(value)) => Ok(value),
            Ok(Reply::Error(error)) => Err(error),
            Err(e) => Err(ExpertError::new(format!("the reply does not follow the protocol: {e}"))),
        }
    }

    /// Renders one record.
    ///
    /// # Errors
    /// As [`Driver::call`].
    pub fn render(&self, record: &Record) -> Result<Rendered, ExpertError> {
        Ok(self.call::<Vec<Rendered>>(MethodId::Render, &[record])?.remove(0))
    }

    /// Says how to judge.
    ///
    /// # Errors
    /// As [`Driver::call`].
    pub fn configure(&self, settings: &Settings) -> Result<(), ExpertError> {
        self.call(MethodId::Configure, settings)
    }

    /// Validates one record.
    ///
    /// # Errors
    /// As [`Driver::call`].
    pub fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        Ok(self.call::<Vec<Verdict>>(MethodId::Validate, &[record])?.remove(0))
    }

    /// Grades one completion.
    ///
    /// # Errors
    /// As [`Driver::call`].
    pub fn grade(&self, prompt: &Record, completion: &str) -> Result<Grade, ExpertError> {
        let request = GradeRequest { prompt: prompt.clone(), completion: completion.to_owned() };
        Ok(self.call::<Vec<Grade>>(MethodId::Grade, &[request])?.remove(0))
    }

    /// Examines one completion.
    ///
    /// # Errors
    /// As [`Driver::call`].
    pub fn examine(&self, prompt: &Record, alternatives: &[String], completion: &str) -> Result<Grade, ExpertError> {
        let (alternatives, completion) = (alternatives.to_vec(), completion.to_owned());
        let request = ExamineRequest { prompt: prompt.clone(), alternatives, completion };
        Ok(self.call::<Vec<Grade>>(MethodId::Examine, &[request])?.remove(0))
    }

    /// Makes records.
    ///
    /// # Errors
    /// As [`Driver::call`].
    pub fn synthesize(&self, seed: u64, n: usize) -> Result<Option<Vec<Record>>, ExpertError> {
        self.call(MethodId::Synthesize, &SynthesizeRequest { seed, n })
    }
}
