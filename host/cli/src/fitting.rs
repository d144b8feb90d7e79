//! One line of figures that fits the terminal: the least important ones are left out.

/// A part of a line: how important it is, 0 the most, and its text.
pub type Part = (u8, String);

/// The parts that fit into `width` columns, with `gap` between them. Parts of importance 0 are never left out.
pub fn fitted(parts: &[Part], gap: &str, width: usize) -> String {
    let joined = |least: u8| {
        let kept: Vec<&str> = parts.iter().filter(|(rank, _)| *rank <= least).map(|(_, text)| text.as_str()).collect();
        kept.join(gap)
    };
    let mut ranks: Vec<u8> = parts.iter().map(|(rank, _)| *rank).collect();
    ranks.sort_unstable();
    let fitting = ranks.iter().rev().map(|rank| joined(*rank)).find(|line| console::measure_text_width(line) <= width);
    fitting.unwrap_or_else(|| joined(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_important_part_goes_first() {
        let parts: Vec<Part> = [(0, "step 1/2"), (0, "loss 1.5"), (2, "lr 1e-3"), (1, "eval 2.0")]
            .map(|(rank, text)| (rank, text.to_owned()))
            .to_vec();
        assert_eq!(fitted(&parts, "  ", 80), "step 1/2  loss 1.5  lr 1e-3  eval 2.0");
        assert_eq!(fitted(&parts, "  ", 36), "step 1/2  loss 1.5  eval 2.0");
        assert_eq!(fitted(&parts, "  ", 20), "step 1/2  loss 1.5");
        assert_eq!(fitted(&parts, "  ", 5), "step 1/2  loss 1.5");
    }
}
