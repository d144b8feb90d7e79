//! The rows that a statement returned, and whether two statements returned the same: rows as multisets, columns in any
//! order, rows in order where the gold orders them, numbers with a tolerance. It runs nothing.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::execute::{Column, Ran};

/// How far two numbers may differ, relative to the greater: sums of floating-point numbers depend on the order of their
/// rows.
const TOLERANCE: f64 = 1e-6;

/// How far two numbers near zero may differ: they are differences of such sums.
const TOLERANCE_AT_ZERO: f64 = 1e-9;

/// A value, in a form that is equal for equal values of different types.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number of any type.
    Number(f64),
    /// A date, or a point in time.
    Moment(String),
    /// Anything else, as PostgreSQL writes it.
    Text(String),
}

impl Value {
    /// Reads a column's text. Types by their numbers in `pg_type`:
    /// <https://github.com/postgres/postgres/blob/REL_17_STABLE/src/include/catalog/pg_type.dat>.
    fn of(text: Option<&str>, column: &Column) -> Self {
        let Some(text) = text else { return Value::Null };
        match column.type_oid {
            16 => Value::Boolean(text == "t"),
            // int8, int2, int4, oid, float4, float8, numeric
            20 | 21 | 23 | 26 | 700 | 701 | 1700 => match text.parse::<f64>() {
                Ok(number) if !number.is_nan() => Value::Number(number),
                _ => Value::Text(text.to_owned()),
            },
            // date, timestamp, timestamptz: midnight in UTC is the day.
            1082 | 1114 | 1184 => {
                let text = text.strip_suffix("+00").unwrap_or(text);
                Value::Moment(text.strip_suffix(" 00:00:00").unwrap_or(text).to_owned())
            }
            // bpchar: trailing blanks do not count.
            1042 => Value::Text(text.trim_end_matches(' ').to_owned()),
            _ => Value::Text(text.to_owned()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Value::Null => 0,
            Value::Boolean(_) => 1,
            Value::Number(_) => 2,
            Value::Moment(_) => 3,
            Value::Text(_) => 4,
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
            (Value::Number(a), Value::Number(b)) => rounded(*a).total_cmp(&rounded(*b)),
            (Value::Moment(a), Value::Moment(b)) | (Value::Text(a), Value::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => {
                // Whole numbers are exact: keys and counts.
                let near = || (a - b).abs() <= (TOLERANCE * a.abs().max(b.abs())).max(TOLERANCE_AT_ZERO);
                let exact = !a.is_finite() || !b.is_finite() || (a.fract() == 0.0 && b.fract() == 0.0);
                a == b || (!exact && near())
            }
            (a, b) => a == b,
        }
    }
}

/// Rounded to nine digits, so that rows sort alike whose numbers are the same within the tolerance. Those few that fall
/// on two sides of a rounding step are compared again.
fn rounded(number: f64) -> f64 {
    format!("{number:.8e}").parse().unwrap_or(number)
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Null => f.write_str("NULL"),
            Value::Boolean(value) => write!(f, "{value}"),
            Value::Number(value) => write!(f, "{value}"),
            Value::Moment(value) => f.write_str(value),
            Value::Text(value) if value.chars().count() > 40 => {
                write!(f, "'{}…'", value.chars().take(40).collect::<String>())
            }
            Value::Text(value) => write!(f, "'{value}'"),
        }
    }
}

/// Rows of values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
    /// Whether there are more than were fetched.
    pub more: bool,
}

impl Rows {
    /// Reads a result.
    pub fn of(ran: &Ran) -> Self {
        let row = |row: &Vec<Option<String>>| {
            row.iter().zip(&ran.columns).map(|(text, column)| Value::of(text.as_deref(), column)).collect()
        };
        Self {
            columns: ran.columns.iter().map(|c| c.name.clone()).collect(),
            rows: ran.rows.iter().map(row).collect(),
            more: ran.more,
        }
    }

    /// Whether both hold the same rows, for some order of the other's columns. `blocks` are lengths: the rows of each
    /// block must be the same, in any order within it. One block is a multiset, blocks of one row are a sequence.
    pub fn same(&self, other: &Self, blocks: &[usize]) -> bool {
        if self.rows.len() != other.rows.len() || self.columns.len() != other.columns.len() || self.more != other.more {
            return false;
        }
        if self.rows.is_empty() {
            return true;
        }
        // The columns of the other that could stand in the place of each of this one's.
        let mine: Vec<Vec<&Value>> = (0..self.columns.len()).map(|i| self.column(i, blocks)).collect();
        let theirs: Vec<Vec<&Value>> = (0..other.columns.len()).map(|i| other.column(i, blocks)).collect();
        let fits = |a: &[&Value], b: &[&Value]| a.iter().zip(b).all(|(a, b)| a.same(b));
        let candidates: Vec<Vec<usize>> =
            mine.iter().map(|a| (0..theirs.len()).filter(|i| fits(a, &theirs[*i])).collect()).collect();
        if candidates.iter().any(Vec::is_empty) {
            return false;
        }
        self.same_in_some_order(other, blocks, &candidates, &mut Vec::new(), &mut { MAX_TRIES })
    }

