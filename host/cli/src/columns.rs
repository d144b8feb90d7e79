//! Rows of text in aligned columns, and what becomes of them where the terminal is narrow. Widths are terminal columns, so
//! that wide and combining characters line up.

use console::{Alignment, measure_text_width, pad_str};

use crate::wrapping::wrapped;

/// Columns between two columns of a table.
const GAP: usize = 2;

/// Columns after a label.
const CLOSE: usize = 1;

/// The least width to which the text of a table is wrapped.
const LEAST_TEXT: usize = 20;

/// A table. Where it is wider than it may be, its text is wrapped first, then columns are dropped. No word is broken: what
/// is left may still be too wide.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
    figures: bool,
    text: Option<usize>,
    optional: Vec<usize>,
    gap: usize,
}

impl Table {
    /// A table of these rows, all columns left-aligned.
    pub fn new<R: Into<Vec<String>>>(rows: impl IntoIterator<Item = R>) -> Self {
        let rows = rows.into_iter().map(Into::into).collect();
        Self { rows, figures: false, text: None, optional: Vec::new(), gap: GAP }
    }

    /// A table with this head.
    pub fn headed<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Self {
        Self::new(std::iter::once(head.map(str::to_owned)).chain(rows))
    }

    /// One space between two columns instead of two: labels and texts.
    pub fn close(self) -> Self {
        Self { gap: CLOSE, ..self }
    }

    /// All columns after the first are right-aligned.
    pub fn figures(self) -> Self {
        Self { figures: true, ..self }
    }

    /// The column whose text may be wrapped.
    pub fn wrapping(self, column: usize) -> Self {
        Self { text: Some(column), ..self }
    }

    /// The columns that may be dropped, the first to go first.
    pub fn dropping(self, columns: &[usize]) -> Self {
        Self { optional: columns.to_vec(), ..self }
    }

    /// The lines, within `width` columns as far as possible; `None` if there is no limit.
    pub fn lines(&self, width: Option<usize>) -> Vec<String> {
        let limit = width.unwrap_or(usize::MAX);
        let mut kept: Vec<usize> = (0..self.rows.iter().map(Vec::len).max().unwrap_or(0)).collect();
        for dropped in std::iter::once(None).chain(self.optional.iter().map(Some)) {
            kept.retain(|column| Some(column) != dropped);
            let widths = self.fitting(&kept, limit);
            if self.total(&widths) <= limit {
                return self.drawn(&kept, &widths);
            }
        }
        self.drawn(&kept, &self.fitting(&kept, limit))
    }

    /// The widths of these columns; that of the text is what the others leave, if that is enough.
    fn fitting(&self, kept: &[usize], limit: usize) -> Vec<usize> {
        let cell = |row: &Vec<String>, column: usize| row.get(column).map_or(0, |text| measure_text_width(text));
        let widest = |column: &usize| self.rows.iter().map(|row| cell(row, *column)).max().unwrap_or(0);
        let mut widths: Vec<usize> = kept.iter().map(widest).collect();
        let over = self.total(&widths).saturating_sub(limit);
        if let Some(at) = kept.iter().position(|column| Some(*column) == self.text) {
            widths[at] = widths[at].min(widths[at].saturating_sub(over).max(LEAST_TEXT));
        }
        widths
    }

    fn drawn(&self, kept: &[usize], widths: &[usize]) -> Vec<String> {
        let mut lines = Vec::new();
        for row in &self.rows {
            let cells: Vec<Vec<String>> = kept
                .iter()
                .zip(widths)
                .map(|(column, width)| cell(row.get(*column).map_or("", String::as_str), *width))
                .collect();
            for line in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
                let text = |cell: &Vec<String>| cell.get(line).cloned().unwrap_or_default();
                let padded: Vec<String> = cells
                    .iter()
                    .zip(widths)
                    .zip(kept)
                    .map(|((cell, width), column)| pad_str(&text(cell), *width, self.alignment(*column), None).into())
                    .collect();
                lines.push(padded.join(&" ".repeat(self.gap)).trim_end().to_owned());
            }
        }
        lines
    }

    fn total(&self, widths: &[usize]) -> usize {
        widths.iter().sum::<usize>() + self.gap * widths.len().saturating_sub(1)
    }

    fn alignment(&self, column: usize) -> Alignment {
        if self.figures && column > 0 { Alignment::Right } else { Alignment::Left }
    }
}

fn cell(text: &str, width: usize) -> Vec<String> {
    wrapped(text, width.max(1)).split('\n').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|c| (*c).to_owned()).collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest() {
        let lines = Table::new([row(&["", "base", "é"]), row(&["score", "1", "22"])]).lines(None);
        assert_eq!(lines, ["       base  é", "score  1     22"]);
    }

    #[test]
    fn widths_are_those_on_a_terminal() {
        // Two wide characters take four columns, a letter with a combining accent takes one.
        let rows = || [row(&["質問", "10"]), row(&["e\u{301}a", "9"]), row(&["abcd", "8"])];
        assert_eq!(Table::new(rows()).lines(None), ["質問  10", "e\u{301}a    9", "abcd  8"]);
        assert_eq!(Table::new(rows()).figures().lines(None), ["質問  10", "e\u{301}a     9", "abcd   8"]);
    }

    #[test]
    fn text_is_wrapped_before_columns_are_dropped() {
        let table = || {
            let rows = [row(&["one", "1.0.0", "2026-11-28", "a text of several words that goes on for a while"])];
            Table::new(rows).wrapping(3).dropping(&[2, 1])
        };
        check_all(
            [
                (120, &["one  1.0.0  2026-11-28  a text of several words that goes on for a while"][..]),
                (
                    60,
                    &[
                        "one  1.0.0  2026-11-28  a text of several words that goes on",
                        "                        for a while",
                    ],
                ),
                (40, &["one  1.0.0  a text of several words that", "            goes on for a while"]),
                (27, &["one  a text of several", "     words that goes on for", "     a while"]),
            ],
            |(width, expected)| {
                let lines = table().lines(Some(width));
                assert_eq!(lines, expected, "{width}");
                assert!(lines.iter().all(|line| line.len() <= width), "{width}");
            },
        );
    }

    #[test]
    fn what_cannot_be_broken_is_not() {
        let table = Table::new([row(&["name", "/a/path/that/is/longer/than/the/terminal"])]).wrapping(1);
        assert_eq!(table.lines(Some(24)), ["name  /a/path/that/is/longer/than/the/terminal"]);
    }
}
