//! Splits SQL into tokens and statements without a grammar: quotes, comments, dollar quotes, ends of statements, and what
//! dumps have between statements. It serves texts that the parser does not read, and checks of every word of those that
//! it does. PostgreSQL's rules are those of its scanner: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>.

use super::Dialect;

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in quotes.
    Name,
    /// A PostgreSQL name with Unicode escapes, `U&"…"`, which are not decoded.
    EscapedName,
    /// A text, in quotes or between dollar signs.
    Text,
    /// A number.
    Number,
    /// One character of an operator or of punctuation.
    Symbol,
    /// A conditional comment of MySQL, `/*!40101 … */`, whose content is executed.
    Conditional,
    /// Quotes or a comment that do not end.
    Unterminated,
}

/// A token of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'t> {
    /// Its kind.
    pub kind: Kind,
    /// Its text.
    pub text: &'t str,
    /// Where it begins, in bytes from the beginning of the text.
    pub start: usize,
}

impl<'t> Token<'t> {
    /// Where it ends.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this word without quotes, in any case.
    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is one of these words.
    pub fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// Whether it is this character.
    pub fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    /// The name that it is, in lower case and without quotes; `None` when it is not a name.
    pub fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Word => Some(self.text.to_ascii_lowercase()),
            Kind::Name => {
                let inside = self.text.get(1..self.text.len().saturating_sub(1)).unwrap_or_default();
                let quote = &self.text[..1];
                Some(inside.replace(&quote.repeat(2), quote).to_lowercase())
            }
            _ => None,
        }
    }
}

/// Reads the tokens of a text.
#[derive(Debug, Clone)]
pub struct Lexer<'t> {
    text: &'t str,
    at: usize,
    dialect: Dialect,
}

impl<'t> Lexer<'t> {
    /// Begins at the start of `text`.
    pub fn new(text: &'t str, dialect: Dialect) -> Self {
        Self { text, at: 0, dialect }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Skips blanks and comments; `false` at a comment that does not end.
    fn pass_blanks(&mut self) -> bool {
        loop {
            let rest = self.rest();
            let bytes = rest.as_bytes();
            match bytes.first() {
                Some(c) if c.is_ascii_whitespace() || *c == 0x0b => self.at += 1,
                // MySQL requires a blank behind the two dashes.
                Some(b'-')
                    if rest.starts_with("--")
                        && (self.dialect != Dialect::MySql || bytes.get(2).is_none_or(|c| *c <= b' ')) =>
                {
                    self.line_comment();
                }
                Some(b'#') if self.dialect == Dialect::MySql => self.line_comment(),
                Some(b'/') if rest.starts_with("/*") => {
                    if self.dialect == Dialect::MySql && (rest.starts_with("/*!") || rest.starts_with("/*M!")) {
                        return true;
                    }
                    match self.comment_length(rest) {
                        Some(length) => self.at += length,
                        None => return false,
                    }
                }
                _ => return true,
            }
        }
    }

    fn line_comment(&mut self) {
        let rest = self.rest();
        self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
    }

    /// Length of the comment at the start of `rest`. In PostgreSQL comments nest.
    fn comment_length(&self, rest: &str) -> Option<usize> {
        if self.dialect != Dialect::Postgres {
            let end = rest[2..].find("*/").map(|end| end + 4);
            // In SQLite the end of the text ends a comment.
            return if self.dialect == Dialect::Sqlite { end.or(Some(rest.len())) } else { end };
        }
        let bytes = rest.as_bytes();
        let (mut depth, mut i) = (0, 0);
        while i + 1 < bytes.len() {
            match &bytes[i..i + 2] {
                b"/*" => {
                    depth += 1;
                    i += 2;
                }
                b"*/" => {
                    depth -= 1;
                    i += 2;
                    if depth == 0 {
                        return Some(i);
                    }
                }
                _ => i += 1,
            }
        }
        None
    }

    fn token(&mut self, kind: Kind, length: usize) -> Token<'t> {
        let start = self.at;
        self.at += length;
        Token { kind, text: &self.text[start..self.at], start }
    }

