//! The text of a statement as it is kept: without conditional comments, partitions, definers and `public.`.

use crate::syntax::Dialect;
use crate::syntax::lexer::{Kind, Lexer, Piece, Token};

/// A dump made with `--compatible=ansi`, whose names stand in double quotes, with its names in backticks; `None` for
/// any other text.
pub(super) fn with_backticks(text: &str, dialect: Dialect) -> Option<String> {
    let names = ["CREATE TABLE \"", "CREATE TABLE IF NOT EXISTS \"", "INSERT INTO \""];
    if dialect != Dialect::MySql || !names.iter().any(|name| text.contains(name)) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut last = 0;
    for token in Lexer::new(text, dialect).filter(|token| token.text.starts_with('"')) {
        out.push_str(&text[last..token.start]);
        out.push_str(&token.text.replace('"', "`"));
        last = token.end();
    }
    out.push_str(&text[last..]);
    Some(out)
}

/// A statement's text with the content of its conditional comments in their place; `None` where it has none.
pub(super) fn without_conditional_comments(piece: &Piece<'_>, dialect: Dialect) -> Option<String> {
    if dialect != Dialect::MySql || !piece.tokens.iter().any(|token| token.kind == Kind::Conditional) {
        return None;
    }
    // In the definition of a table they describe storage.
    let drop = piece.begins(&["create"]) && piece.tokens.iter().take(4).any(|token| token.is("table"));
    let mut text = String::new();
    let mut last = piece.start;
    for token in &piece.tokens {
        text.push_str(piece.text.get(last - piece.start..token.start - piece.start).unwrap_or(" "));
        last = token.end();
        if token.kind != Kind::Conditional {
            text.push_str(token.text);
            continue;
        }
        let inside = token.text.trim_start_matches("/*").trim_start_matches(['M', '!']).trim_end_matches("*/");
        let inside = inside.trim_start_matches(|c: char| c.is_ascii_digit());
        // MariaDB's first line is a command for its client.
        if !drop && !inside.starts_with('\\') {
            text.push_str(inside);
        }
    }
    Some(text)
}

/// A statement's text as it is kept from a file; `CREATE ALGORITHM = … DEFINER = … SQL SECURITY … VIEW` as CREATE
/// VIEW.
pub(super) fn statement_text(piece: &Piece<'_>, dialect: Dialect) -> String {
    let tokens = &piece.tokens;
    let view = tokens.iter().position(|token| token.is("view")).filter(|_| dialect == Dialect::MySql);
    match view {
        Some(at) if tokens[..at].iter().any(|token| token.is_any(&["algorithm", "definer", "sql"])) => {
            format!("CREATE {}", tokens_text(piece.text, piece.start, &tokens[at..], false))
        }
        _ if dialect == Dialect::MySql => {
            tokens_text(piece.text, piece.start, &tokens[..partitions_start(tokens)], false)
        }
        _ => tokens_text(piece.text, piece.start, tokens, dialect == Dialect::Postgres),
    }
}

/// At which token of a CREATE TABLE its partitions begin.
pub(super) fn partitions_start(tokens: &[Token<'_>]) -> usize {
    let table =
        tokens.first().is_some_and(|token| token.is("create")) && tokens.iter().take(4).any(|token| token.is("table"));
    let begin = tokens.windows(2).position(|two| two[0].is("partition") && two[1].is("by"));
    begin.filter(|_| table).unwrap_or(tokens.len())
}

/// Tokens of a statement as text, with the text between neighbours. `without_public`: without `public.`, also in the
/// texts that name sequences.
pub(super) fn tokens_text(text: &str, start: usize, tokens: &[Token<'_>], without_public: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let names = !tokens.first().is_some_and(|token| token.is("insert"));
    let mut last: Option<&Token<'_>> = None;
    let mut i = 0;
    while let Some(token) = tokens.get(i) {
        let public = without_public
            && token.name().is_some_and(|name| name == "public")
            && tokens.get(i + 1).is_some_and(|dot| dot.is_symbol("."))
            && !last.is_some_and(|last| last.is_symbol("."));
        if let Some(last) = last {
            let between = text.get(last.end() - start..token.start - start).unwrap_or(" ");
            out.push_str(if between.is_empty() { "" } else { between });
        }
        if public {
            last = tokens.get(i + 1);
            i += 2;
            continue;
        }
        match token.text.strip_prefix("'public.") {
            Some(rest) if without_public && names && token.kind == Kind::Text => {
                out.push('\'');
                out.push_str(rest);
            }
            _ => out.push_str(token.text),
        }
        last = Some(token);
        i += 1;
    }
    out
}
