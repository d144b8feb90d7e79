//! Comparisons without regard to case: all of MySQL's, unless a collation or BINARY says otherwise,
//! and those of SQLite's columns and expressions that say COLLATE NOCASE. PostgreSQL regards case.
//!
//! Both sides go through LOWER where that decides the answer: always where NOCASE is written, and in
//! MySQL's SQL where the record's own rows show two texts that differ in case alone. Elsewhere LOWER
//! would stand in half of all statements and change nothing: there the record carries a note. It does
//! not know accents, which most of MySQL's collations pass over as well.
//!
//! <https://dev.mysql.com/doc/refman/8.4/en/case-sensitivity.html>,
//! <https://www.sqlite.org/datatype3.html#collating_sequences>

use std::collections::BTreeSet;

use sqlparser::ast::{
    BinaryOperator, DataType, Distinct, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, GroupByExpr, JoinConstraint, JoinOperator, OrderByExpr, OrderByKind, Query, Select, SelectItem,
    SetExpr, SetQuantifier, TableFactor, WindowSpec, WindowType,
};

use super::comparisons::{literal, lower};
use super::functions::brief;
use super::groups::same;
use super::kinds::{Scopes, is_comparison};
use super::names::{Column, Kind};
use super::template::build;
use super::{Dialect, Rewriter};
use crate::grouping::is_aggregate;
use crate::schema::last_part;
use crate::walk::Edit;

/// The rule's name, and that of the note.
const RULE: &str = "case-in-comparison";

/// Most texts of a column that are held against those of another.
const COMPARED: usize = 100;

/// What is known of a text's values.
enum Texts {
    /// They are among these.
    Among(BTreeSet<String>),
    /// The record does not show them.
    Unknown,
}

impl Texts {
    fn of(texts: impl Iterator<Item = String>) -> Self {
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
    fn has_letters(&self) -> bool {
        match self {
            Texts::Among(texts) => texts.iter().any(|text| text.chars().any(char::is_alphabetic)),
            Texts::Unknown => true,
        }
    }
}

/// How an expression's values are compared.
struct Compared {
    texts: Texts,
    /// NOCASE is written.
    explicit: bool,
}

/// Whether case decides something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decides {
    /// It is no matter of case.
    No,
    /// It may, on other rows.
    Maybe,
    /// It does.
    Yes,
}

fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// Whether a collation regards case.
pub(super) fn regards_case(collation: &str) -> bool {
    let name = collation.to_lowercase();
    let name = name.trim_matches(['"', '`', '\'']);
    matches!(name, "binary" | "c") || name.ends_with("_bin") || name.ends_with("_cs")
}

/// Whether MySQL compares an expression's texts with regard to case: a column or collation says so,
/// or they are JSON's.
/// <https://dev.mysql.com/doc/refman/8.4/en/charset-collation-coercibility.html>
pub(super) fn regarded(scopes: &Scopes<'_>, expr: &Expr) -> bool {
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
                && scopes
                    .declared(expr)
                    .is_some_and(|column| matches!(column.kind, Kind::Text | Kind::Other) && !column.passes_over_case)
        }
        Expr::BinaryOp { op: BinaryOperator::Arrow | BinaryOperator::LongArrow, .. } => true,
        Expr::Substring { expr, .. } | Expr::Trim { expr, .. } => regarded(scopes, expr),
        Expr::Case { conditions, else_result, .. } => {
            any(conditions.iter().map(|case| &case.result).chain(else_result.as_deref()).collect())
        }
        Expr::Function(function) => match last_part(&function.name).as_str() {
            "json_extract" | "json_unquote" | "json_value" | "binary" => true,
            "if" => super::functions::arguments(function).is_some_and(|all| any(all.into_iter().skip(1).collect())),
            "lower" | "lcase" | "upper" | "ucase" | "concat" | "concat_ws" | "left" | "right" | "substr" | "mid"
            | "substring" | "substring_index" | "trim" | "ltrim" | "rtrim" | "replace" | "reverse" | "repeat"
            | "lpad" | "rpad" | "ifnull" | "coalesce" | "nullif" | "min" | "max" | "any_value" | "greatest"
            | "least" | "insert" => super::functions::arguments(function).is_some_and(any),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a collation that passes over case is written.
fn says_otherwise(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => says_otherwise(inner),
        Expr::Collate { collation, .. } => !regards_case(&collation.to_string()),
        _ => false,
    }
}

