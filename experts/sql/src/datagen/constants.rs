//! The constants of a statement and the columns that it compares: at and beside these, right answers and wrong ones
//! differ.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{BinaryOperator, Expr, Statement, Value};

use crate::catalog::Column;
use crate::syntax::walk::{self, Look};

/// The constants of a statement, and the columns that it compares.
#[derive(Debug, Clone, Default)]
pub(super) struct Constants {
    pub numbers: BTreeSet<i64>,
    pub texts: BTreeSet<String>,
    /// The dates that texts begin with: `2024-02-29`.
    pub dates: BTreeSet<String>,
    /// Whether it uses the current date.
    pub today: bool,
    /// Columns that are compared with columns, in lower case: their values must coincide.
    joined: BTreeSet<String>,
    /// By column, in lower case: the literals that it is compared with.
    compared: BTreeMap<String, BTreeSet<String>>,
}

impl Constants {
    /// Adds those of a statement.
    pub fn add(&mut self, statement: &Statement) {
        walk::statement(statement, self);
    }

    /// Whether the column is compared with another.
    pub fn joins(&self, column: &Column) -> bool {
        self.joined.contains(&column.name)
    }

    /// Constants that may be keys.
    pub fn keys(&self) -> impl Iterator<Item = i64> + '_ {
        self.numbers.iter().copied().filter(|n| (1..1_000_000).contains(n))
    }
}

impl Look for Constants {
    fn expr(&mut self, expr: &Expr) -> bool {
        match expr {
            Expr::Value(value) => match &value.value {
                Value::Number(text, _) => {
                    if let Ok(number) = text.to_string().parse::<f64>()
                        && number.abs() < 1e12
                    {
                        self.numbers.insert(number.floor() as i64);
                        self.numbers.insert(number.ceil() as i64);
                    }
                }
                Value::SingleQuotedString(text) => self.text(text),
                _ => {}
            },
            Expr::TypedString(typed) => self.text(typed.value.to_string().trim_matches('\'')),
            Expr::Function(function) => {
                let name = function.name.to_string().to_lowercase();
                self.today |= name.starts_with("current_") || name.starts_with("now") || name.starts_with("local");
            }
            Expr::BinaryOp { left, op, right } => match (column(left), column(right)) {
                (Some(left), Some(right)) if *op == BinaryOperator::Eq => self.joined.extend([left, right]),
                (Some(left), None) => self.compare(left, right),
                (None, Some(right)) => self.compare(right, left),
                _ => {}
            },
            Expr::InList { expr, list, .. } => {
                if let Some(column) = column(expr) {
                    list.iter().for_each(|value| self.compare(column.clone(), value));
                }
            }
            Expr::Between { expr, low, high, .. } => {
                if let Some(column) = column(expr) {
                    self.compare(column.clone(), low);
                    self.compare(column, high);
                }
            }
            Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => {
                if let Some(column) = column(expr) {
                    self.compare(column, pattern);
                }
            }
            Expr::InSubquery { expr, .. } => self.joined.extend(column(expr)),
            _ => {}
        }
        true
    }
}

impl Constants {
    /// Notes that a column is compared with a literal.
    fn compare(&mut self, column: String, with: &Expr) {
        let literal = match with {
            Expr::Value(value) => match &value.value {
                Value::Number(text, _) => text.to_string(),
                Value::SingleQuotedString(text) => text.clone(),
                _ => return,
            },
            Expr::TypedString(typed) => typed.value.to_string().trim_matches('\'').to_owned(),
            _ => return,
        };
        self.compared.entry(column).or_default().insert(literal);
    }

    /// The literals that a column is compared with.
    pub fn compared_with(&self, column: &Column) -> Vec<&String> {
        self.compared.get(&column.name).map(|literals| literals.iter().collect()).unwrap_or_default()
    }

    fn text(&mut self, text: &str) {
        let day = text.get(..10).filter(|day| is_date(day));
        if let Some(day) = day {
            self.dates.insert(day.to_owned());
        }
        // A column of text may hold dates.
        if text.len() <= 200 {
            self.texts.insert(text.to_owned());
        }
    }
}

fn column(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => Some(ident.value.to_lowercase()),
        Expr::CompoundIdentifier(parts) => parts.last().map(|ident| ident.value.to_lowercase()),
        _ => None,
    }
}

/// Whether a text has the form of a date: `2024-02-29`.
pub(super) fn is_date(text: &str) -> bool {
    text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::statement;

    #[test]
    fn constants_and_compared_columns_are_collected() {
        let mut constants = Constants::default();
        let sql = "SELECT a.x FROM a JOIN b ON a.id = b.a_id WHERE a.n > 2.5 AND b.d >= DATE '2024-02-29' \
                   AND b.t LIKE 'Ro%' AND b.e < NOW() AND b.k IN (SELECT k FROM c)";
        constants.add(&statement::parse_one(sql).unwrap());
        assert_eq!(constants.numbers.into_iter().collect::<Vec<_>>(), [2, 3]);
        let compared: Vec<_> = constants.compared.iter().map(|(c, l)| (c.as_str(), l.len())).collect();
        assert_eq!(compared, [("d", 1), ("n", 1), ("t", 1)]);
        assert_eq!(constants.texts.into_iter().collect::<Vec<_>>(), ["2024-02-29", "Ro%"]);
        assert_eq!(constants.dates.into_iter().collect::<Vec<_>>(), ["2024-02-29"]);
        assert_eq!(constants.joined.into_iter().collect::<Vec<_>>(), ["a_id", "id", "k"]);
        assert!(constants.today);
    }
}
