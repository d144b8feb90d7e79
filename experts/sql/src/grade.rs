//! Grades a completion by its text alone: nothing is executed.
//!
//! | score | when |
//! | --- | --- |
//! | 1.0 | the completion means the same as the gold, by a comparison of canonical forms |
//! | 0.9 | the same, with needless table aliases that the gold does not have |
//! | up to 0.7 | it parses and differs: 0.1, and 0.1 more if PostgreSQL would refuse nothing in it, and 0.5 × the share of parts (tables, items, conditions, groups, order, form) that it has in common with the gold |
//! | up to 0.6 | the gold is PostgreSQL that the parser does not read: 0.1, and 0.5 × the share of words in common |
//! | 0.0 | it is not one statement that parses as PostgreSQL |

use hive_sdk::{ExpertError, Grade, Record};

use crate::catalog::Catalog;
use crate::components::Components;
use crate::execute;
use crate::lint::Words;
use crate::resolve::{Resolved, resolve};
use crate::syntax::Dialect;
use crate::syntax::lexer;
use crate::syntax::statement::{self, NotOne};
use crate::{dialect, grouping, lint};

/// Codes of findings. They are stable: they are counted and compared between runs. `unknown-table`, `unknown-column`
/// and `incomplete-group-by` come from resolving names.
pub mod code {
    /// The completion is not a statement.
    pub const DOES_NOT_PARSE: &str = "does-not-parse";
    /// The completion is more than one statement.
    pub const SEVERAL_STATEMENTS: &str = "several-statements";
    /// A table has a needless alias.
    pub const NEEDLESS_ALIAS: &str = "needless-alias";
    /// The gold has an outer join and the completion has none.
    pub const LEFT_JOIN_WANTED: &str = "left-join-wanted";
    /// The completion does not mean the same as the gold.
    pub const DIFFERS_FROM_GOLD: &str = "differs-from-gold";
    /// Something in it belongs to another database.
    pub const NOT_POSTGRESQL: &str = "not-postgresql";
    /// A LIMIT of thousands that the question does not ask for.
    pub const GIANT_LIMIT: &str = crate::lint::code::GIANT_LIMIT;
}

/// Codes of the manifest's checks.
pub mod check {
    /// It is one statement that parses as PostgreSQL and holds nothing of another database.
    pub const POSTGRESQL: &str = "postgresql-syntax";
    /// Every table and column is one of the schema's.
    pub const NAMES: &str = "no-invented-name";
    /// If it groups or aggregates, every other column is grouped.
    pub const GROUP_BY: &str = "complete-group-by";
    /// If the gold keeps rows without a match, it does too.
    pub const LEFT_JOIN: &str = "left-join";
    /// No table has a needless alias.
    pub const ALIASES: &str = "no-needless-alias";
    /// No LIMIT of thousands that the question does not ask for.
    pub const LIMIT: &str = "no-giant-limit";
    /// PostgreSQL executes it.
    pub const EXECUTES: &str = "executes";
    /// It returns or leaves the same rows as the gold.
    pub const ROWS: &str = "right-rows";
}

