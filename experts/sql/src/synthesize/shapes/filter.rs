//! Questions to one table that select rows: WHERE, DISTINCT, ORDER BY, LIMIT.

use super::super::context::{Context, Draft, categories, dates, flags, gaps, labels, measures, numbers, quoted, shown};
use super::{Shape, draft, shape};

pub const SHAPES: &[Shape] = &[
    shape("columns", columns),
    shape("distinct", distinct),
    shape("where-equal", where_equal),
    shape("where-not-equal", where_not_equal),
    shape("where-greater", where_greater),
    shape("where-less", where_less),
    shape("where-between", where_between),
    shape("where-starts", where_starts),
    shape("where-contains", where_contains),
    shape("where-in", where_in),
    shape("where-null", where_null),
    shape("where-not-null", where_not_null),
    shape("where-and", where_and),
    shape("where-or", where_or),
    shape("where-flag", where_flag),
    shape("order", order),
    shape("top", top),
    shape("extreme", extreme),
    shape("latest", latest),
];

fn columns(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels])?;
    let (a, b) = x.two(t, shown)?;
    let words = [("T", t.many()), ("t", t.one.to_owned()), ("a", a.words()), ("b", b.words())];
    let question = x.say(
        &[
            "{list} the {a} and {b} of all {T}.",
            "What are the {a} and {b} of {each} {t}?",
            "For {each} {t}, {list} the {a} and the {b}.",
            "{list} {a} and {b} for the {T}.",
        ],
        &words,
    );
    draft(question, format!("SELECT {}, {} FROM {}", a.name, b.name, t.name))
}

fn distinct(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories])?;
    let c = x.column(t, categories)?;
    let words = [("T", t.many()), ("c", c.words())];
    let question = x.say(
        &[
            "{list} the different values of {c} among the {T}.",
            "Which distinct values of {c} occur in {T}?",
            "{list} each {c} of the {T} once.",
            "What unique {c} values do the {T} have?",
        ],
        &words,
    );
    draft(question, format!("SELECT DISTINCT {} FROM {}", c.name, t.name))
}

fn where_equal(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, categories])?;
    let (l, c) = (t.label()?, x.column(t, categories)?);
    let v = x.value(c)?;
    let words = [("T", t.many()), ("l", l.words()), ("c", c.words()), ("v", v.to_owned())];
    let question = x.say(
        &[
            "{list} the {l} of the {T} whose {c} is {v}.",
            "Which {T} have the {c} {v}? Return the {l}.",
            "What is the {l} of all {T} with {c} {v}?",
            "{list} the {l} for {T} where the {c} is {v}.",
        ],
        &words,
    );
    draft(question, format!("SELECT {} FROM {} WHERE {} = {}", l.name, t.name, c.name, quoted(v)))
}

fn where_not_equal(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories])?;
    let (s, c) = (x.column(t, shown)?, x.column(t, categories)?);
    let v = x.value(c)?;
    if s.name == c.name {
        return None;
    }
    let words = [("T", t.many()), ("s", s.words()), ("c", c.words()), ("v", v.to_owned())];
    let question = x.say(
        &[
            "{list} the {s} of the {T} whose {c} is not {v}.",
            "{list} the {s} of all {T} except those with {c} {v}.",
            "What is the {s} of {T} with a {c} other than {v}?",
            "For {T} that do not have the {c} {v}, {list} the {s}.",
        ],
        &words,
    );
    draft(question, format!("SELECT {} FROM {} WHERE {} <> {}", s.name, t.name, c.name, quoted(v)))
}

fn compare(x: &mut Context, wordings: &[&str], sign: &str) -> Option<Draft> {
    let t = x.table(&[numbers])?;
    let (s, n) = (x.column(t, shown)?, x.column(t, numbers)?);
    let v = x.threshold(n, 2, 8)?;
    let words = [("T", t.many()), ("s", s.words()), ("n", n.words()), ("v", v.to_string())];
    let question = x.say(wordings, &words);
    draft(question, format!("SELECT {} FROM {} WHERE {} {sign} {v}", s.name, t.name, n.name))
}

