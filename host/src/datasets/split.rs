//! Cuts records into train and validation. Deterministic: the same records, seed and settings give
//! the same split on any machine. No value of the expert's `group_by` field is on both sides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How much is held out.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitSettings {
    /// Seed of the choice.
    pub seed: u64,
    /// Share of the records to hold out.
    pub validation_fraction: f64,
    /// Most records to hold out.
    pub validation_records: usize,
}

/// What the split kept together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SplitBy {
    /// Records with the same value of this field.
    Group {
        /// The field.
        field: String,
        /// Its distinct values.
        groups: usize,
    },
    /// Nothing: record by record. `why` says so when groups were asked for.
    Record {
        /// Why the groups could not be kept together.
        why: Option<String>,
    },
}

/// Positions of records, each list ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// To train on.
    pub train: Vec<usize>,
    /// Held out.
    pub validation: Vec<usize>,
    /// Held out beyond `validation_records`: used for nothing, so that no group is on both sides.
    pub unused: usize,
    /// What was kept together.
    pub by: SplitBy,
}

/// What records share, for keeping them on one side.
#[derive(Debug, Clone, Copy)]
pub struct Groups<'a> {
    /// The field that groups them, for messages.
    pub field: &'a str,
    /// The group of each record.
    pub of: &'a [u64],
}

/// Splits `records` records. At least one stays to train on; at least one is held out when there
/// are two and the fraction is not 0.
pub fn split(records: usize, groups: Option<Groups<'_>>, settings: &SplitSettings) -> Split {
    let wanted = wanted(records, settings);
    let by_record = |why| {
        let singles = (0..records).map(|i| (i as u64, vec![i])).collect();
        let (validation, unused) = hold_out(singles, wanted, records, settings);
        assemble(records, validation, unused, SplitBy::Record { why })
    };
    let Some(Groups { field, of }) = groups else { return by_record(None) };
    let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (i, group) in of.iter().enumerate() {
        groups.entry(*group).or_default().push(i);
    }
    let count = groups.len();
    if count < 2 {
        return by_record(Some(format!("all records have the same `{field}`")));
    }
    let (validation, unused) = hold_out(groups, wanted, records, settings);
    if validation.is_empty() && wanted > 0 {
        return by_record(Some(format!("each of the {count} values of `{field}` covers half of the records or more")));
    }
    assemble(records, validation, unused, SplitBy::Group { field: field.to_owned(), groups: count })
}

fn wanted(records: usize, settings: &SplitSettings) -> usize {
    if records < 2 || settings.validation_fraction <= 0.0 {
        return 0;
    }
    let share = (records as f64 * settings.validation_fraction).round() as usize;
    share.clamp(1, records - 1).min(settings.validation_records)
}

/// Takes groups in the order of their hashes until `wanted` records are held out. A group that
/// would leave less than half of the records to train on is passed over.
fn hold_out(
    groups: BTreeMap<u64, Vec<usize>>,
    wanted: usize,
    records: usize,
    settings: &SplitSettings,
) -> (Vec<usize>, Vec<usize>) {
    let mut ordered: Vec<_> = groups.into_iter().map(|(key, members)| (rank(settings.seed, key), members)).collect();
    ordered.sort();
    let most = (records / 2).max(wanted);
    let mut count = 0;
    let mut groups = Vec::new();
    for (_, members) in ordered {
        if count >= wanted {
            break;
        }
        if count + members.len() <= most {
            count += members.len();
            groups.push(members);
        }
    }
    // In turn from every group, so that what the cap leaves speaks for all of them.
    let longest = groups.iter().map(Vec::len).max().unwrap_or(0);
    let mut held: Vec<usize> =
        (0..longest).flat_map(|i| groups.iter().filter_map(move |g| g.get(i).copied())).collect();
    let unused = held.split_off(held.len().min(settings.validation_records));
    (held, unused)
}

/// Where a group stands: sha256 of seed and group, so that a group's place depends on no other.
fn rank(seed: u64, key: u64) -> [u8; 32] {
    Sha256::new().chain_update(seed.to_le_bytes()).chain_update(key.to_le_bytes()).finalize().into()
}

fn assemble(records: usize, mut validation: Vec<usize>, unused: Vec<usize>, by: SplitBy) -> Split {
    validation.sort_unstable();
    let mut side = vec![true; records];
    validation.iter().chain(&unused).for_each(|&i| side[i] = false);
    let train = (0..records).filter(|&i| side[i]).collect();
    Split { train, validation, unused: unused.len(), by }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_of(groups: &[&str], group_by: Option<&str>, fraction: f64, most: usize) -> Split {
        let of: Vec<u64> = groups.iter().map(|g| g.bytes().fold(7, |h, b| h * 31 + u64::from(b))).collect();
        let settings = SplitSettings { seed: 7, validation_fraction: fraction, validation_records: most };
        split(groups.len(), group_by.map(|field| Groups { field, of: &of }), &settings)
    }

    #[test]
    fn no_group_is_on_both_sides_and_every_record_is_somewhere() {
        let names: Vec<String> = (0..200).map(|i| format!("g{}", i % 23)).collect();
        let groups: Vec<&str> = names.iter().map(String::as_str).collect();
        let split = split_of(&groups, Some("g"), 0.2, 500);
        assert_eq!(split.by, SplitBy::Group { field: "g".to_owned(), groups: 23 });
        assert!(split.validation.len() >= 40 && split.validation.len() < 60, "{}", split.validation.len());
        assert_eq!(split.train.len() + split.validation.len(), 200);
        assert!(split.train.iter().all(|t| split.validation.iter().all(|v| groups[*t] != groups[*v])));
        assert_eq!(split, split_of(&groups, Some("g"), 0.2, 500), "the same input gives the same split");
    }

    #[test]
    fn what_is_held_out_beyond_the_cap_trains_on_nothing() {
        let groups: Vec<&str> = ["a", "b", "c"].into_iter().cycle().take(30).collect();
        let split = split_of(&groups, Some("g"), 0.3, 4);
        assert_eq!((split.train.len(), split.validation.len(), split.unused), (20, 4, 6));
    }

    #[test]
    fn one_group_falls_back_to_records_and_says_so() {
        let split = split_of(&["a"; 10], Some("g"), 0.2, 500);
        assert_eq!(split.by, SplitBy::Record { why: Some("all records have the same `g`".to_owned()) });
        assert_eq!((split.train.len(), split.validation.len()), (8, 2));
    }

    #[test]
    fn a_group_that_is_nearly_everything_stays_in_training() {
        let mut groups = vec!["big"; 95];
        groups.extend(["a", "b", "c", "d", "e"]);
        let split = split_of(&groups, Some("g"), 0.05, 500);
        assert_eq!((split.train.len(), split.validation.len()), (95, 5));
    }

    #[test]
    fn few_records_still_leave_one_on_each_side() {
        assert_eq!(split_of(&["a", "b"], Some("g"), 0.01, 500).validation.len(), 1);
        assert_eq!(split_of(&["a"], Some("g"), 0.5, 500).train, [0]);
        assert_eq!(split_of(&["a", "b", "c"], None, 0.0, 500).validation.len(), 0);
        assert_eq!(split_of(&[], None, 0.1, 500).train.len(), 0);
    }
}
