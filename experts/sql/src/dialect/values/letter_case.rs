//! Whether the case of letters decides a comparison. MySQL's comparisons ignore case unless a collation or
//! BINARY says otherwise, and so do SQLite's of columns and expressions with COLLATE NOCASE; PostgreSQL's never
//! do. What the record's own rows show decides whether a rule must act or a note is enough.
//!
//! <https://dev.mysql.com/doc/refman/8.4/en/case-sensitivity.html>,
//! <https://www.sqlite.org/datatype3.html#collating_sequences>

use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, DataType, Expr, Function};

use crate::catalog::ValueKind;
use crate::dialect::collations::regards_case;
use crate::dialect::kinds::Scopes;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, brief, literal, text};
use crate::dialect::template::build;
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// The rule's name, and that of the note.
const RULE: &str = "case-in-comparison";

/// Most texts of a column that are compared with those of another.
const COMPARED: usize = 100;

/// What is known of a text's values.
pub(in crate::dialect) enum Texts {
    /// They are among these.
    Among(BTreeSet<String>),
    /// The record does not show them.
    Unknown,
}

impl Texts {
    pub(in crate::dialect) fn of(texts: impl Iterator<Item = String>) -> Self {
        let texts: BTreeSet<String> = texts.take(COMPARED).collect();
        if texts.is_empty() { Texts::Unknown } else { Texts::Among(texts) }
    }

    fn map(self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Texts::Among(texts) => Texts::Among(texts.iter().map(|text| change(text)).collect()),
            Texts::Unknown => Texts::Unknown,
        }
    }

    /// Whether some value has a letter, as far as is known.
    pub(in crate::dialect) fn has_letters(&self) -> bool {
        match self {
            Texts::Among(texts) => texts.iter().any(|text| text.chars().any(char::is_alphabetic)),
            Texts::Unknown => true,
        }
    }
}

/// How an expression's values are compared.
pub(in crate::dialect) struct Compared {
    pub(in crate::dialect) texts: Texts,
    /// NOCASE is written.
    pub(in crate::dialect) explicit: bool,
}

/// Whether case decides a comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::dialect) enum Decides {
    /// It is no matter of case.
    No,
    /// It may, on other rows.
    Maybe,
    /// It does.
    Yes,
}

