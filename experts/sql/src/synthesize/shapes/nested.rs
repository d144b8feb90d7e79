//! Questions whose answer has a query inside: scalar sub-queries, IN, EXISTS, WITH, and set operations.

use super::super::context::{Context, Draft, categories, labels, measures, numbers, quoted, shown, sums};
use super::{Shape, article, draft, shape};

pub const SHAPES: &[Shape] = &[
    shape("above-average", above_average),
    shape("equals-extreme", equals_extreme),
    shape("in-subquery", in_subquery),
    shape("exists", exists),
    shape("not-exists", not_exists),
    shape("correlated-average", correlated_average),
    shape("cte-total", cte_total),
    shape("cte-above-average", cte_above_average),
    shape("average-of-counts", average_of_counts),
    shape("union", union),
    shape("union-labels", union_labels),
    shape("intersect", intersect),
    shape("except", except),
];

fn above_average(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, measures])?;
    let (l, n) = (t.label()?, x.column(t, measures)?);
    let words = [("T", t.many()), ("l", l.words()), ("n", n.words())];
    let question = x.say(
        &[
            "{list} the {l} of the {T} whose {n} is above the average of all {T}.",
            "Which {T} have {n} higher than the average? {list} the {l}.",
            "What is the {l} of {T} with {n} greater than the overall average {n}?",
            "{list} the {l} of all {T} with an above-average {n}.",
        ],
        &words,
    );
    let (l, n, t) = (l.name, n.name, t.name);
    draft(question, format!("SELECT {l} FROM {t} WHERE {n} > (SELECT AVG({n}) FROM {t})"))
}

fn equals_extreme(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[measures])?;
    let (s, n) = (x.column(t, shown)?, x.column(t, measures)?);
    if s.name == n.name {
        return None;
    }
    let words = [("T", t.many()), ("s", s.words()), ("n", n.words())];
    let question = x.say(
        &[
            "{list} the {s} of all {T} that share the highest {n}.",
            "Which {T} have {n} equal to the maximum? {list} the {s}, ties included.",
            "What is the {s} of all {T} with the maximum {n}, including ties?",
            "{list} the {s} of all those {T} whose {n} equals the largest {n}.",
        ],
        &words,
    );
    let (s, n, t) = (s.name, n.name, t.name);
    draft(question, format!("SELECT {s} FROM {t} WHERE {n} = (SELECT MAX({n}) FROM {t})"))
}

fn in_subquery(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let n = x.column(l.child, numbers)?;
    let v = x.threshold(n, 3, 9)?;
    let mut words = l.words().to_vec();
    words.extend([("n", n.words()), ("v", v.to_string()), ("a", article(l.child.one).to_owned())]);
    let question = x.say(
        &[
            "{list} the {pl} of the {P} that have {a} {c} with {n} {more} {v}.",
            "Which {P} have any {c} whose {n} is {more} {v}? Return the {pl}, each {p} once.",
            "What is the {pl} of {each} {p} with at least one {c} with {n} {more} {v}?",
            "{list} the {pl} of {P} among whose {C} there is one with {n} {more} {v}.",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {} FROM {} WHERE {} IN (SELECT {} FROM {} WHERE {} > {v})",
            l.label.name, l.parent.name, l.key.name, l.reference.name, l.child.name, n.name
        ),
    )
}

fn exists(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let c = x.column(l.child, categories)?;
    let v = x.value(c)?;
    let mut words = l.words().to_vec();
    words.extend([("k", c.words()), ("v", v.to_owned()), ("a", article(l.child.one).to_owned())]);
    let question = x.say(
        &[
            "{list} the {pl} of the {P} for which {a} {c} with {k} {v} exists.",
            "For which {P} does there exist {a} {c} whose {k} is {v}? Return the {pl}.",
            "What is the {pl} of {each} {p} for which some {c} with {k} {v} exists?",
            "{list} the {pl} of {P} where at least one {c} exists that has the {k} {v}.",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {} FROM {} WHERE EXISTS (SELECT 1 FROM {} WHERE {} AND {} = {})",
            l.parent(l.label),
            l.parent.name,
            l.child.name,
            l.on(),
            l.child(c),
            quoted(v)
        ),
    )
}