/// Whether MySQL compares two texts, or a text and its pattern, with regard to case.
pub(super) fn compares_with_regard(scopes: &Scopes<'_>, left: &Expr, right: &Expr) -> bool {
    (regarded(scopes, left) || regarded(scopes, right)) && !says_otherwise(left) && !says_otherwise(right)
}

/// `ORDER BY name COLLATE utf8mb4_bin`, `ORDER BY BINARY name`: by the bytes, which PostgreSQL's "C" does.
pub(super) fn binary_order(rewriter: &mut Rewriter<'_>, item: &mut OrderByExpr) {
    if rewriter.dialect == Dialect::MySql
        && rewriter.certain
        && super::comparisons::is_binary(&item.expr)
        && let Some(bytes) = build("$1 COLLATE \"C\"", &[&super::comparisons::bare(&item.expr)])
    {
        rewriter.changed("collation", format!("{} is sorted by its bytes", brief(&item.expr)));
        item.expr = bytes;
    }
}

/// How the values of an expression are compared; `None` when case is regarded, or they are no texts.
fn compared(scopes: &Scopes<'_>, dialect: Dialect, expr: &Expr) -> Option<Compared> {
    let plain = |texts| Some(Compared { texts, explicit: false });
    let mysql = dialect == Dialect::MySql;
    let inner_texts = |inner: &Expr| compared(scopes, dialect, inner).map(|found| found.texts);
    let beginning = |inner: &Expr, length: &Expr| {
        let length = literal(length).filter(|(_, number)| *number).and_then(|(n, _)| n.parse::<usize>().ok());
        Some(match length {
            Some(length) => inner_texts(inner)?.map(|text| text.chars().take(length).collect()),
            None => Texts::Unknown,
        })
    };
    let is_one = |from: &Expr| literal(from).is_some_and(|(n, number)| number && n == "1");
    if mysql && regarded(scopes, expr) {
        return None;
    }
    match expr {
        // The beginning of a text.
        Expr::Substring { expr: inner, substring_from: Some(from), substring_for: Some(length), .. }
            if mysql && is_one(from) =>
        {
            plain(beginning(inner, length)?)
        }
        Expr::Trim { expr: inner, trim_where: None, trim_what: None, .. } if mysql => {
            plain(inner_texts(inner)?.map(|text| text.trim().to_owned()))
        }
        Expr::Case { conditions, else_result, .. } if mysql && scopes.kind(expr) == Some(Kind::Text) => {
            plain(any_of(scopes, conditions.iter().map(|case| &case.result).chain(else_result.as_deref())))
        }
        Expr::Convert { expr: inner, data_type: None, .. } if mysql => plain(inner_texts(inner)?),
        Expr::Convert { expr: inner, data_type: Some(data_type), .. }
            if mysql && super::names::kind(data_type) == Kind::Text =>
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
        Expr::Cast { expr: inner, .. } if scopes.kind(inner) == Some(Kind::Text) => compared(scopes, dialect, inner),
        Expr::Value(_) => match literal(expr) {
            Some((text, false)) => plain(Texts::Among([text].into())),
            _ => None,
        },
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => match scopes.declared(expr) {
            Some(column) if column.kind != Kind::Text => None,
            Some(column) => {
                let texts = Texts::of(column.texts.iter().cloned());
                if column.passes_over_case { Some(Compared { texts, explicit: !mysql }) } else { None }
            }
            None => (mysql && scopes.kind(expr) == Some(Kind::Text))
                .then_some(Compared { texts: Texts::Unknown, explicit: false }),
        },
        Expr::Function(function) if mysql => {
            let arguments = super::functions::arguments(function)?;
            match (last_part(&function.name).as_str(), &arguments[..]) {
                ("lower" | "lcase", [inner]) => {
                    let inner = compared(scopes, dialect, inner)?;
                    plain(inner.texts.map(|text| text.to_lowercase()))
                }
                ("upper" | "ucase", [inner]) => {
                    let inner = compared(scopes, dialect, inner)?;
                    plain(inner.texts.map(|text| text.to_uppercase()))
                }
                ("if", [_, yes, no]) if scopes.kind(expr) == Some(Kind::Text) => {
                    plain(any_of(scopes, [*yes, *no].into_iter()))
                }
                ("replace", [inner, from, to]) => {
                    let (Some((from, false)), Some((to, false))) = (literal(from), literal(to)) else {
                        return plain(Texts::Unknown);
                    };
                    plain(inner_texts(inner)?.map(|text| text.replace(&from, &to)))
                }
                ("left", [inner, length]) => plain(beginning(inner, length)?),
                ("mid" | "substring" | "substr", [inner, from, length]) if is_one(from) => {
                    plain(beginning(inner, length)?)
                }
                ("ifnull" | "coalesce", [first, ..]) => compared(scopes, dialect, first),
                _ if scopes.kind(expr) == Some(Kind::Text) => plain(Texts::Unknown),
                _ => None,
            }
        }
        _ if mysql && scopes.kind(expr) == Some(Kind::Text) => plain(Texts::Unknown),
        _ => None,
    }
}