    fn unterminated(&mut self) -> Token<'t> {
        self.token(Kind::Unterminated, self.rest().len())
    }

    /// The quoted token whose quote is `prefix` bytes from here.
    fn quoted(&mut self, kind: Kind, prefix: usize, close: char, escapes: bool) -> Token<'t> {
        let rest = self.rest();
        let mut i = prefix + 1;
        loop {
            let Some(inside) = rest.get(i..) else { return self.unterminated() };
            let Some(at) = inside.find(|c: char| c == close || (escapes && c == '\\')) else {
                return self.unterminated();
            };
            if inside[at..].starts_with('\\') {
                i += at + 1 + inside[at + 1..].chars().next().map_or(0, char::len_utf8);
            } else if inside[at + close.len_utf8()..].starts_with(close) && close != ']' {
                i += at + 2 * close.len_utf8();
            } else {
                i += at + close.len_utf8();
                // A text with escapes has them too where it continues behind a line break.
                match self.dialect {
                    Dialect::Postgres if escapes => match continued(&rest[i..]) {
                        Some(next) => i += next + 1,
                        None => return self.token(kind, i),
                    },
                    _ => return self.token(kind, i),
                }
            }
        }
    }
}

/// Length of the word that a text begins with.
fn word(text: &str) -> usize {
    text.find(|c| !is_start(c) && !c.is_ascii_digit() && c != '$').unwrap_or(text.len())
}

/// Where a text continues behind a line break: the distance from its end to the next quote.
fn continued(rest: &str) -> Option<usize> {
    let mut lexer = Lexer { text: rest, at: 0, dialect: Dialect::Postgres };
    let mut newline = false;
    loop {
        let rest = lexer.rest();
        match rest.chars().next()? {
            '\n' | '\r' => {
                newline = true;
                lexer.at += 1;
            }
            ' ' | '\t' | '\u{b}' | '\u{c}' => lexer.at += 1,
            '-' if rest.starts_with("--") => lexer.line_comment(),
            '\'' if newline => return Some(lexer.at),
            _ => return None,
        }
    }
}

fn is_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

impl<'t> Iterator for Lexer<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        if !self.pass_blanks() {
            return Some(self.unterminated());
        }
        let rest = self.rest();
        let first = rest.chars().next()?;
        let postgres = self.dialect == Dialect::Postgres;
        let mysql = self.dialect == Dialect::MySql;
        Some(match first {
            '\'' => self.quoted(Kind::Text, 0, '\'', mysql),
            '"' if mysql => self.quoted(Kind::Text, 0, '"', true),
            '"' => self.quoted(Kind::Name, 0, '"', false),
            '`' if !postgres => self.quoted(Kind::Name, 0, '`', false),
            '[' if self.dialect == Dialect::Sqlite => self.quoted(Kind::Name, 0, ']', false),
            '/' if rest.starts_with("/*") => match rest.find("*/") {
                Some(end) => self.token(Kind::Conditional, end + 2),
                None => self.unterminated(),
            },
            '$' if postgres => {
                // A tag has no dollar sign and does not begin with a digit.
                let tag = rest[1..].find(|c| !is_start(c) && !c.is_ascii_digit()).unwrap_or(rest.len() - 1);
                let opening = tag + 2;
                let opens = rest[1 + tag..].starts_with('$') && !rest[1..].starts_with(|c: char| c.is_ascii_digit());
                if !opens {
                    return Some(self.token(Kind::Symbol, 1));
                }
                match rest[opening..].find(&rest[..opening]) {
                    Some(end) => self.token(Kind::Text, end + 2 * opening),
                    None => self.unterminated(),
                }
            }
            c if c.is_ascii_digit() || (c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit())) => {
                let length = number(rest);
                self.token(Kind::Number, length)
            }
            c if is_start(c) => {
                let length = word(rest);
                let behind = &rest[length..];
                if postgres && length == 1 && behind.starts_with('\'') {
                    match c.to_ascii_lowercase() {
                        'e' => return Some(self.quoted(Kind::Text, 1, '\'', true)),
                        'b' | 'x' | 'n' => return Some(self.quoted(Kind::Text, 1, '\'', false)),
                        _ => {}
                    }
                }
                if postgres && length == 1 && c.eq_ignore_ascii_case(&'u') {
                    if behind.starts_with("&'") {
                        return Some(self.quoted(Kind::Text, 2, '\'', false));
                    }
                    if behind.starts_with("&\"") {
                        return Some(self.quoted(Kind::EscapedName, 2, '"', false));
                    }
                }
                self.token(Kind::Word, length)
            }
            c => self.token(Kind::Symbol, c.len_utf8()),
        })
    }
}

