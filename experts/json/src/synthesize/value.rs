//! Draws values: each as JSON and as a text spells it.

use hive_sdk::rng::Rng;
use serde_json::{Number, Value};

use super::shape::Kind;
use super::words::{self, one};

/// A currency: its code, signs before and after amounts, and its name.
#[derive(Debug)]
pub struct Currency {
    /// `EUR`.
    pub code: &'static str,
    before: &'static str,
    name: &'static str,
}

/// The currencies that records are in.
pub const CURRENCIES: &[Currency] = &[
    Currency { code: "EUR", before: "€", name: "euros" },
    Currency { code: "USD", before: "$", name: "dollars" },
    Currency { code: "GBP", before: "£", name: "pounds" },
    Currency { code: "CHF", before: "CHF ", name: "francs" },
    Currency { code: "SEK", before: "SEK ", name: "kronor" },
    Currency { code: "JPY", before: "¥", name: "yen" },
];

/// A value and its spelling.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// As JSON.
    pub json: Value,
    /// As the text has it.
    pub spoken: String,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const NUMERALS: [&str; 13] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// Draws a value that has no parts; `None` for kinds that have some.
pub fn draw(kind: Kind, currency: &Currency, rng: &mut Rng) -> Option<Drawn> {
    Some(match kind {
        Kind::Word(source) => {
            let word = words::word(source, rng);
            Drawn { json: Value::from(word.as_str()), spoken: word }
        }
        Kind::Count(low, high) => {
            let n = skewed(low, high, rng);
            Drawn { json: Value::from(n), spoken: whole(n, rng) }
        }
        Kind::Measure(low, high, places, units) => {
            let (json, digits) = decimal(skewed(low, high, rng), places);
            let unit = one(units, rng);
            let blank = if unit.is_empty() || unit.starts_with(['%', '°']) || rng.below(6) == 0 { "" } else { " " };
            Drawn { json, spoken: format!("{digits}{blank}{unit}") }
        }
        Kind::Money(low, high) => money(skewed(low, high, rng), currency, rng),
        Kind::Currency => {
            let spoken = if rng.below(2) == 0 { currency.name } else { currency.code };
            Drawn { json: Value::from(currency.code), spoken: spoken.to_owned() }
        }
        Kind::Day(from, to) => {
            let (year, month, day) = day(from, to, rng);
            let iso = format!("{year}-{month:02}-{day:02}");
            Drawn { spoken: spell_day(year, month, day, rng), json: Value::from(iso) }
        }
        Kind::Clock => {
            let (hour, minute) = clock(rng);
            let json = Value::from(format!("{hour:02}:{minute:02}"));
            Drawn { json, spoken: spell_clock(hour, minute, rng) }
        }
        Kind::Moment(from, to) => {
            let ((year, month, day), (hour, minute)) = (day(from, to, rng), clock(rng));
            let json = Value::from(format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z"));
            let (date, time) = (spell_day(year, month, day, rng), spell_clock(hour, minute, rng));
            let spoken = match rng.below(3) {
                0 => format!("{date} at {time} UTC"),
                1 => format!("{date}, {time} UTC"),
                _ => format!("{time} UTC on {date}"),
            };
            Drawn { json, spoken }
        }
        Kind::Choice(values) => {
            let (value, spellings) = values.get(rng.below(values.len()))?;
            let spoken = if spellings.is_empty() || rng.below(3) == 0 {
                value.replace('_', " ")
            } else {
                one(spellings, rng).to_owned()
            };
            Drawn { json: Value::from(*value), spoken }
        }
        Kind::Flag(_) => {
            let yes = rng.below(2) == 0;
            Drawn { json: Value::from(yes), spoken: if yes { "yes" } else { "no" }.to_owned() }
        }
        Kind::Many(..) | Kind::Rows(..) | Kind::Group(_) => return None,
    })
}

/// A number of the range, small ones more often than large ones where the range is wide.
fn skewed(low: i64, high: i64, rng: &mut Rng) -> i64 {
    let n = rng.between(low, high);
    if high - low > 40 && rng.below(2) == 0 { n.min(rng.between(low, high)) } else { n }
}

/// A whole number in digits, with separators, or in words.
fn whole(n: i64, rng: &mut Rng) -> String {
    let numeral = usize::try_from(n).ok().and_then(|n| NUMERALS.get(n));
    match numeral {
        Some(word) if n > 1 && rng.below(3) == 0 => (*word).to_owned(),
        _ if n >= 10_000 && rng.below(4) > 0 || n >= 1_000 && rng.below(2) == 0 => grouped(n),
        _ => n.to_string(),
    }
}

/// Digits with commas between thousands.
fn grouped(n: i64) -> String {
    let digits = n.abs().to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if n < 0 { format!("-{out}") } else { out }
}

/// `n` units of 1, 1/10 or 1/100, as a number and in digits.
fn decimal(n: i64, places: u32) -> (Value, String) {
    let one = 10_i64.pow(places);
    if n % one == 0 {
        return (Value::from(n / one), (n / one).to_string());
    }
    let sign = if n < 0 { "-" } else { "" };
    let (places, part) = (places as usize, (n % one).abs());
    let digits = format!("{sign}{}.{part:0places$}", (n / one).abs());
    let digits = digits.trim_end_matches('0').to_owned();
    // Of so few digits, the nearest float is spelled with the same digits again.
    let number = digits.parse().ok().and_then(Number::from_f64);
    (number.map_or(Value::Null, Value::Number), digits)
}

fn money(cents: i64, currency: &Currency, rng: &mut Rng) -> Drawn {
    // Prices end in whole units or in a few cents.
    let cents = match rng.below(3) {
        0 => cents - cents % 100,
        1 => cents - cents % 10,
        _ => cents,
    };
    let cents = if currency.code == "JPY" { cents - cents % 100 } else { cents };
    let cents = if cents == 0 { 100 } else { cents };
    let (json, short) = decimal(cents, 2);
    let (units, rest) = (cents / 100, cents % 100);
    let units = if units >= 1_000 && rng.below(3) > 0 { grouped(units) } else { units.to_string() };
    let digits = if rest == 0 && rng.below(3) > 0 || currency.code == "JPY" {
        units.clone()
    } else {
        format!("{units}.{rest:02}")
    };
    let Currency { before, code, name } = currency;
    let spoken = match rng.below(6) {
        0 => format!("{digits} {code}"),
        1 => format!("{code} {digits}"),
        2 => format!("{digits} {name}"),
        3 if rest % 10 == 0 && rest > 0 && cents < 100_000 => format!("{before}{short}"),
        _ => format!("{before}{digits}"),
    };
    Drawn { json, spoken }
}

fn day(from: i64, to: i64, rng: &mut Rng) -> (i64, usize, i64) {
    // Days that every month has; now and then a year that is not to be expected.
    let year = if rng.below(12) == 0 { rng.between(1890, 2045) } else { rng.between(from, to) };
    (year, rng.below(12) + 1, rng.between(1, 28))
}

fn spell_day(year: i64, month: usize, day: i64, rng: &mut Rng) -> String {
    let name = MONTHS[month - 1];
    let short = &name[..3];
    let ordinal = match day {
        1 | 21 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    };
    match rng.below(12) {
        0 | 1 => format!("{year}-{month:02}-{day:02}"),
        2 | 3 => format!("{day} {name} {year}"),
        4 | 5 => format!("{name} {day}, {year}"),
        6 => format!("{short} {day}, {year}"),
        7 => format!("{day} {short} {year}"),
        8 => format!("the {day}{ordinal} of {name} {year}"),
        9 => format!("{name} {day}{ordinal}, {year}"),
        // Only where day and month cannot be mistaken for each other.
        10 if day > 12 && rng.below(2) == 0 => format!("{month:02}/{day}/{year}"),
        10 if day > 12 => format!("{day}/{month:02}/{year}"),
        10 => format!("{day} {name}, {year}"),
        _ => format!("{day:02}.{month:02}.{year}"),
    }
}

fn clock(rng: &mut Rng) -> (i64, i64) {
    (rng.between(6, 22), one_of(&[0, 0, 15, 30, 30, 45, 5, 20, 40, 50], rng))
}

fn one_of(list: &[i64], rng: &mut Rng) -> i64 {
    rng.pick(list).copied().unwrap_or_default()
}

fn spell_clock(hour: i64, minute: i64, rng: &mut Rng) -> String {
    let half = if hour < 12 { "am" } else { "pm" };
    let twelve = if hour > 12 { hour - 12 } else { hour };
    match rng.below(7) {
        0..=2 => format!("{hour:02}:{minute:02}"),
        3 if minute == 0 => format!("{twelve} {half}"),
        4 if minute == 0 => format!("{twelve}{half}"),
        3 => format!("{twelve}:{minute:02} {half}"),
        4 => format!("{twelve}:{minute:02}{half}"),
        5 => format!("{twelve}.{minute:02} {half}"),
        _ => format!("{hour}:{minute:02}"),
    }
}

/// The items of a list as words.
pub fn list(items: &[String], rng: &mut Rng) -> String {
    match items {
        [] => "none".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => match rng.below(4) {
            0 => items.join(", "),
            1 if items.len() > 2 => format!("{}, and {last}", first.join(", ")),
            2 if items.len() == 2 => format!("{} & {last}", first.join(", ")),
            _ => format!("{} and {last}", first.join(", ")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_as_they_are() {
        assert_eq!(decimal(-1250, 2), (serde_json::json!(-12.5), "-12.5".to_owned()));
        assert_eq!(decimal(700, 2), (serde_json::json!(7), "7".to_owned()));
        assert_eq!(decimal(-5, 1), (serde_json::json!(-0.5), "-0.5".to_owned()));
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(-999), "-999");
    }

    #[test]
    fn dates_and_times_are_what_they_say() {
        let mut rng = Rng::new(3, 1);
        for _ in 0..2_000 {
            let drawn = draw(Kind::Day(2019, 2026), &CURRENCIES[0], &mut rng).unwrap();
            // A day up to the 12th in numbers has two readings, of which the first is meant.
            let read = crate::dates::in_text(&drawn.spoken);
            assert_eq!(read.first().map(String::as_str), drawn.json.as_str(), "{}", drawn.spoken);
            let drawn = draw(Kind::Clock, &CURRENCIES[0], &mut rng).unwrap();
            let read = crate::dates::times_in_text(&drawn.spoken);
            assert_eq!(read.first().map(String::as_str), drawn.json.as_str(), "{}", drawn.spoken);
        }
    }
}
