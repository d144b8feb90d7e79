//! Facts about a record for reports, and the canonical texts by which it is compared with others. Records are not
//! judged here.

use hive_sdk::Facts;
use sqlparser::ast::{Expr, Query, Select, SetExpr, Statement, TableFactor};

use crate::catalog::{Catalog, Table};
use crate::lint::Words;
use crate::resolve::Resolved;
use crate::syntax::walk::{self, Look};

/// Labels, measures and keys of a record whose statement is resolved.
pub fn facts(question: &str, catalog: &Catalog, statement: &Statement, resolved: &Resolved) -> Facts {
    let mut shape = Shape::default();
    walk::statement(statement, &mut shape);
    let mut facts = Facts::default();
    let mut label = |name: &str, class: &str| facts.labels.insert(name.to_owned(), class.to_owned());
    label("statement", kind(statement));
    label("complexity", shape.complexity());
    let mut measure = |name: &str, figure: usize| facts.measures.insert(name.to_owned(), figure as f64);
    measure("tables in the schema", catalog.tables().len());
    measure("columns in the schema", known_columns(catalog));
    measure("tables used", shape.tables);
    measure("characters of SQL", statement.to_string().chars().count());
    let mut key = |field: &str, text: String| facts.keys.insert(field.to_owned(), text);
    key("question", folded(question));
    key("sql", resolved.statement.to_string());
    key("schema", schema_key(catalog));
    facts
}

/// Labels, measures and keys of a record whose statement the parser does not read.
pub fn facts_of_words(question: &str, catalog: &Catalog, words: &Words<'_>) -> Facts {
    let tables = words.tokens().iter().filter(|t| t.name().is_some_and(|name| catalog.table(&name).is_some())).count();
    let selects = words.tokens().iter().filter(|token| token.is("select")).count();
    let shape = Shape {
        joins: words.tokens().iter().filter(|token| token.is("join")).count(),
        nested: selects > 1,
        grouped: words.has("group"),
        common_tables: words.has("with") && words.has("as"),
        windows: words.has("over"),
        set_operations: words.has("union") || words.has("intersect") || words.has("except"),
        ..Shape::default()
    };
    let mut facts = Facts::default();
    let mut label = |name: &str, class: &str| facts.labels.insert(name.to_owned(), class.to_owned());
    label("statement", &kind_of_words(&words.first()));
    label("complexity", shape.complexity());
    let canonical = words.canonical();
    let mut measure = |name: &str, figure: usize| facts.measures.insert(name.to_owned(), figure as f64);
    measure("tables in the schema", catalog.tables().len());
    measure("columns in the schema", known_columns(catalog));
    measure("tables used", tables);
    measure("characters of SQL", canonical.chars().count());
    let mut key = |field: &str, text: String| facts.keys.insert(field.to_owned(), text);
    key("question", folded(question));
    key("sql", canonical);
    key("schema", schema_key(catalog));
    facts
}

/// How many columns are known.
fn known_columns(catalog: &Catalog) -> usize {
    catalog.tables().iter().map(|t| t.column_names.as_ref().map_or(0, Vec::len)).sum()
}

/// A text that is the same for schemas with the same tables and columns, in whatever order and form they are written.
/// Types, rows and constraints do not count: what a model learns of names from one schema it knows of the other.
fn schema_key(catalog: &Catalog) -> String {
    let text = |table: &Table| {
        let columns = table.column_names.as_ref().map_or_else(|| "?".to_owned(), |names| names.join(","));
        format!("{}({columns})", table.name)
    };
    let mut tables: Vec<String> = catalog.tables().iter().map(text).collect();
    tables.sort();
    tables.join(";")
}

fn kind_of_words(first: &str) -> String {
    match first {
        "select" | "values" | "table" => "select",
        "insert" | "update" | "delete" | "drop" => first,
        _ => "other",
    }
    .to_owned()
}

/// A question without differences of form: case, blanks, punctuation.
fn folded(question: &str) -> String {
    let words = question.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

fn kind(statement: &Statement) -> &'static str {
    match statement {
        Statement::Query(_) => "select",
        Statement::Insert(_) => "insert",
        Statement::Update(_) => "update",
        Statement::Delete(_) => "delete",
        Statement::CreateTable(_) => "create table",
        Statement::CreateView(_) => "create view",
        Statement::CreateIndex(_) => "create index",
        Statement::AlterTable(_) => "alter table",
        Statement::Drop { .. } => "drop",
        _ => "other",
    }
}

