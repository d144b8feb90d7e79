//! The shapes of question and answer that the synthesiser knows, by the SQL that they practise.
//!
//! Rules of the SQL, so that a small model can learn one style: no table aliases; bare columns with one table and
//! `table.column` with several; an alias for each computed column that others refer to or that is not alone; complete
//! GROUP BY; never `SELECT *`.

mod aggregate;
mod change;
mod dates;
mod filter;
mod join;
mod nested;
mod window;

use super::context::{Context, Draft};

/// One kind of question and answer.
#[derive(Debug)]
pub struct Shape {
    /// Its name, stable: a part of record ids.
    pub name: &'static str,
    /// Makes one; `None` when the domain does not have what it needs.
    pub make: fn(&mut Context) -> Option<Draft>,
}

/// All shapes.
pub fn all() -> Vec<&'static Shape> {
    [filter::SHAPES, aggregate::SHAPES, dates::SHAPES, join::SHAPES, nested::SHAPES, window::SHAPES, change::SHAPES]
        .into_iter()
        .flatten()
        .collect()
}

const fn shape(name: &'static str, make: fn(&mut Context) -> Option<Draft>) -> Shape {
    Shape { name, make }
}

fn draft(question: Option<String>, sql: String) -> Option<Draft> {
    Some(Draft { question: question?, sql })
}

/// `a` or `an` before `word`.
fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) && !word.starts_with("un") && !word.starts_with("eu") {
        "an"
    } else {
        "a"
    }
}
