//! Where a column's values come from: what the statement speaks of and what lies just beside it,
//! what the schema's own rows hold, and what any database might hold.

use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Expr, Statement, Value};

use super::columns::{Column, Kind};
use crate::synthesize::rng::Rng;
use crate::walk::{self, Look};

/// What a statement speaks of.
#[derive(Debug, Clone, Default)]
pub(super) struct Spoken {
    numbers: BTreeSet<i64>,
    texts: BTreeSet<String>,
    /// Texts that are dates, `2024-02-29`, perhaps with a time behind them.
    dates: BTreeSet<String>,
    /// Whether it asks for the day of today.
    today: bool,
    /// Columns that are compared with columns, in lower case: they must meet.
    joined: BTreeSet<String>,
}

impl Spoken {
    /// Of a statement, and more with each.
    pub fn add(&mut self, statement: &Statement) {
        walk::statement(statement, self);
    }

    /// Whether the column is compared with another one.
    pub fn joins(&self, column: &Column) -> bool {
        self.joined.contains(&column.name.trim_matches('"').to_lowercase())
    }

    /// Numbers that may be keys.
    pub fn keys(&self) -> impl Iterator<Item = i64> + '_ {
        self.numbers.iter().copied().filter(|n| (1..1_000_000).contains(n))
    }
}

impl Look for Spoken {
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
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
                if let (Some(left), Some(right)) = (column(left), column(right)) {
                    self.joined.extend([left, right]);
                }
            }
            Expr::InSubquery { expr, .. } => self.joined.extend(column(expr)),
            _ => {}
        }
        true
    }
}

impl Spoken {
    fn text(&mut self, text: &str) {
        let day = text.get(..10).filter(|day| is_day(day));
        if let Some(day) = day {
            self.dates.insert(day.to_owned());
        } else if text.len() <= 200 {
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

/// How one database differs from another in what it holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// How many values a column draws from.
    pub spread: i64,
    /// How often, of a hundred times, a value is absent where it may be.
    pub absent: usize,
    /// How often, of a hundred times, a value is one that the statement speaks of.
    pub spoken: usize,
}

/// A literal for this column.
pub(super) fn value(column: &Column, spoken: &Spoken, style: Style, rng: &mut Rng) -> String {
    if column.nullable && rng.below(100) < style.absent {
        return "NULL".to_owned();
    }
    if let Some(choice) = rng.pick(&column.choices) {
        return choice.clone();
    }
    let dice = rng.below(100);
    if dice >= style.spoken
        && dice < style.spoken + 25
        && !spoken.joins(column)
        && let Some(seen) = rng.pick(&column.seen)
    {
        return seen.clone();
    }
    let speaks = dice < style.spoken;
    match column.kind {
        Kind::Boolean => if rng.below(2) == 0 { "TRUE" } else { "FALSE" }.to_owned(),
        Kind::Integer => bounded(column, whole(column, spoken, style, speaks, rng)).to_string(),
        Kind::Number => {
            let number = bounded(column, whole(column, spoken, style, speaks, rng));
            let room = column.bounds.1.is_none_or(|high| number < high);
            match rng.pick(&["", ".25", ".5", ""]) {
                Some(part) if room && number >= 0 => format!("{number}{part}"),
                _ => number.to_string(),
            }
        }
        Kind::Text => quoted(&cut(text(column, spoken, style, speaks, rng), column.longest)),
        Kind::Date => {
            let day = day(spoken, style, speaks, rng);
            day.unwrap_or_else(|| format!("CURRENT_DATE - {}", rng.below(400)))
        }
        Kind::Timestamp => {
            let hours = rng.below(24);
            match day(spoken, style, speaks, rng) {
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
            None => "DEFAULT".to_owned(),
        },
    }
}

fn bounded(column: &Column, number: i64) -> i64 {
    let number = column.bounds.0.map_or(number, |low| number.max(low));
    column.bounds.1.map_or(number, |high| number.min(high))
}

fn whole(column: &Column, spoken: &Spoken, style: Style, speaks: bool, rng: &mut Rng) -> i64 {
    if spoken.joins(column) {
        return rng.between(1, 8);
    }
    let numbers: Vec<i64> = spoken.numbers.iter().copied().collect();
    if speaks && let Some(number) = rng.pick(&numbers) {
        return number + rng.between(-1, 1);
    }
    match (column.bounds, style.spread) {
        ((Some(low), Some(high)), _) => rng.between(low, high),
        ((Some(low), None), spread) => rng.between(low, low + spread),
        (_, spread) => rng.between(0, spread),
    }
}

fn text(column: &Column, spoken: &Spoken, style: Style, speaks: bool, rng: &mut Rng) -> String {
    let texts: Vec<&String> = spoken.texts.iter().collect();
    if speaks && let Some(text) = rng.pick(&texts) {
        // What a pattern finds, with something for each of its signs.
        let found: String = match text.contains(['%', '_']) {
            true => text.replace('%', ["", "x", " yes "][rng.below(3)]).replace('_', "q"),
            false => (*text).clone(),
        };
        return match rng.below(7) {
            0 => found.to_uppercase(),
            1 => found.to_lowercase(),
            2 => format!("{found}s"),
            3 => format!("The {found}"),
            _ => found,
        };
    }
    if style.spread <= 12 && column.nullable && rng.below(12) == 0 {
        return String::new();
    }
    let few = if spoken.joins(column) { 6 } else { style.spread.clamp(4, WORDS.len() as i64) as usize };
    let word = WORDS[rng.below(few)].to_owned();
    if style.spread > 100 && !spoken.joins(column) && rng.below(2) == 0 {
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

/// A day as an expression; `None` for one near today.
fn day(spoken: &Spoken, style: Style, speaks: bool, rng: &mut Rng) -> Option<String> {
    if spoken.today && rng.below(100) < 70 {
        return None;
    }
    let dates: Vec<&String> = spoken.dates.iter().collect();
    if speaks && let Some(date) = rng.pick(&dates) {
        return Some(format!("DATE '{date}' + {}", [-1, 0, 0, 1, 29, -31, 365][rng.below(7)]));
    }
    // Years in which most data sets have their dates; or days so near that their distances matter.
    let near = dates.first().map_or("2023-05-30", |date| date.as_str());
    Some(match style.spread {
        i64::MIN..=5 => format!("DATE '{near}' + {}", rng.below(12)),
        6..=100 => format!("DATE '{near}' + {}", rng.between(-60, 60)),
        _ => format!("DATE '{}-01-01' + {}", 2_023 - rng.below(8), rng.below(366)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement;

    #[test]
    fn a_statement_is_read_for_what_it_speaks_of() {
        let mut spoken = Spoken::default();
        let sql = "SELECT a.x FROM a JOIN b ON a.id = b.a_id WHERE a.n > 2.5 AND b.d >= DATE '2024-02-29' \
                   AND b.t LIKE 'Ro%' AND b.e < NOW() AND b.k IN (SELECT k FROM c)";
        spoken.add(&statement::parse_one(sql).unwrap());
        assert_eq!(spoken.numbers.into_iter().collect::<Vec<_>>(), [2, 3]);
        assert_eq!(spoken.texts.into_iter().collect::<Vec<_>>(), ["Ro%"]);
        assert_eq!(spoken.dates.into_iter().collect::<Vec<_>>(), ["2024-02-29"]);
        assert_eq!(spoken.joined.into_iter().collect::<Vec<_>>(), ["a_id", "id", "k"]);
        assert!(spoken.today);
    }
}
