//! Generates random rows for a schema, for test suites. The rows keep to keys, foreign keys, types and CHECKs; their
//! values lie at and beside the constants of the statement. The same seed gives the same rows on any machine. Whether a
//! database accepts the rows is not checked here.

mod constants;
mod limits;
mod plan;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use hive_sdk::rng::Rng;
use sqlparser::ast::Statement;

use crate::catalog::{Catalog, ValueKind};
use constants::Constants;
use plan::{Reference, TablePlan};
use values::{Profile, ValueSource};

/// Generates rows of one schema for one prompt's golds.
#[derive(Debug)]
pub struct DataGenerator {
    tables: Vec<TablePlan>,
    constants: Constants,
}

impl DataGenerator {
    /// For a catalog, the statements that it was read from, whose rows give values too, and the golds.
    pub fn new<'g>(catalog: &Catalog, schema: &[Statement], golds: impl IntoIterator<Item = &'g Statement>) -> Self {
        let mut constants = Constants::default();
        golds.into_iter().for_each(|gold| constants.add(gold));
        Self { tables: plan::tables(catalog, schema), constants }
    }

    /// The rows of one database, one INSERT for each table. `seed` counts from 0; `reversed`: the same rows in the
    /// opposite order.
    pub fn rows(&self, seed: u64, reversed: bool) -> Vec<String> {
        let mut rng = Rng::new(seed, 0x5EED);
        // Few distinct values make groups, ties and matches; many make rows differ.
        let profile = [
            Profile { distinct: 12, null_percent: 12, constant_percent: 35 },
            Profile { distinct: 1_000, null_percent: 8, constant_percent: 30 },
            Profile { distinct: 5, null_percent: 20, constant_percent: 50 },
            Profile { distinct: 200, null_percent: 0, constant_percent: 20 },
        ][(seed % 4) as usize];
        let source = ValueSource { constants: &self.constants, profile };
        let mut generated: BTreeMap<&str, Vec<Vec<String>>> = BTreeMap::new();
        let mut inserts = Vec::new();
        for table in &self.tables {
            let rows = self.table(table, &generated, source, &mut rng);
            let written: Vec<_> = table.columns.iter().enumerate().filter(|(_, c)| !c.declared.computed).collect();
            let names: Vec<String> = written.iter().map(|(_, c)| c.declared.ident.to_string()).collect();
            let mut values: Vec<String> = rows
                .iter()
                .map(|row| {
                    let values: Vec<&str> = written.iter().map(|(i, _)| row[*i].as_str()).collect();
                    format!("({})", values.join(", "))
                })
                .collect();
            if reversed {
                values.reverse();
            }
            if !values.is_empty() && !names.is_empty() {
                let overriding = if table.overrides_numbers() { " OVERRIDING SYSTEM VALUE" } else { "" };
                let (name, names, values) = (&table.declared.written, names.join(", "), values.join(", "));
                inserts.push(format!("INSERT INTO {name} ({names}){overriding} VALUES {values};"));
            }
            generated.insert(&table.declared.name, rows);
        }
        inserts
    }

    /// The rows of one table. `generated`: those of the tables before it.
    fn table(
        &self,
        table: &TablePlan,
        generated: &BTreeMap<&str, Vec<Vec<String>>>,
        source: ValueSource<'_>,
        rng: &mut Rng,
    ) -> Vec<Vec<String>> {
        let name = &table.declared.name;
        let is_parent = self
            .tables
            .iter()
            .any(|t| t.declared.name != *name && t.references.iter().any(|reference| reference.table == *name));
        let wanted = if is_parent { 6 + rng.below(6) } else { 12 + rng.below(10) };
        let parents: Vec<Vec<Vec<String>>> =
            table.references.iter().map(|reference| self.parent_keys(reference, generated, rng)).collect();
        let mut taken: Vec<BTreeSet<Vec<String>>> = vec![BTreeSet::new(); table.unique.len()];
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut numbers = self.numbers(wanted, rng);
        // A row whose key is taken is tried again, a limited number of times.
        for _ in 0..wanted * 6 {
            if rows.len() == wanted {
                break;
            }
            // Some rows meet all conditions at once.
            let matching = rng.below(100) < source.profile.constant_percent;
            let mut row: Vec<String> = table.columns.iter().map(|column| source.value(column, matching, rng)).collect();
            if let Some([only]) = table.unique.first().map(Vec::as_slice)
                && table.columns[*only].declared.kind == ValueKind::Integer
                && table.references.iter().all(|reference| reference.columns != [*only])
                && let Some(number) = numbers.last()
            {
                row[*only] = number.to_string();
            }
            for (reference, keys) in table.references.iter().zip(&parents) {
                follow(table, reference, keys, &rows, &mut row, rng);
            }
            let keys: Vec<Vec<String>> =
                table.unique.iter().map(|key| key.iter().map(|i| row[*i].clone()).collect()).collect();
            let clash = keys.iter().zip(&taken).any(|(key, taken)| {
                // NULL equals nothing.
                !key.iter().any(|value| value == "NULL") && taken.contains(key)
            });
            if !clash {
                keys.into_iter().zip(&mut taken).for_each(|(key, taken)| {
                    taken.insert(key);
                });
                numbers.pop();
                rows.push(row);
            }
        }
        rows
    }

    /// Numbers for a key, to be taken from the end; the statement's constants are among them.
    fn numbers(&self, wanted: usize, rng: &mut Rng) -> Vec<i64> {
        let mut numbers: Vec<i64> = (1..=wanted as i64).collect();
        for key in self.constants.keys().take(3) {
            if !numbers.contains(&key)
                && let Some(last) = numbers.iter_mut().rev().find(|n| **n <= wanted as i64)
            {
                *last = key;
            }
        }
        rng.shuffle(&mut numbers);
        numbers
    }

    /// The keys of the rows that a foreign key may refer to: two thirds of them, so that some rows have no child.
    fn parent_keys(
        &self,
        reference: &Reference,
        generated: &BTreeMap<&str, Vec<Vec<String>>>,
        rng: &mut Rng,
    ) -> Vec<Vec<String>> {
        let Some(parent) = self.tables.iter().find(|t| t.declared.name == reference.table) else { return Vec::new() };
        let Some(key) = parent.referred(reference) else { return Vec::new() };
        let rows = generated.get(reference.table.as_str()).map_or(&[][..], Vec::as_slice);
        let mut keys: Vec<Vec<String>> = rows.iter().map(|row| key.iter().map(|i| row[*i].clone()).collect()).collect();
        rng.shuffle(&mut keys);
        keys.truncate((keys.len() * 2).div_ceil(3));
        keys
    }
}