/// What is known of the texts of several expressions, one of which it is.
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
fn decides(
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

fn unequal_but_for_case(a: &str, b: &str) -> bool {
    a != b && folded(a) == folded(b)
}

impl Rewriter<'_> {
    fn compared(&self, expr: &Expr) -> Option<Compared> {
        compared(&self.scopes, self.dialect, expr)
    }

    fn pair(&self, left: &Expr, right: &Expr, differs: impl Fn(&str, &str) -> bool) -> Decides {
        let (a, b) = (self.compared(left), self.compared(right));
        decides(self.dialect, a.as_ref(), b.as_ref(), differs)
    }

    /// Whether case decides which values of one expression are the same.
    fn within(&self, expr: &Expr) -> Decides {
        self.pair(expr, expr, unequal_but_for_case)
    }

    /// Whether case decides the order of an expression's values.
    fn order_of(&self, expr: &Expr) -> Decides {
        self.pair(expr, expr, |a, b| a.cmp(b) != folded(a).cmp(&folded(b)))
    }

    fn passes_over_case(&mut self, what: &Expr) {
        self.changed(RULE, format!("{} is compared without regard to case", brief(what)));
    }

    /// Says that a comparison was left that passes over case there.
    fn notes_case(&mut self, what: &Expr) {
        let what =
            format!("{} compares {} without regard to case, PostgreSQL does not", self.dialect.title(), brief(what));
        self.noted(RULE, what);
    }

    /// Acts on what was found: puts both sides into lower case, or notes that they were left.
    fn act(&mut self, found: Decides, left: &mut Expr, right: &mut Expr) {
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

/// Comparisons within an expression. Before any other rule has changed them.
pub(super) fn expr(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    if !rewriter.certain || rewriter.dialect == Dialect::Postgres {
        return;
    }
    match expr {
        Expr::BinaryOp { left, op, right }
            if matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq | BinaryOperator::Spaceship)
                && is_row(left)
                && is_row(right) =>
        {
            let sides = row(left).into_iter().flatten().zip(row(right).into_iter().flatten());
            for (left, right) in sides {
                let found = rewriter.pair(left, right, unequal_but_for_case);
                rewriter.act(found, left, right);
            }
        }
        Expr::InList { expr: value, list, .. } if is_row(value) => row_in_list(rewriter, value, list),
        Expr::AnyOp { left, compare_op, right, .. } | Expr::AllOp { left, compare_op, right } => {
            let query = match &mut **right {
                Expr::Subquery(query) => query,
                _ => return,
            };
            if matches!(compare_op, BinaryOperator::Eq | BinaryOperator::NotEq) {
                in_query(rewriter, left, query);
            } else if rewriter.compared(left).is_some_and(|found| found.texts.has_letters()) {
                rewriter.notes_case(left);
            }
        }
        Expr::BinaryOp { left, op, right } if is_comparison(op) || *op == BinaryOperator::Spaceship => {
            let ordered = !matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq | BinaryOperator::Spaceship);
            let found = rewriter.pair(left, right, |a, b| match ordered {
                true => a.cmp(b) != folded(a).cmp(&folded(b)),
                false => unequal_but_for_case(a, b),
            });
            rewriter.act(found, left, right);
        }
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
            let found = rewriter.pair(left, right, unequal_but_for_case);
            rewriter.act(found, left, right);
        }
        Expr::InList { expr: value, list, .. } => {
            let all: Vec<Decides> = list.iter().map(|item| rewriter.pair(value, item, unequal_but_for_case)).collect();
            if all.contains(&Decides::Yes) {
                rewriter.passes_over_case(value);
                list.iter_mut().for_each(lower);
                lower(value);
            } else if all.contains(&Decides::Maybe) {
                rewriter.notes_case(value);
            }
        }
        Expr::Between { expr: value, low, high, .. } => {
            let differs = |a: &str, b: &str| a.cmp(b) != folded(a).cmp(&folded(b));
            let all = [rewriter.pair(value, low, differs), rewriter.pair(value, high, differs)];
            if all.contains(&Decides::Yes) {
                rewriter.passes_over_case(value);
                [value, low, high].into_iter().for_each(|part| lower(part));
            } else if all.contains(&Decides::Maybe) {
                rewriter.notes_case(value);
            }
        }
        Expr::InSubquery { expr: value, subquery, .. } => in_query(rewriter, value, subquery),
        Expr::Case { operand: Some(operand), conditions, .. } => {
            let all: Vec<Decides> =
                conditions.iter().map(|c| rewriter.pair(operand, &c.condition, unequal_but_for_case)).collect();
            if all.contains(&Decides::Yes) {
                rewriter.passes_over_case(operand);
                conditions.iter_mut().for_each(|c| lower(&mut c.condition));
                lower(operand);
            } else if all.contains(&Decides::Maybe) {
                rewriter.notes_case(operand);
            }
        }
        Expr::Position { expr: part, r#in: whole } if rewriter.dialect == Dialect::MySql => {
            let found = rewriter.pair(whole, part, found_otherwise);
            rewriter.act(found, whole, part);
        }
        Expr::Function(function) => call(rewriter, function),
        _ => {}
    }
}

