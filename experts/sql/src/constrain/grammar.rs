//! Writes the grammar of the statements that a schema allows, as Lark for the crate llguidance. How a statement is built
//! stands in `statement.lark`; here come the key words, in any case, and the names of the schema. A name may also be a
//! new one, of an output or a derived table: which names are in scope is the check's to say.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::schema::Schema;
use super::words;

/// The statements, without names.
const STATEMENT: &str = include_str!("statement.lark");

/// Words that the grammar itself would take for an alias, besides those that are none.
const NO_ALIAS: [&str; 4] = ["set", "over", "within", "filter"];

/// The grammar of the statements on a schema.
pub(super) fn lark(schema: &Schema) -> String {
    let rules: Vec<&str> = STATEMENT.lines().filter(|line| !line.starts_with("//")).collect();
    let lark = in_any_case(&rules.join("\n"));
    let mut grammar = twice(&lark);
    for word in key_words(&lark) {
        let _ = writeln!(grammar, "{word}: /{}/", letters(word));
    }
    let names = Names::of(schema);
    let _ = writeln!(grammar, "RESERVED: {}", any_case(words::RESERVED));
    let _ = writeln!(grammar, "NO_NAME: {}", any_case(words::FUNCTION_OR_TYPE));
    let _ = writeln!(grammar, "NO_ALIAS: {}", any_case(NO_ALIAS));
    let _ = writeln!(grammar, "NO_LABEL: {}", any_case(words::NEEDS_AS));
    let _ = writeln!(grammar, "NAME: WORD & ~RESERVED & ~NO_NAME");
    let _ = writeln!(grammar, "ALIAS: NAME & ~NO_ALIAS");
    let _ = writeln!(grammar, "BARE: NAME & ~NO_LABEL & ~NO_ALIAS");
    let _ = writeln!(grammar, "FUNCTION: {}", any_case(words::functions().iter().copied()));
    let known: &[&str] = &words::TYPES;
    let own = schema.types.iter().map(|name| &**name).filter(|name| is_plain(name));
    let _ = writeln!(grammar, "TYPE: {}", any_case(own.chain(known.iter().copied())));
    let _ = writeln!(grammar, "table_alias: ALIAS | QUOTED");
    let _ = writeln!(grammar, "label: LABEL | QUOTED");
    let _ = writeln!(grammar, "bare_label: BARE | QUOTED");
    names.write(&mut grammar);
    grammar
}

/// Each rule of `text` whose name begins with `x_`, or that uses such a rule, once for each kind of table.
fn twice(text: &str) -> String {
    let mut rules: Vec<String> = Vec::new();
    for line in text.lines() {
        match rules.last_mut() {
            Some(rule) if line.starts_with(' ') => {
                rule.push('\n');
                rule.push_str(line);
            }
            _ => rules.push(line.to_owned()),
        }
    }
    let mut copies = String::new();
    for rule in rules {
        if rule.starts_with("x_") || rule.starts_with("w_") {
            for copy in ["a_", "b_"] {
                let renamed = replaced(&replaced(&rule, "x_", copy), "w_", &format!("{copy}w_"));
                copies.push_str(&renamed);
                copies.push('\n');
            }
        } else {
            copies.push_str(&rule);
            copies.push('\n');
        }
    }
    copies
}

/// `text` with `to` for `from` at the beginning of words.
fn replaced(text: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let begins = !rest[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        out.push_str(&rest[..at]);
        out.push_str(if begins { to } else { from });
        rest = &rest[at + from.len()..];
    }
    out.push_str(rest);
    out
}

/// The words in upper case that the rules use and that are not defined: the key words.
fn key_words(text: &str) -> BTreeSet<&str> {
    let defined: BTreeSet<&str> = text.lines().filter_map(|line| line.split_once(": ").map(|(name, _)| name)).collect();
    let rules = text.lines().filter(|line| !line.starts_with(|c: char| c.is_ascii_uppercase()));
    let words = rules.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let upper = |word: &&str| word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let others = ["FUNCTION", "TYPE"];
    words.filter(upper).filter(|word| !defined.contains(word) && !others.contains(word)).collect()
}

