//! Rows of text in aligned columns. Widths are terminal columns, so that wide and combining characters line up.

use console::{Alignment, measure_text_width, pad_str};

/// The rows as lines of left-aligned columns, with two spaces between columns.
pub fn columns(rows: &[impl AsRef<[String]>]) -> Vec<String> {
    aligned(rows, |_| Alignment::Left)
}

/// As [`columns`], but all columns after the first are right-aligned.
pub fn figure_columns(rows: &[impl AsRef<[String]>]) -> Vec<String> {
    aligned(rows, |column| if column == 0 { Alignment::Left } else { Alignment::Right })
}

fn aligned(rows: &[impl AsRef<[String]>], alignment: impl Fn(usize) -> Alignment) -> Vec<String> {
    let mut widths = Vec::new();
    for row in rows {
        let row: &[String] = row.as_ref();
        widths.resize(widths.len().max(row.len()), 0);
        for (width, text) in widths.iter_mut().zip(row) {
            *width = measure_text_width(text).max(*width);
        }
    }
    let line = |row: &[String]| {
        let cells = row.iter().zip(&widths).enumerate();
        let padded: Vec<_> =
            cells.map(|(column, (text, width))| pad_str(text, *width, alignment(column), None)).collect();
        padded.join("  ").trim_end().to_owned()
    };
    rows.iter().map(|row| line(row.as_ref())).collect()
}

/// A word before a line, in a column of its own.
pub fn heading(text: &str) -> String {
    console::style(format!("{text:>10}")).bold().cyan().for_stderr().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|c| (*c).to_owned()).collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest() {
        let lines = columns(&[row(&["", "base", "é"]), row(&["score", "1", "22"])]);
        assert_eq!(lines, ["       base  é", "score  1     22"]);
    }

    #[test]
    fn widths_are_those_on_a_terminal() {
        // Two wide characters take four columns, a letter with a combining accent takes one.
        let rows = [row(&["質問", "10"]), row(&["e\u{301}a", "9"]), row(&["abcd", "8"])];
        assert_eq!(columns(&rows), ["質問  10", "e\u{301}a    9", "abcd  8"]);
        assert_eq!(figure_columns(&rows), ["質問  10", "e\u{301}a     9", "abcd   8"]);
    }
}