/// Length of the number at the beginning of a text.
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut i: usize| {
        while bytes.get(i).is_some_and(|c| c.is_ascii_digit() || *c == b'_') {
            i += 1;
        }
        i
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1) != Some(&b'.') {
        end = digits(end + 1);
    }
    if bytes.get(end).is_some_and(|c| c.eq_ignore_ascii_case(&b'e')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    end
}

/// Words before the name of what a statement creates or changes.
const BEFORE_NAMES: [&str; 36] = [
    "alter",
    "column",
    "comment",
    "concurrently",
    "copy",
    "create",
    "delete",
    "domain",
    "drop",
    "exists",
    "from",
    "if",
    "ignore",
    "index",
    "insert",
    "into",
    "materialized",
    "not",
    "on",
    "only",
    "or",
    "recursive",
    "refresh",
    "replace",
    "schema",
    "sequence",
    "table",
    "temp",
    "temporary",
    "truncate",
    "type",
    "unique",
    "unlogged",
    "update",
    "view",
    "virtual",
];

/// A statement, or what a dump has between statements.
#[derive(Debug, Clone)]
pub struct Piece<'t> {
    /// Its text, without the semicolon and the blanks and comments around it.
    pub text: &'t str,
    /// Where it begins, in bytes.
    pub start: usize,
    /// Its tokens; none for a command of psql.
    pub tokens: Vec<Token<'t>>,
    /// The lines behind `COPY … FROM stdin`, without the end marker.
    pub data: Option<&'t str>,
    /// A command of psql, such as `\restrict`.
    pub command: bool,
    /// Whether it ends with a semicolon or delimiter, and not with the text.
    pub ended: bool,
}

impl Piece<'_> {
    /// Whether it begins with these words.
    pub fn begins(&self, words: &[&str]) -> bool {
        self.tokens.len() >= words.len() && words.iter().zip(&self.tokens).all(|(word, token)| token.is(word))
    }

    /// Whether the token at this position is this word.
    pub fn word(&self, at: usize) -> String {
        self.tokens.get(at).filter(|t| t.kind == Kind::Word).map(|t| t.text.to_ascii_lowercase()).unwrap_or_default()
    }

    /// The name of what a statement creates or changes, in lower case and without a schema.
    pub fn target(&self) -> Option<String> {
        let at = self.tokens.iter().position(|token| !token.is_any(&BEFORE_NAMES))?;
        let first = &self.tokens[at];
        // SQLite writes some names in single quotes.
        let quoted = || (first.kind == Kind::Text).then(|| first.text.trim_matches('\'').to_lowercase());
        let mut name = first.name().or_else(quoted)?;
        for two in self.tokens[at + 1..].chunks(2) {
            match two {
                [dot, part] if dot.is_symbol(".") => name = part.name()?,
                _ => break,
            }
        }
        Some(name)
    }

    /// Its first words, for messages.
    pub fn brief(&self) -> String {
        if self.command {
            return self.text.split_whitespace().next().unwrap_or_default().to_owned();
        }
        let mut words: Vec<String> = Vec::new();
        let mut joins = false;
        for token in &self.tokens {
            let dot = token.is_symbol(".");
            let full = words.len() == 3 || (token.kind == Kind::Symbol && !words.is_empty());
            match words.last_mut() {
                Some(last) if dot || joins => last.push_str(token.text),
                _ if full => break,
                _ => words.push(token.text.to_owned()),
            }
            joins = dot;
        }
        let mut short: String = words.join(" ").chars().take(60).collect();
        short.push_str(" …");
        short
    }
}

/// The statements of a text, one after another.
#[derive(Debug, Clone)]
pub struct Statements<'t> {
    lexer: Lexer<'t>,
    /// The delimiter that ends a statement, which the MySQL client can change.
    delimiter: &'t str,
}

/// The statements of `text`, and what a dump has between them.
pub fn statements(text: &str, dialect: Dialect) -> Statements<'_> {
    // A byte order mark is not part of the first word.
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    Statements { lexer: Lexer { text, at, dialect }, delimiter: ";" }
}

