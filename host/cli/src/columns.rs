//! Rows of text in columns of equal width: the first to the left, the others as said.

/// The rows as lines, two blanks between columns.
pub fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let width = |i: usize| rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows.iter().map(Vec::len).max().unwrap_or(0)).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).map(|(text, width)| format!("{text:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

/// A word before a line, in its own column.
pub fn heading(text: &str) -> String {
    console::style(format!("{text:>10}")).bold().cyan().for_stderr().to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_are_as_wide_as_their_widest() {
        let row = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        let lines = super::columns(&[row(&["", "base", "é"]), row(&["score", "1", "22"])]);
        assert_eq!(lines, ["       base  é", "score  1     22"]);
    }
}
