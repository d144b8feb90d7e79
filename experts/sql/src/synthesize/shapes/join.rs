//! Questions to two or three tables: JOIN, LEFT JOIN, and groups over them.

use super::super::context::{Context, Draft, categories, dates, measures, quoted, shown, sums};
use super::super::domain::DomainColumn;
use super::{Shape, draft, shape};

pub const SHAPES: &[Shape] = &[
    shape("join", join),
    shape("join-where", join_where),
    shape("join-count", join_count),
    shape("join-sum", join_sum),
    shape("join-average-by", join_average_by),
    shape("join-having", join_having),
    shape("join-top", join_top),
    shape("join-latest", join_latest),
    shape("join-three", join_three),
    shape("join-three-distinct", join_three_distinct),
    shape("left-join", left_join),
    shape("left-join-null", left_join_null),
    shape("left-join-count", left_join_count),
    shape("left-join-sum", left_join_sum),
    shape("left-join-count-where", left_join_count_where),
];

fn plain(column: &DomainColumn) -> bool {
    shown(column) && !column.nullable
}

fn join(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let s = x.column(l.child, plain)?;
    let mut words = l.words().to_vec();
    words.push(("s", s.words()));
    let question = x.say(
        &[
            "{list} the {s} of {each} {c} together with the {pl} of its {p}.",
            "For {each} {c}, {list} the {s} and the {p}'s {pl}.",
            "What are the {s} of the {C} and the {pl} of the {p} they belong to?",
            "{list} {s} of the {C} along with the {p} {pl}.",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {}, {} FROM {} JOIN {} ON {}",
            l.child(s),
            l.parent(l.label),
            l.child.name,
            l.parent.name,
            l.on()
        ),
    )
}

fn join_where(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let (s, c) = (x.column(l.child, plain)?, x.column(l.parent, categories)?);
    let v = x.value(c)?;
    let mut words = l.words().to_vec();
    words.extend([("s", s.words()), ("k", c.words()), ("v", v.to_owned())]);
    let question = x.say(
        &[
            "{list} the {s} of the {C} whose {p} has the {k} {v}.",
            "What is the {s} of {C} that belong to {P} with {k} {v}?",
            "For {P} whose {k} is {v}, {list} the {s} of their {C}.",
            "{list} the {s} for all {C} of {P} where the {k} is {v}.",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {} FROM {} JOIN {} ON {} WHERE {} = {}",
            l.child(s),
            l.child.name,
            l.parent.name,
            l.on(),
            l.parent(c),
            quoted(v)
        ),
    )
}

fn join_count(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let question = x.say(
        &[
            "For {each} {p} with at least one {c}, {list} the {pl} and the number of {C}.",
            "{list} the {pl} and the number of {C} of the {P} that have any {C}.",
            "How many {C} does {each} {p} have? Leave out {P} without {C}; show the {pl}.",
            "Count the {C} by {p}, giving the {pl}, for {P} that have {C}.",
        ],
        &l.words(),
    );
    draft(
        question,
        format!(
            "SELECT {}, COUNT(*) AS {c}_count FROM {p} JOIN {c} ON {} GROUP BY {}",
            l.parent(l.label),
            l.on(),
            l.group(),
            c = l.child.name,
            p = l.parent.name
        ),
    )
}

fn join_sum(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let n = x.column(l.child, sums)?;
    let mut words = l.words().to_vec();
    words.push(("n", n.words()));
    let question = x.say(
        &[
            "What is the total {n} of the {C} of {each} {p}? Show the {pl} and the total.",
            "{list} the {pl} of {each} {p} that has {C} and the sum of their {n}.",
            "For {each} {p} with {C}, {list} the {pl} and the total {n}.",
            "Add up the {n} of the {C} per {p}, and show it with the {pl}.",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {}, SUM({}) AS total_{} FROM {} JOIN {} ON {} GROUP BY {}",
            l.parent(l.label),
            l.child(n),
            n.name,
            l.parent.name,
            l.child.name,
            l.on(),
            l.group()
        ),
    )
}

fn join_average_by(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let (n, c) = (x.column(l.child, measures)?, x.column(l.parent, categories)?);
    let mut words = l.words().to_vec();
    words.extend([("n", n.words()), ("k", c.words())]);
    let question = x.say(
        &[
            "What is the average {n} of the {C} for {each} {k} of the {P}?",
            "{list} each {p} {k} with the average {n} of the {C}.",
            "For {each} {k} of the {P}, {list} the mean {n} of their {C}.",
            "{list} the average {n} of the {C}, grouped by the {k} of the {p}.",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {k}, AVG({}) AS avg_{} FROM {} JOIN {} ON {} GROUP BY {k}",
            l.child(n),
            n.name,
            l.parent.name,
            l.child.name,
            l.on(),
            k = l.parent(c)
        ),
    )
}

