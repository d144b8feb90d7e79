//! The one place where a record becomes a chat. It judges nothing: that is `validate`'s.

use hive_sdk::{ExpertError, Message, Record, Rendered};

use crate::statement;

/// What the model is told before every question. Short: each token costs time in every step.
const SYSTEM: &str = "You are a PostgreSQL expert. Answer with the SQL alone.";

/// The record as a chat: what is wanted, then the schema, what the record says of its domain
/// (`evidence`) and the question, then the SQL.
///
/// The schema has its blanks compacted, one statement a line. The SQL stands alone on one line and
/// **without** a semicolon at its end.
///
/// # Errors
/// When `question` or `schema` is absent. A record without `sql` renders as a prompt alone.
pub fn render(record: &Record) -> Result<Rendered, ExpertError> {
    let schema = statement::compact(record.require("schema")?);
    let question = record.require("question")?.trim();
    let evidence = record.text("evidence").map_or_else(String::new, |text| format!("{}\n", text.trim()));
    let mut messages = vec![Message::system(SYSTEM), Message::user(format!("{schema}\n\n{evidence}{question}"))];
    let completion_start = messages.len();
    if let Some(sql) = record.text("sql") {
        messages.push(Message::assistant(statement::compact(statement::bare(sql).sql)));
    }
    Ok(Rendered { messages, completion_start })
}

#[cfg(test)]
mod tests {
    use hive_sdk::Role;

    use super::*;

    #[test]
    fn a_record_becomes_three_turns() {
        let record = Record::from_pairs([
            ("question", " How many pets are there? "),
            ("schema", "CREATE TABLE pets (\n    pet_id INT,\n    name TEXT\n);"),
            ("sql", "SELECT COUNT(*)\nFROM pets;\n"),
        ]);
        let chat = render(&record).unwrap();
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
    fn without_sql_there_is_a_prompt_alone() {
        let record = Record::from_pairs([("question", "q"), ("schema", "CREATE TABLE t (a INT)")]);
        let chat = render(&record).unwrap();
        assert_eq!((chat.messages.len(), chat.completion_start), (2, 2));
        let error = render(&Record::from_pairs([("question", "q")])).unwrap_err();
        assert_eq!(error.message, "the record has no text in `schema` (its fields: question)");
    }
}
