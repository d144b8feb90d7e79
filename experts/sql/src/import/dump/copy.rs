//! The rows of COPY, in PostgreSQL's text format and in CSV:
//! <https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS>.

use crate::import::inserts::quoted;
use crate::syntax::lexer::{Kind, Token};

/// The format of the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Format {
    csv: bool,
    header: bool,
    delimiter: char,
    null: String,
    quote: char,
    escape: char,
}

impl Format {
    /// Parses the options behind `FROM stdin`, in either of their spellings; `None` when one is unknown.
    pub fn parse(options: &[Token<'_>]) -> Option<Self> {
        let csv = options.iter().any(|token| token.is("csv") || text(token).is_some_and(|t| t == "csv"));
        let mut format = Self {
            csv,
            header: false,
            delimiter: if csv { ',' } else { '\t' },
            null: if csv { String::new() } else { "\\N".to_owned() },
            quote: '"',
            escape: '"',
        };
        let mut escape = None;
        let mut tokens = options.iter().filter(|token| !token.is_any(&["with", "as"])).peekable();
        while let Some(token) = tokens.next() {
            if token.kind == Kind::Symbol && matches!(token.text, "(" | ")" | ",") {
                continue;
            }
            let one_char = |value: Option<&Token<'_>>| {
                let value = value.and_then(text)?;
                let mut chars = value.chars();
                chars.next().filter(|_| chars.next().is_none())
            };
            match token.text.to_ascii_lowercase().as_str() {
                "csv" => {}
                "format" => {
                    let name = tokens.next()?;
                    let name = text(name).unwrap_or_else(|| name.text.to_ascii_lowercase());
                    if !matches!(name.as_str(), "csv" | "text") {
                        return None;
                    }
                }
                "header" => {
                    let value = tokens.next_if(|token| token.is_any(&["true", "false", "on", "off", "match"]));
                    format.header = !value.is_some_and(|token| token.is_any(&["false", "off"]));
                }
                "delimiter" => format.delimiter = one_char(tokens.next())?,
                "null" => format.null = text(tokens.next()?)?,
                "quote" => format.quote = one_char(tokens.next())?,
                "escape" => escape = Some(one_char(tokens.next())?),
                "encoding" => {
                    tokens.next()?;
                }
                _ => return None,
            }
        }
        format.escape = escape.unwrap_or(format.quote);
        Some(format)
    }

    /// Each row's values, as literals.
    pub fn rows(&self, data: &str) -> Vec<Vec<String>> {
        let rows = if self.csv { self.csv_rows(data) } else { self.text_rows(data) };
        rows.into_iter().skip(usize::from(self.header)).collect()
    }

    fn text_rows(&self, data: &str) -> Vec<Vec<String>> {
        let fields = |line| {
            split(line, self.delimiter)
                .into_iter()
                .map(|value| if value == self.null { "NULL".to_owned() } else { quoted(&unescaped(value)) })
        };
        data.lines().map(|line| fields(line).collect()).collect()
    }

    /// A quoted field may hold line breaks, and is never NULL.
    fn csv_rows(&self, data: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut value) = (Vec::new(), Vec::new(), String::new());
        let (mut within, mut was_quoted) = (false, false);
        let literal = |value: &mut String, was_quoted: &mut bool| {
            let value = std::mem::take(value);
            if !std::mem::take(was_quoted) && value == self.null { "NULL".to_owned() } else { quoted(&value) }
        };
        let mut chars = data.chars().peekable();
        while let Some(c) = chars.next() {
            let next = chars.peek().copied();
            if within && c == self.escape && next.is_some_and(|n| n == self.quote || n == self.escape) {
                value.extend(chars.next());
            } else if c == self.quote {
                within = !within;
                was_quoted = true;
            } else if within || (c != self.delimiter && c != '\n' && !(c == '\r' && next == Some('\n'))) {
                value.push(c);
            } else if c == self.delimiter {
                row.push(literal(&mut value, &mut was_quoted));
            } else if c == '\n' {
                row.push(literal(&mut value, &mut was_quoted));
                rows.push(std::mem::take(&mut row));
            }
        }
        if !row.is_empty() || !value.is_empty() || was_quoted {
            row.push(literal(&mut value, &mut was_quoted));
            rows.push(row);
        }
        rows
    }
}

