//! Splits records into train and validation. Deterministic: the same records, seed and settings
//! give the same split on any machine. A value of the expert's `group_by` field occurs on one side
//! only, unless whole groups would hold out far more or far fewer records than requested: then
//! records are held out individually, and the reason is reported.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Changes when the same records would be split differently.
pub const SPLIT_VERSION: u32 = 2;

/// Whole groups may hold out at most this multiple of the requested number.
const AT_MOST: usize = 2;

/// And at least the requested number divided by this.
const AT_LEAST: usize = 2;

/// How many records are held out.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitSettings {
    /// Seed of the selection.
    pub seed: u64,
    /// Fraction of the records to hold out.
    pub validation_fraction: f64,
    /// Maximum number of records to hold out.
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
    /// Nothing: individual records. `why` explains it when groups were requested.
    Record {
        /// Why the groups could not be kept together.
        why: Option<String>,
        /// The fraction, in hundredths, of the records that a whole group would hold out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        whole: Option<u32>,
    },
}

/// Indices of records, each list ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Training records.
    pub train: Vec<usize>,
    /// Held-out records.
    pub validation: Vec<usize>,
    /// Number of records held out beyond `validation_records`: not used, so that no group is on
    /// both sides.
    pub unused: usize,
    /// What was kept together.
    pub by: SplitBy,
}

/// The groups to keep on one side.
#[derive(Debug, Clone, Copy)]
pub struct Groups<'a> {
    /// The field that groups them, for messages.
    pub field: &'a str,
    /// The group of each record.
    pub keys: &'a [u64],
}

/// Splits `records` records. At least one remains for training; at least one is held out when there
/// are two and the fraction is not 0.
pub fn split(records: usize, groups: Option<Groups<'_>>, settings: &SplitSettings) -> Split {
    let asked = asked(records, settings);
    let wanted = asked.min(settings.validation_records);
    let by_record = |why: Option<String>, whole: Option<u32>| {
        let singles = (0..records).map(|i| (i as u64, vec![i])).collect();
        let (validation, unused) = hold_out(singles, wanted, records, settings);
        assemble(records, validation, unused, SplitBy::Record { why, whole })
    };
    let Some(Groups { field, keys }) = groups else { return by_record(None, None) };
    let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (i, group) in keys.iter().enumerate() {
        groups.entry(*group).or_default().push(i);
    }
    let count = groups.len();
    if count < 2 {
        return by_record(Some(format!("all records have the same `{field}`")), None);
    }
    let sizes: Vec<usize> = groups.values().map(Vec::len).collect();
    let limit = (records / 2).max(wanted).min(AT_MOST * asked);
    let (validation, unused) = hold_out(groups, wanted, limit, settings);
    let held = validation.len() + unused.len();
    if held * AT_LEAST < wanted {
        let next = sizes.into_iter().filter(|size| held + size > limit).min().unwrap_or(records);
        let why = format!(
            "{asked} of {records} were to be held out, and all with the same `{field}` would be {next} or more"
        );
        let whole = u32::try_from((100 * next).div_ceil(records)).ok().filter(|_| 2 * next <= records);
        return by_record(Some(why), whole);
    }
    assemble(records, validation, unused, SplitBy::Group { field: field.to_owned(), groups: count })
}

/// Number of records requested, ignoring the limit on held-out ones.
fn asked(records: usize, settings: &SplitSettings) -> usize {
    if records < 2 || settings.validation_fraction <= 0.0 {
        return 0;
    }
    let share = (records as f64 * settings.validation_fraction).round() as usize;
    share.clamp(1, records - 1)
}