/// Whether a part is found elsewhere in a text when case is passed over.
fn found_otherwise(whole: &str, part: &str) -> bool {
    folded(whole).find(&folded(part)) != whole.find(part)
}

/// Whether an expression is a row of several values.
fn is_row(expr: &Expr) -> bool {
    match expr {
        Expr::Tuple(_) => true,
        Expr::Function(function) => last_part(&function.name) == "row",
        _ => false,
    }
}

/// The values of a row: `(a, b)`, `ROW(a, b)`.
fn row(expr: &mut Expr) -> Option<Vec<&mut Expr>> {
    match expr {
        Expr::Tuple(values) => Some(values.iter_mut().collect()),
        Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) if last_part(name) == "row" => {
            let values = list.args.iter_mut().filter_map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            });
            Some(values.collect())
        }
        _ => None,
    }
}

/// `(a, b) IN ((1, 'x'), …)`, value by value.
fn row_in_list(rewriter: &mut Rewriter<'_>, value: &mut Expr, list: &mut [Expr]) {
    let Some(values) = row(value) else { return };
    for (at, value) in values.into_iter().enumerate() {
        let mut others: Vec<&mut Expr> = list.iter_mut().filter_map(|item| row(item)?.into_iter().nth(at)).collect();
        let all: Vec<Decides> = others.iter().map(|other| rewriter.pair(value, other, unequal_but_for_case)).collect();
        if all.contains(&Decides::Yes) {
            rewriter.passes_over_case(value);
            others.iter_mut().for_each(|other| lower(other));
            lower(value);
        } else if all.contains(&Decides::Maybe) {
            rewriter.notes_case(value);
        }
    }
}

/// `a IN (SELECT b …)`, and rows of several.
fn in_query(rewriter: &mut Rewriter<'_>, value: &mut Expr, query: &mut Query) {
    let inner = rewriter.scopes.within(query);
    let SetExpr::Select(select) = &mut *query.body else { return };
    let values = if is_row(value) { row(value).unwrap_or_default() } else { vec![value] };
    if values.len() != select.projection.len() {
        return;
    }
    for (value, item) in values.into_iter().zip(&mut select.projection) {
        let (SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }) = item else { return };
        let (a, b) = (rewriter.compared(value), compared(&inner, rewriter.dialect, item));
        match decides(rewriter.dialect, a.as_ref(), b.as_ref(), unequal_but_for_case) {
            Decides::No => {}
            Decides::Maybe => rewriter.notes_case(value),
            Decides::Yes => {
                rewriter.passes_over_case(value);
                lower(value);
                lower(item);
            }
        }
    }
}

