//! Reads dates and times in the spellings of texts: `2024-03-09`, `9 March 2024`, `Mar 9th, 2024`, `09.03.2024`, `3:30
//! pm`. A date without its year is none.

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The dates that a text names, as `YYYY-MM-DD`. A spelling that can mean two (`03/04/2024`) gives both.
pub fn in_text(text: &str) -> Vec<String> {
    let words = words(text);
    let mut found = Vec::new();
    for at in 0..words.len() {
        for len in 3..=4 {
            if let Some(window) = words.get(at..at + len) {
                found.extend(readings(window));
            }
        }
    }
    found
}

/// The date that the whole text spells, as `YYYY-MM-DD`; `None` if it is no date, or could be two.
pub fn whole(text: &str) -> Option<String> {
    match readings(&words(text))[..] {
        [ref date] => Some(date.clone()),
        _ => None,
    }
}

/// The times of day that a text names, as `HH:MM`.
pub fn times_in_text(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut found = Vec::new();
    let bytes = lower.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            at += 1;
            continue;
        }
        let hour = lower[at..at + digits].parse::<u32>().ok().filter(|_| digits <= 2);
        at += digits;
        let Some(hour) = hour else { continue };
        let rest = &lower[at..];
        let minutes = rest.strip_prefix([':', '.', 'h']).and_then(|rest| rest.get(..2)).and_then(|m| m.parse().ok());
        if minutes.is_some() {
            at += 3;
        }
        let after = lower[at..].trim_start();
        let says = |half: [&str; 2]| half.iter().any(|half| after.starts_with(half));
        let hour = match hour {
            1..=11 if says(["pm", "p.m."]) => hour + 12,
            12 if says(["am", "a.m."]) => 0,
            _ => hour,
        };
        let minutes = minutes.unwrap_or(0);
        if hour < 24 && minutes < 60 {
            found.push(format!("{hour:02}:{minutes:02}"));
        }
    }
    found
}

/// The words of a text: runs of letters or digits, in lower case, without the ending of ordinals.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let runs = lower.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty() && *run != "of");
    runs.map(|run| {
        let number = ["st", "nd", "rd", "th"].iter().find_map(|ending| run.strip_suffix(ending));
        number.filter(|n| n.bytes().all(|b| b.is_ascii_digit())).unwrap_or(run).to_owned()
    })
    .collect()
}

/// What these words mean as a date, if they are one and nothing else.
fn readings(words: &[String]) -> Vec<String> {
    // A day of the week before the date says nothing more.
    let words = match words {
        [day, rest @ ..] if rest.len() == 3 && is_weekday(day) => rest,
        _ => words,
    };
    let [a, b, c] = words else { return Vec::new() };
    let mut found = Vec::new();
    let mut add = |year: Option<u32>, month: Option<u32>, day: Option<u32>| {
        if let (Some(year), Some(month), Some(day)) = (year, month, day)
            && let Some(date) = date(year, month, day)
            && !found.contains(&date)
        {
            found.push(date);
        }
    };
    match (number(a), number(b), number(c)) {
        (Some(_), Some(_), Some(_)) if a.len() == 4 => add(number(a), number(b), number(c)),
        (Some(_), Some(_), Some(_)) => {
            add(year(c), number(b), number(a));
            add(year(c), number(a), number(b));
        }
        (Some(_), None, Some(_)) if a.len() == 4 => add(number(a), month(b), number(c)),
        (Some(_), None, Some(_)) => add(year(c), month(b), number(a)),
        (None, Some(_), Some(_)) => add(year(c), month(a), number(b)),
        _ => {}
    }
    found
}

fn is_weekday(word: &str) -> bool {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    word.len() >= 3 && DAYS.iter().any(|day| day.starts_with(word))
}

fn number(word: &str) -> Option<u32> {
    word.parse().ok().filter(|_| word.len() <= 4)
}

/// A year of four digits.
fn year(word: &str) -> Option<u32> {
    number(word).filter(|_| word.len() == 4)
}

fn month(word: &str) -> Option<u32> {
    let at = MONTHS.iter().position(|month| word.len() >= 3 && month.starts_with(word));
    let at = at.or_else(|| (word == "sept").then_some(8));
    at.map(|at| at as u32 + 1)
}

fn date(year: u32, month: u32, day: u32) -> Option<String> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    ((1..=days).contains(&day) && year > 0).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn dates_are_read_in_many_spellings() {
        check_all(
            [
                ("2024-03-09", Some("2024-03-09")),
                ("2024/3/9", Some("2024-03-09")),
                ("9 March 2024", Some("2024-03-09")),
                ("the 9th", None),
                ("9th of Mar 2024", Some("2024-03-09")),
                ("March 9th, 2024", Some("2024-03-09")),
                ("Sept 30 2023", Some("2023-09-30")),
                ("Saturday, March 9, 2024", Some("2024-03-09")),
                ("29.02.2024", Some("2024-02-29")),
                ("29.02.2023", None),
                ("03/04/2024", None),
                ("25/04/2024", Some("2024-04-25")),
                ("04/25/2024", Some("2024-04-25")),
                ("9 March", None),
                ("1 2 3", None),
                ("", None),
            ],
            |(text, expected)| assert_eq!(whole(text).as_deref(), expected, "{text}"),
        );
    }

    #[test]
    fn dates_are_found_in_a_text() {
        let text = "Sent 3 May 2021, due on 03/04/2022; version 1.2.3 of 5 June.";
        assert_eq!(in_text(text), ["2021-05-03", "2022-04-03", "2022-03-04"]);
    }

    #[test]
    fn times_are_found_in_a_text() {
        check_all(
            [
                ("at 15:30", "15:30"),
                ("at 3:30 pm", "15:30"),
                ("at 3pm", "15:00"),
                ("12 am", "00:00"),
                ("8.15 p.m.", "20:15"),
                ("18h45", "18:45"),
                ("é 9:05", "09:05"),
            ],
            |(text, expected)| {
                assert!(times_in_text(text).contains(&expected.to_owned()), "{text}: {:?}", times_in_text(text))
            },
        );
        assert!(times_in_text("25:99 é 1234567").is_empty());
    }
}