fn where_greater(x: &mut Context) -> Option<Draft> {
    compare(
        x,
        &[
            "{list} the {s} of the {T} with {n} {more} {v}.",
            "What is the {s} of {T} whose {n} is {more} {v}?",
            "Which {T} have {n} {more} {v}? {list} their {s}.",
            "{list} the {s} for all {T} where {n} exceeds {v}.",
        ],
        ">",
    )
}

fn where_less(x: &mut Context) -> Option<Draft> {
    compare(
        x,
        &[
            "{list} the {s} of the {T} with {n} of at most {v}.",
            "What is the {s} of {T} whose {n} is {v} or less?",
            "Which {T} have {n} no higher than {v}? {list} their {s}.",
            "{list} the {s} for all {T} where {n} does not exceed {v}.",
        ],
        "<=",
    )
}

fn where_between(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[numbers])?;
    let (s, n) = (x.column(t, shown)?, x.column(t, numbers)?);
    let (low, high) = (x.threshold(n, 1, 4)?, x.threshold(n, 6, 9)?);
    let words =
        [("T", t.many()), ("s", s.words()), ("n", n.words()), ("low", low.to_string()), ("high", high.to_string())];
    let question = x.say(
        &[
            "{list} the {s} of the {T} with {n} between {low} and {high}.",
            "What is the {s} of {T} whose {n} lies between {low} and {high}?",
            "Which {T} have {n} from {low} to {high}? {list} their {s}.",
            "{list} the {s} for {T} where {n} is in the range {low} to {high}.",
        ],
        &words,
    );
    draft(question, format!("SELECT {} FROM {} WHERE {} BETWEEN {low} AND {high}", s.name, t.name, n.name))
}

fn where_starts(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels])?;
    let (s, l) = (x.column(t, shown)?, t.label()?);
    let v = x.one(&["A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N", "P", "R", "S", "T", "W"])?;
    let words = [("T", t.many()), ("s", s.words()), ("l", l.words()), ("v", v.to_owned())];
    let question = x.say(
        &[
            "{list} the {s} of the {T} whose {l} starts with {v}.",
            "What is the {s} of {T} with a {l} beginning with {v}?",
            "Which {T} have a {l} that starts with the letter {v}? {list} the {s}.",
            "{list} the {s} for {T} where the {l} begins with the letter {v}.",
        ],
        &words,
    );
    draft(question, format!("SELECT {} FROM {} WHERE {} LIKE '{v}%'", s.name, t.name, l.name))
}

fn where_contains(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels])?;
    let (s, l) = (x.column(t, shown)?, t.label()?);
    let v = x.value(l)?.to_lowercase();
    let words = [("T", t.many()), ("s", s.words()), ("l", l.words()), ("v", v.clone())];
    let question = x.say(
        &[
            "{list} the {s} of the {T} whose {l} contains '{v}', ignoring case.",
            "What is the {s} of {T} with '{v}' anywhere in the {l}, in upper or lower case?",
            "Ignoring case, which {T} have '{v}' in their {l}? {list} the {s}.",
            "{list} the {s} for {T} where the {l} includes '{v}' in any case.",
        ],
        &words,
    );
    draft(question, format!("SELECT {} FROM {} WHERE {} ILIKE {}", s.name, t.name, l.name, quoted(&format!("%{v}%"))))
}

fn where_in(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories])?;
    let (s, c) = (x.column(t, shown)?, x.column(t, categories)?);
    let (v, w) = x.two_values(c)?;
    let words = [("T", t.many()), ("s", s.words()), ("c", c.words()), ("v", v.to_owned()), ("w", w.to_owned())];
    let question = x.say(
        &[
            "{list} the {s} of the {T} whose {c} is {v} or {w}.",
            "What is the {s} of {T} with {c} {v} or {w}?",
            "Which {T} have either {v} or {w} as {c}? {list} the {s}.",
            "{list} the {s} for {T} where the {c} is one of {v} and {w}.",
        ],
        &words,
    );
    draft(question, format!("SELECT {} FROM {} WHERE {} IN ({}, {})", s.name, t.name, c.name, quoted(v), quoted(w)))
}