/// Functions that compare texts, aggregates of distinct ones, and windows.
fn call(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    if let Some(WindowType::WindowSpec(spec)) = &mut function.over {
        window(rewriter, spec);
    }
    let name = last_part(&function.name);
    let FunctionArguments::List(list) = &mut function.args else { return };
    let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    for clause in &mut list.clauses {
        if let sqlparser::ast::FunctionArgumentClause::OrderBy(items) = clause
            && !distinct
        {
            items.iter_mut().for_each(|item| fold_one(rewriter, &mut item.expr, true));
        }
    }
    let mut arguments: Vec<&mut Expr> = list
        .args
        .iter_mut()
        .filter_map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
            _ => None,
        })
        .collect();
    let mysql = rewriter.dialect == Dialect::MySql;
    match (name.as_str(), &mut arguments[..]) {
        ("count", values) if distinct => values.iter_mut().for_each(|value| fold_one(rewriter, value, false)),
        // Any spelling of a text is shown, in the order of all: see `group_concat`.
        ("group_concat", [value, ..])
            if distinct && [rewriter.within(value), rewriter.order_of(value)].contains(&Decides::Maybe) =>
        {
            rewriter.notes_case(value);
        }
        ("greatest" | "least", values) if mysql => extreme_of_texts(rewriter, values),
        ("instr", [whole, part]) | ("locate", [part, whole, ..]) if mysql => {
            let found = rewriter.pair(whole, part, found_otherwise);
            rewriter.act(found, whole, part);
        }
        ("find_in_set" | "strcmp", [value, list]) if mysql => {
            let found =
                rewriter.pair(value, list, |value, list| list.split(',').any(|item| unequal_but_for_case(value, item)));
            rewriter.act(found, value, list);
        }
        // The value itself comes out, so it must not be put into lower case.
        ("nullif", [value, other]) if mysql && rewriter.pair(value, other, unequal_but_for_case) != Decides::No => {
            rewriter.notes_case(value);
        }
        ("field", [value, items @ ..]) if mysql => {
            let all: Vec<Decides> = items.iter().map(|i| rewriter.pair(value, i, unequal_but_for_case)).collect();
            if all.contains(&Decides::Yes) {
                rewriter.passes_over_case(value);
                items.iter_mut().for_each(|item| lower(item));
                lower(value);
            } else if all.contains(&Decides::Maybe) {
                rewriter.notes_case(value);
            }
        }
        ("min" | "max", [value]) if mysql && rewriter.order_of(value) != Decides::No => {
            rewriter.notes_case(value);
        }
        _ => {}
    }
}

/// The greatest of several texts, which is shown as it is.
fn extreme_of_texts(rewriter: &mut Rewriter<'_>, values: &[&mut Expr]) {
    let differs = |a: &str, b: &str| a.cmp(b) != folded(a).cmp(&folded(b));
    let mut found = Vec::new();
    for (at, left) in values.iter().enumerate() {
        found.extend(values[at + 1..].iter().map(|right| rewriter.pair(left, right, differs)));
    }
    if found.contains(&Decides::Yes) {
        let list = values.iter().map(|value| brief(value)).collect::<Vec<_>>().join(", ");
        let why = format!("the greatest of the texts {list} is found without regard to case, in PostgreSQL with it");
        rewriter.refuse("other-meaning", why);
    } else if found.contains(&Decides::Maybe)
        && let Some(first) = values.first()
    {
        rewriter.notes_case(first);
    }
}

fn window(rewriter: &mut Rewriter<'_>, spec: &mut WindowSpec) {
    for key in &mut spec.partition_by {
        fold_one(rewriter, key, false);
    }
    for item in &mut spec.order_by {
        fold_one(rewriter, &mut item.expr, true);
    }
}

/// Whether the record's rows show texts that differ in case alone, or, where they are sorted, that case
/// decides their order.
pub(super) fn decides_among(rewriter: &Rewriter<'_>, value: &Expr, sorted: bool) -> bool {
    rewriter.within(value) == Decides::Yes || (sorted && rewriter.order_of(value) == Decides::Yes)
}

