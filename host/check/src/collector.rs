//! Collects what the checks find. A check that was never begun is reported as skipped, so that nothing counts as passed
//! that was not looked at.

use std::collections::BTreeMap;

use crate::check::{Check, Depth, Group};
use crate::report::{Checked, Finding, Outcome};

/// Maximum number of places that are kept for a check.
const KEPT: usize = 20;

/// Maximum characters of a text that is quoted.
const QUOTED: usize = 60;

/// A text as it is quoted in a finding: one line, not too long.
pub(crate) fn quoted(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(QUOTED).collect();
    if text.chars().count() > QUOTED { format!("`{line}…`") } else { format!("`{line}`") }
}

#[derive(Debug, Default)]
struct State {
    findings: Vec<Finding>,
    total: usize,
}

/// The findings so far.
#[derive(Debug)]
pub(crate) struct Collector {
    /// Which checks are run.
    pub depth: Depth,
    begun: BTreeMap<&'static str, State>,
    skipped: BTreeMap<&'static str, String>,
    /// Beginnings of codes whose method does not answer any longer, each with the reason.
    ended: BTreeMap<&'static str, String>,
}

impl Collector {
    pub(crate) fn new(depth: Depth) -> Self {
        Self { depth, begun: BTreeMap::new(), skipped: BTreeMap::new(), ended: BTreeMap::new() }
    }

    /// Whether all checks are run.
    pub(crate) fn is_full(&self) -> bool {
        self.depth == Depth::Full
    }

    /// Says that these checks are looked at.
    pub(crate) fn begin(&mut self, codes: &[&'static str]) {
        for code in codes {
            self.begun.entry(code).or_default();
        }
    }

    /// Says that something is wrong.
    pub(crate) fn fail(
        &mut self,
        code: &'static str,
        place: impl Into<String>,
        got: impl Into<String>,
        expected: impl Into<String>,
    ) {
        let state = self.begun.entry(code).or_default();
        state.total += 1;
        if state.findings.len() < KEPT {
            state.findings.push(Finding { place: place.into(), got: got.into(), expected: expected.into() });
        }
    }

    /// Whether this check has failed.
    pub(crate) fn has_failed(&self, code: &str) -> bool {
        self.begun.get(code).is_some_and(|state| state.total > 0)
    }

    /// Whether a check of this group has failed.
    pub(crate) fn group_has_failed(&self, group: Group) -> bool {
        let of_group = |code: &str| code.split('-').next() == Some(group.name());
        self.begun.iter().any(|(code, state)| of_group(code) && state.total > 0)
    }

    /// Says why these checks do not apply.
    pub(crate) fn skip(&mut self, codes: &[&'static str], why: &str) {
        for code in codes {
            self.skipped.entry(code).or_insert_with(|| why.to_owned());
        }
    }

    /// Says why these checks do not apply after all. What they have found stays.
    pub(crate) fn end(&mut self, codes: &[&'static str], why: &str) {
        for code in codes {
            self.begun.retain(|begun, state| begun != code || state.total > 0);
        }
        self.skip(codes, why);
    }

    /// Says that nothing more is to be learned about the checks whose codes begin so; those that found nothing count as
    /// skipped.
    pub(crate) fn end_all(&mut self, beginning: &'static str, why: String) {
        self.ended.entry(beginning).or_insert(why);
    }

    /// Every check of `table` that belongs to the depth, with its outcome.
    pub(crate) fn finish(mut self, table: impl Iterator<Item = &'static Check>) -> Vec<Checked> {
        let mut checks = Vec::new();
        for check in table {
            let state = self.begun.remove(check.code);
            let ended = self.ended.iter().find(|(beginning, _)| check.code.starts_with(**beginning));
            let ended = ended.map(|(_, why)| why.clone());
            // A call may fail in the quick half in a way that only the other half looks for.
            if !check.runs_at(self.depth) && state.as_ref().is_none_or(|state| state.total == 0) {
                continue;
            }
            let outcome = match state {
                Some(state) if state.total > 0 => Outcome::Failed(state.findings, state.total),
                Some(_) => ended.map_or(Outcome::Passed, Outcome::Skipped),
                None => {
                    let why = self.skipped.remove(check.code).or(ended);
                    Outcome::Skipped(why.unwrap_or_else(|| "an earlier check failed".to_owned()))
                }
            };
            checks.push(Checked { check, outcome });
        }
        checks
    }
}