/// Grades `completion` against the `sql` of `prompt`. Names are those of its `schema`; without one that parses, no name
/// is reported as unknown.
///
/// # Errors
/// When `prompt` has no `sql`, or one that is not one statement.
pub fn grade(prompt: &Record, completion: &str) -> Result<Grade, ExpertError> {
    let wanted = statement::bare(prompt.require("sql")?).sql;
    let text = statement::bare(completion).sql;
    let gold = match statement::parse_one(wanted) {
        Ok(gold) => gold,
        // PostgreSQL may accept it all the same, and has if the prompt has passed the gate.
        Err(NotOne::Syntax(_)) if one_statement(wanted) && execute::refusal(wanted).is_none() => {
            return Ok(by_words(wanted, text));
        }
        Err(why) => return Err(ExpertError::new(format!("the gold `sql` is no measure: {}", not_one(&why)))),
    };
    let answer = match statement::parse_one(text) {
        Ok(answer) => answer,
        Err(why @ NotOne::Several(_)) => {
            let mut grade = Grade::new(0.0).with(code::SEVERAL_STATEMENTS, not_one(&why));
            grade.check(check::POSTGRESQL, false);
            return Ok(grade);
        }
        Err(why) => {
            let mut grade = Grade::new(0.0).with(code::DOES_NOT_PARSE, not_one(&why));
            grade.check(check::POSTGRESQL, false);
            return Ok(match dialect::foreign_text(text) {
                Some(sign) => grade.with(code::NOT_POSTGRESQL, sign),
                None => grade,
            });
        }
    };
    let catalog = prompt.text("schema").and_then(|text| Catalog::parse(text).ok()).filter(|c| !c.is_empty());
    let foreign = dialect::foreign(&answer);
    let limit = lint::giant_limit(prompt.text("question").unwrap_or_default(), &answer);
    let groups = grouping::groups(&answer);
    let gold = resolve(gold, catalog.as_ref());
    let answer = resolve(answer, catalog.as_ref());
    let mut grade = compared(&gold, answer, &foreign);
    let has = |codes: &[&str]| grade.findings.iter().any(|f| codes.contains(&f.code.as_str()));
    let mut checks = vec![
        (check::POSTGRESQL, !has(&[code::NOT_POSTGRESQL])),
        (check::NAMES, !has(&[lint::code::UNKNOWN_TABLE, lint::code::UNKNOWN_COLUMN])),
        (check::ALIASES, !has(&[code::NEEDLESS_ALIAS])),
        (check::LIMIT, limit.is_none()),
    ];
    if groups {
        checks.push((check::GROUP_BY, !has(&[lint::code::INCOMPLETE_GROUP_BY])));
    }
    if Components::of(&gold.statement).has_outer_join() {
        checks.push((check::LEFT_JOIN, !has(&[code::LEFT_JOIN_WANTED])));
    }
    checks.into_iter().for_each(|(code, passed)| grade.check(code, passed));
    Ok(match limit {
        Some(message) => grade.with(code::GIANT_LIMIT, message),
        None => grade,
    })
}

fn one_statement(sql: &str) -> bool {
    lexer::statements(sql, Dialect::Postgres).count() == 1
}

/// Grades against a gold that the parser does not read, by the words that the two have in common.
fn by_words(gold: &str, answer: &str) -> Grade {
    if !one_statement(answer) {
        let mut grade = Grade::new(0.0).with(code::DOES_NOT_PARSE, "it is not one statement");
        grade.check(check::POSTGRESQL, false);
        return grade;
    }
    let (gold, answer) = (Words::of(gold), Words::of(answer));
    let same = gold.canonical() == answer.canonical();
    let mut grade = Grade::new(if same { 1.0 } else { 0.1 + 0.5 * gold.overlap(&answer) });
    grade.check(check::POSTGRESQL, same || statement::parse_one(&answer.canonical()).is_ok());
    if !same {
        grade = grade.with(code::DIFFERS_FROM_GOLD, "it does not have the gold's words");
    }
    grade
}

fn compared(gold: &Resolved, answer: Resolved, foreign: &[String]) -> Grade {
    let gold_parts = Components::of(&gold.statement);
    let parts = Components::of(&answer.statement);
    let aliases = if gold.needless_aliases.is_empty() { answer.needless_aliases } else { vec![] };
    let matches = gold.statement == answer.statement;
    let runs = answer.findings.is_empty() && foreign.is_empty();
    let mut grade = Grade::new(match (matches, aliases.is_empty()) {
        (true, true) => 1.0,
        (true, false) => 0.9,
        (false, _) => 0.1 + if runs { 0.1 } else { 0.0 } + 0.5 * gold_parts.overlap(&parts),
    });
    grade.findings = answer.findings;
    for sign in foreign {
        grade = grade.with(code::NOT_POSTGRESQL, sign);
    }
    if !aliases.is_empty() {
        let list: Vec<_> = aliases.iter().map(|(alias, table)| format!("`{alias}` for `{table}`")).collect();
        grade = grade.with(code::NEEDLESS_ALIAS, format!("nothing needs the alias {}", list.join(", ")));
    }
    if !matches {
        if gold_parts.has_outer_join() && !parts.has_outer_join() {
            grade = grade.with(code::LEFT_JOIN_WANTED, "the gold keeps rows without a match by LEFT JOIN; got none");
        }
        grade = grade.with(code::DIFFERS_FROM_GOLD, "it does not have the gold's canonical form");
    }
    grade
}

fn not_one(why: &NotOne) -> String {
    match why {
        NotOne::Empty => "got no statement, expected one".to_owned(),
        NotOne::Syntax(why) => format!("the parser does not read it as PostgreSQL: {why}"),
        NotOne::Several(n) => format!("got {n} statements, expected 1"),
    }
}
