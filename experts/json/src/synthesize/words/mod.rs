//! Words for values: names, places, things, codes. Most are put together from lists, so that a value seldom repeats.

mod names;
mod places;
mod things;

use hive_sdk::rng::Rng;

/// Where the words of a string come from.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    /// First and last name.
    Person,
    /// A first name.
    FirstName,
    /// A last name with a title: `Dr. Lind`.
    Titled,
    /// A company.
    Company,
    /// A thing to buy: `walnut desk lamp`.
    Product,
    /// A city.
    City,
    /// A country.
    Country,
    /// A street with a number.
    Street,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A web address.
    Url,
    /// A code: `#` stands for a digit, `@` for a capital letter, `%` for a hexadecimal digit, all else for itself.
    Code(&'static str),
    /// One of these.
    One(&'static [&'static str]),
    /// One of each list, with blanks between.
    Two(&'static [&'static str], &'static [&'static str]),
}

/// A name that the source gives.
pub fn word(source: Source, rng: &mut Rng) -> String {
    match source {
        Source::Person => person(rng),
        Source::FirstName => one(names::FIRST, rng).to_owned(),
        Source::Titled => format!("{} {}", one(names::TITLES, rng), one(names::LAST, rng)),
        Source::Company => company(rng),
        Source::Product => product(rng),
        Source::City => one(places::CITIES, rng).to_owned(),
        Source::Country => one(places::COUNTRIES, rng).to_owned(),
        Source::Street => street(rng),
        Source::Email => email(rng),
        Source::Phone => phone(rng),
        Source::Url => {
            let ending = one(&["com", "org", "net", "io", "eu", "co.uk"], rng);
            format!("https://{}.{ending}/{}", host(rng), one(things::PAGES, rng))
        }
        Source::Code(pattern) => code(pattern, rng),
        Source::One(words) => one(words, rng).to_owned(),
        Source::Two(first, second) => format!("{} {}", one(first, rng), one(second, rng)),
    }
}

/// One of a list that has at least one.
pub fn one<'a>(list: &[&'a str], rng: &mut Rng) -> &'a str {
    rng.pick(list).copied().unwrap_or_default()
}

fn person(rng: &mut Rng) -> String {
    let (first, last) = (one(names::FIRST, rng), one(names::LAST, rng));
    match rng.below(12) {
        0 => format!("{first} {}. {last}", char::from(b'A' + rng.below(26) as u8)),
        1 => format!("{first} {last}-{}", one(names::LAST, rng)),
        _ => format!("{first} {last}"),
    }
}

fn company(rng: &mut Rng) -> String {
    let (name, kind) = (one(names::LAST, rng), one(things::TRADES, rng));
    match rng.below(6) {
        0 => format!("{name} & {} {}", one(names::LAST, rng), one(&["Ltd", "LLC", "Partners", "GmbH"], rng)),
        1 => format!("{name} {kind}"),
        2 => format!("{} {kind}", one(places::CITIES, rng)),
        3 => format!("{}{} Inc.", one(things::FRONTS, rng), one(things::BACKS, rng)),
        4 => format!("{}{}", one(things::FRONTS, rng), one(things::BACKS, rng)),
        _ => format!("{} {kind}", one(things::FRONTS, rng)),
    }
}

fn product(rng: &mut Rng) -> String {
    let (look, thing) = (one(things::LOOKS, rng), one(things::GOODS, rng));
    match rng.below(4) {
        0 => format!("{look} {thing} {}{}", one(&["X", "S", "Mk ", "Pro ", "V"], rng), rng.between(2, 90)),
        1 => thing.to_owned(),
        _ => format!("{look} {thing}"),
    }
}

fn street(rng: &mut Rng) -> String {
    let (name, kind, n) = (one(places::STREETS, rng), one(places::WAYS, rng), rng.between(1, 240));
    match rng.below(4) {
        0 => format!("{name} {kind} {n}"),
        1 => format!("{n}{} {name} {kind}", one(&["a", "b", "c"], rng)),
        _ => format!("{n} {name} {kind}"),
    }
}

fn host(rng: &mut Rng) -> String {
    format!("{}{}", one(things::FRONTS, rng), one(things::BACKS, rng)).to_lowercase()
}

fn email(rng: &mut Rng) -> String {
    let plain =
        |name: &str| -> String { name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase() };
    let (first, last) = (plain(one(names::FIRST, rng)), plain(one(names::LAST, rng)));
    let local = match rng.below(4) {
        0 => format!("{first}{}", rng.between(1, 99)),
        1 => format!("{}.{last}", &first[..1.min(first.len())]),
        _ => format!("{first}.{last}"),
    };
    format!("{local}@{}.{}", host(rng), one(&["com", "org", "net", "io", "example"], rng))
}

fn phone(rng: &mut Rng) -> String {
    let pattern = one(&["+## ### ######", "0## ### ## ##", "(###) ###-####", "###-###-####", "+## ## #### ####"], rng);
    code(pattern, rng)
}

/// A code after a pattern.
pub fn code(pattern: &str, rng: &mut Rng) -> String {
    let mut start = true;
    let sign = |c: char| {
        let sign = match c {
            // A code of digits alone does not begin with a zero, which a number would lose.
            '#' if start => char::from(b'1' + rng.below(9) as u8),
            '#' => char::from(b'0' + rng.below(10) as u8),
            '@' => char::from(b'A' + rng.below(26) as u8),
            '%' => char::from(b"0123456789abcdef"[rng.below(16)]),
            other => other,
        };
        start = false;
        sign
    };
    pattern.chars().map(sign).collect()
}

/// The first or last name of someone who is not in the record.
pub fn bystander(rng: &mut Rng) -> &'static str {
    one(names::FIRST, rng)
}