/// `JOIN … USING (name)` and `NATURAL JOIN`, which have no sides that could be put into lower case.
pub(super) fn shared_columns(rewriter: &mut Rewriter<'_>, select: &Select) {
    if !rewriter.certain || rewriter.dialect != Dialect::MySql {
        return;
    }
    let names = rewriter.names;
    for item in &select.from {
        let mut left: Vec<String> = table_name(&item.relation).into_iter().collect();
        for join in &item.joins {
            let right = table_name(&join.relation);
            let shared: Vec<String> = match constraint(&join.join_operator) {
                Some(JoinConstraint::Using(columns)) => columns.iter().map(last_part).collect(),
                Some(JoinConstraint::Natural) => {
                    let of = right.iter().flat_map(|table| names.columns_of(table));
                    of.map(|column| column.ident.value.to_lowercase()).collect()
                }
                _ => Vec::new(),
            };
            // Which names a query in FROM shares is not looked up.
            if matches!(constraint(&join.join_operator), Some(JoinConstraint::Natural))
                && (right.is_none() || left.is_empty())
                && let Some(column) =
                    left.iter().chain(&right).flat_map(|table| names.columns_of(table)).find(is_folded)
            {
                rewriter.notes_case(&Expr::Identifier(column.ident.clone()));
            }
            for name in shared {
                let column = right.as_deref().and_then(|table| names.column_in(table, &name));
                let others = left.iter().filter_map(|table| names.column_in(table, &name));
                // A query in FROM has rows that are not shown.
                if let (None, Some(column)) = (&right, left.iter().find_map(|table| names.column_in(table, &name)))
                    && is_folded(&column)
                {
                    rewriter.notes_case(&Expr::Identifier(column.ident.clone()));
                }
                for (one, other) in column.filter(is_folded).into_iter().zip(others.filter(is_folded)) {
                    let differs = one.texts.iter().any(|a| other.texts.iter().any(|b| unequal_but_for_case(a, b)));
                    if differs {
                        let why = format!("texts of `{name}` that differ in case alone are joined by their name");
                        return rewriter.refuse("case-in-join", why);
                    }
                    rewriter.notes_case(&Expr::Identifier(one.ident.clone()));
                }
            }
            left.extend(right);
        }
    }
}

/// Whether a column's texts are compared without regard to case.
fn is_folded(column: &&Column) -> bool {
    column.kind == Kind::Text && column.passes_over_case
}

fn table_name(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { name, .. } => Some(last_part(name)),
        _ => None,
    }
}

fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    use JoinOperator::{FullOuter, Inner, Join, Left, LeftOuter, Right, RightOuter};
    match operator {
        Join(by) | Inner(by) | Left(by) | LeftOuter(by) | Right(by) | RightOuter(by) | FullOuter(by) => Some(by),
        _ => None,
    }
}

/// New rows that may run into a key whose texts differ from theirs in case alone, which is the same key in
/// MySQL. `value`: what goes into the column, row by row.
pub(super) fn key_without_case(rewriter: &mut Rewriter<'_>, column: &Column, values: &[&Expr]) {
    if !rewriter.certain || rewriter.dialect != Dialect::MySql || !column.passes_over_case || column.kind != Kind::Text
    {
        return;
    }
    for value in values {
        let Some((text, false)) = literal(value) else { continue };
        if column.texts.iter().any(|known| unequal_but_for_case(known, &text)) {
            let why =
                format!("'{text}' and a text of the key `{}` differ in case alone, and are one there", column.ident);
            return rewriter.refuse("case-in-key", why);
        }
    }
    if Texts::of(column.texts.iter().cloned()).has_letters() {
        rewriter.notes_case(&Expr::Identifier(column.ident.clone()));
    }
}

/// One expression by whose values rows are told apart (`ordered`: sorted).
fn fold_one(rewriter: &mut Rewriter<'_>, expr: &mut Expr, ordered: bool) {
    match if ordered { rewriter.order_of(expr) } else { rewriter.within(expr) } {
        Decides::No => {}
        Decides::Maybe => rewriter.notes_case(expr),
        Decides::Yes => {
            rewriter.passes_over_case(expr);
            lower(expr);
        }
    }
}

