//! Questions to one table that summarise rows: COUNT, AVG, GROUP BY, HAVING, CASE, FILTER.

use super::super::context::{
    Context, Draft, categories, labels, measures, number_gaps, numbers, quoted, sums, text_gaps,
};
use super::{Shape, draft, shape};

pub const SHAPES: &[Shape] = &[
    shape("count", count),
    shape("count-where", count_where),
    shape("count-distinct", count_distinct),
    shape("aggregate", aggregate),
    shape("min-max", min_max),
    shape("sum-where", sum_where),
    shape("group-count", group_count),
    shape("group-aggregate", group_aggregate),
    shape("group-two", group_two),
    shape("having-count", having_count),
    shape("having-average", having_average),
    shape("group-top", group_top),
    shape("case-bands", case_bands),
    shape("coalesce-number", coalesce_number),
    shape("coalesce-text", coalesce_text),
    shape("filter", filter),
    shape("percent", percent),
    shape("string-agg", string_agg),
];

fn count(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[])?;
    let words = [("T", t.many()), ("t", t.one.to_owned())];
    let question = x.say(
        &[
            "{many} {T} are there?",
            "What is the total number of {T}?",
            "Count all {T}.",
            "How many {T} does the database hold?",
            "What is the number of rows in {T}?",
        ],
        &words,
    );
    draft(question, format!("SELECT COUNT(*) FROM {}", t.name))
}

fn count_where(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories])?;
    let c = x.column(t, categories)?;
    let v = x.value(c)?;
    let words = [("T", t.many()), ("c", c.words()), ("v", v.to_owned())];
    let question = x.say(
        &[
            "{many} {T} have the {c} {v}?",
            "What is the number of {T} whose {c} is {v}?",
            "Count the {T} with {c} {v}.",
            "How many of the {T} are there where the {c} is {v}?",
        ],
        &words,
    );
    draft(question, format!("SELECT COUNT(*) FROM {} WHERE {} = {}", t.name, c.name, quoted(v)))
}

fn count_distinct(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories])?;
    let c = x.column(t, categories)?;
    let words = [("T", t.many()), ("c", c.words())];
    let question = x.say(
        &[
            "How many different values of {c} are there among the {T}?",
            "What is the number of distinct {c} values in {T}?",
            "Count the unique values of {c} of the {T}.",
            "How many distinct values does {c} have across all {T}?",
        ],
        &words,
    );
    draft(question, format!("SELECT COUNT(DISTINCT {}) FROM {}", c.name, t.name))
}

fn aggregate(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[measures])?;
    let n = x.column(t, measures)?;
    let (word, function) =
        x.one(&[("average", "AVG"), ("mean", "AVG"), ("highest", "MAX"), ("maximum", "MAX"), ("lowest", "MIN")])?;
    let words = [("T", t.many()), ("n", n.words()), ("w", word.to_owned())];
    let question = x.say(
        &[
            "What is the {w} {n} of the {T}?",
            "{list} the {w} {n} of all {T}.",
            "Considering all {T}, what is the {w} {n}?",
            "{what} the {w} {n} among the {T}.",
        ],
        &words,
    );
    draft(question, format!("SELECT {function}({}) FROM {}", n.name, t.name))
}

fn min_max(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[numbers])?;
    let n = x.column(t, numbers)?;
    let words = [("T", t.many()), ("n", n.words())];
    let question = x.say(
        &[
            "What are the lowest and the highest {n} of the {T}?",
            "{list} the minimum and maximum {n} among all {T}.",
            "From what {n} to what {n} do the {T} range?",
            "{list} the smallest and the largest {n} of the {T}.",
        ],
        &words,
    );
    let n = n.name;
    draft(question, format!("SELECT MIN({n}) AS min_{n}, MAX({n}) AS max_{n} FROM {}", t.name))
}

fn sum_where(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[sums, categories])?;
    let (n, c) = (x.column(t, sums)?, x.column(t, categories)?);
    let v = x.value(c)?;
    let words = [("T", t.many()), ("n", n.words()), ("c", c.words()), ("v", v.to_owned())];
    let question = x.say(
        &[
            "What is the total {n} of the {T} whose {c} is {v}?",
            "{list} the sum of {n} over all {T} with {c} {v}.",
            "Add up the {n} of the {T} with {c} {v}.",
            "For {T} where the {c} is {v}, what is the total {n}?",
        ],
        &words,
    );
    draft(question, format!("SELECT SUM({}) FROM {} WHERE {} = {}", n.name, t.name, c.name, quoted(v)))
}

fn group_count(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories])?;
    let c = x.column(t, categories)?;
    let words = [("T", t.many()), ("c", c.words())];
    let question = x.say(
        &[
            "How many {T} are there for {each} {c}?",
            "{list} the number of {T} per {c}.",
            "Count the {T} by {c}.",
            "For {each} {c}, how many {T} are there?",
        ],
        &words,
    );
    draft(question, format!("SELECT {c}, COUNT(*) AS {t}_count FROM {t} GROUP BY {c}", c = c.name, t = t.name))
}

