//! Where a column's values come from: the statement's constants and what lies just beside them, the schema's own rows,
//! and values that any database might hold.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{BinaryOperator, Expr, Statement, Value};

use super::columns::{Column, Kind};
use crate::syntax::walk::{self, Look};
use crate::synthesize::rng::Rng;

/// The constants of a statement, and the columns that it compares.
#[derive(Debug, Clone, Default)]
pub(super) struct Constants {
    numbers: BTreeSet<i64>,
    texts: BTreeSet<String>,
    /// The dates that texts begin with: `2024-02-29`.
    dates: BTreeSet<String>,
    /// Whether it uses the current date.
    today: bool,
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
        self.joined.contains(&column.name.trim_matches('"').to_lowercase())
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
    fn compared_with(&self, column: &Column) -> Vec<&String> {
        let name = column.name.trim_matches('"').to_lowercase();
        self.compared.get(&name).map(|literals| literals.iter().collect()).unwrap_or_default()
    }

    fn text(&mut self, text: &str) {
        let day = text.get(..10).filter(|day| is_day(day));
        if let Some(day) = day {
            self.dates.insert(day.to_owned());
        }
        // Dates may stand in columns of text.
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

fn is_day(text: &str) -> bool {
    text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
}

/// Texts that any column may hold.
const WORDS: [&str; 24] = [
    "Alder", "birch", "Cedar", "dahlia", "Elm", "Fern", "Ginkgo", "hazel", "Iris", "Juniper", "kelp", "Larch", "Maple",
    "Nettle", "oak", "Pine", "Quince", "Rowan", "sage", "Thyme", "Umber", "Violet", "willow", "Yew",
];

/// How the values of one database differ from those of another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Profile {
    /// How many distinct values a column draws from.
    pub distinct: i64,
    /// How often, in percent, a nullable column is NULL.
    pub null_percent: usize,
    /// How often, in percent, a value is a constant of the statement or lies beside one.
    pub constant_percent: usize,
}

/// A literal for this column. `matching`: the row is to meet the statement's conditions.
pub(super) fn value(column: &Column, constants: &Constants, profile: Profile, matching: bool, rng: &mut Rng) -> String {
    let compared = constants.compared_with(column);
    if matching
        && column.choices.is_empty()
        && rng.below(100) < 85
        && let Some(literal) = rng.pick(&compared)
        && let Some(value) = meeting(column, literal, rng)
    {
        return value;
    }
    if column.nullable && rng.below(100) < profile.null_percent {
        return "NULL".to_owned();
    }
    if let Some(choice) = rng.pick(&column.choices) {
        return choice.clone();
    }
    let dice = rng.below(100);
    if dice >= profile.constant_percent
        && dice < profile.constant_percent + 25
        && !constants.joins(column)
        && let Some(seen) = rng.pick(&column.seen)
    {
        return seen.clone();
    }
    let constant = dice < profile.constant_percent;
    match column.kind {
        Kind::Boolean => if rng.below(2) == 0 { "TRUE" } else { "FALSE" }.to_owned(),
        Kind::Integer => bounded(column, whole(column, constants, profile, constant, rng) as f64).round().to_string(),
        Kind::Number => {
            let whole = whole(column, constants, profile, constant, rng) as f64;
            let part = *rng.pick(&[0.0, 0.25, 0.5, 0.0]).unwrap_or(&0.0);
            bounded(column, whole + part).to_string()
        }
        Kind::Text => quoted(&cut(text(column, constants, profile, constant, rng), column.longest)),
        Kind::Date => {
            let day = day(constants, profile, constant, rng);
            day.unwrap_or_else(|| format!("CURRENT_DATE - {}", rng.below(400)))
        }
        Kind::Timestamp => {
            let hours = rng.below(24);
            match day(constants, profile, constant, rng) {
                Some(day) => format!("{day} + INTERVAL '{hours} hours'"),
                None => format!("CURRENT_DATE - {} + INTERVAL '{hours} hours'", rng.below(400)),
            }
        }
        Kind::Time => format!("'{:02}:{:02}'", rng.below(24), rng.below(4) * 15),
        Kind::Interval => format!("'{} hours'", rng.below(50)),
        Kind::Uuid => format!("'{:08x}-0000-4000-8000-{:012x}'", rng.below(1 << 32), rng.below(1 << 48)),
        Kind::Other => match rng.pick(&column.seen) {
            Some(seen) => seen.clone(),
            None if column.nullable => "NULL".to_owned(),
            None => column.otherwise.to_owned(),
        },
    }
}

/// A value that meets a comparison with this literal or only just fails to; `None` for kinds without such values.
fn meeting(column: &Column, literal: &str, rng: &mut Rng) -> Option<String> {
    let beside = [0, 0, 1, -1][rng.below(4)];
    match column.kind {
        Kind::Integer | Kind::Number => {
            let number: f64 = literal.parse().ok()?;
            let value = bounded(column, number + f64::from(beside));
            Some(if column.kind == Kind::Integer { value.round().to_string() } else { value.to_string() })
        }
        Kind::Text => {
            let text = match literal.get(..4).and_then(|year| year.parse::<i32>().ok()) {
                // A date held as text: that day, or the same day of the next or previous year.
                Some(year) if literal.get(..10).is_some_and(is_day) => format!("{:04}{}", year + beside, &literal[4..]),
                _ => found(literal, rng),
            };
            Some(quoted(&cut(text, column.longest)))
        }
        Kind::Date => is_day(literal.get(..10)?).then(|| format!("DATE '{}' + {beside}", &literal[..10])),
        Kind::Timestamp => {
            let day = literal.get(..10).filter(|day| is_day(day))?;
            let hours = [0, 0, 9, -3][rng.below(4)];
            Some(format!("TIMESTAMP '{day}' + INTERVAL '{hours} hours'"))
        }
        _ => None,
    }
}

/// A text that a pattern matches: something in place of each wildcard.
fn found(pattern: &str, rng: &mut Rng) -> String {
    if !pattern.contains('%') {
        return pattern.to_owned();
    }
    pattern.replace('%', ["", "x", " yes "][rng.below(3)]).replace('_', "q")
}

/// The nearest number that the column may hold, strictly within the bounds of its CHECK.
fn bounded(column: &Column, number: f64) -> f64 {
    let number = number.min(column.most);
    match column.bounds {
        // No whole number lies between them.
        (Some(low), Some(high)) if high - low < 2.0 => {
            if number > low && number < high {
                number
            } else {
                (low + high) / 2.0
            }
        }
        (Some(low), Some(high)) => number.clamp(low + 1.0, high - 1.0),
        (Some(low), None) => number.max(low + 1.0),
        (None, Some(high)) => number.min(high - 1.0),
        (None, None) => number,
    }
}

fn whole(column: &Column, constants: &Constants, profile: Profile, constant: bool, rng: &mut Rng) -> i64 {
    if constants.joins(column) {
        return rng.between(1, 8);
    }
    let numbers: Vec<i64> = constants.numbers.iter().copied().collect();
    if constant && let Some(number) = rng.pick(&numbers) {
        return number + rng.between(-1, 1);
    }
    match (column.bounds, profile.distinct) {
        ((Some(low), Some(high)), _) => rng.between(low.ceil() as i64, high.floor() as i64),
        ((Some(low), None), spread) => rng.between(low.ceil() as i64, low.ceil() as i64 + spread),
        (_, spread) => rng.between(0, spread),
    }
}

fn text(column: &Column, constants: &Constants, profile: Profile, constant: bool, rng: &mut Rng) -> String {
    let texts: Vec<&String> = constants.texts.iter().collect();
    if constant && let Some(text) = rng.pick(&texts) {
        let found = found(text, rng);
        return match rng.below(7) {
            0 => found.to_uppercase(),
            1 => found.to_lowercase(),
            2 => format!("{found}s"),
            3 => format!("The {found}"),
            _ => found,
        };
    }
    if profile.distinct <= 12 && column.nullable && rng.below(12) == 0 {
        return String::new();
    }
    let few = if constants.joins(column) { 6 } else { profile.distinct.clamp(4, WORDS.len() as i64) as usize };
    let word = WORDS[rng.below(few)].to_owned();
    if profile.distinct > 100 && !constants.joins(column) && rng.below(2) == 0 {
        return format!("{word} {}", rng.below(90) + 10);
    }
    word
}

fn cut(text: String, longest: Option<usize>) -> String {
    match longest {
        Some(longest) => text.chars().take(longest).collect(),
        None => text,
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A date as an expression; `None` for one near today.
fn day(constants: &Constants, profile: Profile, constant: bool, rng: &mut Rng) -> Option<String> {
    if constants.today && rng.below(100) < 70 {
        return None;
    }
    let dates: Vec<&String> = constants.dates.iter().collect();
    if constant && let Some(date) = rng.pick(&dates) {
        return Some(format!("DATE '{date}' + {}", [-1, 0, 0, 1, 29, -31, 365][rng.below(7)]));
    }
    // Years that most data sets cover, or days so close together that their distances matter.
    let near = dates.first().map_or("2023-05-30", |date| date.as_str());
    Some(match profile.distinct {
        i64::MIN..=5 => format!("DATE '{near}' + {}", rng.below(12)),
        6..=100 => format!("DATE '{near}' + {}", rng.between(-60, 60)),
        _ => format!("DATE '{}-01-01' + {}", 2_023 - rng.below(8), rng.below(366)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::statement;

    #[test]
    fn a_statement_is_read_for_what_it_constant_of() {
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