impl<'t> Statements<'t> {
    /// A line for a client: commands of psql, and DELIMITER of MySQL.
    fn command(&mut self) -> Option<Piece<'t>> {
        let rest = self.lexer.rest();
        let line = rest.lines().next().unwrap_or_default();
        let is_psql = rest.starts_with('\\') && self.lexer.dialect != Dialect::MySql;
        let delimiter = (self.lexer.dialect == Dialect::MySql)
            .then(|| line.get(..10).filter(|word| word.eq_ignore_ascii_case("delimiter ")))
            .flatten()
            .map(|_| line[10..].trim());
        if !is_psql && delimiter.is_none() {
            return None;
        }
        if let Some(delimiter) = delimiter.filter(|d| !d.is_empty()) {
            self.delimiter = delimiter;
        }
        let start = self.lexer.at;
        self.lexer.at += line.len();
        Some(Piece { text: line.trim_end(), start, tokens: Vec::new(), data: None, command: true, ended: true })
    }

    /// The lines behind `COPY … FROM stdin;`.
    fn copied(&mut self) -> &'t str {
        let rest = self.lexer.rest();
        let Some(first) = rest.find('\n') else {
            self.lexer.at += rest.len();
            return "";
        };
        let begin = first + 1;
        let mut end = begin;
        for line in rest[begin..].split_inclusive('\n') {
            if line.trim_end_matches(['\n', '\r']) == "\\." {
                self.lexer.at += end + line.len();
                return &rest[begin..end];
            }
            end += line.len();
        }
        self.lexer.at += rest.len();
        &rest[begin..]
    }
}

impl<'t> Iterator for Statements<'t> {
    type Item = Piece<'t>;

    fn next(&mut self) -> Option<Piece<'t>> {
        loop {
            if !self.lexer.pass_blanks() {
                let start = self.lexer.at;
                let token = self.lexer.unterminated();
                return Some(Piece {
                    text: token.text,
                    start,
                    tokens: vec![token],
                    data: None,
                    command: false,
                    ended: false,
                });
            }
            if self.lexer.rest().is_empty() {
                return None;
            }
            if let Some(command) = self.command() {
                return Some(command);
            }
            let piece = self.piece();
            if !piece.tokens.is_empty() {
                return Some(piece);
            }
        }
    }
}

impl<'t> Statements<'t> {
    fn piece(&mut self) -> Piece<'t> {
        let start = self.lexer.at;
        let mut tokens: Vec<Token<'t>> = Vec::new();
        let (mut parentheses, mut begins, mut ended) = (0usize, 0usize, false);
        loop {
            if !self.lexer.pass_blanks() {
                tokens.push(self.lexer.unterminated());
                break;
            }
            if self.delimiter != ";" && self.lexer.rest().starts_with(self.delimiter) {
                self.lexer.at += self.delimiter.len();
                ended = true;
                break;
            }
            let Some(token) = self.lexer.next() else { break };
            if token.is_symbol(";") && self.delimiter == ";" && parentheses == 0 && begins == 0 {
                ended = true;
                break;
            }
            match token.text {
                "(" if token.kind == Kind::Symbol => parentheses += 1,
                ")" if token.kind == Kind::Symbol => parentheses = parentheses.saturating_sub(1),
                _ if token.kind == Kind::Word && holds_code(&tokens) => {
                    if token.is("begin") || (begins > 0 && token.is("case")) {
                        begins += 1;
                    } else if token.is("end") {
                        begins = begins.saturating_sub(1);
                    }
                }
                _ => {}
            }
            tokens.push(token);
        }
        let end = tokens.last().map_or(start, Token::end);
        let text = &self.lexer.text[start.min(end)..end];
        let mut piece = Piece { text, start, tokens, data: None, command: false, ended };
        if self.lexer.dialect == Dialect::Postgres && copies_from_here(&piece) {
            piece.data = Some(self.copied());
        }
        piece
    }
}

