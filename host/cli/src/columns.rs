//! Rows of text in aligned columns, and what becomes of them where the terminal is narrow. Widths are terminal columns, so
//! that wide and combining characters line up.

mod layout;

/// Columns between two columns of a table.
const GAP: usize = 2;

/// Columns after a label.
const CLOSE: usize = 1;

/// A table. Where it is wider than it may be, its text is wrapped first, then columns are dropped. No word is broken: what
/// is left may still be too wide, unless the cells of a row may stand below each other.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
    figures: bool,
    text: Text,
    optional: Vec<usize>,
    gap: usize,
}

/// The columns whose text may be wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    /// None.
    Nowhere,
    /// This one.
    In(usize),
    /// All; where that is not enough, the cells of a row stand below each other, each after the head of its column.
    Everywhere,
}

impl Table {
    /// A table of these rows, all columns left-aligned.
    pub fn new<R: Into<Vec<String>>>(rows: impl IntoIterator<Item = R>) -> Self {
        let rows = rows.into_iter().map(Into::into).collect();
        Self { rows, figures: false, text: Text::Nowhere, optional: Vec::new(), gap: GAP }
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
        Self { text: Text::In(column), ..self }
    }

    /// The text of all columns may be wrapped. Where that is not enough, the cells of a row stand below each other, each
    /// after the text that the first row has in its column.
    pub fn wrapping_all(self) -> Self {
        Self { text: Text::Everywhere, ..self }
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
        match self.text {
            Text::Everywhere => self.stacked(limit),
            _ => self.drawn(&kept, &self.fitting(&kept, limit)),
        }
    }
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
    fn all_text_is_wrapped_and_then_stacked() {
        let table = || {
            let rows = [row(&["", "one", "two"]), row(&["right answers to all", "0.0 % [0.0, 65.8] of 2", "–"])];
            Table::new(rows).wrapping_all()
        };
        check_all(
            [
                (
                    60,
                    &[
                        "                      one                     two",
                        "right answers to all  0.0 % [0.0, 65.8] of 2  –",
                    ][..],
                ),
                (
                    40,
                    &[
                        "                  one          two",
                        "right answers to  0.0 % [0.0,  –",
                        "all               65.8] of 2",
                    ],
                ),
                (20, &["right answers to all", "  one  0.0 % [0.0,", "       65.8] of 2", "  two  –"]),
            ],
            |(width, expected)| assert_eq!(table().lines(Some(width)), expected, "{width}"),
        );
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
