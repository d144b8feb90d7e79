//! Texts that are dates or points in time: whether they are, and how they are written.

/// Whether a text has the form in which PostgreSQL prints a date or a point in time.
pub(super) fn is_iso(text: &str) -> bool {
    let day = text.get(..10).unwrap_or_default();
    let shape = day.char_indices().all(|(i, c)| if matches!(i, 4 | 7) { c == '-' } else { c.is_ascii_digit() });
    // A time of day is shown with its seconds.
    let time = text.len() == 10 || (text.len() >= 19 && text.as_bytes()[10] == b' ');
    day.len() == 10 && shape && time && !text.starts_with("0000")
}

/// Whether a text is exactly what PostgreSQL prints for a date or a point in time.
pub(super) fn is_shown(text: &str) -> bool {
    let fraction = |rest: &str| {
        let digits = rest.strip_prefix('.').filter(|digits| digits.len() <= 6 && !digits.ends_with('0'));
        digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    is_iso(text) && text.get(19..).is_none_or(|rest| rest.is_empty() || fraction(rest))
}

/// Whether two different texts are the same point in time.
pub(super) fn same(a: &str, b: &str) -> bool {
    let whole = |text: &str| match text.len() {
        10 => format!("{text} 00:00:00"),
        16 => format!("{text}:00"),
        _ if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ => text.to_owned(),
    };
    a != b && a.get(..10) == b.get(..10) && whole(a) == whole(b)
}

/// A date that MySQL reads without separators or with unusual ones, in ISO form: `20210131`, `210131`,
/// `20210131235959`, `2021.1.31`; `None` when it is in that form already, or is no date.
/// <https://dev.mysql.com/doc/refman/8.4/en/date-and-time-literals.html>
pub(super) fn compact(text: &str) -> Option<String> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let (year, rest) = match text.len() {
        8 | 14 if digits => (text[..4].to_owned(), &text[4..]),
        6 | 12 if digits => {
            let century = if &text[..2] < "70" { "20" } else { "19" };
            (format!("{century}{}", &text[..2]), &text[2..])
        }
        _ if digits => return None,
        _ => {
            let mark = text.chars().find(|c| !c.is_ascii_digit())?;
            if matches!(mark, '-' | '/') || !mark.is_ascii_punctuation() {
                return None;
            }
            let parts: Vec<&str> = text.split(mark).collect();
            let [year, month, day] = parts[..] else { return None };
            let date = format!("{year:0>4}-{month:0>2}-{day:0>2}");
            return (year.len() == 4 && has_time(&date).is_some()).then_some(date);
        }
    };
    let (month, day, time) = (&rest[..2], &rest[2..4], &rest[4..]);
    let mut date = format!("{year}-{month}-{day}");
    if let [Some(h), Some(m), Some(s)] = [0, 2, 4].map(|at| time.get(at..at + 2)) {
        date.push_str(&format!(" {h}:{m}:{s}"));
    }
    has_time(&date).is_some().then_some(date)
}

/// Whether a text is a date (`false`) or a date with a time of day (`true`).
pub(super) fn has_time(text: &str) -> Option<bool> {
    let (day, time) = match text.split_once(['T', ' ']) {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let parts: Vec<u32> = day.split(['-', '/']).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [first, second, third] = parts[..] else { return None };
    let (year, month, day) = if first > 31 { (first, second, third) } else { (third, first, second) };
    let days = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) || year == 0 {
        return None;
    }
    match time {
        None => Some(false),
        Some(time) => {
            let clock = time.trim().trim_end_matches('Z').split(['+', '.']).next().unwrap_or_default();
            let parts: Vec<u32> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
            let fits = parts.len() >= 2 && parts[0] <= 24 && parts[1..].iter().all(|part| *part <= 60);
            fits.then_some(parts.iter().any(|part| *part > 0) || parts.len() > 3)
        }
    }
}