fn group_aggregate(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories, measures])?;
    let (c, n) = (x.column(t, categories)?, x.column(t, measures)?);
    let (word, function, prefix) = x.one(&[
        ("average", "AVG", "avg"),
        ("mean", "AVG", "avg"),
        ("highest", "MAX", "max"),
        ("lowest", "MIN", "min"),
    ])?;
    let words = [("T", t.many()), ("c", c.words()), ("n", n.words()), ("w", word.to_owned())];
    let question = x.say(
        &[
            "What is the {w} {n} of the {T} for {each} {c}?",
            "{list} the {w} {n} of {T} per {c}.",
            "For {each} {c}, {list} the {w} {n} of its {T}.",
            "{list} the {c} and the {w} {n} of the {T}, grouped by {c}.",
        ],
        &words,
    );
    let (c, n) = (c.name, n.name);
    draft(question, format!("SELECT {c}, {function}({n}) AS {prefix}_{n} FROM {} GROUP BY {c}", t.name))
}

fn group_two(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories, measures])?;
    let (c, n) = (x.column(t, categories)?, x.column(t, sums)?);
    let words = [("T", t.many()), ("c", c.words()), ("n", n.words())];
    let question = x.say(
        &[
            "For {each} {c}, {list} the number of {T} and their total {n}.",
            "{list} how many {T} there are per {c} and the sum of their {n}.",
            "What are the count of {T} and the total {n} for {each} {c}?",
            "{list} the {c}, the number of {T} and the total {n}, grouped by {c}.",
        ],
        &words,
    );
    let (c, n, t) = (c.name, n.name, t.name);
    draft(question, format!("SELECT {c}, COUNT(*) AS {t}_count, SUM({n}) AS total_{n} FROM {t} GROUP BY {c}"))
}

fn having_count(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories])?;
    let (c, k) = (x.column(t, categories)?, x.number(2, 30));
    let words = [("T", t.many()), ("c", c.words()), ("k", k.to_string())];
    let question = x.say(
        &[
            "Which values of {c} have {more} {k} {T}?",
            "{list} each {c} that has {more} {k} {T}.",
            "{list} the {c} values shared by {more} {k} {T}.",
            "For which {c} are there {more} {k} {T}?",
        ],
        &words,
    );
    draft(question, format!("SELECT {c} FROM {} GROUP BY {c} HAVING COUNT(*) > {k}", t.name, c = c.name))
}

fn having_average(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories, measures])?;
    let (c, n) = (x.column(t, categories)?, x.column(t, measures)?);
    let v = x.threshold(n, 3, 7)?;
    let words = [("T", t.many()), ("c", c.words()), ("n", n.words()), ("v", v.to_string())];
    let question = x.say(
        &[
            "{list} each {c} whose {T} have an average {n} {more} {v}, with that average.",
            "For which {c} is the average {n} of the {T} {more} {v}? Show the average too.",
            "{list} the {c} and the average {n} of its {T} where that average is {more} {v}.",
            "Which values of {c} have {T} with a mean {n} {more} {v}? Return the {c} and the mean.",
        ],
        &words,
    );
    let (c, n) = (c.name, n.name);
    draft(question, format!("SELECT {c}, AVG({n}) AS avg_{n} FROM {} GROUP BY {c} HAVING AVG({n}) > {v}", t.name))
}

fn group_top(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories])?;
    let c = x.column(t, categories)?;
    let words = [("T", t.many()), ("c", c.words())];
    let question = x.say(
        &[
            "Which {c} has the most {T}?",
            "{list} the most common {c} among the {T}.",
            "What is the {c} that occurs most often in {T}?",
            "{list} the {c} with the largest number of {T}.",
        ],
        &words,
    );
    draft(question, format!("SELECT {c} FROM {} GROUP BY {c} ORDER BY COUNT(*) DESC LIMIT 1", t.name, c = c.name))
}

fn case_bands(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, measures])?;
    let (l, n) = (t.label()?, x.column(t, measures)?);
    let v = x.threshold(n, 3, 8)?;
    let (high, low) = x.one(&[("high", "low"), ("large", "small"), ("above", "below"), ("A", "B")])?;
    let words = [
        ("T", t.many()),
        ("t", t.one.to_owned()),
        ("l", l.words()),
        ("n", n.words()),
        ("v", v.to_string()),
        ("h", high.to_owned()),
        ("lo", low.to_owned()),
    ];
    let question = x.say(
        &[
            "{list} the {l} of {each} {t} and '{h}' if its {n} is at least {v}, otherwise '{lo}'.",
            "Label {each} {t} '{h}' when the {n} is {v} or more and '{lo}' otherwise; show the {l} and the label.",
            "For all {T}, {list} the {l} and whether the {n} is '{h}' ({v} or more) or '{lo}'.",
            "Classify the {T} by {n}: '{h}' from {v} upwards, else '{lo}'. Return {l} and class.",
        ],
        &words,
    );
    let (n, l) = (n.name, l.name);
    draft(
        question,
        format!("SELECT {l}, CASE WHEN {n} >= {v} THEN '{high}' ELSE '{low}' END AS {n}_class FROM {}", t.name),
    )
}

