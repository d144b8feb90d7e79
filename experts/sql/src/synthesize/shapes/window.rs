//! Questions that window functions answer: ranks, running totals, the best of each group.

use super::super::context::{Context, Draft, categories, dates, labels, measures, sums};
use super::{Shape, draft, shape};

pub const SHAPES: &[Shape] = &[
    shape("rank", rank),
    shape("rank-within", rank_within),
    shape("row-number", row_number),
    shape("running-total", running_total),
    shape("top-per-group", top_per_group),
    shape("latest-per-parent", latest_per_parent),
    shape("difference-to-average", difference_to_average),
    shape("share-of-total", share_of_total),
    shape("previous", previous),
];

fn rank(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, measures])?;
    let (l, n) = (t.label()?, x.column(t, measures)?);
    let words = [("T", t.many()), ("t", t.one.to_owned()), ("l", l.words()), ("n", n.words())];
    let question = x.say(
        &[
            "{list} the {l}, the {n} and the rank of {each} {t} by {n}, highest first.",
            "Rank the {T} by {n}, the highest being 1, and {list} {l}, {n} and rank.",
            "What rank does {each} {t} have by descending {n}? Show {l}, {n} and rank.",
            "{list} {l} and {n} of the {T} with their rank in {n} from high to low.",
        ],
        &words,
    );
    let (l, n) = (l.name, n.name);
    draft(question, format!("SELECT {l}, {n}, RANK() OVER (ORDER BY {n} DESC) AS rank FROM {}", t.name))
}

fn rank_within(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, categories, measures])?;
    let (l, c, n) = (t.label()?, x.column(t, categories)?, x.column(t, measures)?);
    let words = [("T", t.many()), ("t", t.one.to_owned()), ("l", l.words()), ("c", c.words()), ("n", n.words())];
    let question = x.say(
        &[
            "{list} the {l}, the {c} and the rank of {each} {t} by {n} within its {c}, highest first.",
            "Rank the {T} by {n} within {each} {c}, the highest being 1; show {l}, {c} and rank.",
            "What rank by descending {n} does {each} {t} have among the {T} of its {c}? Show {l}, {c} and rank.",
            "Per {c}, rank the {T} from high to low {n} and {list} {l}, {c} and rank.",
        ],
        &words,
    );
    let (l, c, n) = (l.name, c.name, n.name);
    draft(
        question,
        format!("SELECT {l}, {c}, RANK() OVER (PARTITION BY {c} ORDER BY {n} DESC) AS rank FROM {}", t.name),
    )
}

fn row_number(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, dates])?;
    let (l, d) = (t.label()?, x.column(t, dates)?);
    let words = [("T", t.many()), ("t", t.one.to_owned()), ("l", l.words()), ("d", d.words())];
    let question = x.say(
        &[
            "Number the {T} by {d}, earliest first, and {list} the {l} and the number.",
            "{list} the {l} of {each} {t} with a running number in order of {d}.",
            "Give {each} {t} a row number by {d} from the earliest on; show {l} and row number.",
            "{list} the {T} by {l} with their position when sorted by {d}, oldest first.",
        ],
        &words,
    );
    draft(question, format!("SELECT {}, ROW_NUMBER() OVER (ORDER BY {}) AS row_number FROM {}", l.name, d.name, t.name))
}

fn running_total(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[dates, sums])?;
    let (d, n) = (x.column(t, dates)?, x.column(t, sums)?);
    let words = [("T", t.many()), ("t", t.one.to_owned()), ("d", d.words()), ("n", n.words())];
    let question = x.say(
        &[
            "{list} the {d}, the {n} and the running total of {n} of the {T} in order of {d}.",
            "For {each} {t}, {list} {d}, {n} and the cumulative {n} up to that {d}.",
            "What is the running sum of {n} over the {T} by {d}? Show {d}, {n} and running total.",
            "{list} {d} and {n} of the {T} with a cumulative total of {n} by {d}.",
        ],
        &words,
    );
    let (d, n) = (d.name, n.name);
    draft(question, format!("SELECT {d}, {n}, SUM({n}) OVER (ORDER BY {d}) AS running_{n} FROM {}", t.name))
}

