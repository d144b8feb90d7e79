//! A word before a text, in a column of its own.

/// Columns of a heading and the space after it.
pub const WIDTH: usize = 11;

/// The heading, right-aligned.
pub fn heading(text: &str) -> String {
    console::style(format!("{text:>10}")).bold().cyan().for_stderr().to_string()
}
