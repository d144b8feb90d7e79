//! The model of what the synthesiser writes about: shapes of records, with how a text says each field. The shapes
//! themselves are in `domains`.

use super::words::Source;

/// A kind of record.
#[derive(Debug)]
pub struct Shape {
    /// What it is about: a part of record ids, and a label of variety.
    pub domain: &'static str,
    /// Its name within the domain.
    pub name: &'static str,
    /// Sentences with which a text about it may begin.
    pub openings: &'static [&'static str],
    /// What it consists of.
    pub fields: &'static [Field],
}

/// A field of a record.
#[derive(Debug)]
pub struct Field {
    /// Names that schemas give it, in snake case, separated by `|`.
    pub names: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Clauses that say it, each a sentence without its full stop; `{}` stands for the value. Of an item's field:
    /// a piece of the item's phrase. Of a flag: clauses for yes.
    pub say: &'static [&'static str],
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A string that the text has word by word.
    Word(Source),
    /// A whole number in a range.
    Count(i64, i64),
    /// A number in a range, in units of 1, 1/10 or 1/100, and spellings of its unit.
    Measure(i64, i64, u32, &'static [&'static str]),
    /// An amount of money in a range of cents.
    Money(i64, i64),
    /// The currency of the record.
    Currency,
    /// A date within these years.
    Day(i64, i64),
    /// A time of day.
    Clock,
    /// A date with a time in UTC, within these years.
    Moment(i64, i64),
    /// Yes or no, with clauses for no.
    Flag(&'static [&'static str]),
    /// One of a few values, each with its spellings in texts.
    Choice(&'static [(&'static str, &'static [&'static str])]),
    /// A list of words, as many as the range says.
    Many(Source, usize, usize),
    /// A list of objects, as many as the range says.
    Rows(&'static [Field], usize, usize),
    /// An object.
    Group(&'static [Field]),
}

/// A field.
pub const fn f(names: &'static str, kind: Kind, say: &'static [&'static str]) -> Field {
    Field { names, kind, say }
}

/// A shape.
pub const fn shape(
    domain: &'static str,
    name: &'static str,
    openings: &'static [&'static str],
    fields: &'static [Field],
) -> Shape {
    Shape { domain, name, openings, fields }
}