fn join_having(x: &mut Context) -> Option<Draft> {
    let (l, k) = (x.link()?, x.number(2, 25));
    let mut words = l.words().to_vec();
    words.push(("k", k.to_string()));
    let question = x.say(
        &[
            "{list} the {pl} of the {P} with {more} {k} {C}.",
            "Which {P} have {more} {k} {C}? Return the {pl}.",
            "What is the {pl} of {each} {p} that has {more} {k} {C}?",
            "{list} the {pl} of {P} for which there are {more} {k} {C}.",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {} FROM {} JOIN {} ON {} GROUP BY {} HAVING COUNT(*) > {k}",
            l.parent(l.label),
            l.parent.name,
            l.child.name,
            l.on(),
            l.group()
        ),
    )
}

fn join_top(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let (n, k) = (x.column(l.child, sums)?, x.number(2, 10));
    let mut words = l.words().to_vec();
    words.extend([("n", n.words()), ("k", k.to_string())]);
    let question = x.say(
        &[
            "{list} the {pl} and total {n} of the {k} {P} whose {C} have the highest total {n}.",
            "Which {k} {P} have the largest sum of {n} over their {C}? Show the {pl} and the sum.",
            "What are the top {k} {P} by total {n} of their {C}? Return {pl} and total.",
            "Rank the {P} by the total {n} of their {C} and {list} the {pl} and total of the first {k}.",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {}, SUM({}) AS total_{n} FROM {} JOIN {} ON {} GROUP BY {} ORDER BY total_{n} DESC LIMIT {k}",
            l.parent(l.label),
            l.child(n),
            l.parent.name,
            l.child.name,
            l.on(),
            l.group(),
            n = n.name
        ),
    )
}

fn join_latest(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let d = x.column(l.child, dates)?;
    let mut words = l.words().to_vec();
    words.push(("d", d.words()));
    let question = x.say(
        &[
            "For {each} {p} with {C}, {list} the {pl} and the latest {d}.",
            "What is the most recent {d} of the {C} of {each} {p}? Show the {pl} too.",
            "{list} the {pl} of {each} {p} that has {C}, with the last {d} among them.",
            "{list} per {p} the {pl} and the newest {d} of its {C}.",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {}, MAX({}) AS latest_{} FROM {} JOIN {} ON {} GROUP BY {}",
            l.parent(l.label),
            l.child(d),
            d.name,
            l.parent.name,
            l.child.name,
            l.on(),
            l.group()
        ),
    )
}

fn join_three(x: &mut Context) -> Option<Draft> {
    let (a, b) = x.bridge()?;
    let s = x.column(a.child, plain)?;
    let words = [
        ("C", a.child.many()),
        ("c", a.child.one.to_owned()),
        ("s", s.words()),
        ("a", a.parent.one.to_owned()),
        ("al", a.label.words()),
        ("b", b.parent.one.to_owned()),
        ("bl", b.label.words()),
    ];
    let question = x.say(
        &[
            "For {each} {c}, {list} the {s}, the {al} of the {a} and the {bl} of the {b}.",
            "{list} the {s} of all {C} with the {a}'s {al} and the {b}'s {bl}.",
            "What are the {s}, the {a} {al} and the {b} {bl} of {each} {c}?",
            "{list} {s}, {a} {al} and {b} {bl} for the {C}.",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {}, {}, {} FROM {} JOIN {} ON {} JOIN {} ON {}",
            a.child(s),
            a.parent(a.label),
            b.parent(b.label),
            a.child.name,
            a.parent.name,
            a.on(),
            b.parent.name,
            b.on()
        ),
    )
}

fn join_three_distinct(x: &mut Context) -> Option<Draft> {
    let (a, b) = x.bridge()?;
    let c = x.column(b.parent, categories)?;
    let v = x.value(c)?;
    let words = [
        ("C", a.child.many()),
        ("c", a.child.one.to_owned()),
        ("A", a.parent.many()),
        ("al", a.label.words()),
        ("B", b.parent.many()),
        ("b", b.parent.one.to_owned()),
        ("k", c.words()),
        ("v", v.to_owned()),
    ];
    let question = x.say(
        &[
            "{list} the {al} of the {A} that have any {c} with any {b} whose {k} is {v}, each {al} once.",
            "Which different {al} of {A} occur in {C} with {B} of {k} {v}?",
            "{list} the distinct {al} of {A} linked by {C} to {B} with {k} {v}.",
            "What distinct {al} do the {A} have whose {C} involve any {b} with {k} {v}?",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT DISTINCT {} FROM {} JOIN {} ON {} JOIN {} ON {} WHERE {} = {}",
            a.parent(a.label),
            a.child.name,
            a.parent.name,
            a.on(),
            b.parent.name,
            b.on(),
            b.parent(c),
            quoted(v)
        ),
    )
}