fn where_null(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[gaps])?;
    let (s, g) = (x.column(t, shown)?, x.column(t, gaps)?);
    if s.name == g.name {
        return None;
    }
    let words = [("T", t.many()), ("s", s.words()), ("g", g.words())];
    let question = x.say(
        &[
            "{list} the {s} of the {T} without a {g}.",
            "What is the {s} of {T} that have no {g}?",
            "For which {T} is the {g} missing? {list} the {s}.",
            "{list} the {s} for {T} whose {g} is not known.",
        ],
        &words,
    );
    draft(question, format!("SELECT {} FROM {} WHERE {} IS NULL", s.name, t.name, g.name))
}

fn where_not_null(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[gaps])?;
    let g = x.column(t, gaps)?;
    let words = [("T", t.many()), ("g", g.words())];
    let question = x.say(
        &[
            "{many} {T} have a {g}?",
            "For how many {T} is the {g} known?",
            "What is the number of {T} whose {g} is recorded?",
            "Count the {T} with a known {g}.",
        ],
        &words,
    );
    draft(question, format!("SELECT COUNT(*) FROM {} WHERE {} IS NOT NULL", t.name, g.name))
}

fn where_and(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories, numbers])?;
    let (s, c, n) = (x.column(t, shown)?, x.column(t, categories)?, x.column(t, numbers)?);
    let (v, low) = (x.value(c)?, x.threshold(n, 2, 7)?);
    let words = [
        ("T", t.many()),
        ("s", s.words()),
        ("c", c.words()),
        ("v", v.to_owned()),
        ("n", n.words()),
        ("low", low.to_string()),
    ];
    let question = x.say(
        &[
            "{list} the {s} of the {T} whose {c} is {v} and whose {n} is {more} {low}.",
            "What is the {s} of {T} with {c} {v} and {n} {more} {low}?",
            "Which {T} have {c} {v} and {n} {more} {low}? {list} the {s}.",
            "Among the {T} with {c} {v}, {list} the {s} of those whose {n} is {more} {low}.",
        ],
        &words,
    );
    draft(
        question,
        format!("SELECT {} FROM {} WHERE {} = {} AND {} > {low}", s.name, t.name, c.name, quoted(v), n.name),
    )
}

fn where_or(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories, numbers])?;
    let (s, c, n) = (x.column(t, shown)?, x.column(t, categories)?, x.column(t, numbers)?);
    let (v, low) = (x.value(c)?, x.threshold(n, 2, 7)?);
    let words = [
        ("T", t.many()),
        ("s", s.words()),
        ("c", c.words()),
        ("v", v.to_owned()),
        ("n", n.words()),
        ("low", low.to_string()),
    ];
    let question = x.say(
        &[
            "{list} the {s} of the {T} whose {c} is {v} or whose {n} is {less} {low}.",
            "What is the {s} of {T} that have {c} {v} or {n} {less} {low}?",
            "Which {T} have either {c} {v} or {n} {less} {low}? {list} the {s}.",
            "{list} the {s} for {T} where the {c} is {v} or the {n} is {less} {low}.",
        ],
        &words,
    );
    draft(question, format!("SELECT {} FROM {} WHERE {} = {} OR {} < {low}", s.name, t.name, c.name, quoted(v), n.name))
}

