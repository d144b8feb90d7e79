//! Numbers in messages.

/// 3012480 as `3,012,480`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun: `1 record`, `3,012 records`.
pub fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated_and_one_is_singular() {
        let texts = [0, 999, 1_000, 12_345, 3_012_480].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "12,345", "3,012,480"]);
        assert_eq!([0, 1, 1_200].map(|n| counted(n, "record")), ["0 records", "1 record", "1,200 records"]);
    }
}