fn left_join(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let s = x.column(l.child, plain)?;
    let mut words = l.words().to_vec();
    words.push(("s", s.words()));
    let question = x.say(
        &[
            "{list} the {pl} of all {P} with the {s} of their {C}, including {P} without {C}.",
            "For {each} {p}, {list} the {pl} and the {s} of its {C}; keep {P} that have none.",
            "What are the {pl} of every {p} and the {s} of its {C}, even if it has no {C}?",
            "{list} all {P} by {pl} with the {s} of each {c}, also those with no {c}.",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {}, {} FROM {} LEFT JOIN {} ON {}",
            l.parent(l.label),
            l.child(s),
            l.parent.name,
            l.child.name,
            l.on()
        ),
    )
}

fn left_join_null(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let question = x.say(
        &[
            "{list} the {pl} of the {P} without any {C}.",
            "Which {P} have no {C} at all? Return the {pl}.",
            "What is the {pl} of {each} {p} with no {C}?",
            "{list} the {pl} of {P} that have no {C}.",
        ],
        &l.words(),
    );
    draft(
        question,
        format!(
            "SELECT {} FROM {} LEFT JOIN {} ON {} WHERE {} IS NULL",
            l.parent(l.label),
            l.parent.name,
            l.child.name,
            l.on(),
            l.child(l.child.key()?)
        ),
    )
}

fn left_join_count(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let question = x.say(
        &[
            "How many {C} does {each} {p} have, including {P} with none? Show the {pl}.",
            "{list} the {pl} and the number of {C} of all {P}, with 0 for those without.",
            "For every {p}, even without {C}, {list} the {pl} and the number of {C}.",
            "Count the {C} of {each} {p}, keeping {P} that have zero; show the {pl} and the count.",
        ],
        &l.words(),
    );
    draft(
        question,
        format!(
            "SELECT {}, COUNT({}) AS {c}_count FROM {} LEFT JOIN {c} ON {} GROUP BY {}",
            l.parent(l.label),
            l.child(l.child.key()?),
            l.parent.name,
            l.on(),
            l.group(),
            c = l.child.name
        ),
    )
}

fn left_join_sum(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let n = x.column(l.child, sums)?;
    let mut words = l.words().to_vec();
    words.push(("n", n.words()));
    let question = x.say(
        &[
            "What is the total {n} of the {C} of {each} {p}, with 0 for {P} without {C}? Show the {pl}.",
            "{list} the {pl} of all {P} and the sum of {n} of their {C}, 0 where there are none.",
            "For every {p}, even without {C}, {list} the {pl} and the total {n}, counting none as 0.",
            "Add up the {n} of the {C} of all {P}, including those with no {C} as 0, and show the {pl}.",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {}, COALESCE(SUM({}), 0) AS total_{} FROM {} LEFT JOIN {} ON {} GROUP BY {}",
            l.parent(l.label),
            l.child(n),
            n.name,
            l.parent.name,
            l.child.name,
            l.on(),
            l.group()
        ),
    )
}

fn left_join_count_where(x: &mut Context) -> Option<Draft> {
    let l = x.link()?;
    let c = x.column(l.child, categories)?;
    let v = x.value(c)?;
    let mut words = l.words().to_vec();
    words.extend([("k", c.words()), ("v", v.to_owned())]);
    let question = x.say(
        &[
            "For all {P}, {list} the {pl} and the number of {C} with {k} {v}, including those with none.",
            "How many {C} with {k} {v} does {each} {p} have? Include {P} with zero and show the {pl}.",
            "{list} the {pl} of every {p} and its count of {C} whose {k} is {v}, 0 included.",
            "Count per {p}, also when it is zero, the {C} whose {k} is {v}; show the {pl}.",
        ],
        &words,
    );
    draft(
        question,
        format!(
            "SELECT {}, COUNT({}) AS {child}_count FROM {} LEFT JOIN {child} ON {} AND {} = {} GROUP BY {}",
            l.parent(l.label),
            l.child(l.child.key()?),
            l.parent.name,
            l.on(),
            l.child(c),
            quoted(v),
            l.group(),
            child = l.child.name
        ),
    )
}
