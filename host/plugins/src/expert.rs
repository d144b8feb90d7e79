//! A loaded expert: one typed function per method of the protocol. Calls are made in batches, and
//! every reply is decoded strictly and checked before it is returned.

use std::ops::Range;

use hive_errors::Diagnostic as _;
use hive_sdk::manifest::{EvalPrompt, Manifest};
use hive_sdk::protocol::{MethodId, PrefixRequest, PrefixVerdict, Reply, SynthesizeRequest};
use hive_sdk::{
    ExamineRequest, ExpertError, Grade, GradeRequest, Grammar, InspectRequest, Inspection, Record, Rendered, Settings,
    Verdict,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{CallFault, LoadFault, PluginError};
use super::transport::Transport;
use crate::manifest;

/// Maximum records per call: enough to make the boundary cheap, few enough to keep replies small.
pub const BATCH: usize = 256;

/// The first ABI version that has the method `inspect`.
const INSPECT_SINCE: u32 = 4;
/// The ABI that introduced `check_prefix`.
const PREFIXES_SINCE: u32 = 5;

/// Checks that a score is from 0 to 1.
fn check_score(grade: &Grade) -> Result<(), String> {
    // Written so that NaN fails too.
    let fits = grade.score >= 0.0 && grade.score <= 1.0;
    if fits { Ok(()) } else { Err(format!("`score` is {}, expected 0 to 1", grade.score)) }
}

/// A loaded expert. May be shared between threads.
pub struct LoadedExpert {
    name: String,
    transport: Box<dyn Transport>,
    manifest: Manifest,
    manifest_json: String,
    /// Whether hive carries out the manifest, instead of a library.
    declared: bool,
}

impl std::fmt::Debug for LoadedExpert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedExpert").field("name", &self.name).finish_non_exhaustive()
    }
}

impl LoadedExpert {
    /// The expert `name` at the other end of `transport`. Requests its manifest immediately.
    ///
    /// # Errors
    /// When it does not reply, its manifest has faults, or it is another expert.
    pub fn over(name: &str, transport: Box<dyn Transport>) -> Result<Self, PluginError> {
        let manifest_json: String = call(name, &*transport, MethodId::Manifest, &(), 0..0)?;
        let failed =
            |fault| PluginError::Load { expert: name.to_owned(), library: Default::default(), installed: false, fault };
        // Runs all checks of `hive expert validate`: users of a loaded expert may rely on them.
        let manifest = manifest::check("manifest", &manifest_json).map_err(|e| {
            let faults = e.details();
            let what = match faults.len() {
                0 => e.to_string(),
                n => format!("its manifest has {}", manifest::count(n)),
            };
            failed(LoadFault::Manifest { what, faults })
        })?;
        if manifest.name != name {
            return Err(failed(LoadFault::Name { got: manifest.name }));
        }
        Ok(Self { name: name.to_owned(), transport, manifest, manifest_json, declared: false })
    }

    /// The expert as one that has no library.
    pub(super) fn into_declared(self) -> Self {
        Self { declared: true, ..self }
    }

    /// Whether it can grade answers: a library can, a manifest when it declares how.
    pub fn grades(&self) -> bool {
        !self.declared || !self.manifest.grade.is_empty()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its manifest, as embedded in the library.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The text of the manifest, byte for byte.
    pub fn manifest_json(&self) -> &str {
        &self.manifest_json
    }

    /// The first line that it has printed on stdout: for an expert in a separate process.
    pub fn printed(&self) -> Option<String> {
        self.transport.printed()
    }

    /// The records as chats. Prompts are built only here.
    ///
    /// # Errors
    /// As for every method here: [`PluginError::Call`] with the record's index in `records`.
    pub fn render(&self, records: &[Record]) -> Result<Vec<Rendered>, PluginError> {
        self.batched(MethodId::Render, records, |rendered: &Rendered| {
            let turns = rendered.messages.len();
            if turns == 0 {
                return Err("the chat has no messages".to_owned());
            }
            if rendered.completion_start > turns {
                return Err(format!("`completion_start` is {}, expected at most {turns}", rendered.completion_start));
            }
            Ok(())
        })
    }

    /// One record as a chat.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn render_one(&self, record: &Record) -> Result<Rendered, PluginError> {
        let rendered = self.render(std::slice::from_ref(record))?.pop();
        Ok(rendered.unwrap_or_else(|| Rendered::of_prompt(Vec::new())))
    }

    /// The record without its completion, as it is in use.
    pub fn without_completion(&self, record: &Record) -> Record {
        self.manifest().completion_field().map_or_else(|| record.clone(), |field| record.without(field))
    }

    /// Applies lint levels and options: to be called before the first record.
    ///
    /// # Errors
    /// [`PluginError::Call`] when a setting is unknown to the expert or cannot be honoured.
    pub fn configure(&self, settings: &Settings) -> Result<(), PluginError> {
        self.single(MethodId::Configure, settings)
    }

