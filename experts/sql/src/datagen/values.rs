//! Where a column's values come from: the statement's constants and what lies just beside them, the schema's own rows,
//! and values that any database might hold.

use hive_sdk::rng::Rng;
use sqlparser::ast::DataType;

use super::constants::{Constants, is_date};
use super::limits::Limits;
use super::plan::ColumnPlan;
use crate::catalog::ValueKind;

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

/// Draws values for the columns of one database.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValueSource<'c> {
    pub constants: &'c Constants,
    pub profile: Profile,
}

impl ValueSource<'_> {
    /// A literal for this column. `matching`: the row is to meet the statement's conditions.
    pub fn value(&self, column: &ColumnPlan, matching: bool, rng: &mut Rng) -> String {
        let limits = &column.limits;
        let compared = self.constants.compared_with(&column.declared);
        if matching
            && limits.choices.is_empty()
            && rng.below(100) < 85
            && let Some(literal) = rng.pick(&compared)
            && let Some(value) = value_near(column, literal, rng)
        {
            return value;
        }
        if column.nullable && rng.below(100) < self.profile.null_percent {
            return "NULL".to_owned();
        }
        if let Some(choice) = rng.pick(&limits.choices) {
            return choice.clone();
        }
        let dice = rng.below(100);
        if dice >= self.profile.constant_percent
            && dice < self.profile.constant_percent + 25
            && !self.constants.joins(&column.declared)
            && let Some(sample) = rng.pick(&column.samples)
        {
            return sample.clone();
        }
        self.value_of_kind(column, dice < self.profile.constant_percent, rng)
    }

    /// A literal of the column's kind. `constant`: the value is to be one of the statement's or to lie beside one.
    fn value_of_kind(&self, column: &ColumnPlan, constant: bool, rng: &mut Rng) -> String {
        let limits = &column.limits;
        match column.declared.kind {
            ValueKind::Boolean => if rng.below(2) == 0 { "TRUE" } else { "FALSE" }.to_owned(),
            ValueKind::Integer => within(limits, self.whole_number(column, constant, rng) as f64).round().to_string(),
            ValueKind::Number | ValueKind::Float => {
                let whole = self.whole_number(column, constant, rng) as f64;
                let fraction = *rng.pick(&[0.0, 0.25, 0.5, 0.0]).unwrap_or(&0.0);
                within(limits, whole + fraction).to_string()
            }
            ValueKind::Text => quoted(&truncated(self.text(column, constant, rng), limits.max_length)),
            ValueKind::Date => {
                let date = self.date(constant, rng);
                date.unwrap_or_else(|| format!("CURRENT_DATE - {}", rng.below(400)))
            }
            ValueKind::Timestamp => {
                let hours = rng.below(24);
                match self.date(constant, rng) {
                    Some(date) => format!("{date} + INTERVAL '{hours} hours'"),
                    None => format!("CURRENT_DATE - {} + INTERVAL '{hours} hours'", rng.below(400)),
                }
            }
            ValueKind::Other => other_value(column, rng),
        }
    }

    fn whole_number(&self, column: &ColumnPlan, constant: bool, rng: &mut Rng) -> i64 {
        if self.constants.joins(&column.declared) {
            return rng.between(1, 8);
        }
        let numbers: Vec<i64> = self.constants.numbers.iter().copied().collect();
        if constant && let Some(number) = rng.pick(&numbers) {
            return number + rng.between(-1, 1);
        }
        match (column.limits.bounds, self.profile.distinct) {
            ((Some(low), Some(high)), _) => rng.between(low.ceil() as i64, high.floor() as i64),
            ((Some(low), None), distinct) => rng.between(low.ceil() as i64, low.ceil() as i64 + distinct),
            (_, distinct) => rng.between(0, distinct),
        }
    }

    fn text(&self, column: &ColumnPlan, constant: bool, rng: &mut Rng) -> String {
        let texts: Vec<&String> = self.constants.texts.iter().collect();
        if constant && let Some(text) = rng.pick(&texts) {
            let text = text_matching(text, rng);
            return match rng.below(7) {
                0 => text.to_uppercase(),
                1 => text.to_lowercase(),
                2 => format!("{text}s"),
                3 => format!("The {text}"),
                _ => text,
            };
        }
        if self.profile.distinct <= 12 && column.nullable && rng.below(12) == 0 {
            return String::new();
        }
        let joins = self.constants.joins(&column.declared);
        let words = if joins { 6 } else { self.profile.distinct.clamp(4, WORDS.len() as i64) as usize };
        let word = WORDS[rng.below(words)].to_owned();
        if self.profile.distinct > 100 && !joins && rng.below(2) == 0 {
            return format!("{word} {}", rng.below(90) + 10);
        }
        word
    }

    /// A date as an expression; `None` for one near today.
    fn date(&self, constant: bool, rng: &mut Rng) -> Option<String> {
        if self.constants.today && rng.below(100) < 70 {
            return None;
        }
        let dates: Vec<&String> = self.constants.dates.iter().collect();
        if constant && let Some(date) = rng.pick(&dates) {
            return Some(format!("DATE '{date}' + {}", [-1, 0, 0, 1, 29, -31, 365][rng.below(7)]));
        }
        // Years that most data sets cover, or days so close together that their distances matter.
        let near = dates.first().map_or("2023-05-30", |date| date.as_str());
        Some(match self.profile.distinct {
            i64::MIN..=5 => format!("DATE '{near}' + {}", rng.below(12)),
            6..=100 => format!("DATE '{near}' + {}", rng.between(-60, 60)),
            _ => format!("DATE '{}-01-01' + {}", 2_023 - rng.below(8), rng.below(366)),
        })
    }
}