fn not_exists(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let c = x.column(l.child, categories)?;
    let v = x.value(c)?;
    let mut words = l.words().to_vec();
    words.extend([("k", c.words()), ("v", v.to_owned()), ("a", article(l.child.one).to_owned())]);
    let question = x.say(
        &[
            "{list} the {pl} of the {P} for which no {c} with {k} {v} exists.",
            "For which {P} does there exist no {c} whose {k} is {v}? Return the {pl}.",
            "What is the {pl} of {each} {p} that has never had {a} {c} with {k} {v}?",
            "{list} the {pl} of {P} where not a single {c} has the {k} {v}.",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {} FROM {} WHERE NOT EXISTS (SELECT 1 FROM {} WHERE {} AND {} = {})",
            l.parent(l.label),
            l.parent.name,
            l.child.name,
            l.on(),
            l.child(c),
            quoted(v)
        ),
    )
}

fn correlated_average(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, categories, measures])?;
    let (l, c, n) = (t.label()?, x.column(t, categories)?, x.column(t, measures)?);
    let words = [("T", t.many()), ("l", l.words()), ("c", c.words()), ("n", n.words())];
    let question = x.say(
        &[
            "{list} the {l} of the {T} whose {n} is above the average of the {T} with the same {c}.",
            "Which {T} have {n} higher than the average within their {c}? {list} the {l}.",
            "What is the {l} of {T} whose {n} exceeds the mean {n} of their own {c}?",
            "Comparing {T} of the same {c} only, {list} the {l} of those with an above-average {n}.",
        ],
        &words,
    );
    let (l, c, n, t) = (l.name, c.name, n.name, t.name);
    draft(
        question,
        format!("SELECT {l} FROM {t} WHERE {n} > (SELECT AVG(peers.{n}) FROM {t} AS peers WHERE peers.{c} = {t}.{c})"),
    )
}

fn cte_total(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let n = x.column(l.child, sums)?;
    let v = x.threshold(n, 3, 9)?;
    let mut words = l.words().to_vec();
    words.extend([("n", n.words()), ("v", v.to_string())]);
    let question = x.say(
        &[
            "First compute the total {n} of the {C} per {p}; then {list} the {pl} and total where it is {more} {v}.",
            "Using a CTE for the total {n} per {p}, {list} the {pl} and the total of those {more} {v}.",
            "With the {n} of the {C} summed per {p} in a CTE, which {P} come to {more} {v}? Show {pl} and total.",
            "Build the totals of {n} per {p} in a WITH clause and {list} the {pl} and total of {P} {more} {v}.",
        ],
        &words,
    );
    let (r, n, c, p) = (l.reference.name, n.name, l.child.name, l.parent.name);
    draft(
        question,
        format!(
            "WITH totals AS (SELECT {r}, SUM({n}) AS total_{n} FROM {c} GROUP BY {r}) SELECT {}, totals.total_{n} FROM totals JOIN {p} ON totals.{r} = {} WHERE totals.total_{n} > {v}",
            l.parent(l.label),
            l.parent(l.key)
        ),
    )
}

fn cte_above_average(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories, sums])?;
    let (c, n) = (x.column(t, categories)?, x.column(t, sums)?);
    let words = [("T", t.many()), ("c", c.words()), ("n", n.words())];
    let question = x.say(
        &[
            "Which {c} has a total {n} of its {T} above the average total over all {c} values? Show {c} and total.",
            "Using a CTE of the total {n} per {c}, {list} {c} and total where it exceeds the average total.",
            "Sum the {n} of the {T} per {c} in a CTE; then {list} the {c} and sum of those above the mean of the sums.",
            "{list} each {c} and its total {n} of {T} where the total is higher than the average of all totals.",
        ],
        &words,
    );
    let (c, n, t) = (c.name, n.name, t.name);
    draft(
        question,
        format!(
            "WITH totals AS (SELECT {c}, SUM({n}) AS total_{n} FROM {t} GROUP BY {c}) SELECT {c}, total_{n} FROM totals WHERE total_{n} > (SELECT AVG(total_{n}) FROM totals)"
        ),
    )
}

fn average_of_counts(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let question = x.say(
        &[
            "What is the average number of {C} per {p}, among {P} that have {C}?",
            "Among {P} with {C}, how many {C} are there on average per {p}?",
            "{what} the mean count of {C} per {p}, leaving out {P} without {C}.",
            "On average, how many {C} does {each} {p} with any {C} have?",
        ],
        &l.words(),
    );
    let (r, c) = (l.reference.name, l.child.name);
    draft(
        question,
        format!("SELECT AVG({c}_count) FROM (SELECT {r}, COUNT(*) AS {c}_count FROM {c} GROUP BY {r}) AS counts"),
    )
}

