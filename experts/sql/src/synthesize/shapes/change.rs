//! Requests that change rows: INSERT, UPDATE, DELETE.

use super::super::context::{Context, Draft, categories, dates, flags, labels, measures, numbers, quoted};
use super::super::domain::ColumnValues;
use super::{Shape, article, draft, shape};

pub const SHAPES: &[Shape] = &[
    shape("update-set", update_set),
    shape("update-raise", update_raise),
    shape("update-flag", update_flag),
    shape("delete-before", delete_before),
    shape("delete-where", delete_where),
    shape("insert", insert),
];

fn update_set(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories])?;
    let c = x.column(t, categories)?;
    let ((v, w), k) = (x.two_values(c)?, x.number(1, 999));
    let key = t.key()?;
    let words = [
        ("t", t.one.to_owned()),
        ("c", c.words()),
        ("v", v.to_owned()),
        ("w", w.to_owned()),
        ("k", k.to_string()),
        ("id", key.words()),
        ("T", t.many()),
    ];
    let (wordings, condition): (&[&str], _) = if x.number(0, 1) == 0 {
        (
            &[
                "Set the {c} of the {t} with {id} {k} to {v}.",
                "Change the {c} to {v} for the {t} whose {id} is {k}.",
                "Update the {t} with {id} {k}: its {c} is now {v}.",
                "The {t} with {id} {k} should have the {c} {v}.",
            ],
            format!("{} = {k}", key.name),
        )
    } else {
        (
            &[
                "Change the {c} of all {T} from {w} to {v}.",
                "Set the {c} to {v} for every {t} that has {c} {w}.",
                "Update the {T}: where the {c} is {w}, make it {v}.",
                "Replace the {c} {w} by {v} in all {T}.",
            ],
            format!("{} = {}", c.name, quoted(w)),
        )
    };
    let question = x.say(wordings, &words);
    draft(question, format!("UPDATE {} SET {} = {} WHERE {condition}", t.name, c.name, quoted(v)))
}

fn update_raise(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories, measures])?;
    let (c, n) = (x.column(t, categories)?, x.column(t, measures)?);
    if !matches!(n.kind, ColumnValues::Amount(..)) {
        return None;
    }
    let (v, k) = (x.value(c)?, x.one(&[5, 10, 15, 20, 25])?);
    let words = [("T", t.many()), ("c", c.words()), ("v", v.to_owned()), ("n", n.words()), ("k", k.to_string())];
    let question = x.say(
        &[
            "Raise the {n} of the {T} with {c} {v} by {k} percent.",
            "Increase the {n} by {k}% for all {T} whose {c} is {v}.",
            "Update the {T} with {c} {v}: their {n} goes up by {k} percent.",
            "For {T} where the {c} is {v}, add {k}% to the {n}.",
        ],
        &words,
    );
    let n = n.name;
    draft(question, format!("UPDATE {} SET {n} = {n} * {}.{:02} WHERE {} = {}", t.name, 1, k, c.name, quoted(v)))
}

fn update_flag(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[flags, labels])?;
    let (f, l) = (x.column(t, flags)?, t.label()?);
    let (v, value) = (x.value(l)?, x.one(&["true", "false"])?);
    let words = [
        ("t", t.one.to_owned()),
        ("T", t.many()),
        ("f", f.words()),
        ("l", l.words()),
        ("v", v.to_owned()),
        ("b", value.to_owned()),
    ];
    let question = x.say(
        &[
            "Set {f} to {b} for the {t} whose {l} is {v}.",
            "Update the {T} with {l} {v} so that {f} is {b}.",
            "Change {f} to {b} for the {t} with the {l} {v}.",
            "Make {f} {b} where the {l} of the {t} is {v}.",
        ],
        &words,
    );
    draft(
        question,
        format!("UPDATE {} SET {} = {} WHERE {} = {}", t.name, f.name, value.to_uppercase(), l.name, quoted(v)),
    )
}

fn delete_before(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[dates])?;
    let d = x.column(t, dates)?;
    let v = x.day(d)?;
    let words = [("T", t.many()), ("t", t.one.to_owned()), ("d", d.words()), ("v", v.clone())];
    let question = x.say(
        &[
            "Delete the {T} with a {d} before {v}.",
            "Remove all {T} whose {d} is earlier than {v}.",
            "Erase every {t} that has a {d} before {v}.",
            "Clear out {T} older than {v}, judged by {d}.",
        ],
        &words,
    );
    draft(question, format!("DELETE FROM {} WHERE {} < '{v}'", t.name, d.name))
}

fn delete_where(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[categories, numbers])?;
    let (c, n) = (x.column(t, categories)?, x.column(t, numbers)?);
    let (v, low) = (x.value(c)?, x.threshold(n, 1, 6)?);
    let words = [
        ("T", t.many()),
        ("t", t.one.to_owned()),
        ("c", c.words()),
        ("v", v.to_owned()),
        ("n", n.words()),
        ("low", low.to_string()),
    ];
    let question = x.say(
        &[
            "Delete the {T} with {c} {v} and {n} {less} {low}.",
            "Remove all {T} whose {c} is {v} and whose {n} is {less} {low}.",
            "Erase every {t} that has {c} {v} and {n} {less} {low}.",
            "Drop from {T} the rows where the {c} is {v} and the {n} is {less} {low}.",
        ],
        &words,
    );
    draft(question, format!("DELETE FROM {} WHERE {} = {} AND {} < {low}", t.name, c.name, quoted(v), n.name))
}

fn insert(x: &mut Context) -> Option<Draft> {
    let t = x.table(&[labels])?;
    let mut columns = Vec::new();
    let mut values = Vec::new();
    let mut said = Vec::new();
    for column in t.columns {
        let value = match column.kind {
            _ if column.nullable => continue,
            ColumnValues::Key | ColumnValues::Reference(_) => x.number(1, 999).to_string(),
            ColumnValues::Label(_) | ColumnValues::Category(_) => x.value(column)?.to_owned(),
            ColumnValues::Count(..) | ColumnValues::Amount(..) => x.threshold(column, 1, 9)?.to_string(),
            ColumnValues::Date(..) => x.day(column)?,
            ColumnValues::Time(..) | ColumnValues::Flag => continue,
        };
        columns.push(column.name);
        said.push(format!("{} {value}", column.words()));
        values.push(match column.kind {
            ColumnValues::Label(_) | ColumnValues::Category(_) | ColumnValues::Date(..) => quoted(&value),
            _ => value,
        });
    }
    let words = [("t", t.one.to_owned()), ("T", t.many()), ("said", said.join(", ")), ("a", article(t.one).to_owned())];
    let question = x.say(
        &[
            "Add {a} {t} with {said}.",
            "Insert a new {t}: {said}.",
            "Create a row in {T} with {said}.",
            "Record this {t}: {said}.",
        ],
        &words,
    );
    draft(question, format!("INSERT INTO {} ({}) VALUES ({})", t.name, columns.join(", "), values.join(", ")))
}
