//! Questions about dates and times: EXTRACT, DATE_TRUNC, INTERVAL.

use super::super::context::{Context, Draft, dates, shown, sums};
use super::{Shape, draft, shape};

pub const SHAPES: &[Shape] = &[
    shape("date-since", since),
    shape("date-before", before),
    shape("year-equal", year_equal),
    shape("year-count", year_count),
    shape("month-sum", month_sum),
    shape("month-count", month_count),
    shape("recent", recent),
    shape("weekday-count", weekday_count),
];

fn since(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[dates])?;
    let (s, d) = (x.column(t, shown)?, x.column(t, dates)?);
    let v = x.day(d)?;
    let words = [("T", t.many()), ("s", s.words()), ("d", d.words()), ("v", v.clone())];
    let question = x.say(
        &[
            "{list} the {s} of the {T} with a {d} on or after {v}.",
            "What is the {s} of {T} whose {d} is not before {v}?",
            "{list} the {s} for {T} since {v}, judged by {d}.",
            "Which {T} have a {d} from {v} onwards? {list} the {s}.",
        ],
        &words,
    );
    draft(question, format!("SELECT {} FROM {} WHERE {} >= '{v}'", s.name, t.name, d.name))
}

fn before(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[dates])?;
    let d = x.column(t, dates)?;
    let v = x.day(d)?;
    let words = [("T", t.many()), ("d", d.words()), ("v", v.clone())];
    let question = x.say(
        &[
            "{many} {T} have a {d} before {v}?",
            "What is the number of {T} whose {d} is earlier than {v}?",
            "Count the {T} with a {d} prior to {v}.",
            "How many of the {T} date from before {v}, judged by {d}?",
        ],
        &words,
    );
    draft(question, format!("SELECT COUNT(*) FROM {} WHERE {} < '{v}'", t.name, d.name))
}

fn year_equal(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[dates])?;
    let (s, d) = (x.column(t, shown)?, x.column(t, dates)?);
    let v = x.year(d)?;
    let words = [("T", t.many()), ("s", s.words()), ("d", d.words()), ("v", v.to_string())];
    let question = x.say(
        &[
            "{list} the {s} of the {T} whose {d} is in {v}.",
            "What is the {s} of {T} with a {d} in the year {v}?",
            "Which {T} have their {d} in {v}? {list} the {s}.",
            "{list} the {s} for all {T} where the {d} falls in {v}.",
        ],
        &words,
    );
    draft(question, format!("SELECT {} FROM {} WHERE EXTRACT(YEAR FROM {}) = {v}", s.name, t.name, d.name))
}

fn year_count(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[dates])?;
    let d = x.column(t, dates)?;
    let words = [("T", t.many()), ("d", d.words())];
    let question = x.say(
        &[
            "How many {T} are there per year of the {d}, in order of the year?",
            "{list} the number of {T} for {each} year of {d}, sorted by year.",
            "Count the {T} by the year of their {d}, earliest year first.",
            "For {each} year of the {d}, how many {T} are there? Sort by year.",
        ],
        &words,
    );
    let (d, t) = (d.name, t.name);
    draft(
        question,
        format!(
            "SELECT EXTRACT(YEAR FROM {d}) AS year, COUNT(*) AS {t}_count FROM {t} GROUP BY EXTRACT(YEAR FROM {d}) ORDER BY year"
        ),
    )
}

fn month_sum(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[dates, sums])?;
    let (d, n) = (x.column(t, dates)?, x.column(t, sums)?);
    let words = [("T", t.many()), ("d", d.words()), ("n", n.words())];
    let question = x.say(
        &[
            "What is the total {n} of the {T} per month of the {d}, in order of the month?",
            "{list} the sum of {n} of the {T} for {each} month of {d}, sorted by month.",
            "Add up the {n} of the {T} by month of {d}, earliest month first.",
            "For {each} month of the {d}, {list} the total {n} of the {T}, sorted by month.",
        ],
        &words,
    );
    let (d, n) = (d.name, n.name);
    draft(
        question,
        format!(
            "SELECT DATE_TRUNC('month', {d}) AS month, SUM({n}) AS total_{n} FROM {} GROUP BY DATE_TRUNC('month', {d}) ORDER BY month",
            t.name
        ),
    )
}

fn month_count(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[dates])?;
    let d = x.column(t, dates)?;
    let v = x.year(d)?;
    let words = [("T", t.many()), ("d", d.words()), ("v", v.to_string())];
    let question = x.say(
        &[
            "How many {T} were there in {each} month of {v}, by {d}?",
            "{list} the number of {T} per month of their {d} in {v}.",
            "Count the {T} of {v} by the month of their {d}.",
            "For {each} month of {v}, {list} the number of {T}, judged by {d}.",
        ],
        &words,
    );
    let (d, t) = (d.name, t.name);
    draft(
        question,
        format!(
            "SELECT DATE_TRUNC('month', {d}) AS month, COUNT(*) AS {t}_count FROM {t} WHERE EXTRACT(YEAR FROM {d}) = {v} GROUP BY DATE_TRUNC('month', {d})"
        ),
    )
}

fn recent(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[dates])?;
    let (s, d) = (x.column(t, shown)?, x.column(t, dates)?);
    let (k, unit) = (x.number(2, 30), x.one(&["days", "months", "weeks"])?);
    let words = [("T", t.many()), ("s", s.words()), ("d", d.words()), ("v", format!("{k} {unit}"))];
    let question = x.say(
        &[
            "{list} the {s} of the {T} with a {d} within the last {v}.",
            "What is the {s} of {T} whose {d} lies in the past {v}?",
            "{list} the {s} for {T} from the last {v}, judged by {d}.",
            "Which {T} have a {d} no older than {v}? {list} the {s}.",
        ],
        &words,
    );
    draft(
        question,
        format!("SELECT {} FROM {} WHERE {} >= CURRENT_DATE - INTERVAL '{k} {unit}'", s.name, t.name, d.name),
    )
}

fn weekday_count(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[dates])?;
    let d = x.column(t, dates)?;
    let words = [("T", t.many()), ("d", d.words())];
    let question = x.say(
        &[
            "How many {T} fall on {each} day of the week, by {d}?",
            "{list} the number of {T} per weekday of their {d}.",
            "Count the {T} by the day of the week of their {d}.",
            "For {each} day of the week, {list} the number of {T}, judged by {d}.",
        ],
        &words,
    );
    let (d, t) = (d.name, t.name);
    draft(
        question,
        format!(
            "SELECT EXTRACT(DOW FROM {d}) AS weekday, COUNT(*) AS {t}_count FROM {t} GROUP BY EXTRACT(DOW FROM {d})"
        ),
    )
}
