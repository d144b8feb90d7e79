//! What a shape draws from: tables, columns and values of one domain, and wordings. Every draw
//! returns `None` when the domain has nothing of the kind, and the shape is then passed over.

use super::domain::{Column, Domain, Kind, Table};
use crate::rng::Rng;

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The question, one sentence.
    pub question: String,
    /// The answer, one line.
    pub sql: String,
}

/// One attempt at one shape in one domain.
#[derive(Debug)]
pub struct Context {
    /// The domain.
    pub domain: &'static Domain,
    rng: Rng,
}

/// A table that refers to another which has a label.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// The referring table.
    pub child: &'static Table,
    /// Its reference.
    pub reference: &'static Column,
    /// The table referred to.
    pub parent: &'static Table,
    /// The parent's key.
    pub key: &'static Column,
    /// The parent's label.
    pub label: &'static Column,
}

impl Link {
    /// `child.reference = parent.key`.
    pub fn on(&self) -> String {
        format!("{}.{} = {}.{}", self.child.name, self.reference.name, self.parent.name, self.key.name)
    }

    /// `parent.column`.
    pub fn parent(&self, column: &Column) -> String {
        format!("{}.{}", self.parent.name, column.name)
    }

    /// `child.column`.
    pub fn child(&self, column: &Column) -> String {
        format!("{}.{}", self.child.name, column.name)
    }

    /// `parent.key, parent.label`: what to group by, one group a row of the parent.
    pub fn group(&self) -> String {
        format!("{}, {}", self.parent(self.key), self.parent(self.label))
    }

    /// Words for wordings: `C` and `c` for the child, `P` and `p` for the parent, plural and
    /// singular, and `pl` for the parent's label.
    pub fn words(&self) -> [(&'static str, String); 5] {
        [
            ("C", self.child.many()),
            ("c", self.child.one.to_owned()),
            ("P", self.parent.many()),
            ("p", self.parent.one.to_owned()),
            ("pl", self.label.words()),
        ]
    }
}

impl Context {
    /// A context whose draws depend on `rng` alone.
    pub fn new(domain: &'static Domain, rng: Rng) -> Self {
        Self { domain, rng }
    }

    /// A number from `low` to `high`.
    pub fn number(&mut self, low: i64, high: i64) -> i64 {
        self.rng.between(low, high)
    }

    /// One of `items`.
    pub fn one<T: Copy>(&mut self, items: &[T]) -> Option<T> {
        self.rng.pick(items).copied()
    }

    /// A table with a column of each kind asked for.
    pub fn table(&mut self, kinds: &[fn(&Column) -> bool]) -> Option<&'static Table> {
        let fit: Vec<_> =
            self.domain.tables.iter().filter(|t| kinds.iter().all(|kind| t.columns.iter().any(kind))).collect();
        self.one(&fit)
    }

    /// A column of the table.
    pub fn column(&mut self, table: &'static Table, kind: fn(&Column) -> bool) -> Option<&'static Column> {
        let fit: Vec<_> = table.columns.iter().filter(|c| kind(c)).collect();
        self.one(&fit)
    }

    /// Two different columns of the table.
    pub fn two(
        &mut self,
        table: &'static Table,
        kind: fn(&Column) -> bool,
    ) -> Option<(&'static Column, &'static Column)> {
        let mut fit: Vec<_> = table.columns.iter().filter(|c| kind(c)).collect();
        self.rng.shuffle(&mut fit);
        match fit[..] {
            [a, b, ..] => Some((a, b)),
            _ => None,
        }
    }

    /// A table that refers to one with a label.
    pub fn link(&mut self) -> Option<Link> {
        let links: Vec<Link> = self.domain.tables.iter().flat_map(|child| self.links_of(child)).collect();
        self.one(&links)
    }

    /// Two references of one table to two others.
    pub fn bridge(&mut self) -> Option<(Link, Link)> {
        for child in self.domain.tables {
            let mut links: Vec<Link> = self.links_of(child).collect();
            self.rng.shuffle(&mut links);
            if let [a, b, ..] = links[..] {
                return Some((a, b));
            }
        }
        None
    }

    fn links_of(&self, child: &'static Table) -> impl Iterator<Item = Link> + use<> {
        let domain = self.domain;
        child.columns.iter().filter_map(move |reference| {
            let Kind::Reference(parent) = reference.kind else { return None };
            let parent = domain.table(parent)?;
            Some(Link { child, reference, parent, key: parent.key()?, label: parent.label()? })
        })
    }

    /// One of a category's values, or a word of a label.
    pub fn value(&mut self, column: &Column) -> Option<&'static str> {
        match column.kind {
            Kind::Category(values) | Kind::Label(values) => self.one(values),
            _ => None,
        }
    }

    /// Two different values of a category.
    pub fn two_values(&mut self, column: &Column) -> Option<(&'static str, &'static str)> {
        let Kind::Category(values) = column.kind else { return None };
        let mut values = values.to_vec();
        self.rng.shuffle(&mut values);
        match values[..] {
            [a, b, ..] => Some((a, b)),
            _ => None,
        }
    }