/// Whether a statement contains others: a function, a procedure, a trigger.
fn holds_code(tokens: &[Token<'_>]) -> bool {
    tokens.first().is_some_and(|t| t.is("create"))
        && tokens.iter().take(8).any(|t| t.is_any(&["function", "procedure", "trigger"]))
}

/// Whether a statement is `COPY … FROM stdin`.
fn copies_from_here(piece: &Piece<'_>) -> bool {
    piece.begins(&["copy"]) && piece.tokens.windows(2).any(|two| two[0].is("from") && two[1].is("stdin"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    fn tokens(text: &str) -> Vec<(Kind, &str)> {
        Lexer::new(text, Dialect::Postgres).map(|t| (t.kind, t.text)).collect()
    }

    fn pieces(text: &str, dialect: Dialect) -> Vec<&str> {
        statements(text, dialect).map(|piece| piece.text).collect()
    }

    #[test]
    fn quotes_enclose_what_they_enclose_in_postgresql() {
        use Kind::{EscapedName, Name, Number, Symbol, Text, Unterminated, Word};
        check_all(
            [
                ("'it''s; --'", vec![(Text, "'it''s; --'")]),
                (r"'a\' b", vec![(Text, r"'a\'"), (Word, "b")]),
                (r"E'a\' b' c", vec![(Text, r"E'a\' b'"), (Word, "c")]),
                ("e'a' -- x\n  'b\\'c' d", vec![(Text, "e'a' -- x\n  'b\\'c'"), (Word, "d")]),
                ("e'a' 'b\\'c'", vec![(Text, "e'a'"), (Text, "'b\\'"), (Word, "c"), (Unterminated, "'")]),
                ("$$a;$b$'$$ x", vec![(Text, "$$a;$b$'$$"), (Word, "x")]),
                ("$f$ $g$ $f$", vec![(Text, "$f$ $g$ $f$")]),
                ("a$b$ c", vec![(Word, "a$b$"), (Word, "c")]),
                ("$1 + $2", vec![(Symbol, "$"), (Number, "1"), (Symbol, "+"), (Symbol, "$"), (Number, "2")]),
                ("a /* b /* c */ ; */ d", vec![(Word, "a"), (Word, "d")]),
                ("a -- ;\rb", vec![(Word, "a"), (Word, "b")]),
                (
                    "\"a\"\"b\" U&\"\\0061\" u&'x'",
                    vec![(Name, "\"a\"\"b\""), (EscapedName, "U&\"\\0061\""), (Text, "u&'x'")],
                ),
                ("1.5e-3x", vec![(Number, "1.5e-3"), (Word, "x")]),
                ("1e'x\\'", vec![(Number, "1"), (Unterminated, "e'x\\'")]),
                ("x'41' b'1' n'a'", vec![(Text, "x'41'"), (Text, "b'1'"), (Text, "n'a'")]),
                ("a/*", vec![(Word, "a"), (Unterminated, "/*")]),
                ("größe", vec![(Word, "größe")]),
            ],
            |(text, expected)| {
                assert_eq!(tokens(text), expected, "{text}");
            },
        );
        assert_eq!(Lexer::new("\"A\"\"b\"", Dialect::Postgres).next().unwrap().name().as_deref(), Some("a\"b"));
    }

    #[test]
    fn statements_end_where_they_end() {
        let postgres = "SELECT ';'; -- one; two\n INSERT INTO t VALUES (1) ;;\n\
            CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END; SELECT 3";
        assert_eq!(
            pieces(postgres, Dialect::Postgres),
            [
                "SELECT ';'",
                "INSERT INTO t VALUES (1)",
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END",
                "SELECT 3"
            ]
        );
        let mysql = "/*!40101 SET NAMES utf8 */;\nINSERT INTO `a;b` VALUES ('it\\'s;');\nDELIMITER ;;\n\
            CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a = 1; END ;;\nDELIMITER ;\nSELECT 1 # ;\n;";
        assert_eq!(
            pieces(mysql, Dialect::MySql),
            [
                "/*!40101 SET NAMES utf8 */",
                "INSERT INTO `a;b` VALUES ('it\\'s;')",
                "DELIMITER ;;",
                "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a = 1; END",
                "DELIMITER ;",
                "SELECT 1"
            ]
        );
        let sqlite =
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = CASE b WHEN 1 THEN 2 END; END;\nSELECT [a;b];";
        assert_eq!(pieces(sqlite, Dialect::Sqlite).len(), 2);
        assert!(pieces(" ; -- nothing", Dialect::Postgres).is_empty());
    }

    #[test]
    fn rows_of_copy_belong_to_it() {
        let text = "\\restrict x\nCOPY t (a) FROM stdin;\n1;2\n'\n\\.\nSELECT 1;";
        let all: Vec<_> = statements(text, Dialect::Postgres).collect();
        assert_eq!(
            all.iter().map(|p| (p.text, p.data, p.command)).collect::<Vec<_>>(),
            [
                ("\\restrict x", None, true),
                ("COPY t (a) FROM stdin", Some("1;2\n'\n"), false),
                ("SELECT 1", None, false),
            ]
        );
    }
}
