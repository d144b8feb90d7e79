//! Translates records into PostgreSQL's dialect, one JSON object a line from stdin to stdout: for comparing the dialect
//! layer with databases and other transpilers.
//!
//! ```text
//! cargo run --release -p expert-sql --example translate < records.jsonl > translated.jsonl
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead, Write};

use expert_sql::dialect::translate;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let record: Value = serde_json::from_str(&line?)?;
        let text = |name: &str| record[name].as_str();
        let declared = text("dialect").and_then(|name| name.parse().ok());
        let mut reply = match translate(text("schema").unwrap_or_default(), text("sql").unwrap_or_default(), declared) {
            Ok(done) => json!({
                "schema": done.schema, "sql": done.sql, "dialect": done.dialect.name(),
                "changes": done.changes.iter().map(|c| json!([c.rule, c.what])).collect::<Vec<_>>(),
                "notes": done.notes.iter().map(|c| json!([c.rule, c.what])).collect::<Vec<_>>(),
            }),
            Err(error) => json!({"code": error.code, "error": error.why}),
        };
        reply["id"] = record["id"].clone();
        writeln!(out, "{reply}")?;
    }
    Ok(())
}