fn coalesce_number(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[number_gaps])?;
    let (s, g) = (x.column(t, |c| super::super::context::shown(c) && !c.nullable)?, x.column(t, number_gaps)?);
    let words = [("T", t.many()), ("t", t.one.to_owned()), ("s", s.words()), ("g", g.words())];
    let question = x.say(
        &[
            "{list} the {s} and the {g} of all {T}, with 0 where the {g} is missing.",
            "For {each} {t}, {list} the {s} and the {g}, counting an unknown {g} as 0.",
            "What are the {s} and {g} of the {T}? Use 0 when there is no {g}.",
            "{list} {s} and {g} of {each} {t}, replacing a missing {g} by zero.",
        ],
        &words,
    );
    let (s, g) = (s.name, g.name);
    draft(question, format!("SELECT {s}, COALESCE({g}, 0) AS {g} FROM {}", t.name))
}

fn coalesce_text(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[text_gaps])?;
    let (s, g) = (x.column(t, |c| super::super::context::shown(c) && !c.nullable)?, x.column(t, text_gaps)?);
    let v = x.one(&["unknown", "none", "n/a"])?;
    let words = [("T", t.many()), ("t", t.one.to_owned()), ("s", s.words()), ("g", g.words()), ("v", v.to_owned())];
    let question = x.say(
        &[
            "{list} the {s} and the {g} of all {T}, with '{v}' where the {g} is missing.",
            "For {each} {t}, {list} the {s} and the {g}, or '{v}' if there is none.",
            "What are the {s} and {g} of the {T}? Write '{v}' when there is no {g}.",
            "{list} {s} and {g} of {each} {t}, replacing a missing {g} by '{v}'.",
        ],
        &words,
    );
    let (s, g) = (s.name, g.name);
    draft(question, format!("SELECT {s}, COALESCE({g}, '{v}') AS {g} FROM {}", t.name))
}

fn filter(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories, numbers])?;
    let (c, n) = (x.column(t, categories)?, x.column(t, numbers)?);
    let v = x.threshold(n, 3, 8)?;
    let words = [("T", t.many()), ("c", c.words()), ("n", n.words()), ("v", v.to_string())];
    let question = x.say(
        &[
            "For {each} {c}, {list} the number of {T} and how many of them have {n} {more} {v}.",
            "{list} per {c} the count of all {T} and the count of those with {n} {more} {v}.",
            "How many {T} does {each} {c} have in all, and how many with {n} {more} {v}?",
            "Count the {T} by {c}, and beside that only those whose {n} is {more} {v}.",
        ],
        &words,
    );
    let (c, n, t) = (c.name, n.name, t.name);
    draft(
        question,
        format!(
            "SELECT {c}, COUNT(*) AS {t}_count, COUNT(*) FILTER (WHERE {n} > {v}) AS above_{v} FROM {t} GROUP BY {c}"
        ),
    )
}

fn percent(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories])?;
    let c = x.column(t, categories)?;
    let words = [("T", t.many()), ("c", c.words())];
    let question = x.say(
        &[
            "What percentage of the {T} does {each} {c} have, rounded to two decimals?",
            "{list} each {c} with its share of all {T} in percent, to two decimals.",
            "For {each} {c}, {list} the percentage of {T}, rounded to two decimals.",
            "How are the {T} spread over the values of {c}, in percent with two decimals?",
        ],
        &words,
    );
    let c = c.name;
    draft(
        question,
        format!(
            "SELECT {c}, ROUND(100.0 * COUNT(*) / SUM(COUNT(*)) OVER (), 2) AS percent FROM {} GROUP BY {c}",
            t.name
        ),
    )
}

fn string_agg(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, categories])?;
    let (l, c) = (t.label()?, x.column(t, categories)?);
    let words = [("T", t.many()), ("l", l.words()), ("c", c.words())];
    let question = x.say(
        &[
            "For {each} {c}, {list} the {l} of its {T} in one comma-separated text, in alphabetical order.",
            "{list} each {c} with the {l} of all its {T} joined by commas, sorted by {l}.",
            "Join the {l} of the {T} with commas, one line per {c}, ordered by {l}.",
            "Per {c}, what is the comma-separated list of the {l} of the {T}, sorted?",
        ],
        &words,
    );
    let (c, l, t) = (c.name, l.name, t.name);
    draft(question, format!("SELECT {c}, STRING_AGG({l}, ', ' ORDER BY {l}) AS {t} FROM {t} GROUP BY {c}"))
}