/// A value of a type that is told apart here alone, or else one of the schema's own rows.
fn other_value(column: &ColumnPlan, rng: &mut Rng) -> String {
    match column.declared.data_type {
        DataType::Time(..) => format!("'{:02}:{:02}'", rng.below(24), rng.below(4) * 15),
        DataType::Interval { .. } => format!("'{} hours'", rng.below(50)),
        DataType::Uuid => format!("'{:08x}-0000-4000-8000-{:012x}'", rng.below(1 << 32), rng.below(1 << 48)),
        _ => match rng.pick(&column.samples) {
            Some(sample) => sample.clone(),
            None if column.nullable => "NULL".to_owned(),
            None => column.limits.fallback.to_owned(),
        },
    }
}

/// A value that meets a comparison with this literal or only just fails to; `None` for kinds without such values.
fn value_near(column: &ColumnPlan, literal: &str, rng: &mut Rng) -> Option<String> {
    let beside = [0, 0, 1, -1][rng.below(4)];
    match column.declared.kind {
        ValueKind::Integer | ValueKind::Number | ValueKind::Float => {
            let number: f64 = literal.parse().ok()?;
            let value = within(&column.limits, number + f64::from(beside));
            let whole = column.declared.kind == ValueKind::Integer;
            Some(if whole { value.round().to_string() } else { value.to_string() })
        }
        ValueKind::Text => {
            let text = match literal.get(..4).and_then(|year| year.parse::<i32>().ok()) {
                // A date held as text: that day, or the same day of the next or previous year.
                Some(year) if literal.get(..10).is_some_and(is_date) => {
                    format!("{:04}{}", year + beside, &literal[4..])
                }
                _ => text_matching(literal, rng),
            };
            Some(quoted(&truncated(text, column.limits.max_length)))
        }
        ValueKind::Date => is_date(literal.get(..10)?).then(|| format!("DATE '{}' + {beside}", &literal[..10])),
        ValueKind::Timestamp => {
            let day = literal.get(..10).filter(|day| is_date(day))?;
            let hours = [0, 0, 9, -3][rng.below(4)];
            Some(format!("TIMESTAMP '{day}' + INTERVAL '{hours} hours'"))
        }
        ValueKind::Boolean | ValueKind::Other => None,
    }
}

/// A text that a pattern matches: something in place of each wildcard.
fn text_matching(pattern: &str, rng: &mut Rng) -> String {
    if !pattern.contains('%') {
        return pattern.to_owned();
    }
    pattern.replace('%', ["", "x", " yes "][rng.below(3)]).replace('_', "q")
}

/// The nearest number that the column may hold, strictly within the bounds of its CHECK.
fn within(limits: &Limits, number: f64) -> f64 {
    let number = number.min(limits.max_number);
    match limits.bounds {
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

fn truncated(text: String, max_length: Option<usize>) -> String {
    match max_length {
        Some(length) => text.chars().take(length).collect(),
        None => text,
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