/// Sets the columns of a foreign key. `keys`: those of the other table; `rows`: this table's rows so far.
fn follow(
    table: &TablePlan,
    reference: &Reference,
    keys: &[Vec<String>],
    rows: &[Vec<String>],
    row: &mut [String],
    rng: &mut Rng,
) {
    let nullable = reference.columns.iter().all(|i| table.columns[*i].nullable);
    let key: Option<Vec<String>> = if reference.table == table.declared.name {
        let referred = table.referred(reference).unwrap_or_default();
        let earlier = rng.pick(rows).filter(|_| !nullable || rng.below(100) < 75);
        match earlier {
            Some(earlier) => Some(referred.iter().map(|i| earlier[*i].clone()).collect()),
            None if nullable => None,
            // The first row can only refer to itself.
            None => Some(referred.iter().map(|i| row[*i].clone()).collect()),
        }
    } else if nullable && rng.below(100) < 10 {
        None
    } else {
        rng.pick(keys).cloned()
    };
    for (place, i) in reference.columns.iter().enumerate() {
        row[*i] = key.as_ref().and_then(|key| key.get(place)).cloned().unwrap_or_else(|| "NULL".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::{Database, Proof, Settings};
    use crate::syntax::statement;

    const SCHEMA: &str = "CREATE TYPE mood AS ENUM ('glad', 'sad');\n\
        CREATE TABLE staff (id SERIAL PRIMARY KEY, code VARCHAR(4) UNIQUE NOT NULL, boss INT REFERENCES staff, feels mood, \
          grade INT NOT NULL CHECK (grade BETWEEN 1 AND 5));\n\
        CREATE TABLE sites (id BIGINT GENERATED ALWAYS AS IDENTITY, town TEXT, opened DATE, PRIMARY KEY (town, opened));\n\
        CREATE TABLE shifts (staff_id INT NOT NULL REFERENCES staff (id), town TEXT, opened DATE, hours NUMERIC(4, 2) \
          CHECK (hours > 0 AND hours <= 12), share REAL NOT NULL CHECK (share > 0 AND share < 1), stars DECIMAL(2, 1), kind TEXT CHECK (kind IN ('day', 'night')), paid BOOLEAN, begun TIMESTAMPTZ, \
          note JSONB NOT NULL, token UUID, tags TEXT[], starts TIME, PRIMARY KEY (staff_id, begun), \
          FOREIGN KEY (town, opened) REFERENCES sites);";

    #[test]
    fn rows_keep_to_the_schema_and_are_the_same_for_the_same_seed() {
        let schema = statement::parse_all(SCHEMA).unwrap();
        let gold = statement::parse_one("SELECT code FROM staff WHERE id = 77 AND code LIKE 'A%'").unwrap();
        let generator = DataGenerator::new(&Catalog::read(&schema), &schema, [&gold]);
        let mut database = Database::open(&Settings::default()).unwrap();
        let mut seen = BTreeSet::new();
        for seed in 0..8 {
            let rows = generator.rows(seed, false);
            assert_eq!(rows, generator.rows(seed, false));
            assert_ne!(rows, generator.rows(seed, true));
            let text = format!("{SCHEMA}\n{}", rows.join("\n"));
            let counts =
                "SELECT (SELECT COUNT(*) FROM staff), (SELECT COUNT(*) FROM sites), (SELECT COUNT(*) FROM shifts)";
            match database.prove(&text, counts).unwrap() {
                Proof::Ran(ran) => assert!(
                    ran.rows[0].iter().flatten().all(|n| n.parse::<u32>().unwrap() >= 3),
                    "seed {seed}: {:?}",
                    ran.rows
                ),
                other => panic!("seed {seed}: {other:?}\n{text}"),
            }
            assert!(rows.iter().any(|row| row.contains("(77,")), "a row with the key that is asked for");
            seen.insert(rows);
        }
        assert_eq!(seen.len(), 8);
    }
}
