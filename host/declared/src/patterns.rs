//! Regular expressions of a manifest or a record. The engine takes time linear in the text, whatever the expression; a
//! limit keeps a small expression from becoming a large program (`(a{1000}){1000}`).

use regex::{Regex, RegexBuilder};

/// Largest compiled expression in bytes.
const SIZE: usize = 1 << 20;

/// Compiles an expression.
///
/// # Errors
/// What is wrong with it.
pub fn compiled(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(SIZE).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(limit) => {
            format!("the regular expression `{}` needs more than {limit} bytes", shown(pattern))
        }
        // The parser's message draws the place below the pattern; its last line says what is wrong.
        error => {
            let text = error.to_string();
            let what = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("`{}` is no regular expression: {what}", shown(pattern))
        }
    })
}

/// The beginning of a text, for messages.
pub fn shown(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if chars.next().is_some() { format!("{head}…") } else { head }
}
