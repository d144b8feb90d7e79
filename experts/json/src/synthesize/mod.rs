//! Makes training records from a seed: texts, schemas and values over invented records of many domains. It holds no
//! data set.
//!
//! Record `k` takes the next shape in an order shuffled by the seed, so that any run of records is balanced. Everything
//! else is drawn: which fields the schema has and how it spells them, which of them the text says and in what manner.

mod domains;
mod filler;
mod property;
mod record;
mod shape;
mod text;
mod value;
mod words;

use std::collections::BTreeSet;

use hive_sdk::rng::Rng;
use hive_sdk::{ExpertError, Record};

use shape::Shape;

/// Most records that are made at once.
const MAX_RECORDS: usize = 200_000;

/// Attempts at a record of a shape before the shape is skipped.
const ATTEMPTS: u64 = 16;

/// Skipped shapes in a row after which there is nothing more to make.
const MAX_SKIPPED: usize = 1_000;

/// `n` records with `id`, `text`, `schema` and `json`; no text is repeated.
///
/// The first records of a longer run are those of a shorter one with the same seed.
///
/// # Errors
/// When `n` is beyond what can be made without repeats: the message says how many can.
pub fn records(seed: u64, n: usize) -> Result<Vec<Record>, ExpertError> {
    if n > MAX_RECORDS {
        return Err(ExpertError::new(format!(
            "got a request for {n} synthetic records, expected at most {MAX_RECORDS}"
        )));
    }
    let mut shapes: Vec<&Shape> = domains::all().collect();
    Rng::new(seed, 0).shuffle(&mut shapes);
    let (mut records, mut texts) = (Vec::new(), BTreeSet::new());
    let (mut k, mut skipped) = (0, 0);
    while records.len() < n {
        if skipped > MAX_SKIPPED {
            return Err(ExpertError::new(format!(
                "got a request for {n} synthetic records, expected at most {} for seed {seed}: all others would be repeats",
                records.len()
            )));
        }
        let shape = shapes[k % shapes.len()];
        let made = (0..ATTEMPTS).find_map(|attempt| {
            let mut rng = Rng::new(seed, 1 + k as u64 * ATTEMPTS + attempt);
            record::make(shape, &mut rng).filter(|draft| texts.insert(draft.text.clone()))
        });
        skipped += 1;
        if let Some(draft) = made {
            skipped = 0;
            records.push(Record::from_pairs([
                ("id", format!("synth-{}-{}-{k}", shape.domain.replace(' ', "-"), shape.name)),
                ("text", draft.text),
                ("schema", draft.schema),
                ("json", draft.json),
            ]));
        }
        k += 1;
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;
    use shape::{Field, Kind};

    #[test]
    fn there_are_many_shapes_and_domains() {
        let shapes: Vec<_> = domains::all().collect();
        let domains: BTreeSet<_> = shapes.iter().map(|shape| shape.domain).collect();
        assert!(shapes.len() >= 40 && domains.len() >= 30, "{} shapes, {} domains", shapes.len(), domains.len());
        let names: BTreeSet<_> = shapes.iter().map(|shape| (shape.domain, shape.name)).collect();
        assert_eq!(names.len(), shapes.len(), "a name repeats");
    }

    #[test]
    fn every_field_can_be_said() {
        check_all(domains::all(), |shape| {
            let at = format!("{} {}", shape.domain, shape.name);
            assert!(shape.openings.len() >= 3, "{at}: {} openings", shape.openings.len());
            assert!(shape.fields.len() >= 5, "{at}: {} fields", shape.fields.len());
            shape.fields.iter().for_each(|field| sayable(field, &at));
        });
    }

    fn sayable(field: &Field, at: &str) {
        let at = format!("{at} {}", field.names);
        assert!(
            field
                .names
                .split('|')
                .all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())),
            "{at}"
        );
        let holes = |say: &&str| say.matches("{}").count();
        match field.kind {
            Kind::Flag(no) => {
                assert!(!field.say.is_empty() && !no.is_empty(), "{at}: yes or no cannot be said");
                assert!(field.say.iter().chain(no).all(|say| holes(say) == 0), "{at}");
            }
            Kind::Group(inner) => {
                assert!(field.say.iter().all(|say| holes(say) == 1), "{at}");
                inner.iter().for_each(|field| sayable(field, &at));
            }
            Kind::Rows(inner, low, high) => {
                assert!(low > 0 && low <= high, "{at}");
                assert!(!field.say.is_empty() && field.say.iter().all(|say| holes(say) == 1), "{at}");
                inner.iter().for_each(|field| sayable(field, &at));
            }
            _ => assert!(!field.say.is_empty() && field.say.iter().all(|say| holes(say) == 1), "{at}"),
        }
    }
}