/// Takes groups in the order of their hashes until `wanted` records are held out. A group that
/// would exceed `limit` is skipped.
fn hold_out(
    groups: BTreeMap<u64, Vec<usize>>,
    wanted: usize,
    limit: usize,
    settings: &SplitSettings,
) -> (Vec<usize>, Vec<usize>) {
    let mut ordered: Vec<_> = groups.into_iter().map(|(key, members)| (rank(settings.seed, key), members)).collect();
    ordered.sort();
    let mut count = 0;
    let mut groups = Vec::new();
    for (_, members) in ordered {
        if count >= wanted {
            break;
        }
        if count + members.len() <= limit {
            count += members.len();
            groups.push(members);
        }
    }
    // Round-robin over the groups, so that the records within the limit represent all of them.
    let longest = groups.iter().map(Vec::len).max().unwrap_or(0);
    let mut held: Vec<usize> =
        (0..longest).flat_map(|i| groups.iter().filter_map(move |g| g.get(i).copied())).collect();
    let unused = held.split_off(held.len().min(settings.validation_records));
    (held, unused)
}

/// The sort key of a group: SHA-256 digest of seed and group, so that a group's position does not
/// depend on the others.
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

    fn split_of(groups: &[&str], group_by: Option<&str>, fraction: f64, limit: usize) -> Split {
        let keys: Vec<u64> = groups.iter().map(|g| g.bytes().fold(7, |h, b| h * 31 + u64::from(b))).collect();
        let settings = SplitSettings { seed: 7, validation_fraction: fraction, validation_records: limit };
        split(groups.len(), group_by.map(|field| Groups { field, keys: &keys }), &settings)
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
        assert_eq!(split.by, SplitBy::Record { why: Some("all records have the same `g`".to_owned()), whole: None });
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
    fn groups_of_many_times_what_was_asked_for_are_split_record_by_record() {
        let halves: Vec<&str> = ["a", "b"].into_iter().cycle().take(180).collect();
        let split = split_of(&halves, Some("g"), 0.05, 500);
        assert_eq!((split.train.len(), split.validation.len(), split.unused), (171, 9, 0));
        let SplitBy::Record { why: Some(why), whole } = split.by else { panic!("{:?}", split.by) };
        assert_eq!(why, "9 of 180 were to be held out, and all with the same `g` would be 90 or more");
        assert_eq!(whole, Some(50));
        let whole = split_of(&halves, Some("g"), 0.5, 500);
        assert_eq!((whole.by, whole.validation.len()), (SplitBy::Group { field: "g".to_owned(), groups: 2 }, 90));
        let thirds: Vec<&str> = ["a", "b", "c"].into_iter().cycle().take(180).collect();
        assert_eq!(split_of(&thirds, Some("g"), 0.05, 500).validation.len(), 9);
        assert_eq!(split_of(&thirds, Some("g"), 0.34, 500).validation.len(), 60);
        // One small group beside two giants is too small for a measurement.
        let mut lopsided = halves.clone();
        lopsided[0] = "c";
        let split = split_of(&lopsided, Some("g"), 0.1, 500);
        assert_eq!((split.validation.len(), matches!(split.by, SplitBy::Record { .. })), (18, true));
    }

    #[test]
    fn a_big_group_among_small_ones_is_passed_over() {
        for seed in 0..50 {
            let names: Vec<String> =
                (0..100).map(|i| if i < 40 { "big".into() } else { format!("g{seed}-{i}") }).collect();
            let groups: Vec<&str> = names.iter().map(String::as_str).collect();
            let split = split_of(&groups, Some("g"), 0.05, 500);
            assert_eq!(split.validation.len(), 5, "{seed}");
        }
    }

    #[test]
    fn few_records_still_leave_one_on_each_side() {
        assert_eq!(split_of(&["a", "b"], Some("g"), 0.01, 500).validation.len(), 1);
        assert_eq!(split_of(&["a"], Some("g"), 0.5, 500).train, [0]);
        assert_eq!(split_of(&["a", "b", "c"], None, 0.0, 500).validation.len(), 0);
        assert_eq!(split_of(&[], None, 0.1, 500).train.len(), 0);
    }
}
