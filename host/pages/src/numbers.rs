//! Numbers as people read them, and round ticks of axes.

/// `1234567` as `1,234,567`.
pub fn thousands(figure: f64) -> String {
    let digits = format!("{:.0}", figure.abs());
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if figure < 0.0 { format!("-{out}") } else { out }
}

/// A short form of a number.
pub fn shown(value: f64) -> String {
    let size = value.abs();
    let text = if size >= 1000.0 || value == value.round() && size < 1e15 {
        return format!("{value:.0}");
    } else if size >= 100.0 {
        format!("{value:.1}")
    } else if size >= 0.01 {
        format!("{value:.4}")
    } else {
        let text = format!("{value:.2e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'));
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A percentage with one decimal; only exact values are shown as 0 or 100.
pub(crate) fn percent(part: f64, whole: f64) -> String {
    if whole <= 0.0 {
        return "–".to_owned();
    }
    let share = 100.0 * part / whole;
    match share {
        _ if part > 0.0 && share < 0.1 => "<\u{a0}0.1\u{a0}%".to_owned(),
        _ if part < whole && share > 99.9 => ">\u{a0}99.9\u{a0}%".to_owned(),
        _ => format!("{share:.1}\u{a0}%"),
    }
}

/// A round tick distance, 1, 2 or 5 times a power of ten, of which about `count` fit between `low` and `high`.
pub(crate) fn tick_step(low: f64, high: f64, count: f64) -> f64 {
    let rough = (high - low) / count;
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|f| f * power >= rough * 0.999).unwrap_or(10.0);
    factor * power
}

/// The multiples of `step` from `low` to `high`.
pub(crate) fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|i| i as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(thousands(0.0), "0");
        assert_eq!(thousands(1_234_567.0), "1,234,567");
        assert_eq!(thousands(-1000.0), "-1,000");
        let percent = |part, whole| percent(part, whole).replace('\u{a0}', " ");
        assert_eq!(percent(1.0, 100_000.0), "< 0.1 %");
        assert_eq!(percent(99_999.0, 100_000.0), "> 99.9 %");
        assert_eq!(percent(1.0, 3.0), "33.3 %");
        assert_eq!(percent(0.0, 0.0), "–");
        let all = [0.0, 12345.6, 123.456, 1.5, 0.034_21, 0.000_05, 0.001_234];
        assert_eq!(all.map(shown), ["0", "12346", "123.5", "1.5", "0.0342", "5e-5", "1.23e-3"]);
    }

    #[test]
    fn ticks_are_round_and_within_the_axis() {
        assert_eq!(tick_step(0.0, 40.0, 4.0), 10.0);
        assert_eq!(tick_step(0.0, 3.0, 4.0), 1.0);
        assert_eq!(multiples(0.3, 1.0, 0.25), [0.5, 0.75, 1.0]);
        assert_eq!(multiples(0.0, 24.0, 10.0), [0.0, 10.0, 20.0]);
    }
}
