//! What a shape draws from: tables, columns and values of one domain, and wordings. A draw returns `None` when the
//! domain has nothing of the kind, and the shape is then skipped.

use hive_sdk::rng::Rng;

use super::domain::{ColumnValues, Domain, DomainColumn, DomainTable};

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

/// A table with a reference to a table that has a label.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// The referring table.
    pub child: &'static DomainTable,
    /// Its reference.
    pub reference: &'static DomainColumn,
    /// The table referred to.
    pub parent: &'static DomainTable,
    /// The parent's key.
    pub key: &'static DomainColumn,
    /// The parent's label.
    pub label: &'static DomainColumn,
}

impl Link {
    /// `child.reference = parent.key`.
    pub fn on(&self) -> String {
        format!("{}.{} = {}.{}", self.child.name, self.reference.name, self.parent.name, self.key.name)
    }

    /// `parent.column`.
    pub fn parent(&self, column: &DomainColumn) -> String {
        format!("{}.{}", self.parent.name, column.name)
    }

    /// `child.column`.
    pub fn child(&self, column: &DomainColumn) -> String {
        format!("{}.{}", self.child.name, column.name)
    }

    /// `parent.key, parent.label`: the columns to group by for one group per row of the parent.
    pub fn group(&self) -> String {
        format!("{}, {}", self.parent(self.key), self.parent(self.label))
    }

    /// Placeholders for wordings: `C` and `c` for the child, `P` and `p` for the parent, plural and singular, and `pl`
    /// for the parent's label.
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
    pub fn table(&mut self, kinds: &[fn(&DomainColumn) -> bool]) -> Option<&'static DomainTable> {
        let fit: Vec<_> =
            self.domain.tables.iter().filter(|t| kinds.iter().all(|kind| t.columns.iter().any(kind))).collect();
        self.one(&fit)
    }

    /// A column of the table.
    pub fn column(
        &mut self,
        table: &'static DomainTable,
        kind: fn(&DomainColumn) -> bool,
    ) -> Option<&'static DomainColumn> {
        let fit: Vec<_> = table.columns.iter().filter(|c| kind(c)).collect();
        self.one(&fit)
    }

    /// Two different columns of the table.
    pub fn two(
        &mut self,
        table: &'static DomainTable,
        kind: fn(&DomainColumn) -> bool,
    ) -> Option<(&'static DomainColumn, &'static DomainColumn)> {
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

    fn links_of(&self, child: &'static DomainTable) -> impl Iterator<Item = Link> + use<> {
        let domain = self.domain;
        child.columns.iter().filter_map(move |reference| {
            let ColumnValues::Reference(parent) = reference.kind else { return None };
            let parent = domain.table(parent)?;
            Some(Link { child, reference, parent, key: parent.key()?, label: parent.label()? })
        })
    }

    /// One of a category's values, or a word of a label.
    pub fn value(&mut self, column: &DomainColumn) -> Option<&'static str> {
        match column.kind {
            ColumnValues::Category(values) | ColumnValues::Label(values) => self.one(values),
            _ => None,
        }
    }

    /// Two different values of a category.
    pub fn two_values(&mut self, column: &DomainColumn) -> Option<(&'static str, &'static str)> {
        let ColumnValues::Category(values) = column.kind else { return None };
        let mut values = values.to_vec();
        self.rng.shuffle(&mut values);
        match values[..] {
            [a, b, ..] => Some((a, b)),
            _ => None,
        }
    }

    /// A round number within the column's range, between these tenths of it.
    pub fn threshold(&mut self, column: &DomainColumn, from: i64, to: i64) -> Option<i64> {
        let (ColumnValues::Count(low, high) | ColumnValues::Amount(low, high)) = column.kind else { return None };
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
    pub fn year(&mut self, column: &DomainColumn) -> Option<i64> {
        let (ColumnValues::Date(from, to) | ColumnValues::Time(from, to)) = column.kind else { return None };
        Some(self.number(from, to))
    }

    /// A day in which the column has values, as `2021-03-01`.
    pub fn day(&mut self, column: &DomainColumn) -> Option<String> {
        let year = self.year(column)?;
        let (month, day) = (self.number(1, 12), self.one(&[1, 10, 15, 20])?);
        Some(format!("{year}-{month:02}-{day:02}"))
    }

    /// One of the wordings with its `{placeholders}` filled. `{list}`, `{what}`, `{many}`, `{each}`, `{more}` and
    /// `{less}` stand for common phrases.
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

/// A column worth asking for: neither a key nor a reference.
pub fn shown(column: &DomainColumn) -> bool {
    !matches!(column.kind, ColumnValues::Key | ColumnValues::Reference(_))
}

/// A column with a label.
pub fn labels(column: &DomainColumn) -> bool {
    matches!(column.kind, ColumnValues::Label(_))
}

/// A text with few values.
pub fn categories(column: &DomainColumn) -> bool {
    matches!(column.kind, ColumnValues::Category(_)) && !column.nullable
}

/// A number.
pub fn numbers(column: &DomainColumn) -> bool {
    matches!(column.kind, ColumnValues::Count(..) | ColumnValues::Amount(..)) && !column.nullable
}

/// A number that makes sense as an average.
pub fn measures(column: &DomainColumn) -> bool {
    numbers(column) && !is_year(column)
}

/// A number that makes sense as a sum.
pub fn sums(column: &DomainColumn) -> bool {
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
pub fn dates(column: &DomainColumn) -> bool {
    matches!(column.kind, ColumnValues::Date(..) | ColumnValues::Time(..)) && !column.nullable
}

/// A nullable column.
pub fn gaps(column: &DomainColumn) -> bool {
    column.nullable
}

/// A nullable number.
pub fn number_gaps(column: &DomainColumn) -> bool {
    column.nullable && matches!(column.kind, ColumnValues::Count(..) | ColumnValues::Amount(..))
}

/// A nullable text.
pub fn text_gaps(column: &DomainColumn) -> bool {
    column.nullable && matches!(column.kind, ColumnValues::Category(_))
}

/// Yes or no.
pub fn flags(column: &DomainColumn) -> bool {
    column.kind == ColumnValues::Flag
}

fn is_year(column: &DomainColumn) -> bool {
    column.name.contains("year") && column.name != "years_of_service" || column.name == "vintage"
}

/// `text` as an SQL literal.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