fn where_flag(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, flags])?;
    let (s, f) = (x.column(t, shown)?, x.column(t, flags)?);
    if s.name == f.name {
        return None;
    }
    let words = [("T", t.many()), ("s", s.words()), ("f", f.words())];
    if x.number(0, 1) == 0 {
        let question = x.say(
            &[
                "{list} the {s} of the {T} for which {f} is true.",
                "What is the {s} of {T} marked as {f}?",
                "Which {T} are flagged {f}? {list} the {s}.",
                "{list} the {s} for all {T} that are set to {f}.",
            ],
            &words,
        );
        draft(question, format!("SELECT {} FROM {} WHERE {}", s.name, t.name, f.name))
    } else {
        let question = x.say(
            &[
                "{list} the {s} of the {T} for which {f} is false.",
                "What is the {s} of {T} not marked as {f}?",
                "Which {T} are not flagged {f}? {list} the {s}.",
                "{list} the {s} for all {T} that are not set to {f}.",
            ],
            &words,
        );
        draft(question, format!("SELECT {} FROM {} WHERE NOT {}", s.name, t.name, f.name))
    }
}

fn order(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, measures])?;
    let (l, n) = (t.label()?, x.column(t, measures)?);
    let words = [("T", t.many()), ("l", l.words()), ("n", n.words())];
    let (wordings, direction): (&[&str], _) = if x.number(0, 1) == 0 {
        (
            &[
                "{list} the {l} and {n} of all {T}, highest {n} first.",
                "{list} {l} and {n} of the {T} sorted by {n} in descending order.",
                "What are the {l} and {n} of the {T}, from the highest {n} to the lowest?",
                "Sort the {T} by {n}, largest first, and {list} their {l} and {n}.",
            ],
            " DESC",
        )
    } else {
        (
            &[
                "{list} the {l} and {n} of all {T}, lowest {n} first.",
                "{list} {l} and {n} of the {T} sorted by {n} in ascending order.",
                "What are the {l} and {n} of the {T}, from the lowest {n} to the highest?",
                "Sort the {T} by {n}, smallest first, and {list} their {l} and {n}.",
            ],
            "",
        )
    };
    let question = x.say(wordings, &words);
    draft(question, format!("SELECT {}, {} FROM {} ORDER BY {}{direction}", l.name, n.name, t.name, n.name))
}

fn top(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, measures])?;
    let (l, n, k) = (t.label()?, x.column(t, measures)?, x.number(2, 15));
    let words = [("T", t.many()), ("l", l.words()), ("n", n.words()), ("k", k.to_string())];
    let question = x.say(
        &[
            "{list} the {l} of the {k} {T} with the highest {n}.",
            "What is the {l} of the top {k} {T} by {n}?",
            "Which {k} {T} have the largest {n}? {list} the {l}.",
            "{list} the {l} of the {k} {T} that rank highest in {n}.",
        ],
        &words,
    );
    draft(question, format!("SELECT {} FROM {} ORDER BY {} DESC LIMIT {k}", l.name, t.name, n.name))
}

fn extreme(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, measures])?;
    let (l, n) = (t.label()?, x.column(t, measures)?);
    let words = [("t", t.one.to_owned()), ("l", l.words()), ("n", n.words())];
    let question = x.say(
        &[
            "What is the {l} of the {t} with the lowest {n}?",
            "{list} the {l} of the single {t} that has the smallest {n}.",
            "Which {t} has the lowest {n}? {list} the {l}.",
            "{list} the {l} of the {t} with the minimum {n}.",
        ],
        &words,
    );
    draft(question, format!("SELECT {} FROM {} ORDER BY {} LIMIT 1", l.name, t.name, n.name))
}

fn latest(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[dates])?;
    let (s, d, k) = (x.column(t, shown)?, x.column(t, dates)?, x.number(3, 10));
    if s.name == d.name {
        return None;
    }
    let words = [("T", t.many()), ("s", s.words()), ("d", d.words()), ("k", k.to_string())];
    let question = x.say(
        &[
            "{list} the {s} and {d} of the {k} most recent {T} by {d}.",
            "What are the {s} and {d} of the {k} {T} with the latest {d}?",
            "{list} {s} and {d} for the last {k} {T} by {d}, newest first.",
            "Sort the {T} by {d}, newest first, and {list} the {s} and {d} of the first {k}.",
        ],
        &words,
    );
    draft(question, format!("SELECT {}, {} FROM {} ORDER BY {} DESC LIMIT {k}", s.name, d.name, t.name, d.name))
}