pub(in crate::dialect) fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// Whether MySQL compares an expression's texts with regard to case: a column or collation says so,
/// or they are JSON's.
/// <https://dev.mysql.com/doc/refman/8.4/en/charset-collation-coercibility.html>
fn regarded(scopes: &Scopes<'_>, expr: &Expr) -> bool {
    let any = |parts: Vec<&Expr>| parts.into_iter().any(|part| regarded(scopes, part));
    match expr {
        Expr::Nested(inner) => regarded(scopes, inner),
        Expr::Collate { collation, .. } => regards_case(&collation.to_string()),
        Expr::Cast { data_type: DataType::Binary(_) | DataType::Varbinary(_), .. } => true,
        Expr::Cast { expr, .. } => regarded(scopes, expr),
        // Into another character set its own collation does not go along.
        Expr::Convert { expr, data_type: Some(_), .. } => regarded(scopes, expr),
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
            scopes.knows_collations()
                && scopes.declared(expr).is_some_and(|column| {
                    matches!(column.kind, ValueKind::Text | ValueKind::Other) && !column.passes_over_case
                })
        }
        Expr::BinaryOp { op: BinaryOperator::Arrow | BinaryOperator::LongArrow, .. } => true,
        Expr::Substring { expr, .. } | Expr::Trim { expr, .. } => regarded(scopes, expr),
        Expr::Case { conditions, else_result, .. } => {
            any(conditions.iter().map(|case| &case.result).chain(else_result.as_deref()).collect())
        }
        Expr::Function(function) => match last_part(&function.name).as_str() {
            "json_extract" | "json_unquote" | "json_value" | "binary" => true,
            "if" => arguments(function).is_some_and(|all| any(all.into_iter().skip(1).collect())),
            "lower" | "lcase" | "upper" | "ucase" | "concat" | "concat_ws" | "left" | "right" | "substr" | "mid"
            | "substring" | "substring_index" | "trim" | "ltrim" | "rtrim" | "replace" | "reverse" | "repeat"
            | "lpad" | "rpad" | "ifnull" | "coalesce" | "nullif" | "min" | "max" | "any_value" | "greatest"
            | "least" | "insert" => arguments(function).is_some_and(any),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a case-insensitive collation is written.
fn says_otherwise(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => says_otherwise(inner),
        Expr::Collate { collation, .. } => !regards_case(&collation.to_string()),
        _ => false,
    }
}

/// Whether MySQL compares two texts, or a text and its pattern, with regard to case.
pub(in crate::dialect) fn compares_with_regard(scopes: &Scopes<'_>, left: &Expr, right: &Expr) -> bool {
    (regarded(scopes, left) || regarded(scopes, right)) && !says_otherwise(left) && !says_otherwise(right)
}

/// How the values of an expression are compared; `None` when case-sensitively, or when they are no texts.
pub(in crate::dialect) fn compared(scopes: &Scopes<'_>, dialect: Dialect, expr: &Expr) -> Option<Compared> {
    let mysql = dialect == Dialect::MySql;
    let inner_texts = |inner: &Expr| compared(scopes, dialect, inner).map(|found| found.texts);
    if mysql && regarded(scopes, expr) {
        return None;
    }
    match expr {
        // The beginning of a text.
        Expr::Substring { expr: inner, substring_from: Some(from), substring_for: Some(length), .. }
            if mysql && is_one(from) =>
        {
            plain(beginning(scopes, inner, length)?)
        }
        Expr::Trim { expr: inner, trim_where: None, trim_what: None, .. } if mysql => {
            plain(inner_texts(inner)?.map(|text| text.trim().to_owned()))
        }
        Expr::Case { conditions, else_result, .. } if mysql && scopes.kind(expr) == Some(ValueKind::Text) => {
            plain(any_of(scopes, conditions.iter().map(|case| &case.result).chain(else_result.as_deref())))
        }
        Expr::Convert { expr: inner, data_type: None, .. } if mysql => plain(inner_texts(inner)?),
        Expr::Convert { expr: inner, data_type: Some(data_type), .. }
            if mysql && ValueKind::of(data_type) == ValueKind::Text =>
        {
            plain(inner_texts(inner).unwrap_or(Texts::Unknown))
        }
        Expr::Nested(inner) => compared(scopes, dialect, inner),
        Expr::Collate { collation, .. } if regards_case(&collation.to_string()) => None,
        Expr::Collate { expr, collation } => {
            let nocase = collation.to_string().to_lowercase().trim_matches('"') == "nocase";
            let inner = compared(scopes, dialect, expr);
            let texts = inner.map_or(Texts::Unknown, |inner| inner.texts);
            (mysql || nocase).then_some(Compared { texts, explicit: mysql || nocase })
        }
        Expr::Cast { data_type: DataType::Binary(_) | DataType::Varbinary(_), .. } => None,
        Expr::Cast { expr: inner, .. } if scopes.kind(inner) == Some(ValueKind::Text) => {
            compared(scopes, dialect, inner)
        }
        Expr::Value(_) => match literal(expr) {
            Some((text, false)) => plain(Texts::Among([text].into())),
            _ => None,
        },
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => match scopes.declared(expr) {
            Some(column) if column.kind != ValueKind::Text => None,
            Some(column) => {
                let texts = Texts::of(column.texts.iter().cloned());
                if column.passes_over_case { Some(Compared { texts, explicit: !mysql }) } else { None }
            }
            None => (mysql && scopes.kind(expr) == Some(ValueKind::Text))
                .then_some(Compared { texts: Texts::Unknown, explicit: false }),
        },
        Expr::Function(function) if mysql => compared_call(scopes, expr, function),
        _ if mysql && scopes.kind(expr) == Some(ValueKind::Text) => plain(Texts::Unknown),
        _ => None,
    }
}

/// Texts without a written collation.
fn plain(texts: Texts) -> Option<Compared> {
    Some(Compared { texts, explicit: false })
}

/// The first characters of MySQL's texts, as many as `length` says.
fn beginning(scopes: &Scopes<'_>, whole: &Expr, length: &Expr) -> Option<Texts> {
    let length = literal(length).filter(|(_, number)| *number).and_then(|(n, _)| n.parse::<usize>().ok());
    Some(match length {
        Some(length) => compared(scopes, Dialect::MySql, whole)?.texts.map(|text| text.chars().take(length).collect()),
        None => Texts::Unknown,
    })
}

fn is_one(from: &Expr) -> bool {
    literal(from).is_some_and(|(n, number)| number && n == "1")
}

/// How the result of a call of MySQL's is compared.
fn compared_call(scopes: &Scopes<'_>, expr: &Expr, function: &Function) -> Option<Compared> {
    let arguments = arguments(function)?;
    match (last_part(&function.name).as_str(), &arguments[..]) {
        ("lower" | "lcase", [inner]) => {
            let inner = compared(scopes, Dialect::MySql, inner)?;
            plain(inner.texts.map(|text| text.to_lowercase()))
        }
        ("upper" | "ucase", [inner]) => {
            let inner = compared(scopes, Dialect::MySql, inner)?;
            plain(inner.texts.map(|text| text.to_uppercase()))
        }
        ("if", [_, yes, no]) if scopes.kind(expr) == Some(ValueKind::Text) => {
            plain(any_of(scopes, [*yes, *no].into_iter()))
        }
        ("replace", [inner, from, to]) => {
            let (Some((from, false)), Some((to, false))) = (literal(from), literal(to)) else {
                return plain(Texts::Unknown);
            };
            plain(compared(scopes, Dialect::MySql, inner)?.texts.map(|text| text.replace(&from, &to)))
        }
        ("left", [inner, length]) => plain(beginning(scopes, inner, length)?),
        ("mid" | "substring" | "substr", [inner, from, length]) if is_one(from) => {
            plain(beginning(scopes, inner, length)?)
        }
        ("ifnull" | "coalesce", [first, ..]) => compared(scopes, Dialect::MySql, first),
        _ if scopes.kind(expr) == Some(ValueKind::Text) => plain(Texts::Unknown),
        _ => None,
    }
}

/// What is known of a text that is one of several expressions.
fn any_of<'e>(scopes: &Scopes<'_>, parts: impl Iterator<Item = &'e Expr>) -> Texts {
    let mut all = BTreeSet::new();
    for part in parts {
        match compared(scopes, Dialect::MySql, part).map(|found| found.texts) {
            Some(Texts::Among(texts)) => all.extend(texts),
            Some(Texts::Unknown) => return Texts::Unknown,
            None => {}
        }
    }
    Texts::of(all.into_iter())
}