    /// One block of all rows.
    pub fn unordered(&self) -> Vec<usize> {
        vec![self.rows.len()]
    }

    /// The shortest blocks that hold the same rows here and in `other`, which has the same columns: what an order fixes
    /// when it leaves ties open. `None` when the two do not hold the same rows.
    pub fn blocks(&self, other: &Self) -> Option<Vec<usize>> {
        if self.rows.len() != other.rows.len() {
            return None;
        }
        let mut blocks = Vec::new();
        let mut begun = 0;
        // For each row, how many more of it were seen here than there.
        let mut open: HashMap<String, i64> = HashMap::new();
        for (at, (mine, theirs)) in self.rows.iter().zip(&other.rows).enumerate() {
            for (row, change) in [(mine, 1), (theirs, -1)] {
                let count = open.entry(exact(row)).or_default();
                *count += change;
                if *count == 0 {
                    open.remove(&exact(row));
                }
            }
            if open.is_empty() {
                blocks.push(at + 1 - begun);
                begun = at + 1;
            }
        }
        open.is_empty().then_some(blocks)
    }

    fn column(&self, i: usize, blocks: &[usize]) -> Vec<&Value> {
        let mut values: Vec<&Value> = self.rows.iter().map(|row| &row[i]).collect();
        each_block(&mut values, blocks, |block| block.sort_by(|a, b| a.order(b)));
        values
    }

    /// Tries one assignment of columns after the other.
    fn same_in_some_order(
        &self,
        other: &Self,
        blocks: &[usize],
        candidates: &[Vec<usize>],
        chosen: &mut Vec<usize>,
        tries: &mut usize,
    ) -> bool {
        let Some(next) = candidates.get(chosen.len()) else { return self.same_rows(other, blocks, chosen) };
        for candidate in next {
            if *tries == 0 {
                return false;
            }
            if !chosen.contains(candidate) {
                *tries -= 1;
                chosen.push(*candidate);
                if self.same_in_some_order(other, blocks, candidates, chosen, tries) {
                    return true;
                }
                chosen.pop();
            }
        }
        false
    }

    fn same_rows(&self, other: &Self, blocks: &[usize], columns: &[usize]) -> bool {
        let mut mine: Vec<Vec<&Value>> = self.rows.iter().map(|row| row.iter().collect()).collect();
        let mut theirs: Vec<Vec<&Value>> =
            other.rows.iter().map(|row| columns.iter().map(|i| &row[*i]).collect()).collect();
        each_block(&mut mine, blocks, |block| block.sort_by(|a, b| row_order(a, b)));
        each_block(&mut theirs, blocks, |block| block.sort_by(|a, b| row_order(a, b)));
        let same = |a: &[&Value], b: &[&Value]| a.iter().zip(b).all(|(a, b)| a.same(b));
        if mine.iter().zip(&theirs).all(|(a, b)| same(a, b)) {
            return true;
        }
        if blocks.len() != 1 || mine.len() > MAX_PAIRED_ROWS {
            return false;
        }
        // The sort's rounding may have put two near numbers on two sides of a step.
        let mut left = theirs;
        mine.iter().all(|a| left.iter().position(|b| same(a, b)).map(|i| drop(left.swap_remove(i))).is_some())
    }

