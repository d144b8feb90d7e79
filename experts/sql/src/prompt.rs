//! Renders a record as a chat. Records are judged by `validate`, not here.

use hive_sdk::prompt::compact;
use hive_sdk::{ExpertError, Manifest, Message, Record, Rendered};

use crate::syntax::statement;

/// Renders a record: the turns that the manifest declares, then the SQL. The turns hold the task, the schema, notes on
/// the domain (`evidence`) and the question. They are short, because each token costs time in every step.
///
/// The schema has its blanks compacted, one statement a line. The SQL stands alone on one line and
/// **without** a semicolon at its end.
///
/// # Errors
/// When `question` or `schema` is absent. A record without `sql` renders as a prompt alone.
pub fn render(manifest: &Manifest, record: &Record) -> Result<Rendered, ExpertError> {
    let mut messages = manifest.prompt_of(record)?;
    let completion_start = messages.len();
    if let Some(sql) = record.text("sql") {
        messages.push(Message::assistant(compact(statement::bare(sql).sql)));
    }
    Ok(Rendered { messages, completion_start })
}

#[cfg(test)]
mod tests {
    use hive_sdk::Role;

    use super::*;

    /// What the model is told before every question.
    const SYSTEM: &str = "You are a PostgreSQL expert. Answer with the SQL alone.";

    fn manifest() -> Manifest {
        Manifest::parse(include_str!("../../../manifests/sql.json")).unwrap()
    }

    #[test]
    fn a_record_becomes_three_turns() {
        let record = Record::from_pairs([
            ("question", " How many pets are there? "),
            ("schema", "CREATE TABLE pets (\n    pet_id INT,\n    name TEXT\n);"),
            ("sql", "SELECT COUNT(*)\nFROM pets;\n"),
        ]);
        let chat = render(&manifest(), &record).unwrap();
        assert_eq!(chat.completion_start, 2);
        let turns: Vec<_> = chat.messages.iter().map(|m| (m.role, m.content.as_str())).collect();
        assert_eq!(
            turns,
            [
                (Role::System, SYSTEM),
                (Role::User, "CREATE TABLE pets (pet_id INT, name TEXT);\n\nHow many pets are there?"),
                (Role::Assistant, "SELECT COUNT(*) FROM pets"),
            ]
        );
    }

    #[test]
    fn evidence_stands_on_a_line_before_the_question() {
        let record = [("question", "q"), ("schema", "CREATE TABLE t (a INT)"), ("evidence", " a is an age\n")];
        let chat = render(&manifest(), &Record::from_pairs(record)).unwrap();
        assert_eq!(chat.messages[1].content, "CREATE TABLE t (a INT)\n\na is an age\nq");
    }

    #[test]
    fn without_sql_there_is_a_prompt_alone() {
        let record = Record::from_pairs([("question", "q"), ("schema", "CREATE TABLE t (a INT)")]);
        let chat = render(&manifest(), &record).unwrap();
        assert_eq!((chat.messages.len(), chat.completion_start), (2, 2));
        let error = render(&manifest(), &Record::from_pairs([("question", "q")])).unwrap_err();
        assert_eq!(error.message, "the record has no text in `schema` (its fields: question)");
    }
}
