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
    FunctionArguments, GroupByExpr, OrderByExpr, OrderByKind, Query, Select, SelectItem, SetExpr, SetQuantifier,
    WindowType,
};

use super::comparisons::{literal, lower};
use super::functions::brief;
use super::groups::same;
use super::kinds::{Scopes, is_comparison};
use super::names::Kind;
use super::template::build;
use super::{Dialect, Rewriter};
use crate::schema::last_part;

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
    name == "binary" || name.ends_with("_bin") || name.ends_with("_cs")
}

/// How the values of an expression are compared; `None` when case is regarded, or they are no texts.
fn compared(scopes: &Scopes<'_>, dialect: Dialect, expr: &Expr) -> Option<Compared> {
    let plain = |texts| Some(Compared { texts, explicit: false });
    let mysql = dialect == Dialect::MySql;
    match expr {
        Expr::Nested(inner) => compared(scopes, dialect, inner),
        Expr::Collate { collation, .. } if regards_case(&collation.to_string()) => None,
        Expr::Collate { expr, collation } => {
            let nocase = collation.to_string().to_lowercase().trim_matches('"') == "nocase";
            let inner = compared(scopes, dialect, expr);
            let texts = inner.map_or(Texts::Unknown, |inner| inner.texts);
            (mysql || nocase).then_some(Compared { texts, explicit: nocase })
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
                ("binary", _) => None,
                _ if scopes.kind(expr) == Some(Kind::Text) => plain(Texts::Unknown),
                _ => None,
            }
        }
        _ if mysql && scopes.kind(expr) == Some(Kind::Text) => plain(Texts::Unknown),
        _ => None,
    }
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

/// `a IN (SELECT b …)`.
fn in_query(rewriter: &mut Rewriter<'_>, value: &mut Expr, query: &mut Query) {
    let SetExpr::Select(select) = &*query.body else { return };
    let [SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }] = &select.projection[..] else {
        return;
    };
    let inner = rewriter.scopes.within(query);
    let (a, b) = (rewriter.compared(value), compared(&inner, rewriter.dialect, item));
    let found = decides(rewriter.dialect, a.as_ref(), b.as_ref(), unequal_but_for_case);
    match found {
        Decides::No => {}
        Decides::Maybe => rewriter.notes_case(value),
        Decides::Yes => {
            rewriter.passes_over_case(value);
            lower(value);
            if let SetExpr::Select(select) = &mut *query.body
                && let [SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }] =
                    &mut select.projection[..]
            {
                lower(item);
            }
        }
    }
}

/// Functions that compare texts, aggregates of distinct ones, and windows.
fn call(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    if let Some(WindowType::WindowSpec(window)) = &mut function.over {
        for key in &mut window.partition_by {
            fold_one(rewriter, key, false);
        }
        for item in &mut window.order_by {
            fold_one(rewriter, &mut item.expr, true);
        }
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
        ("count" | "group_concat", [value, ..]) if distinct => fold_one(rewriter, value, false),
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
    let mut grouped = Vec::new();
    // The sums of ROLLUP show NULL for a key, which no aggregate of its texts would.
    let sums = matches!(&select.group_by, GroupByExpr::Expressions(_, modifiers) if !modifiers.is_empty());
    if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
        for key in keys.iter_mut() {
            // A key may stand for an output.
            let stands_for = output_of(&select.projection, key);
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
        let by_group = grouped.iter().any(|key| same(key, expr));
        let lowered = by_group;
        if !lowered {
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
    let SetExpr::Select(select) = &*query.body else { return set_operator(rewriter, &query.body) };
    for item in items {
        order_item(rewriter, select, item);
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
    let SetExpr::SetOperation { set_quantifier, left, .. } = body else { return };
    if matches!(set_quantifier, SetQuantifier::All) || rewriter.dialect != Dialect::MySql {
        return;
    }
    let SetExpr::Select(select) = &**left else { return };
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