    /// The expert's verdict on each record.
    ///
    /// # Errors
    /// [`PluginError::Call`] with the record's index in `records`.
    pub fn validate(&self, records: &[Record]) -> Result<Vec<Verdict>, PluginError> {
        self.batched(MethodId::Validate, records, |verdict| match verdict {
            Verdict::Reject { code, .. } if code.trim().is_empty() => Err("a rejection has no `code`".to_owned()),
            Verdict::Repaired { changes, .. } if changes.is_empty() => Err("a repair has no `changes`".to_owned()),
            _ => Ok(()),
        })
    }

    /// Grades each completion.
    ///
    /// # Errors
    /// [`PluginError::Call`] with the request's index in `requests`.
    pub fn grade(&self, requests: &[GradeRequest]) -> Result<Vec<Grade>, PluginError> {
        self.batched(MethodId::Grade, requests, check_score)
    }

    /// Grades each completion conclusively: for an expert in a separate process.
    ///
    /// # Errors
    /// [`PluginError::Call`] with the request's index in `requests`.
    pub fn examine(&self, requests: &[ExamineRequest]) -> Result<Vec<Grade>, PluginError> {
        let declared = &self.manifest.checks;
        self.batched(MethodId::Examine, requests, |grade: &Grade| {
            check_score(grade)?;
            match grade.checks.keys().find(|code| !declared.iter().any(|c| c.code == **code)) {
                Some(code) => Err(format!("`checks` has `{code}`, which the manifest does not declare")),
                None => Ok(()),
            }
        })
    }

    /// `n` synthetic records; `None` when the expert cannot synthesize records.
    ///
    /// # Errors
    /// [`PluginError::Call`], also when the number of records is not `n`.
    pub fn synthesize(&self, seed: u64, n: usize) -> Result<Option<Vec<Record>>, PluginError> {
        let method = MethodId::Synthesize;
        let records: Option<Vec<Record>> = self.single(method, &SynthesizeRequest { seed, n })?;
        match records {
            Some(records) if records.len() != n => {
                Err(self.failed(method, None, CallFault::Count { got: records.len(), expected: n }))
            }
            records => Ok(records),
        }
    }

    /// A grammar that completions for this prompt must follow; `None` allows any text.
    ///
    /// # Errors
    /// [`PluginError::Call`].
    pub fn constrain(&self, prompt: &Record) -> Result<Option<Grammar>, PluginError> {
        self.single(MethodId::Constrain, prompt)
    }

    /// The manifest is all that there is: what it says of code does not hold here.
    pub(super) fn has_no_code(&mut self) {
        self.manifest.generation.check_prefix = false;
    }

    /// Whether answers are checked while they grow: the manifest says so, and its ABI has the method.
    pub fn checks_prefixes(&self) -> bool {
        self.manifest.generation.check_prefix && self.manifest.abi >= PREFIXES_SINCE
    }

    /// From which byte on `text`, the beginning of the answer to this prompt, or with `ended` all of it, is impossible;
    /// `None` if it is possible.
    ///
    /// # Errors
    /// [`PluginError::Call`].
    pub fn check_prefix(&self, prompt: &Record, text: &str, ended: bool) -> Result<Option<usize>, PluginError> {
        let request = PrefixRequest { prompt: prompt.clone(), text: text.to_owned(), ended };
        let verdicts = self.batched(MethodId::CheckPrefix, &[request], |verdict: &PrefixVerdict| match verdict {
            PrefixVerdict::Dead { at, .. } if *at > text.len() => {
                Err(format!("`at` is {at}, expected at most {}, the length of the text", text.len()))
            }
            _ => Ok(()),
        })?;
        Ok(verdicts.into_iter().find_map(|verdict| match verdict {
            PrefixVerdict::Dead { at, .. } => Some(at),
            PrefixVerdict::Fine => None,
        }))
    }

    /// Faults and notes for the user about a prompt or, when there is one, the answer to it: for an
    /// expert in a separate process. A plugin with an ABI before this method reports nothing.
    ///
    /// # Errors
    /// [`PluginError::Call`].
    pub fn inspect(&self, record: &Record, completion: Option<&str>) -> Result<Inspection, PluginError> {
        let request = InspectRequest { record: record.clone(), completion: completion.map(str::to_owned) };
        match self.batched(MethodId::Inspect, &[request], |_: &Inspection| Ok(())) {
            Ok(mut inspections) => Ok(inspections.pop().unwrap_or_default()),
            Err(PluginError::Call { fault: CallFault::Refused(_), .. }) if self.manifest.abi < INSPECT_SINCE => {
                Ok(Inspection::default())
            }
            Err(error) => Err(error),
        }
    }

