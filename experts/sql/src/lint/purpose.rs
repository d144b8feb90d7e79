//! The purpose of a statement: whether it destroys more than the question asks for, or is not an answer at all, such as
//! `SET` or `COPY`.

use sqlparser::ast::Statement;

use super::{Context, Found};

/// Words by which a question asks for everything or for the structure to change.
const ASKED: [&str; 16] = [
    "all ",
    "every",
    "entire",
    "whole",
    "each ",
    "drop",
    "remove the table",
    "delete the table",
    "truncate",
    "empty ",
    "clear ",
    "alter",
    "add a column",
    "add column",
    "rename",
    "table from the database",
];

pub(super) fn destructive(context: &Context<'_>) -> Option<Found> {
    let what = match context.statement {
        Statement::Delete(delete) if delete.selection.is_none() && delete.using.is_none() => "`DELETE` without WHERE",
        Statement::Update(update) if update.selection.is_none() && update.from.is_none() => "`UPDATE` without WHERE",
        Statement::Truncate(_) => "`TRUNCATE`",
        Statement::Drop { .. } => "`DROP`",
        Statement::AlterTable(_) => "`ALTER TABLE`",
        _ => return None,
    };
    if asks_for_all(context.question) { None } else { Found::new(too_much(what)) }
}

/// Whether a question asks for everything or for the structure to change.
pub(super) fn asks_for_all(question: &str) -> bool {
    let question = question.to_lowercase();
    ASKED.iter().any(|word| question.contains(word))
}

/// The message about a statement that changes more than some rows.
pub(super) fn too_much(what: &str) -> String {
    format!("{what} changes more than the question asks for")
}

pub(super) fn not_an_answer(context: &Context<'_>) -> Option<Found> {
    match context.statement {
        Statement::Query(_)
        | Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Merge(_)
        | Statement::Truncate(_)
        | Statement::Drop { .. }
        | Statement::AlterTable(_)
        | Statement::AlterView { .. }
        | Statement::CreateTable(_)
        | Statement::CreateView(_)
        | Statement::CreateIndex(_) => None,
        other => {
            let text = other.to_string();
            let word = text.split_whitespace().next().unwrap_or_default().to_owned();
            Found::new(format!("`{word} …` neither reads nor changes data"))
        }
    }
}
