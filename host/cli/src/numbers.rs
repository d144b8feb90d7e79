//! Numbers on the command line: each argument states its range, and other input is rejected with
//! that message. Without limits, a typo could request more memory or time than there is.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Maximum number of tokens that any argument accepts: no base model reads as many.
pub const MOST_TOKENS: u64 = 1 << 20;

/// Maximum number of steps.
pub const MOST_STEPS: u64 = 1_000_000_000;

/// Maximum number of records, prompts or lines.
pub const MOST_RECORDS: u64 = 10_000_000;

/// 3012480 as `3,012,480`.
pub fn grouped(n: usize) -> String {
    hive_errors::grouped(n as u64)
}

/// A duration in at most two units: `45s`, `2m12s`, `1h05m`, `3d04h`.
pub fn short(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// A parser for a whole number in this range.
pub fn whole<T: TryFrom<u64>>(range: RangeInclusive<u64>) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| {
        let number = text.parse::<u64>().ok().filter(|number| range.contains(number));
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            format!("expected a whole number from {} to {}", hive_errors::grouped(*least), hive_errors::grouped(*most))
        })
    }
}

/// A parser for a number in this range; no NaN, no infinity.
pub fn real(range: RangeInclusive<f64>) -> impl Fn(&str) -> Result<f64, String> + Clone {
    move |text| {
        let number = text.parse::<f64>().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("expected a number from {} to {}", range.start(), range.end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn a_duration_has_at_most_two_units() {
        let texts = [0, 59, 60, 132, 3_599, 3_900, 86_400 * 3 + 15_000].map(|s| short(Duration::from_secs(s)));
        assert_eq!(texts, ["0s", "59s", "1m00s", "2m12s", "59m59s", "1h05m", "3d04h"]);
    }

    #[test]
    fn what_is_out_of_range_or_no_number_is_refused_with_the_range() {
        let steps = whole::<u32>(1..=1_000);
        assert_eq!((steps("1"), steps("1000")), (Ok(1), Ok(1_000)));
        check_all(["0", "-1", "1.5", "1e2", "1001", "100000000000000000000", "NaN", "", " 1"], |text| {
            assert_eq!(steps(text), Err("expected a whole number from 1 to 1,000".to_owned()), "{text}");
        });
        let rate = real(0.0..=0.5);
        assert_eq!((rate("0"), rate("5e-1"), rate("0.25")), (Ok(0.0), Ok(0.5), Ok(0.25)));
        check_all(["-0.1", "0.51", "NaN", "inf", "1e400", "x", ""], |text| {
            assert_eq!(rate(text), Err("expected a number from 0 to 0.5".to_owned()), "{text}");
        });
    }
}