/// A regular expression for any of these words, in any case.
fn any_case<'n>(words: impl IntoIterator<Item = &'n str>) -> String {
    let words: Vec<String> = words.into_iter().map(letters).collect();
    format!("/{}/", words.join("|"))
}

/// `text` with its `(?i:…)` written out.
fn in_any_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inner)) = rest.split_once("(?i:") {
        let Some((words, after)) = inner.split_once(')') else { break };
        out.push_str(before);
        out.push_str(&format!("({})", letters(words)));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The letters of ASCII in either case, as a regular expression. A flag for any case would take `ſ` for an `s` and the
/// Kelvin sign for a `k`, which PostgreSQL does not.
fn letters(words: &str) -> String {
    let mut out = String::with_capacity(4 * words.len());
    for c in words.chars() {
        if c.is_ascii_alphabetic() {
            out.push_str(&format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase()));
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a name needs no quotes.
fn is_plain(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_' || !c.is_ascii());
    begins
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '$' || !c.is_ascii())
        && words::is_name(name)
}

/// The names of a schema as terminals.
#[derive(Default)]
struct Names {
    tables: BTreeSet<String>,
    columns: BTreeSet<String>,
    namespaces: BTreeSet<String>,
    /// Whether there may be other tables, or columns.
    open: (bool, bool),
}

impl Names {
    fn of(schema: &Schema) -> Self {
        let mut names = Self { open: (schema.incomplete, schema.incomplete), ..Self::default() };
        for relation in schema.relations() {
            names.tables.extend(spellings(&relation.name));
            match &relation.columns {
                Some(columns) => names.columns.extend(columns.iter().flatten().flat_map(|name| spellings(name))),
                None => names.open.1 = true,
            }
        }
        names.namespaces.extend(schema.namespaces().iter().flat_map(|name| spellings(name)));
        names
    }

    fn write(&self, grammar: &mut String) {
        for (terminal, words) in [("TABLE", &self.tables), ("COLUMN", &self.columns), ("NAMESPACE", &self.namespaces)] {
            if !words.is_empty() {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let _ = writeln!(grammar, "{terminal}: {}", words.join(" | "));
            }
        }
        let free = "NAME | QUOTED";
        let tables = match (self.tables.is_empty(), self.open.0) {
            (true, _) => free.to_owned(),
            (false, true) => format!("TABLE | {free}"),
            (false, false) => "TABLE".to_owned(),
        };
        let columns = match (self.columns.is_empty(), self.open.1) {
            (true, _) => free.to_owned(),
            (false, true) => format!("COLUMN | {free}"),
            (false, false) => "COLUMN".to_owned(),
        };
        let names = if self.columns.is_empty() { free.to_owned() } else { format!("COLUMN | {free}") };
        let table_names = if self.tables.is_empty() { String::new() } else { " | TABLE".to_owned() };
        let _ = writeln!(grammar, "own_table: (NAMESPACE \".\")? ({tables})");
        let _ = writeln!(grammar, "a_table: own_table");
        let _ = writeln!(grammar, "b_table: own_table | {free}");
        let _ = writeln!(grammar, "own_column: {columns}");
        let _ = writeln!(grammar, "name: {names}{table_names}");
    }
}

/// How a name may be written: without quotes in any case, where it needs none, and in quotes.
fn spellings(name: &str) -> Vec<String> {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let mut all = vec![format!("\"\\\"{}\\\"\"", escaped(&name.replace('"', "\"\"")))];
    if is_plain(name) {
        // What PostgreSQL has cut off may be written.
        let rest = if name.len() > 59 { " /[A-Za-z0-9_]{0,200}/" } else { "" };
        all.push(format!("/{}/{rest}", letters(&name.replace('$', "\\$"))));
    }
    all
}
