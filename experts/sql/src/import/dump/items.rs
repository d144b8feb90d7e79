//! The statements and rows of a dump on their way to what is kept. Of a file the first rows of each table are kept,
//! within the bytes that all rows may have.

use std::collections::BTreeMap;

use super::{Dump, KeptStatement};
use crate::import::inserts::{MAX_ROW_BYTES, MAX_ROWS_PER_TABLE};

/// A statement, or the rows of an INSERT or a COPY.
pub(super) enum DumpItem {
    Statement { text: String, adds_foreign_key: bool },
    Rows { table: String, insert_head: String, rows: Vec<String>, first_row_line: Option<usize> },
}

/// How many bytes the rows of each table may have.
pub(super) struct ByteBudget(BTreeMap<String, usize>);

impl ByteBudget {
    /// Small tables get what they need, and large ones equal shares of the rest.
    pub fn new(items: &[(usize, DumpItem)]) -> Self {
        let mut needs: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (_, item) in items {
            let DumpItem::Rows { table, rows, .. } = item else { continue };
            let (count, bytes) = needs.entry(table).or_default();
            for row in rows.iter().take(MAX_ROWS_PER_TABLE.saturating_sub(*count)) {
                *count += 1;
                *bytes += row.len() + 2;
            }
        }
        let mut all: Vec<(&str, usize)> = needs.into_iter().map(|(table, (_, bytes))| (table, bytes)).collect();
        all.sort_by_key(|(_, bytes)| *bytes);
        let (mut left, mut tables) = (MAX_ROW_BYTES, all.len());
        let mut budget = BTreeMap::new();
        for (table, bytes) in all {
            let share = bytes.min(left / tables.max(1));
            (left, tables) = (left - share, tables - 1);
            budget.insert(table.to_owned(), share);
        }
        Self(budget)
    }
}

/// Adds the items, each with the line on which it begins, to the statements kept. Without a budget all rows are kept.
pub(super) fn keep(items: Vec<(usize, DumpItem)>, mut budget: Option<ByteBudget>, dump: &mut Dump) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (line, item) in items {
        match item {
            DumpItem::Statement { text, adds_foreign_key } => {
                dump.kept.push(KeptStatement { text, line, first_row_line: None, adds_foreign_key });
            }
            DumpItem::Rows { table, insert_head, mut rows, first_row_line } => {
                if let Some(ByteBudget(budget)) = &mut budget {
                    let (count, left) = (counts.entry(table.clone()).or_default(), budget.entry(table).or_default());
                    let all = rows.len();
                    let fits = rows.iter().take_while(|row| {
                        let fits = *count < MAX_ROWS_PER_TABLE && row.len() + 2 <= *left;
                        if fits {
                            *count += 1;
                            *left -= row.len() + 2;
                        }
                        fits
                    });
                    let fits = fits.count();
                    rows.truncate(fits);
                    dump.skipped_rows += all - fits;
                }
                if !rows.is_empty() {
                    let text = insert_head + &rows.join(", ");
                    dump.kept.push(KeptStatement { text, line, first_row_line, adds_foreign_key: false });
                }
            }
        }
    }
    // A foreign key may refer to a row that was skipped.
    if dump.skipped_rows > 0 {
        dump.kept.retain(|kept| !kept.adds_foreign_key);
    }
}
