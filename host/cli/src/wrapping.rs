//! Wraps prose at a width. A word is never broken, nor is what stands in backticks: commands are copied, paths are opened.

use console::{measure_text_width, strip_ansi_codes};

/// `text` in lines of at most `width` columns, as far as its words allow. Lines that fit stay as they are; what is wrapped
/// goes on below the first word of its line, or below what follows a label and two spaces.
pub fn wrapped(text: &str, width: usize) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| wrapped_line(line, width)).collect();
    lines.join("\n")
}

/// What stands before a command that is to be copied: such a line is never wrapped.
const COMMANDS: [&str; 2] = ["Resume with: ", "Try it: "];

/// A label of one space, below whose text a line goes on.
const USAGE: &str = "Usage: ";

fn wrapped_line(line: &str, width: usize) -> String {
    if measure_text_width(line) <= width || COMMANDS.iter().any(|label| line.starts_with(label)) {
        return line.to_owned();
    }
    let begin = line.len() - line.trim_start_matches(' ').len();
    let indent = below_label(line, begin).filter(|column| *column <= width / 2).unwrap_or(begin);
    let mut text = " ".repeat(begin);
    let mut column = begin;
    let mut gap = 0;
    for (spaces, word) in words(&line[begin..]) {
        gap += spaces;
        let wide = measure_text_width(word);
        if column > indent && column + gap + wide > width {
            text += "\n";
            text += &" ".repeat(indent);
            column = indent;
        } else {
            text += &" ".repeat(gap);
            column += gap;
        }
        text += word;
        column += wide;
        gap = 0;
    }
    text
}

/// The column after a label: where the text goes on after the first two spaces.
fn below_label(line: &str, begin: usize) -> Option<usize> {
    if strip_ansi_codes(line).starts_with(USAGE) {
        return Some(USAGE.len());
    }
    let label = begin + line[begin..].find("  ")?;
    let text = label + line[label..].find(|c| c != ' ')?;
    Some(measure_text_width(&line[..label]) + text - label)
}

/// The words, each with the number of spaces before it; what stands in backticks is one word.
fn words(line: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        let word = rest.trim_start_matches(' ');
        let spaces = rest.len() - word.len();
        if word.is_empty() {
            return found;
        }
        let end = end_of_word(word);
        found.push((spaces, &word[..end]));
        rest = &word[end..];
    }
}

/// Where a word ends: at the first space outside of backticks.
fn end_of_word(text: &str) -> usize {
    let mut quoted = false;
    for (at, character) in text.char_indices() {
        match character {
            // A backtick that is never closed is an ordinary character.
            '`' => quoted = !quoted && text[at + 1..].contains('`'),
            ' ' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn lines_break_between_words_and_never_in_backticks() {
        check_all(
            [
                ("short", 10, "short"),
                ("one two three", 7, "one two\nthree"),
                ("  one two three", 9, "  one two\n  three"),
                ("label  one two three", 15, "label  one two\n       three"),
                ("a  b   c", 20, "a  b   c"),
                ("run `hive expert list` now", 16, "run\n`hive expert list`\nnow"),
                ("an odd ` stays here", 10, "an odd `\nstays here"),
                ("first\nsecond line", 8, "first\nsecond\nline"),
                ("質問 質問 質問", 9, "質問 質問\n質問"),
                ("Usage: hive run <NAME>", 17, "Usage: hive run\n       <NAME>"),
                ("averyveryverylongword x", 10, "averyveryverylongword\nx"),
            ],
            |(text, width, expected)| assert_eq!(wrapped(text, width), expected, "{text}"),
        );
    }

    #[test]
    fn colours_take_no_columns() {
        let text = "\u{1b}[31merror:\u{1b}[0m it is so";
        assert_eq!(wrapped(text, 15), text);
        assert_eq!(wrapped(text, 12), "\u{1b}[31merror:\u{1b}[0m it is\nso");
    }
}
