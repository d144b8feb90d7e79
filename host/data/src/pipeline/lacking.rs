//! Suggests values for missing fields: when many records of a data set seem to have the same value,
//! it suggests setting it for all of them. The expert knows what the values mean.

use std::collections::BTreeMap;

use hive_pages::thousands;
use hive_sdk::manifest::{FieldSpec, SuggestSpec};
use hive_sdk::{Facts, Record};

/// Minimum number of records, and minimum fraction of all, for a suggestion.
const LEAST: usize = 20;
const LEAST_SHARE: f64 = 0.05;

/// Counts the expert's labels for fields that records lack.
#[derive(Debug, Default)]
pub(super) struct Lacking {
    fields: Vec<(String, SuggestSpec, BTreeMap<String, usize>)>,
}

impl Lacking {
    /// For records of these fields.
    pub(super) fn new(fields: &[FieldSpec]) -> Self {
        let suggest = |field: &FieldSpec| Some((field.name.clone(), field.suggest.clone()?, BTreeMap::new()));
        Self { fields: fields.iter().filter_map(suggest).collect() }
    }

    /// Counts a record, as read.
    pub(super) fn add(&mut self, record: &Record, facts: &Facts) {
        for (field, spec, counts) in &mut self.fields {
            let class = facts.labels.get(&spec.label).filter(|class| !spec.except.contains(class));
            if let Some(class) = class.filter(|_| record.text(field).is_none()) {
                *counts.entry(class.clone()).or_default() += 1;
            }
        }
    }

    /// The suggestions for `records` records.
    pub(super) fn remarks(&self, records: usize) -> Vec<String> {
        let remark = |(field, spec, counts): &(String, SuggestSpec, BTreeMap<String, usize>)| {
            // The first of the most frequent.
            let (class, count) = counts.iter().max_by_key(|(class, count)| (**count, std::cmp::Reverse(*class)))?;
            let many = *count >= LEAST && *count as f64 >= LEAST_SHARE * records as f64;
            let reason = spec.what.replace("{class}", class);
            many.then(|| {
                let (count, records) = (thousands(*count as f64), thousands(records as f64));
                format!("{count} of {records} records {reason}: `--field {field}={class}` sets it for all records")
            })
        };
        self.fields.iter().filter_map(remark).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remarks(classes: &[(&str, usize)], tone: Option<&str>) -> Vec<String> {
        let fields: Vec<FieldSpec> = serde_json::from_value(serde_json::json!([{"name": "tone", "optional": true,
            "suggest": {"label": "sounds", "except": ["plain"], "what": "sound {class}"}}, {"name": "x"}]))
        .unwrap();
        let mut lacking = Lacking::new(&fields);
        let record = Record::from_pairs(tone.map(|tone| ("tone", tone)));
        let mut all = 0;
        for (class, count) in classes {
            let labels = BTreeMap::from([("sounds".to_owned(), (*class).to_owned())]);
            let facts = Facts { labels, ..Facts::default() };
            (0..*count).for_each(|_| lacking.add(&record, &facts));
            all += count;
        }
        lacking.remarks(all)
    }

    #[test]
    fn a_value_that_many_records_lack_is_suggested() {
        let said = remarks(&[("plain", 3_766), ("loud", 1_234), ("shy", 30)], None);
        assert_eq!(said, ["1,234 of 5,030 records sound loud: `--field tone=loud` sets it for all records"]);
        assert_eq!(remarks(&[("plain", 3_766), ("loud", 1_234)], Some("plain")), [""; 0]);
        assert_eq!(remarks(&[("loud", 19)], None), [""; 0], "too few to tell");
        assert_eq!(remarks(&[("plain", 981), ("loud", 49)], None), [""; 0], "too small a share");
        assert_eq!(remarks(&[("plain", 100)], None), [""; 0]);
    }
}
