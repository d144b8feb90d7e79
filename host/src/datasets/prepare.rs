//! From records to what is trained on: the expert judges each, exact duplicates go, the rest is
//! split. Nothing is tokenised or written here.

use std::collections::HashSet;

use hive_sdk::{Record, Verdict};

use super::error::DatasetError;
use super::rejects::Rejects;
use super::split::{SplitBy, SplitSettings, split};
use super::{Source, SourcedRecord};
use crate::plugins::LoadedExpert;

/// Records ready to be rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// To train on.
    pub train: Vec<SourcedRecord>,
    /// Held out.
    pub validation: Vec<SourcedRecord>,
    /// What was done.
    pub report: PrepareReport,
}

/// What was done to the records.
#[derive(Debug, Clone, PartialEq)]
pub struct PrepareReport {
    /// Records that came in.
    pub records: usize,
    /// Records that the expert changed.
    pub repaired: usize,
    /// The first reasons for a change, each once.
    pub repairs: Vec<String>,
    /// Records that the expert refused.
    pub rejects: Rejects,
    /// Records whose fields all equal those of an earlier one.
    pub duplicates: usize,
    /// Records held out beyond `validation_records`, used for nothing.
    pub unused: usize,
    /// What the split kept together.
    pub split_by: SplitBy,
}

/// Reasons for repairs that a report keeps.
const REPAIRS_SHOWN: usize = 5;

/// Judges, repairs, drops duplicates and splits. `what` names the data in errors, `earlier` is what
/// was already passed over while reading.
///
/// # Errors
/// When there is no record, none is good, or the expert fails.
pub fn prepare(
    expert: &LoadedExpert,
    what: &str,
    records: Vec<SourcedRecord>,
    earlier: &Rejects,
    settings: &SplitSettings,
) -> Result<Prepared, DatasetError> {
    if records.is_empty() && earlier.total() == 0 {
        return Err(DatasetError::Empty { what: what.to_owned() });
    }
    let count = records.len();
    let mut judged = judge(expert, records)?;
    judged.rejects.merge(earlier.clone());
    if judged.good.is_empty() {
        return Err(DatasetError::AllRejected { rejects: judged.rejects });
    }
    let before = judged.good.len();
    let mut seen = HashSet::new();
    judged.good.retain(|r| seen.insert(identity(&r.record)));
    let duplicates = before - judged.good.len();

    let bare: Vec<&Record> = judged.good.iter().map(|r| &r.record).collect();
    let parts = split(&bare, expert.manifest().dataset.group_by.as_deref(), settings);
    let take = |positions: &[usize]| positions.iter().map(|&i| judged.good[i].clone()).collect();
    Ok(Prepared {
        train: take(&parts.train),
        validation: take(&parts.validation),
        report: PrepareReport {
            records: count + earlier.total(),
            repaired: judged.repaired,
            repairs: judged.repairs,
            rejects: judged.rejects,
            duplicates,
            unused: parts.unused,
            split_by: parts.by,
        },
    })
}

/// The records of the expert's own making, if it has a synthesiser.
///
/// # Errors
/// When the expert fails.
pub fn synthetic(expert: &LoadedExpert, seed: u64, n: usize) -> Result<Option<Vec<SourcedRecord>>, DatasetError> {
    let records = expert.synthesize(seed, n)?;
    let sourced = |(index, record)| SourcedRecord { record, source: Source::Synthetic { index } };
    Ok(records.map(|records| records.into_iter().enumerate().map(sourced).collect()))
}

#[derive(Default)]
struct Judged {
    good: Vec<SourcedRecord>,
    repaired: usize,
    repairs: Vec<String>,
    rejects: Rejects,
}

fn judge(expert: &LoadedExpert, records: Vec<SourcedRecord>) -> Result<Judged, DatasetError> {
    let (bare, sources): (Vec<Record>, Vec<Source>) = records.into_iter().map(|r| (r.record, r.source)).unzip();
    let verdicts = expert.validate(&bare)?;
    let mut judged = Judged::default();
    for ((record, source), verdict) in bare.into_iter().zip(sources).zip(verdicts) {
        match verdict {
            Verdict::Accept { .. } => judged.good.push(SourcedRecord { record, source }),
            Verdict::Repaired { record, changes, .. } => {
                judged.repaired += 1;
                for change in changes {
                    if judged.repairs.len() < REPAIRS_SHOWN && !judged.repairs.contains(&change.message) {
                        judged.repairs.push(change.message);
                    }
                }
                judged.good.push(SourcedRecord { record, source });
            }
            Verdict::Reject { code, why, .. } => judged.rejects.add(&code, &source, &why),
        }
    }
    Ok(judged)
}

/// Equal for records with the same fields, in whatever order they stand.
fn identity(record: &Record) -> String {
    let mut pairs: Vec<_> = record.0.iter().collect();
    pairs.sort_by_key(|(key, _)| key.as_str());
    serde_json::json!(pairs).to_string()
}

#[cfg(test)]
mod tests;
