//! Why a record is rejected, or judging it fails: errors of PostgreSQL's and of the parser's, as codes and messages.

use super::code;
use crate::dialect::{Translated, Untranslatable, parse_as};
use crate::execute::SqlError;
use crate::import::{Imported, Source};
use crate::lint;
use crate::syntax::{Dialect, lexer};

/// Why judging ends early.
pub(super) enum Stop {
    /// The record is rejected: the code and why.
    Reject(String, String),
    /// The database was lost.
    Lost(std::io::Error),
}

impl Stop {
    pub fn reject(code: impl Into<String>, why: impl Into<String>) -> Self {
        Stop::Reject(code.into(), why.into())
    }
}

/// The code of rejection for an error of PostgreSQL's.
pub(crate) fn refusal_code(error: &SqlError) -> &'static str {
    use lint::code as lints;
    match error.sqlstate.as_str() {
        "42P01" => lints::UNKNOWN_TABLE,
        "42703" => lints::UNKNOWN_COLUMN,
        "42803" => lints::INCOMPLETE_GROUP_BY,
        "42702" | "42725" | "42P09" | "42712" => code::AMBIGUOUS_NAME,
        "42883" | "42804" | "42846" | "42P08" | "42P18" | "42P38" => code::TYPE_MISMATCH,
        "42601" => code::SQL_DOES_NOT_PARSE,
        "57014" => code::TOO_SLOW,
        // A value that no type can hold, such as `CHR(0)`.
        "54000" => code::STATEMENT_FAILS,
        // Disk, memory, stack: PostgreSQL's classes 53 and 54.
        state if state.starts_with("53") || state.starts_with("54") => code::TOO_EXPENSIVE,
        _ => code::STATEMENT_FAILS,
    }
}

/// Rejects a schema of which PostgreSQL refuses statement `number`, from 1.
pub(super) fn schema_refused(number: usize, error: &SqlError, translated: &Translated, imported: &Imported) -> Stop {
    let piece = lexer::statements(&translated.schema, Dialect::Postgres).nth(number.saturating_sub(1));
    let place = imported.locate(&translated.schema, number.saturating_sub(1), error.position);
    if error.sqlstate == "42601" {
        if let Some(cannot) = translated.unread.as_ref().filter(|cannot| cannot.code == code::SCHEMA_DOES_NOT_PARSE) {
            return in_neither(cannot, imported);
        }
        let place = place.unwrap_or_else(|| "`schema`".to_owned());
        return Stop::reject(code::SCHEMA_DOES_NOT_PARSE, format!("{place} does not parse as PostgreSQL: {error}"));
    }
    let what = piece.map_or_else(|| format!("statement {number}"), |piece| format!("`{}`", piece.brief()));
    let place = place
        .unwrap_or_else(|| if imported.source == Source::Database { "the database" } else { "`schema`" }.to_owned());
    Stop::reject(code::SCHEMA_FAILS, format!("PostgreSQL refuses {what} in {place}: {error}"))
}

/// Rejects a text that parses neither as PostgreSQL nor in the dialect that was detected.
pub(super) fn in_neither(cannot: &Untranslatable, imported: &Imported) -> Stop {
    match untranslatable(cannot, imported) {
        Stop::Reject(code, why) => Stop::Reject(code, neither(&why, cannot.dialect)),
        lost @ Stop::Lost(_) => lost,
    }
}

pub(super) fn neither(why: &str, dialect: Dialect) -> String {
    let title = dialect.title();
    why.replacen(&format!("does not parse as {title}"), &format!("parses neither as PostgreSQL nor as {title}"), 1)
}

/// Rejects a text that does not parse in its dialect, and says where.
pub(super) fn untranslatable(cannot: &Untranslatable, imported: &Imported) -> Stop {
    let dialect = cannot.dialect;
    let place = || {
        let mut pieces = lexer::statements(&imported.text, dialect).enumerate();
        pieces.find_map(|(index, piece)| {
            let why = parse_as(piece.text, dialect).err()?;
            let (why, line) = match why.rsplit_once(" at Line: ") {
                Some((why, place)) => (why.to_owned(), place.split(',').next().and_then(|n| n.parse().ok())),
                None => (why, None),
            };
            let place = imported.locate_untranslated(index, line.unwrap_or(1_usize).saturating_sub(1))?;
            Some(format!("{place} does not parse as {}: {why}", dialect.title()))
        })
    };
    let is_schema = cannot.code == code::SCHEMA_DOES_NOT_PARSE;
    let why = is_schema.then(place).flatten().unwrap_or_else(|| cannot.why.clone());
    Stop::reject(cannot.code, why)
}