    /// Which rows the other lacks and which it has too many, for people: at most `limit` rows each. Columns are compared
    /// by position.
    pub fn difference(&self, other: &Self, limit: usize) -> String {
        if self.columns.len() != other.columns.len() {
            return format!(
                "expected {} ({}), got {} ({})",
                count(self.columns.len(), "column"),
                self.columns.join(", "),
                other.columns.len(),
                other.columns.join(", ")
            );
        }
        let rest = |from: &Self, minus: &Self| -> Vec<String> {
            let mut left: Vec<&Vec<Value>> = minus.rows.iter().collect();
            let same = |a: &[Value], b: &[Value]| a.iter().zip(b).all(|(a, b)| a.same(b));
            let absent = |row: &&Vec<Value>| match left.iter().position(|b| same(row, b)) {
                Some(i) => {
                    left.swap_remove(i);
                    false
                }
                None => true,
            };
            from.rows.iter().filter(absent).map(|row| shown(row)).collect()
        };
        let (missing, extra) = (rest(self, other), rest(other, self));
        let mut lines = vec![format!(
            "expected {}, got {}{}",
            count(self.rows.len(), "row"),
            other.rows.len(),
            if other.more { " and more" } else { "" }
        )];
        if missing.is_empty() && extra.is_empty() {
            lines.push("the rows are those of the gold in another order".to_owned());
        }
        for (what, rows) in [("missing", missing), ("not expected", extra)] {
            for row in rows.iter().take(limit) {
                lines.push(format!("{what}: {row}"));
            }
            if rows.len() > limit {
                lines.push(format!("{what}: {} more", rows.len() - limit));
            }
        }
        lines.join("\n")
    }
}

/// Steps of that search: enough for seven columns that all hold the same.
const MAX_TRIES: usize = 20_000;

/// Rows up to which every pair is compared.
const MAX_PAIRED_ROWS: usize = 500;

fn each_block<T>(items: &mut [T], blocks: &[usize], mut work: impl FnMut(&mut [T])) {
    let mut rest = items;
    for length in blocks {
        let (block, behind) = rest.split_at_mut((*length).min(rest.len()));
        work(block);
        rest = behind;
    }
}

/// A row as a text, the same for equal rows alone; numbers are rounded.
fn exact(row: &[Value]) -> String {
    let value = |value: &Value| match value {
        Value::Number(number) => format!("{:?}", Value::Number(rounded(*number))),
        other => format!("{other:?}"),
    };
    row.iter().map(value).collect::<Vec<_>>().join(", ")
}