    /// Held-out prompts for evaluation.
    ///
    /// # Errors
    /// [`PluginError::Call`].
    pub fn eval_prompts(&self) -> Result<Vec<EvalPrompt>, PluginError> {
        self.single(MethodId::EvalPrompts, &())
    }

    fn single<T: DeserializeOwned>(&self, method: MethodId, request: &impl Serialize) -> Result<T, PluginError> {
        call(&self.name, &*self.transport, method, request, 0..0)
    }

    /// One call per [`BATCH`] items; replies are in the order of the items.
    fn batched<I: Serialize, T: DeserializeOwned>(
        &self,
        method: MethodId,
        items: &[I],
        check: impl Fn(&T) -> Result<(), String>,
    ) -> Result<Vec<T>, PluginError> {
        let mut all = Vec::with_capacity(items.len());
        for batch in items.chunks(BATCH) {
            let first = all.len();
            let span = first..first + batch.len();
            let replies: Vec<T> = call(&self.name, &*self.transport, method, &batch, span)?;
            if replies.len() != batch.len() {
                let fault = CallFault::Count { got: replies.len(), expected: batch.len() };
                return Err(self.failed(method, None, fault));
            }
            for (i, reply) in replies.iter().enumerate() {
                check(reply).map_err(|why| self.failed(method, Some(first + i), CallFault::Impossible(why)))?;
            }
            all.extend(replies);
        }
        Ok(all)
    }

    fn failed(&self, method: MethodId, record: Option<usize>, fault: CallFault) -> PluginError {
        PluginError::Call { expert: self.name.clone(), method: method.name(), record, fault }
    }
}

/// One call. `span` is the range of the batch among all records; empty when there is no batch.
fn call<T: DeserializeOwned>(
    expert: &str,
    transport: &dyn Transport,
    method: MethodId,
    request: &impl Serialize,
    span: Range<usize>,
) -> Result<T, PluginError> {
    let failed = |record, fault| PluginError::Call { expert: expert.to_owned(), method: method.name(), record, fault };
    let request = serde_json::to_vec(request).map_err(|e| failed(None, CallFault::Request(e.to_string())))?;
    let bytes = transport.invoke(method, &request).map_err(|e| failed(None, e))?;
    match serde_json::from_slice(&bytes) {
        Ok(Reply::Ok(value)) => Ok(value),
        Ok(Reply::Error(ExpertError { message, record, panicked })) => {
            // An index outside the batch is an error of the plugin: name no record rather than a
            // wrong one.
            let record = record.map(|r| span.start + r).filter(|r| span.contains(r));
            let fault = if panicked { CallFault::Panicked(message) } else { CallFault::Refused(message) };
            Err(failed(record, fault))
        }
        Err(e) => {
            // Only batches have records to name.
            let misfit = misfit::<T>(&bytes).filter(|(i, _)| *i < span.len());
            let (record, why) = misfit.map_or((None, e.to_string()), |(i, why)| (Some(span.start + i), why));
            Err(failed(record, CallFault::Protocol(why)))
        }
    }
}

/// The first reply of a batch that does not have the type `T`, if all of it is JSON. `T` is then a
/// list.
fn misfit<T: DeserializeOwned>(bytes: &[u8]) -> Option<(usize, String)> {
    let Ok(Reply::Ok(replies)) = serde_json::from_slice::<Reply<Vec<Value>>>(bytes) else { return None };
    replies.into_iter().enumerate().find_map(|(i, reply)| {
        let alone = serde_json::from_value::<T>(Value::Array(vec![reply]));
        alone.err().map(|e| (i, e.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plugin of an older ABI: it supports the manifest, and rejects methods added since.
    struct Older(u32);

    impl Transport for Older {
        fn invoke(&self, method: MethodId, _: &[u8]) -> Result<Vec<u8>, CallFault> {
            let manifest = serde_json::json!({
                "name": "shout", "version": "0.1.0", "abi": self.0, "description": "Says it louder", "license": "MIT",
                "base_models": ["m"], "dataset": {"fields": [{"name": "text"}, {"name": "loud", "completion": true}]},
            });
            let reply = match method {
                MethodId::Manifest => Reply::Ok(manifest.to_string()),
                method => {
                    Reply::Error(ExpertError::new(format!("method {} is not one of ABI {}", method as u32, self.0)))
                }
            };
            Ok(serde_json::to_vec(&reply).unwrap_or_default())
        }
    }

    #[test]
    fn an_older_plugin_has_nothing_to_say_of_what_it_does_not_know() {
        let question = Record::from_pairs([("text", "hi")]);
        let older = LoadedExpert::over("shout", Box::new(Older(3))).unwrap();
        assert_eq!(older.inspect(&question, None).unwrap(), Inspection::default());
        // A plugin that claims a newer ABI is called.
        let current = LoadedExpert::over("shout", Box::new(Older(4))).unwrap();
        assert!(current.inspect(&question, Some("HI")).is_err());
    }
}
