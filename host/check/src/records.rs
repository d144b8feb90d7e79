//! The checks of a data set's records, for whoever reads and prepares them: training looks at its own data with them.

use hive_plugins::LoadedExpert;
use hive_sdk::Rendered;

use crate::check::Depth;
use crate::collector::Collector;
use crate::groups::data;
use crate::report::{Checked, Outcome};
use crate::subject::Named;
use crate::table::checks;

/// Findings about records, by check.
#[derive(Debug)]
pub struct RecordChecks<'a> {
    expert: &'a LoadedExpert,
    out: Collector,
}

impl<'a> RecordChecks<'a> {
    /// Nothing is found yet.
    pub fn new(expert: &'a LoadedExpert) -> Self {
        Self { expert, out: Collector::new(Depth::Full) }
    }

    /// Looks for prompts that depend on the completion. The records need not be sound: what cannot be rendered is passed
    /// over.
    pub fn leaks(&mut self, records: &[Named]) {
        data::leaks(self.expert, records, &mut self.out);
    }

    /// As [`Self::leaks`], for a chat and the same record's chat with another completion or none.
    pub fn leak(&mut self, place: &str, chat: &Rendered, other: &Rendered) {
        data::leak(self.expert, place, chat, other, &mut self.out);
    }

    /// Looks for records whose own completion does not always get the full score.
    pub fn golds(&mut self, records: &[Named]) {
        data::golds(self.expert, records, &mut self.out);
    }

    /// What was found.
    pub fn failed(self) -> Vec<Checked> {
        let all = self.out.finish(checks());
        all.into_iter().filter(|checked| matches!(checked.outcome, Outcome::Failed(..))).collect()
    }
}
