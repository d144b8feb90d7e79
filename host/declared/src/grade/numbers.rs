//! `numeric`: the same number, within a tolerance.

use hive_sdk::declared::Tolerance;

use super::Outcome;
use crate::patterns::shown;

pub(super) fn outcome(tolerance: Tolerance, right: &str, answer: &str) -> Outcome {
    let Some(expected) = number(right) else {
        return Outcome::wrong("no-number", format!("the right answer `{}` is not a number", shown(right)));
    };
    match number(answer) {
        None => Outcome::wrong("no-number", format!("got `{}`, expected the number {expected}", shown(answer))),
        Some(got) if near(tolerance, expected, got) => Outcome::right(),
        Some(got) => Outcome::wrong("other-number", format!("got {got}, expected {expected}")),
    }
}

/// Whether a number is as near as the tolerance allows. The tolerance itself is rounded generously: 0.1 + 0.2 is 0.3.
pub(super) fn near(tolerance: Tolerance, expected: f64, got: f64) -> bool {
    let room = (tolerance.relative * expected.abs()).max(tolerance.absolute);
    (got - expected).abs() <= room + f64::EPSILON * expected.abs().max(got.abs())
}

/// The number that a text is, with `,` or `_` between its thousands: `1,250.5`.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let (head, _) = text.split_once('.').unwrap_or((text, ""));
    // A comma anywhere else is a decimal comma or a list: not a number here.
    let groups: Vec<&str> = head.trim_start_matches(['-', '+']).split([',', '_']).collect();
    let grouped =
        groups.len() == 1 || (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3);
    let plain = grouped.then(|| text.replace([',', '_'], ""))?;
    plain.parse().ok().filter(|n: &f64| n.is_finite())
}