    /// A round number within the column's range, between these tenths of it.
    pub fn threshold(&mut self, column: &Column, from: i64, to: i64) -> Option<i64> {
        let (Kind::Count(low, high) | Kind::Amount(low, high)) = column.kind else { return None };
        let width = high - low;
        let at = self.number(low + width * from / 10, low + width * to / 10);
        if is_year(column) {
            return Some(at);
        }
        let step = match at {
            ..=30 => 1,
            31..=200 => 5,
            201..=1_000 => 10,
            1_001..=10_000 => 100,
            10_001..=100_000 => 1_000,
            _ => 10_000,
        };
        Some((at / step * step).max(low + 1))
    }

    /// A year in which the column has values.
    pub fn year(&mut self, column: &Column) -> Option<i64> {
        let (Kind::Date(from, to) | Kind::Time(from, to)) = column.kind else { return None };
        Some(self.number(from, to))
    }

    /// A day in which the column has values, as `2021-03-01`.
    pub fn day(&mut self, column: &Column) -> Option<String> {
        let year = self.year(column)?;
        let (month, day) = (self.number(1, 12), self.one(&[1, 10, 15, 20])?);
        Some(format!("{year}-{month:02}-{day:02}"))
    }

    /// One of the wordings with its `{places}` filled. `{list}`, `{what}`, `{many}`, `{each}`,
    /// `{more}` and `{less}` stand for usual ways to say so.
    pub fn say(&mut self, wordings: &[&str], words: &[(&str, String)]) -> Option<String> {
        let mut rest = self.one(wordings)?;
        let mut said = String::new();
        while let Some((before, after)) = rest.split_once('{') {
            let (place, after) = after.split_once('}')?;
            said.push_str(before);
            let word = match words.iter().find(|(name, _)| *name == place) {
                Some((_, word)) => word.as_str(),
                None => self.usual(place)?,
            };
            let before = said.trim_end();
            if before.is_empty() || before.ends_with(['.', '?']) {
                said.push_str(&capital(word)?);
            } else {
                said.push_str(word);
            }
            rest = after;
        }
        said.push_str(rest);
        Some(said)
    }

    fn usual(&mut self, place: &str) -> Option<&'static str> {
        let ways: &[&str] = match place {
            "list" => &["list", "show", "give me", "find", "return", "display", "get"],
            "what" => &["what is", "tell me", "compute", "find", "show"],
            "many" => &["how many", "count how many"],
            "each" => &["each", "every"],
            "more" => &["more than", "over", "above", "greater than"],
            "less" => &["less than", "under", "below"],
            _ => return None,
        };
        self.one(ways)
    }
}

fn capital(word: &str) -> Option<String> {
    let mut letters = word.chars();
    let first = letters.next()?;
    Some(first.to_uppercase().chain(letters).collect())
}

/// Any column that one would ask to see: not a key and not a reference.
pub fn shown(column: &Column) -> bool {
    !matches!(column.kind, Kind::Key | Kind::Reference(_))
}

/// A column with a label.
pub fn labels(column: &Column) -> bool {
    matches!(column.kind, Kind::Label(_))
}

/// A text with few values.
pub fn categories(column: &Column) -> bool {
    matches!(column.kind, Kind::Category(_)) && !column.nullable
}

/// A number.
pub fn numbers(column: &Column) -> bool {
    matches!(column.kind, Kind::Count(..) | Kind::Amount(..)) && !column.nullable
}

/// A number that makes sense as an average.
pub fn measures(column: &Column) -> bool {
    numbers(column) && !is_year(column)
}

/// A number that makes sense as a sum.
pub fn sums(column: &Column) -> bool {
    const NO_SUM: [&str; 17] = [
        "age",
        "bonus",
        "commission_rate",
        "daily_rate",
        "depth",
        "elevation",
        "floor",
        "grade_level",
        "hourly_rate",
        "humidity",
        "nightly_rate",
        "price",
        "rating",
        "review_score",
        "temperature",
        "years_of_service",
        "list_price",
    ];
    measures(column) && !NO_SUM.contains(&column.name)
}

/// A date or a point in time.
pub fn dates(column: &Column) -> bool {
    matches!(column.kind, Kind::Date(..) | Kind::Time(..)) && !column.nullable
}

/// A column with gaps.
pub fn gaps(column: &Column) -> bool {
    column.nullable
}

/// A number with gaps.
pub fn number_gaps(column: &Column) -> bool {
    column.nullable && matches!(column.kind, Kind::Count(..) | Kind::Amount(..))
}

/// A text with gaps.
pub fn text_gaps(column: &Column) -> bool {
    column.nullable && matches!(column.kind, Kind::Category(_))
}

/// Yes or no.
pub fn flags(column: &Column) -> bool {
    column.kind == Kind::Flag
}

fn is_year(column: &Column) -> bool {
    column.name.contains("year") && column.name != "years_of_service" || column.name == "vintage"
}

/// `text` as an SQL literal.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
