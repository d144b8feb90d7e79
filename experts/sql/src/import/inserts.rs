//! INSERT statements made of rows that come as something else: values of a database file, lines of COPY. How many
//! rows of a file are imported is decided here.

/// Most rows that are imported from one table of a file: enough to tell answers apart.
pub(super) const MAX_ROWS_PER_TABLE: usize = 1_000;

/// Most bytes of all rows from one file; the parser takes a megabyte.
pub(super) const MAX_ROW_BYTES: usize = 700_000;

/// A text as a SQL literal.
pub(super) fn quoted(text: &str) -> String {
    // PostgreSQL's texts hold no NUL.
    format!("'{}'", text.replace('\'', "''").replace('\0', ""))
}

/// Writes rows as INSERT statements, as many as are imported.
pub(super) struct InsertWriter {
    /// The statements so far.
    pub text: String,
    /// Rows beyond the limits.
    pub skipped_rows: usize,
    /// Tables that are still to come.
    tables: usize,
}

impl InsertWriter {
    /// For this many tables, each of which gets an equal share of the bytes that the tables before it left.
    pub fn new(tables: usize) -> Self {
        Self { text: String::new(), skipped_rows: 0, tables }
    }

    /// Adds rows, each with its values as literals. `columns` is the list in parentheses, or empty.
    pub fn add(&mut self, table: &str, columns: &str, rows: impl Iterator<Item = Vec<String>>) {
        let end = self.text.len() + MAX_ROW_BYTES.saturating_sub(self.text.len()) / self.tables.max(1);
        self.tables = self.tables.saturating_sub(1);
        let mut count = 0;
        for row in rows {
            let row = format!("({})", row.join(", "));
            if count == MAX_ROWS_PER_TABLE || self.text.len() + row.len() > end {
                self.skipped_rows += 1;
                continue;
            }
            if count == 0 {
                self.text.push_str(&format!("INSERT INTO {table}{columns} VALUES "));
            } else {
                self.text.push_str(", ");
            }
            self.text.push_str(&row);
            count += 1;
        }
        if count > 0 {
            self.text.push_str(";\n");
        }
    }
}