/// GROUP BY and DISTINCT: texts that differ in case alone are one, of which any spelling comes out.
pub(super) fn select(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    if !rewriter.certain || rewriter.dialect == Dialect::Postgres {
        return;
    }
    for spec in super::queries::named_windows(select) {
        window(rewriter, spec);
    }
    let mut grouped = Vec::new();
    // The sums of ROLLUP show NULL for a key, which no aggregate of its texts would.
    let sums = matches!(&select.group_by, GroupByExpr::Expressions(_, modifiers) if !modifiers.is_empty());
    if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
        for key in keys.iter_mut() {
            // A key may stand for an output.
            let stands_for = match &*key {
                Expr::Identifier(name) if rewriter.is_column(name) => None,
                key => output_of(&select.projection, key),
            };
            let value = stands_for.as_ref().unwrap_or(key);
            match rewriter.within(value) {
                Decides::No => {}
                Decides::Yes if !sums => {
                    rewriter.passes_over_case(value);
                    grouped.push(value.clone());
                    let mut value = value.clone();
                    lower(&mut value);
                    *key = value;
                }
                _ => rewriter.notes_case(value),
            }
        }
    }
    let distinct = matches!(select.distinct, Some(Distinct::Distinct));
    if distinct {
        distinct_rows(rewriter, select, &mut grouped);
    }
    for item in &mut select.projection {
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { continue };
        if !grouped.iter().any(|key| same(key, expr)) {
            // What is made of a key.
            any_spelling(expr, &grouped);
            continue;
        }
        let name = match &*expr {
            Expr::Identifier(ident) => Some(ident.clone()),
            Expr::CompoundIdentifier(parts) => parts.last().cloned(),
            _ => None,
        };
        // Any spelling will do: MySQL shows that of some row.
        let Some(value) = build("ANY_VALUE($1)", &[&*expr]) else { continue };
        *item = match (&*item, name) {
            (SelectItem::ExprWithAlias { alias, .. }, _) => {
                SelectItem::ExprWithAlias { expr: value, alias: alias.clone() }
            }
            (_, Some(alias)) => SelectItem::ExprWithAlias { expr: value, alias },
            (_, None) => SelectItem::UnnamedExpr(value),
        };
    }
    if let Some(having) = &mut select.having {
        for key in &grouped {
            crate::walk::edit_expressions(having, &mut |expr| {
                if matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) && same(key, expr) {
                    lower(expr);
                }
            });
        }
    }
}

/// Puts any spelling of a group's key where an output is made of it, outside of what is aggregated.
fn any_spelling(expr: &mut Expr, grouped: &[Expr]) {
    struct Spell<'a> {
        grouped: &'a [Expr],
        /// Depth within aggregates and inner queries.
        inside: usize,
    }
    impl Edit for Spell<'_> {
        fn query(&mut self, _: &mut Query) {
            self.inside += 1;
        }

        fn query_end(&mut self, _: &mut Query) {
            self.inside -= 1;
        }

        fn expr(&mut self, expr: &mut Expr) {
            self.inside += usize::from(matches!(expr, Expr::Function(f) if is_aggregate(f)));
        }

        fn expr_end(&mut self, expr: &mut Expr) {
            let column = matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
            if column && self.inside == 0 && self.grouped.iter().any(|key| same(key, expr)) {
                *expr = build("ANY_VALUE($1)", &[&*expr]).unwrap_or_else(|| expr.clone());
            } else {
                self.inside -= usize::from(matches!(expr, Expr::Function(f) if is_aggregate(f)));
            }
        }
    }
    crate::walk::edit(expr, &mut Spell { grouped, inside: 0 });
}

/// DISTINCT of plain columns, some of which hold texts that differ in case alone, as groups: what
/// they are grouped by is put into `select`.
fn distinct_rows(rewriter: &mut Rewriter<'_>, select: &mut Select, grouped: &mut Vec<Expr>) {
    let mut keys = Vec::new();
    let mut decided = false;
    for item in &select.projection {
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { return };
        match rewriter.within(expr) {
            Decides::No => keys.push(expr.clone()),
            Decides::Maybe => {
                rewriter.notes_case(expr);
                keys.push(expr.clone());
            }
            Decides::Yes => {
                decided = true;
                let mut key = expr.clone();
                lower(&mut key);
                keys.push(key);
                grouped.push(expr.clone());
            }
        }
    }
    let plain = matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty())
        && !super::groups::aggregated(select);
    if !decided {
        return;
    }
    let Some(first) = grouped.first().cloned() else { return };
    if !plain {
        rewriter.notes_case(&first);
        grouped.clear();
        return;
    }
    rewriter.passes_over_case(&first);
    select.distinct = None;
    select.group_by = GroupByExpr::Expressions(keys, Vec::new());
}

