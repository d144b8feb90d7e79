//! Formats of dates: the codes of DATE_FORMAT and strftime as TO_CHAR's.

use sqlparser::ast::{Expr, Value};

/// Codes of MySQL's DATE_FORMAT and PostgreSQL's for the same.
pub(super) const MYSQL: &[(char, &str)] = &[
    ('Y', "YYYY"),
    ('y', "YY"),
    ('m', "MM"),
    ('c', "FMMM"),
    ('M', "FMMonth"),
    ('b', "Mon"),
    ('d', "DD"),
    ('e', "FMDD"),
    ('H', "HH24"),
    ('k', "FMHH24"),
    ('h', "HH12"),
    ('I', "HH12"),
    ('l', "FMHH12"),
    ('i', "MI"),
    ('s', "SS"),
    ('S', "SS"),
    ('f', "US"),
    ('p', "AM"),
    ('W', "FMDay"),
    ('a', "Dy"),
    ('j', "DDD"),
    ('T', "HH24:MI:SS"),
    ('r', "HH12:MI:SS AM"),
    ('v', "IW"),
    ('D', "FMDDth"),
    ('x', "IYYY"),
];

/// Codes of SQLite's strftime and PostgreSQL's for the same.
pub(super) const SQLITE: &[(char, &str)] = &[
    ('Y', "YYYY"),
    ('m', "MM"),
    ('d', "DD"),
    ('H', "HH24"),
    ('M', "MI"),
    ('S', "SS"),
    ('f', "SS.MS"),
    ('j', "DDD"),
    ('V', "IW"),
    ('G', "IYYY"),
    ('F', "YYYY-MM-DD"),
    ('P', "am"),
    ('T', "HH24:MI:SS"),
    ('R', "HH24:MI"),
    ('I', "HH12"),
    ('p', "AM"),
    ('y', "YY"),
    ('b', "Mon"),
    ('B', "FMMonth"),
    ('a', "Dy"),
    ('A', "FMDay"),
];

/// A format as TO_CHAR takes it; `None` when it has a code without a counterpart.
pub(super) fn format_text(format: &str, codes: &[(char, &str)]) -> Option<Expr> {
    let mut out = String::new();
    let mut literal = String::new();
    let flush = |literal: &mut String, out: &mut String| {
        // Letters would be taken for codes.
        let quoted = literal.replace('\\', "\\\\").replace('"', "\\\"");
        if literal.contains(|c: char| c.is_alphabetic() || c == '\\') {
            out.push_str(&format!("\"{quoted}\""));
        } else {
            out.push_str(&quoted);
        }
        literal.clear();
    };
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            literal.push(c);
            continue;
        }
        match chars.next()? {
            '%' => literal.push('%'),
            code => {
                flush(&mut literal, &mut out);
                out.push_str(codes.iter().find(|(c, _)| *c == code)?.1);
            }
        }
    }
    flush(&mut literal, &mut out);
    Some(Expr::Value(Value::SingleQuotedString(out).into()))
}