/// Whether case decides how two expressions compare, when `differs` says so of two texts.
pub(in crate::dialect) fn decides(
    dialect: Dialect,
    left: Option<&Compared>,
    right: Option<&Compared>,
    differs: impl Fn(&str, &str) -> bool,
) -> Decides {
    // In SQLite one side's collation is enough; in MySQL one that regards case is.
    let (left, right) = match (dialect, left, right) {
        (Dialect::Sqlite, Some(left), other) if left.explicit => (left, other),
        (Dialect::Sqlite, other, Some(right)) if right.explicit => (right, other),
        (Dialect::MySql, Some(left), None) if left.explicit => (left, None),
        (Dialect::MySql, None, Some(right)) if right.explicit => (right, None),
        (Dialect::MySql, Some(left), Some(right)) if right.explicit => (right, Some(left)),
        (Dialect::MySql, Some(left), Some(right)) => (left, Some(right)),
        _ => return Decides::No,
    };
    let letters = |side: Option<&Compared>| side.is_none_or(|side| side.texts.has_letters());
    if !letters(Some(left)) || !letters(right) {
        return Decides::No;
    }
    if left.explicit {
        return Decides::Yes;
    }
    match (&left.texts, right.map(|right| &right.texts)) {
        (Texts::Among(left), Some(Texts::Among(right))) => {
            let found = left.iter().any(|a| right.iter().any(|b| differs(a, b)));
            if found { Decides::Yes } else { Decides::Maybe }
        }
        _ => Decides::Maybe,
    }
}

pub(in crate::dialect) fn unequal_but_for_case(a: &str, b: &str) -> bool {
    a != b && folded(a) == folded(b)
}

impl Rewriter<'_> {
    pub(in crate::dialect) fn compared(&self, expr: &Expr) -> Option<Compared> {
        compared(&self.scopes, self.dialect, expr)
    }

    pub(in crate::dialect) fn pair(&self, left: &Expr, right: &Expr, differs: impl Fn(&str, &str) -> bool) -> Decides {
        let (a, b) = (self.compared(left), self.compared(right));
        decides(self.dialect, a.as_ref(), b.as_ref(), differs)
    }

    /// Whether case decides which values of one expression are the same.
    pub(in crate::dialect) fn within(&self, expr: &Expr) -> Decides {
        self.pair(expr, expr, unequal_but_for_case)
    }

    /// Whether case decides the order of an expression's values.
    pub(in crate::dialect) fn order_of(&self, expr: &Expr) -> Decides {
        self.pair(expr, expr, |a, b| a.cmp(b) != folded(a).cmp(&folded(b)))
    }

    pub(in crate::dialect) fn passes_over_case(&mut self, what: &Expr) {
        self.changed(RULE, format!("{} is compared without regard to case", brief(what)));
    }

    /// Says that a comparison was left that passes over case there.
    pub(in crate::dialect) fn notes_case(&mut self, what: &Expr) {
        let what =
            format!("{} compares {} without regard to case, PostgreSQL does not", self.dialect.title(), brief(what));
        self.noted(RULE, what);
    }

    /// Acts on what was found: puts both sides into lower case, or notes that they were left.
    pub(in crate::dialect) fn act(&mut self, found: Decides, left: &mut Expr, right: &mut Expr) {
        match found {
            Decides::No => {}
            Decides::Maybe => self.notes_case(left),
            Decides::Yes => {
                self.passes_over_case(left);
                lower(left);
                lower(right);
            }
        }
    }
}

/// Whether the record's rows show texts that differ in case alone, or, where they are sorted, that case
/// decides their order.
pub(in crate::dialect) fn decides_among(rewriter: &Rewriter<'_>, value: &Expr, sorted: bool) -> bool {
    rewriter.within(value) == Decides::Yes || (sorted && rewriter.order_of(value) == Decides::Yes)
}

/// Puts a text into lower case.
pub(in crate::dialect) fn lower(expr: &mut Expr) {
    let bare = match &*expr {
        Expr::Collate { expr, .. } => (**expr).clone(),
        other => other.clone(),
    };
    *expr = match literal(&bare) {
        Some((value, false)) => text(&value.to_lowercase()),
        _ if is_lower(&bare) => bare,
        _ => build("LOWER($1)", &[&bare]).unwrap_or(bare),
    };
}

/// Whether an expression is in lower case already.
fn is_lower(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if matches!(crate::syntax::last_part(&function.name).as_str(), "lower" | "lcase"))
}