/// The output that a key of GROUP BY or ORDER BY stands for.
fn output_of(projection: &[SelectItem], key: &Expr) -> Option<Expr> {
    match key {
        Expr::Value(value) => {
            let at = usize::try_from(super::functions::number(value)? - 1).ok()?;
            match projection.get(at)? {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr.clone()),
                _ => None,
            }
        }
        Expr::Identifier(ident) => projection.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if alias.value.eq_ignore_ascii_case(&ident.value) => {
                Some(expr.clone())
            }
            _ => None,
        }),
        _ => None,
    }
}

/// ORDER BY, and set operators that drop what repeats.
pub(super) fn query(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    if !rewriter.certain || rewriter.dialect == Dialect::Postgres {
        return;
    }
    let Some(order_by) = &mut query.order_by else { return set_operator(rewriter, &query.body) };
    let OrderByKind::Expressions(items) = &mut order_by.kind else { return };
    let SetExpr::Select(select) = &*query.body else {
        set_operator(rewriter, &query.body);
        return set_order(rewriter, &query.body, items);
    };
    for item in items {
        order_item(rewriter, select, item);
    }
}

/// The order of a set operation's rows: only its outputs can be named there, and not within LOWER.
fn set_order(rewriter: &mut Rewriter<'_>, body: &SetExpr, items: &[OrderByExpr]) {
    let mut first = body;
    let select = loop {
        match first {
            SetExpr::SetOperation { left, .. } => first = left,
            SetExpr::Query(query) => first = &query.body,
            SetExpr::Select(select) => break select,
            _ => return,
        }
    };
    let mut scopes = rewriter.scopes.clone();
    scopes.enter_select(select);
    for item in items {
        let value = output_of(&select.projection, &item.expr).unwrap_or_else(|| item.expr.clone());
        if compared(&scopes, rewriter.dialect, &value).is_some_and(|found| found.texts.has_letters()) {
            return rewriter.notes_case(&value);
        }
    }
}

fn order_item(rewriter: &mut Rewriter<'_>, select: &Select, item: &mut OrderByExpr) {
    let stands_for = output_of(&select.projection, &item.expr);
    let value = stands_for.as_ref().unwrap_or(&item.expr).clone();
    // By a group's key, which is in lower case by now.
    if let GroupByExpr::Expressions(keys, _) = &select.group_by {
        let lowered = build("LOWER($1)", &[&value]);
        if lowered.is_some_and(|lowered| keys.iter().any(|key| same(key, &lowered))) {
            let mut value = value;
            lower(&mut value);
            item.expr = value;
            return;
        }
    }
    match rewriter.order_of(&value) {
        Decides::No => {}
        Decides::Yes if select.distinct.is_none() => {
            rewriter.passes_over_case(&value);
            let mut value = value;
            lower(&mut value);
            item.expr = value;
        }
        _ => rewriter.notes_case(&value),
    }
}

/// `UNION` without ALL, EXCEPT, INTERSECT of texts.
fn set_operator(rewriter: &mut Rewriter<'_>, body: &SetExpr) {
    let SetExpr::SetOperation { set_quantifier, left, right, .. } = body else { return };
    if matches!(set_quantifier, SetQuantifier::All) || rewriter.dialect != Dialect::MySql {
        return;
    }
    let SetExpr::Select(select) = &**left else { return };
    // Texts of both sides that are shown to be one there.
    if let SetExpr::Select(other) = &**right {
        for (item, other_item) in select.projection.iter().zip(&other.projection) {
            let of = |select: &Select, item: &SelectItem| match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    let mut scopes = rewriter.scopes.clone();
                    scopes.enter_select(select);
                    compared(&scopes, Dialect::MySql, expr)
                }
                _ => None,
            };
            let (a, b) = (of(select, item), of(other, other_item));
            let among = [(&a, &b), (&a, &a), (&b, &b)]
                .into_iter()
                .any(|(a, b)| decides(Dialect::MySql, a.as_ref(), b.as_ref(), unequal_but_for_case) == Decides::Yes);
            if among {
                let why = format!("texts of {item} that differ in case alone are one row of the set in MySQL");
                return rewriter.refuse("case-in-set", why);
            }
        }
    }
    for item in &select.projection {
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
            let mut scopes = rewriter.scopes.clone();
            scopes.enter_select(select);
            if compared(&scopes, rewriter.dialect, expr).is_some_and(|found| found.texts.has_letters()) {
                rewriter.notes_case(expr);
                return;
            }
        }
    }
}
