//! Makes training records from a seed: questions and PostgreSQL over invented schemas of many domains. It holds no data
//! set and executes no SQL.
//!
//! Record `k` takes the next domain and the next shape, each in an order shuffled by the seed, so that any run of
//! records is balanced in both. A combination that fits no table is skipped, as is one that would repeat a question on
//! a domain.

mod context;
mod domain;
mod domains;
mod shapes;

use std::collections::BTreeSet;

use hive_sdk::rng::Rng;
use hive_sdk::{ExpertError, Record};

use context::Context;
use domains::DOMAINS;

/// Most records that are made at once.
const MAX_RECORDS: usize = 200_000;

/// Attempts at a combination of domain and shape before it is skipped.
const ATTEMPTS: u64 = 6;

/// `n` records with `id`, `question`, `schema` and `sql`; no question is asked of a schema twice.
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
    let mut order = Rng::new(seed, 0);
    let mut domains: Vec<_> = DOMAINS.iter().map(|domain| (domain, domain.schema())).collect();
    let mut shapes = shapes::all();
    order.shuffle(&mut domains);
    order.shuffle(&mut shapes);

    let round = domains.len() * shapes.len();
    let (mut records, mut asked) = (Vec::new(), BTreeSet::new());
    let (mut k, mut since_last) = (0, 0);
    while records.len() < n {
        if since_last > round {
            return Err(ExpertError::new(format!(
                "got a request for {n} synthetic records, expected at most {} for seed {seed}: all others would be repeats",
                records.len()
            )));
        }
        let domain = k % domains.len();
        // Each domain starts at another shape and moves on by one each turn, so that every pair comes once per round.
        let shape = shapes[(domain * shapes.len() / domains.len() + k / domains.len()) % shapes.len()];
        let made = (0..ATTEMPTS).find_map(|attempt| {
            let rng = Rng::new(seed, 1 + k as u64 * ATTEMPTS + attempt);
            let draft = (shape.make)(&mut Context::new(domains[domain].0, rng))?;
            asked.insert((domain, draft.question.clone())).then_some(draft)
        });
        since_last += 1;
        if let Some(draft) = made {
            since_last = 0;
            records.push(Record::from_pairs([
                ("id", format!("synth-{}-{}-{k}", domains[domain].0.name.replace(' ', "-"), shape.name)),
                ("question", draft.question),
                ("schema", domains[domain].1.clone()),
                ("sql", draft.sql),
            ]));
        }
        k += 1;
    }
    Ok(records)
}