fn text(token: &Token<'_>) -> Option<String> {
    let escaped = token.text.starts_with(['E', 'e']);
    let inner = token.text.trim_start_matches(['E', 'e']).strip_prefix('\'')?.strip_suffix('\'')?;
    let inner = inner.replace("''", "'");
    (token.kind == Kind::Text).then(|| if escaped { unescaped(&inner) } else { inner })
}

/// The raw fields of a line; a delimiter behind a backslash is part of its field.
fn split(line: &str, delimiter: char) -> Vec<&str> {
    let (mut fields, mut begin, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in line.char_indices() {
        if c == delimiter && !escaped {
            fields.push(&line[begin..at]);
            begin = at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    fields.push(&line[begin..]);
    fields
}

/// The value of a field of the text format.
fn unescaped(field: &str) -> String {
    let mut bytes: Vec<u8> = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some(at) = rest.find('\\') {
        bytes.extend(rest[..at].bytes());
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else { break };
        rest = &rest[c.len_utf8()..];
        match c {
            'n' => bytes.push(b'\n'),
            't' => bytes.push(b'\t'),
            'r' => bytes.push(b'\r'),
            'b' => bytes.push(8),
            'f' => bytes.push(12),
            'v' => bytes.push(11),
            // Up to three octal digits, or two hexadecimal ones, are a byte.
            '0'..='7' => {
                let more = rest.bytes().take(2).take_while(|b| matches!(b, b'0'..=b'7')).count();
                let digits = format!("{c}{}", &rest[..more]);
                bytes.push(u16::from_str_radix(&digits, 8).unwrap_or_default() as u8);
                rest = &rest[more..];
            }
            'x' if rest.starts_with(|d: char| d.is_ascii_hexdigit()) => {
                let more = rest.bytes().take(2).take_while(u8::is_ascii_hexdigit).count();
                bytes.push(u8::from_str_radix(&rest[..more], 16).unwrap_or_default());
                rest = &rest[more..];
            }
            other => bytes.extend(other.to_string().bytes()),
        }
    }
    bytes.extend(rest.bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Dialect;
    use crate::syntax::lexer::Lexer;

    fn rows(options: &str, data: &str) -> Option<Vec<Vec<String>>> {
        let tokens: Vec<Token<'_>> = Lexer::new(options, Dialect::Postgres).collect();
        Some(Format::parse(&tokens)?.rows(data))
    }

    #[test]
    fn values_stand_as_the_options_say() {
        let all =
            |rows: &[&[&str]]| Some(rows.iter().map(|row| row.iter().map(|v| (*v).to_owned()).collect()).collect());
        assert_eq!(rows("", "1\ta\\tb\n2\t\\N\n"), all(&[&["'1'", "'a\tb'"], &["'2'", "NULL"]]));
        assert_eq!(rows("WITH DELIMITER ',' NULL '-'", "1,a\\,b\n2,-\n"), all(&[&["'1'", "'a,b'"], &["'2'", "NULL"]]));
        let csv = "id,n\r\n1,\"a, \"\"b\"\"\nc\"\r\n2,\r\n3,\"\"\r\n";
        let expected = all(&[&["'1'", "'a, \"b\"\nc'"], &["'2'", "NULL"], &["'3'", "''"]]);
        assert_eq!(rows("WITH (FORMAT csv, HEADER true)", csv), expected);
        assert_eq!(rows("CSV HEADER", csv), expected);
        assert_eq!(rows("(FORMAT csv, QUOTE '\"', DELIMITER E'\\t', NULL 'x')", "1\tx\n"), all(&[&["'1'", "NULL"]]));
        assert_eq!(rows("WITH (FORMAT binary)", ""), None);
        assert_eq!(rows("WITH (FORCE_NULL (a))", ""), None);
    }
}