fn top_per_group(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, categories, measures])?;
    let (l, c, n, k) = (t.label()?, x.column(t, categories)?, x.column(t, measures)?, x.number(1, 5));
    let words = [("T", t.many()), ("l", l.words()), ("c", c.words()), ("n", n.words()), ("k", k.to_string())];
    let question = x.say(
        &[
            "For {each} {c}, {list} the {c} and {l} of its top {k} {T} by {n}.",
            "{list} {c} and {l} of the {k} of the {T} with the highest {n} in {each} {c}.",
            "Which {k} of the {T} rank highest by {n} within {each} {c}? Show {c} and {l}.",
            "Per {c}, what are the first {k} of the {T} by descending {n}? Return {c} and {l}.",
        ],
        &words,
    );
    let (l, c, n) = (l.name, c.name, n.name);
    draft(
        question,
        format!(
            "WITH ranked AS (SELECT {c}, {l}, ROW_NUMBER() OVER (PARTITION BY {c} ORDER BY {n} DESC) AS row_number FROM {}) SELECT {c}, {l} FROM ranked WHERE row_number <= {k}",
            t.name
        ),
    )
}

fn latest_per_parent(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let (d, s) = (x.column(l.child, dates)?, x.column(l.child, measures)?);
    let words = [
        ("C", l.child.many()),
        ("c", l.child.one.to_owned()),
        ("r", l.reference.words()),
        ("d", d.words()),
        ("s", s.words()),
    ];
    let question = x.say(
        &[
            "For {each} {r}, {list} the {r}, {d} and {s} of its most recent {c} by {d}.",
            "{list} {r}, {d} and {s} of the latest {c} of {each} {r}, judged by {d}.",
            "What are the {r}, {d} and {s} of the newest of the {C} for {each} {r}, by {d}?",
            "Keep only the last {c} by {d} per {r} and {list} its {r}, {d} and {s}.",
        ],
        &words,
    );
    let (r, d, s) = (l.reference.name, d.name, s.name);
    draft(question, format!("SELECT DISTINCT ON ({r}) {r}, {d}, {s} FROM {} ORDER BY {r}, {d} DESC", l.child.name))
}

fn difference_to_average(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, categories, measures])?;
    let (l, c, n) = (t.label()?, x.column(t, categories)?, x.column(t, measures)?);
    let words = [("T", t.many()), ("t", t.one.to_owned()), ("l", l.words()), ("c", c.words()), ("n", n.words())];
    let question = x.say(
        &[
            "{list} the {l} of {each} {t} and how far its {n} is from the average of its {c}.",
            "For {each} {t}, {list} the {l} and the {n} minus the average {n} of the same {c}.",
            "By how much does the {n} of {each} {t} differ from the mean of its {c}? Show {l} and difference.",
            "{list} {l} of the {T} with the difference between their {n} and the average {n} of their {c}.",
        ],
        &words,
    );
    let (l, c, n) = (l.name, c.name, n.name);
    draft(question, format!("SELECT {l}, {n} - AVG({n}) OVER (PARTITION BY {c}) AS difference FROM {}", t.name))
}

fn share_of_total(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories, sums])?;
    let (c, n) = (x.column(t, categories)?, x.column(t, sums)?);
    let words = [("T", t.many()), ("c", c.words()), ("n", n.words())];
    let question = x.say(
        &[
            "What share of the total {n} of all {T} does {each} {c} contribute, in percent to one decimal?",
            "{list} each {c} with its percentage of the total {n} of the {T}, to one decimal.",
            "For {each} {c}, {list} the percentage of the overall {n} of the {T}, rounded to one decimal.",
            "How is the total {n} of the {T} divided among the {c} values, in percent with one decimal?",
        ],
        &words,
    );
    let (c, n) = (c.name, n.name);
    draft(
        question,
        format!(
            "SELECT {c}, ROUND(100.0 * SUM({n}) / SUM(SUM({n})) OVER (), 1) AS percent FROM {} GROUP BY {c}",
            t.name
        ),
    )
}

fn previous(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[dates, measures])?;
    let (d, n) = (x.column(t, dates)?, x.column(t, measures)?);
    let words = [("T", t.many()), ("t", t.one.to_owned()), ("d", d.words()), ("n", n.words())];
    let question = x.say(
        &[
            "{list} the {d}, the {n} and the {n} of the previous {t} by {d}.",
            "For {each} {t}, {list} {d}, {n} and the {n} of the one before it in order of {d}.",
            "Beside the {d} and {n} of {each} {t}, show the preceding {n} by {d}.",
            "{list} {d} and {n} of the {T} with the {n} of the row before, ordered by {d}.",
        ],
        &words,
    );
    let (d, n) = (d.name, n.name);
    draft(question, format!("SELECT {d}, {n}, LAG({n}) OVER (ORDER BY {d}) AS previous_{n} FROM {}", t.name))
}
