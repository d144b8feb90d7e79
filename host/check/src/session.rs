//! Calls of an expert under check. Every failure of a call is a finding of one check, wherever it happens: a panic is
//! always `boundary-panic`, a score that is not a number always `grade-score`. A method that hangs or ends its process is
//! not called again, so that a fault costs one time limit per method.

use std::collections::{BTreeMap, BTreeSet};

use hive_plugins::{CallFault, LoadedExpert, PluginError};
use hive_sdk::manifest::Manifest;

use crate::check::{Check, codes_of};
use crate::collector::Collector;

/// Maximum number of failed odd inputs per method: a method that panics on everything is known by then.
const ODD: usize = 3;

/// An expert that is being checked.
pub(crate) struct Session<'a> {
    /// The expert.
    pub expert: &'a LoadedExpert,
    /// The findings.
    pub out: &'a mut Collector,
    /// Whether it consists of a manifest only: then it has the methods that the manifest has rules for.
    pub declared: bool,
    /// Methods that are not called any longer.
    dead: BTreeSet<&'static str>,
    odd: BTreeMap<&'static str, usize>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(expert: &'a LoadedExpert, declared: bool, out: &'a mut Collector) -> Self {
        Self { expert, out, declared, dead: BTreeSet::new(), odd: BTreeMap::new() }
    }

    pub(crate) fn manifest(&self) -> &'a Manifest {
        self.expert.manifest()
    }

    /// Name of the completion field.
    pub(crate) fn field(&self) -> &'a str {
        self.manifest().completion_field().unwrap_or_default()
    }

    /// Does not call these methods any longer, which the expert does not have; their checks are skipped.
    pub(crate) fn without(&mut self, methods: &[&'static str], checks: &[Check], why: &str) {
        self.dead.extend(methods);
        let codes = codes_of(checks);
        self.out.end(&codes, why);
    }

    /// Calls `method`. An error that the expert returned is a finding of the check `refused`.
    pub(crate) fn call<T>(
        &mut self,
        method: &'static str,
        place: &str,
        refused: &'static str,
        run: impl FnOnce(&LoadedExpert) -> Result<T, PluginError>,
    ) -> Option<T> {
        match self.attempt(method, place, run)? {
            Ok(reply) => Some(reply),
            Err(why) => {
                self.out.fail(refused, place, format!("`{method}` fails: {why}"), "");
                None
            }
        }
    }

    /// Calls `method`; an error that the expert returned is left to the caller.
    pub(crate) fn attempt<T>(
        &mut self,
        method: &'static str,
        place: &str,
        run: impl FnOnce(&LoadedExpert) -> Result<T, PluginError>,
    ) -> Option<Result<T, String>> {
        if self.dead.contains(method) {
            return None;
        }
        match run(self.expert) {
            Ok(reply) => Some(Ok(reply)),
            Err(PluginError::Call { fault: CallFault::Refused(why), .. }) => Some(Err(why)),
            Err(PluginError::Call { method, fault, .. }) => {
                self.blame(method, place, &fault);
                None
            }
            Err(other) => {
                self.out.fail("boundary-start", place, other.to_string(), "");
                None
            }
        }
    }

    /// Calls `method` with odd input: any reply and any error is right, but there must be one.
    pub(crate) fn odd<T>(
        &mut self,
        method: &'static str,
        place: &str,
        code: &'static str,
        run: impl FnOnce(&LoadedExpert) -> Result<T, PluginError>,
    ) {
        if self.dead.contains(method) || self.odd.get(code).is_some_and(|n| *n >= ODD) {
            return;
        }
        if let Err(PluginError::Call { method, fault, .. }) = run(self.expert) {
            if matches!(fault, CallFault::Refused(_)) {
                return;
            }
            *self.odd.entry(code).or_default() += 1;
            if matches!(fault, CallFault::TimedOut(_)) {
                self.dead.insert(method);
            }
            self.out.fail(code, place, format!("`{method}` fails: {fault}"), "a reply or an error");
        }
    }

    /// Reports a fault of the plugin under the check that is about it.
    fn blame(&mut self, method: &'static str, place: &str, fault: &CallFault) {
        let code = code_of(method, fault);
        self.out.fail(code, place, format!("`{method}` fails: {fault}"), "");
        let ended = matches!(
            fault,
            CallFault::Ended { .. } | CallFault::TimedOut(_) | CallFault::NotStarted(_) | CallFault::NotLoaded(_)
        );
        if ended {
            self.dead.insert(method);
            let beginning = match method {
                "render" => "render-",
                "validate" => "validate-",
                "grade" => "grade-",
                "examine" => "grade-examine-",
                "inspect" => "inspect-",
                "synthesize" => "synthesize-",
                "eval_prompts" => "suite-",
                _ => return,
            };
            self.out.end_all(beginning, format!("`{method}` does not answer, see {code}"));
        }
    }
}

/// The check that is about this fault.
fn code_of(method: &str, fault: &CallFault) -> &'static str {
    match fault {
        CallFault::NotStarted(_) | CallFault::NotLoaded(_) => "boundary-start",
        CallFault::Panicked(_) => "boundary-panic",
        CallFault::Ended { .. } => "boundary-exit",
        CallFault::TimedOut(_) => "boundary-time",
        CallFault::Count { .. } if method == "synthesize" => "synthesize-count",
        CallFault::Count { .. } => "boundary-count",
        CallFault::Failed(why) if why.contains("protocol") => "boundary-protocol",
        CallFault::NoReply(_) | CallFault::Failed(_) => "boundary-reply",
        CallFault::Impossible(why) => match method {
            "render" if why.contains("completion_start") => "render-start",
            "render" => "render-turns",
            "validate" if why.contains("rejection") => "validate-reject-code",
            "validate" => "validate-repair-changes",
            "examine" if why.contains("declare") => "grade-examine-checks",
            _ => "grade-score",
        },
        CallFault::Protocol(_) | CallFault::Request(_) | CallFault::Refused(_) => "boundary-protocol",
    }
}

/// The error of a call, without the expert and the index in a batch, which mean nothing here.
pub(crate) fn why(error: PluginError) -> String {
    match error {
        PluginError::Call { method, fault, .. } => format!("`{method}` fails: {fault}"),
        other => other.to_string(),
    }
}