fn union(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels, categories, numbers])?;
    let (l, c, n) = (t.label()?, x.column(t, categories)?, x.column(t, numbers)?);
    let (v, low) = (x.value(c)?, x.threshold(n, 3, 8)?);
    let words = [
        ("T", t.many()),
        ("l", l.words()),
        ("c", c.words()),
        ("v", v.to_owned()),
        ("n", n.words()),
        ("low", low.to_string()),
    ];
    let question = x.say(
        &[
            "Combine with UNION the {l} of {T} with {c} {v} and the {l} of {T} with {n} {more} {low}.",
            "{list} the union of the {l} of {T} whose {c} is {v} and of {T} whose {n} is {more} {low}.",
            "Merge two lists without repeats: {l} of {T} with {c} {v}, and {l} of {T} with {n} {more} {low}.",
            "As one UNION, {list} the {l} of {T} that have {c} {v} and of those with {n} {more} {low}.",
        ],
        &words,
    );
    let (l, t) = (l.name, t.name);
    draft(
        question,
        format!(
            "SELECT {l} FROM {t} WHERE {} = {} UNION SELECT {l} FROM {t} WHERE {} > {low}",
            c.name,
            quoted(v),
            n.name
        ),
    )
}

fn union_labels(x: &mut Context) -> Option<Draft> {
    let named: Vec<_> = x.domain.tables.iter().filter(|t| t.label().is_some()).collect();
    let [a, b] = named[..] else { return None };
    let (a, b) = if x.number(0, 1) == 0 { (a, b) } else { (b, a) };
    let (al, bl) = (a.label()?, b.label()?);
    let words = [("A", a.many()), ("B", b.many()), ("al", al.words()), ("bl", bl.words())];
    let question = x.say(
        &[
            "{list} the {al} of all {A} and the {bl} of all {B} in one column, duplicates kept.",
            "{list} one list with the {al} of the {A} followed by the {bl} of the {B}, keeping duplicates.",
            "Put the {al} of {each} row of {A} and the {bl} of {each} row of {B} into one column with repeats.",
            "What are the {al} of the {A} and the {bl} of the {B}, all in a single column, repeats included?",
        ],
        &words,
    );
    draft(question, format!("SELECT {} FROM {} UNION ALL SELECT {} FROM {}", al.name, a.name, bl.name, b.name))
}

fn intersect(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let c = x.column(l.child, categories)?;
    let (v, w) = x.two_values(c)?;
    let mut words = l.words().to_vec();
    words.extend([
        ("k", c.words()),
        ("v", v.to_owned()),
        ("w", w.to_owned()),
        ("r", l.reference.words()),
        ("a", article(l.child.one).to_owned()),
    ]);
    let question = x.say(
        &[
            "{list} the {r} that occurs in {C} with {k} {v} as well as in {C} with {k} {w}.",
            "Which {r} values are found both in {C} with {k} {v} and in {C} with {k} {w}?",
            "{list} the {r} of {P} that have both {a} {c} with {k} {v} and one with {k} {w}.",
            "What {r} do the {C} with {k} {v} and those with {k} {w} have in common?",
        ],
        &words,
    );
    let (r, t, k) = (l.reference.name, l.child.name, c.name);
    draft(
        question,
        format!(
            "SELECT {r} FROM {t} WHERE {k} = {} INTERSECT SELECT {r} FROM {t} WHERE {k} = {}",
            quoted(v),
            quoted(w)
        ),
    )
}

fn except(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let mut words = l.words().to_vec();
    words.extend([("r", l.reference.words()), ("k", l.key.words())]);
    let question = x.say(
        &[
            "{list} the {k} of the {P} except those that occur in {C}.",
            "Which {k} values of {P} do not occur in {C}?",
            "{list} every {k} in {P} that is not the {r} of any {c}.",
            "What {k} values remain when those in {C} are taken away from those of the {P}?",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {} FROM {} EXCEPT SELECT {} FROM {}",
            l.key.name, l.parent.name, l.reference.name, l.child.name
        ),
    )
}