/// What a statement is built of.
#[derive(Default)]
struct Shape {
    tables: usize,
    joins: usize,
    depth: usize,
    nested: bool,
    grouped: bool,
    common_tables: bool,
    windows: bool,
    set_operations: bool,
}

impl Shape {
    /// The most complex construct that the statement uses.
    fn complexity(&self) -> &'static str {
        match self {
            Shape { windows: true, .. } => "window function",
            Shape { common_tables: true, .. } => "common table expression",
            Shape { set_operations: true, .. } => "set operation",
            Shape { nested: true, .. } => "sub-query",
            Shape { joins: 2.., .. } => "several joins",
            Shape { joins: 1, .. } => "one join",
            Shape { grouped: true, .. } => "one table, grouped",
            _ => "one table",
        }
    }
}

impl Look for Shape {
    fn query(&mut self, query: &Query) {
        self.nested |= self.depth > 0;
        self.depth += 1;
        self.common_tables |= query.with.is_some();
        self.set_operations |= matches!(*query.body, SetExpr::SetOperation { .. });
    }

    fn query_end(&mut self, _: &Query) {
        self.depth -= 1;
    }

    fn select(&mut self, select: &Select) {
        use sqlparser::ast::GroupByExpr;
        self.joins +=
            select.from.iter().map(|item| item.joins.len()).sum::<usize>() + select.from.len().saturating_sub(1);
        self.grouped |= !matches!(&select.group_by, GroupByExpr::Expressions(e, _) if e.is_empty());
    }

    fn table_factor(&mut self, factor: &TableFactor) {
        self.tables += usize::from(matches!(factor, TableFactor::Table { .. }));
    }

    fn expr(&mut self, expr: &Expr) -> bool {
        if let Expr::Function(function) = expr {
            self.windows |= function.over.is_some();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::resolve;
    use crate::syntax::statement;
    use hive_tests::check_all;

    fn of(question: &str, schema: &str, sql: &str) -> Facts {
        let catalog = Catalog::parse(schema).unwrap();
        let statement = statement::parse_one(sql).unwrap();
        facts(question, &catalog, &statement, &resolve(statement.clone(), Some(&catalog)))
    }

    #[test]
    fn what_differs_in_form_alone_has_the_same_keys() {
        let a = of(
            "How many CATS?",
            "CREATE TABLE cats (id INT, name TEXT); CREATE TABLE dogs (id INT)",
            "SELECT COUNT(*) FROM cats AS c",
        );
        let b = of(
            "how many cats",
            "create table Dogs (id int);\ncreate table Cats (id BIGINT, name VARCHAR(9)); INSERT INTO cats VALUES (1, 'x')",
            "select count(*)  from cats",
        );
        assert_eq!(a.keys, b.keys);
        let c = of(
            "how many cats",
            "CREATE TABLE cats (id INT, age INT); CREATE TABLE dogs (id INT)",
            "SELECT COUNT(*) FROM dogs",
        );
        assert_ne!(a.keys["schema"], c.keys["schema"]);
        assert_ne!(a.keys["sql"], c.keys["sql"]);
        assert_eq!((a.measures["tables in the schema"], a.measures["columns in the schema"]), (2.0, 3.0));
    }

    #[test]
    fn complexity_is_a_ladder() {
        check_all(
            [
                ("SELECT id FROM t", "one table"),
                ("SELECT id, COUNT(*) FROM t GROUP BY id", "one table, grouped"),
                ("SELECT t.id FROM t JOIN u ON t.id = u.id", "one join"),
                ("SELECT t.id FROM t, u, v", "several joins"),
                ("SELECT id FROM t WHERE id IN (SELECT id FROM u)", "sub-query"),
                ("SELECT id FROM t UNION SELECT id FROM u", "set operation"),
                ("WITH a AS (SELECT id FROM t) SELECT id FROM a", "common table expression"),
                ("SELECT id, RANK() OVER (ORDER BY id) FROM t", "window function"),
            ],
            |(sql, expected)| {
                assert_eq!(of("q", "CREATE TABLE t (id INT)", sql).labels["complexity"], expected, "{sql}");
            },
        );
    }
}