fn row_order(a: &[&Value], b: &[&Value]) -> Ordering {
    a.iter().zip(b).map(|(a, b)| a.order(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn shown(row: &[Value]) -> String {
    format!("({})", row.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(types: &[u32], rows: &[&[&str]]) -> Rows {
        let columns = types.iter().map(|oid| Column { name: "c".to_owned(), type_oid: *oid }).collect();
        let value = |text: &&str| (*text != "-").then(|| (*text).to_owned());
        let rows = rows.iter().map(|row| row.iter().map(value).collect()).collect();
        Rows::of(&Ran { columns, rows, more: false, tag: String::new() })
    }

    const INT: u32 = 23;
    const TEXT: u32 = 25;
    const NUMERIC: u32 = 1700;
    const FLOAT: u32 = 701;

    #[test]
    fn rows_are_a_multiset_with_columns_in_any_order() {
        let gold = rows(&[INT, TEXT], &[&["1", "a"], &["2", "b"], &["2", "b"]]);
        let same = |other: &Rows, ordered| gold.same(other, if ordered { &[1, 1, 1] } else { &[3] });
        assert!(same(&rows(&[TEXT, INT], &[&["b", "2"], &["a", "1"], &["b", "2"]]), false));
        assert!(!same(&rows(&[TEXT, INT], &[&["b", "2"], &["a", "1"], &["b", "2"]]), true));
        assert!(same(&rows(&[TEXT, INT], &[&["a", "1"], &["b", "2"], &["b", "2"]]), true));
        assert!(!same(&rows(&[INT, TEXT], &[&["1", "a"], &["2", "b"]]), false), "DISTINCT counts");
        assert!(!same(&rows(&[INT, TEXT], &[&["1", "a"], &["1", "a"], &["2", "b"]]), false));
        assert!(!same(&rows(&[INT, TEXT], &[&["1", "b"], &["2", "a"], &["2", "b"]]), false), "columns belong together");
        assert!(!same(&rows(&[INT, TEXT, INT], &[&["1", "a", "1"][..]; 3]), false));
        // Columns that hold the same values each, and only one arrangement fits.
        let gold = rows(&[INT, INT, INT], &[&["1", "2", "3"], &["2", "3", "1"], &["3", "1", "2"]]);
        assert!(
            gold.same(&rows(&[INT, INT, INT], &[&["3", "1", "2"], &["1", "2", "3"], &["2", "3", "1"]]), &[1, 1, 1])
        );
        assert!(!gold.same(&rows(&[INT, INT, INT], &[&["1", "1", "1"], &["2", "2", "2"], &["3", "3", "3"]]), &[3]));
        assert!(rows(&[INT], &[]).same(&rows(&[TEXT], &[]), &[]));
    }

    #[test]
    fn types_that_mean_the_same_are_the_same() {
        assert!(rows(&[INT], &[&["2"]]).same(&rows(&[NUMERIC], &[&["2.00"]]), &[1]));
        assert!(
            rows(&[NUMERIC], &[&["0.33333333333333333333"]]).same(&rows(&[FLOAT], &[&["0.3333333333333333"]]), &[1])
        );
        assert!(!rows(&[NUMERIC], &[&["0.3334"]]).same(&rows(&[FLOAT], &[&["0.3333"]]), &[1]));
        assert!(!rows(&[INT], &[&["2"]]).same(&rows(&[TEXT], &[&["2"]]), &[1]));
        assert!(rows(&[1082], &[&["2024-02-29"]]).same(&rows(&[1184], &[&["2024-02-29 00:00:00+00"]]), &[1]));
        assert!(!rows(&[1082], &[&["2024-02-29"]]).same(&rows(&[1114], &[&["2024-02-29 01:00:00"]]), &[1]));
        assert!(rows(&[1042], &[&["a  "]]).same(&rows(&[TEXT], &[&["a"]]), &[1]));
        assert!(rows(&[INT], &[&["-"]]).same(&rows(&[TEXT], &[&["-"]]), &[1]));
        assert!(!rows(&[INT], &[&["-"]]).same(&rows(&[INT], &[&["0"]]), &[1]));
        // Sorted apart by the rounding of the first column, and the same all the same.
        let one = rows(&[FLOAT, TEXT], &[&["1.0000000049", "a"], &["1.00000000515", "b"]]);
        let other = rows(&[FLOAT, TEXT], &[&["1.00000000515", "a"], &["1.0000000049", "b"]]);
        assert!(one.same(&other, &[2]));
        assert!(!rows(&[INT], &[&["10000001"]]).same(&rows(&[INT], &[&["10000002"]]), &[1]), "whole numbers are exact");
        assert!(rows(&[FLOAT], &[&["5.6e-17"]]).same(&rows(&[FLOAT], &[&["0"]]), &[1]));
        assert!(!rows(&[FLOAT], &[&["Infinity"]]).same(&rows(&[FLOAT], &[&["7"]]), &[1]));
    }

    #[test]
    fn an_order_with_ties_is_cut_into_blocks() {
        let one = rows(&[TEXT, INT], &[&["a", "1"], &["b", "2"], &["c", "2"], &["d", "3"]]);
        let other = rows(&[TEXT, INT], &[&["a", "1"], &["c", "2"], &["b", "2"], &["d", "3"]]);
        assert_eq!(one.blocks(&other), Some(vec![1, 2, 1]));
        assert!(one.same(&other, &[1, 2, 1]) && !one.same(&other, &[1, 1, 1, 1]));
        let wrong = rows(&[TEXT, INT], &[&["b", "2"], &["a", "1"], &["c", "2"], &["d", "3"]]);
        assert!(!one.same(&wrong, &[1, 2, 1]) && one.same(&wrong, &[4]));
        assert_eq!(one.blocks(&rows(&[TEXT, INT], &[&["a", "1"]; 4].map(|r| &r[..]))), None);
    }

    #[test]
    fn many_equal_columns_do_not_take_for_ever() {
        let row: Vec<&str> = std::iter::repeat_n("0", 14).chain(["1"]).collect();
        let other: Vec<&str> = std::iter::repeat_n("0", 14).chain(["2"]).collect();
        let types = [INT; 15];
        assert!(rows(&types, &[&row]).same(&rows(&types, &[&row]), &[1]));
        assert!(!rows(&types, &[&row]).same(&rows(&types, &[&other]), &[1]));
    }

    #[test]
    fn a_difference_is_told_in_rows() {
        let gold = rows(&[INT, TEXT], &[&["1", "a"], &["2", "b"]]);
        let got = rows(&[INT, TEXT], &[&["1", "a"], &["3", "-"], &["4", "d"]]);
        assert_eq!(
            gold.difference(&got, 1),
            "expected 2 rows, got 3\nmissing: (2, 'b')\nnot expected: (3, NULL)\nnot expected: 1 more"
        );
        let turned = rows(&[INT, TEXT], &[&["2", "b"], &["1", "a"]]);
        assert_eq!(
            gold.difference(&turned, 3),
            "expected 2 rows, got 2\nthe rows are those of the gold in another order"
        );
        assert_eq!(gold.difference(&rows(&[INT], &[]), 3), "expected 2 columns (c, c), got 1 (c)");
    }
}
