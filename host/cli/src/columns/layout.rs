//! How a table is laid out: the widths of its columns, and its cells in lines.

use console::{Alignment, measure_text_width, pad_str};

use super::{Table, Text};
use crate::wrapping::wrapped;

/// The least width to which the only text of a table is wrapped.
const LEAST_TEXT: usize = 20;

/// The least width to which each of several texts is wrapped: a date fits.
const LEAST_CELL: usize = 12;

impl Table {
    /// Each row as its first cell and, below it, the others with the heads of their columns.
    pub(super) fn stacked(&self, limit: usize) -> Vec<String> {
        let Some((head, rows)) = self.rows.split_first() else { return Vec::new() };
        let mut lines = Vec::new();
        for row in rows {
            let Some((name, cells)) = row.split_first() else { continue };
            lines.extend(wrapped_cell(name, limit));
            for (head, text) in head.iter().skip(1).zip(cells).filter(|(_, text)| !text.is_empty()) {
                lines.extend(wrapped_cell(&format!("  {head}  {text}"), limit));
            }
        }
        lines
    }

    /// The widths of these columns; the text that may be wrapped gets what the others leave, the widest giving up most.
    pub(super) fn fitting(&self, kept: &[usize], limit: usize) -> Vec<usize> {
        let cell = |row: &Vec<String>, column: usize| row.get(column).map_or(0, |text| measure_text_width(text));
        let widest = |column: &usize| self.rows.iter().map(|row| cell(row, *column)).max().unwrap_or(0);
        let mut widths: Vec<usize> = kept.iter().map(widest).collect();
        let least = if self.text == Text::Everywhere { LEAST_CELL } else { LEAST_TEXT };
        let wraps = |column: usize| self.text == Text::Everywhere || self.text == Text::In(column);
        while self.total(&widths) > limit {
            let wrapped = (0..widths.len()).filter(|at| wraps(kept[*at]) && widths[*at] > least);
            let Some(at) = wrapped.max_by_key(|at| widths[*at]) else { break };
            widths[at] -= 1;
        }
        // A word that is wider than its column takes what it needs.
        for (at, width) in widths.iter_mut().enumerate().filter(|(at, _)| self.text == Text::Everywhere && wraps(*at)) {
            let cells = self.rows.iter().filter_map(|row| row.get(kept[at]));
            let words = cells.flat_map(|text| wrapped_cell(text, *width)).map(|line| measure_text_width(&line));
            *width = words.max().unwrap_or(0).max(1);
        }
        widths
    }

    /// The rows in lines: these columns in these widths.
    pub(super) fn drawn(&self, kept: &[usize], widths: &[usize]) -> Vec<String> {
        let mut lines = Vec::new();
        for row in &self.rows {
            let cells: Vec<Vec<String>> = kept
                .iter()
                .zip(widths)
                .map(|(column, width)| wrapped_cell(row.get(*column).map_or("", String::as_str), *width))
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

    /// The columns that these widths take together.
    pub(super) fn total(&self, widths: &[usize]) -> usize {
        widths.iter().sum::<usize>() + self.gap * widths.len().saturating_sub(1)
    }

    fn alignment(&self, column: usize) -> Alignment {
        if self.figures && column > 0 { Alignment::Right } else { Alignment::Left }
    }
}

fn wrapped_cell(text: &str, width: usize) -> Vec<String> {
    wrapped(text, width.max(1)).split('\n').map(str::to_owned).collect()
}
