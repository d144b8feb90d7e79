//! The marks by which a record that does not name its dialect is detected. A mark that only one database has settles
//! the dialect, and the record is read as that database would run it. A mark that several have says only that the
//! record is not PostgreSQL's; then nothing is changed but what PostgreSQL refuses.

use std::collections::BTreeSet;

use sqlparser::ast::{
    BinaryOperator, ColumnOption, CreateTable, CreateTableOptions, DataType, DateTimeField, Expr, Function,
    FunctionArgumentClause, FunctionArguments, Ident, Insert, Interval, JoinConstraint, JoinOperator, LimitClause,
    OnInsert, Query, Select, SelectItem, Statement, TableFactor, UnaryOperator,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::functions::{FOREIGN_TYPES, MYSQL, OTHERS, SQLITE};
use crate::dialect::names::{Names, own_names};
use crate::dialect::syntax::{arguments, literal};
use crate::syntax::Dialect;
use crate::syntax::last_part;
use crate::syntax::statement;
use crate::syntax::walk::{self, Look};

/// What the marks say of a record's dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Detected {
    /// One database's, which alone has what was seen.
    Certain(Dialect, String),
    /// Not PostgreSQL's, and most likely this one's.
    Guess(Dialect),
    /// Two databases' at once: what each alone has.
    Mixed(String, String),
}

/// The first mark of each kind that was seen, as it stands there.
#[derive(Debug, Clone, Default)]
struct Marks {
    mysql: Option<String>,
    /// A type of MySQL's, which SQLite takes as it takes any.
    mysql_type: Option<String>,
    sqlite: Option<String>,
    /// Another's, no telling whose.
    other: bool,
    /// Text in double quotes, which SQLite and MySQL have.
    quoted: Option<String>,
}

impl Marks {
    fn mysql(&mut self, seen: bool, mark: impl Into<String>) {
        if seen && self.mysql.is_none() {
            self.mysql = Some(mark.into());
        }
    }

    fn sqlite(&mut self, seen: bool, mark: impl Into<String>) {
        if seen && self.sqlite.is_none() {
            self.sqlite = Some(mark.into());
        }
    }

    /// `postgres`: the schema is PostgreSQL's, so that a text in double quotes is a slip.
    fn settle(self, postgres: bool) -> Option<Detected> {
        match (self.mysql, self.sqlite, self.mysql_type, self.quoted) {
            (Some(mysql), Some(sqlite), ..) => Some(Detected::Mixed(mysql, sqlite)),
            (Some(mark), ..) => Some(Detected::Certain(Dialect::MySql, mark)),
            (_, Some(mark), ..) => Some(Detected::Certain(Dialect::Sqlite, mark)),
            (_, _, Some(mark), _) => Some(Detected::Certain(Dialect::MySql, mark)),
            (.., Some(_)) if postgres => Some(Detected::Guess(Dialect::Sqlite)),
            (.., Some(text)) => {
                Some(Detected::Certain(Dialect::Sqlite, format!("the text \"{text}\" in double quotes")))
            }
            _ => self.other.then_some(Detected::Guess(Dialect::MySql)),
        }
    }
}

struct MarkSearch<'n> {
    marks: Marks,
    names: &'n Names,
    /// Names that the statements give themselves.
    own: BTreeSet<String>,
}

impl MarkSearch<'_> {
    fn table(&mut self, create: &CreateTable) {
        let options = !matches!(create.table_options, CreateTableOptions::None);
        self.marks.mysql(options && create.table_options.to_string().to_lowercase().contains("engine"), "ENGINE =");
        self.marks.other |= options;
        self.marks.sqlite(create.without_rowid || create.strict, "WITHOUT ROWID or STRICT");
        for column in &create.columns {
            self.data_type(&column.data_type);
            for option in &column.options {
                match &option.option {
                    ColumnOption::DialectSpecific(tokens) => {
                        let text = tokens.iter().map(ToString::to_string).collect::<String>().to_lowercase();
                        self.marks.mysql(text == "auto_increment", "AUTO_INCREMENT");
                        self.marks.sqlite(text == "autoincrement", "AUTOINCREMENT");
                        self.marks.other = true;
                    }
                    ColumnOption::OnUpdate(_) | ColumnOption::CharacterSet(_) => {
                        self.marks.mysql(true, option.option.to_string())
                    }
                    ColumnOption::Comment(_) | ColumnOption::OnConflict(_) => self.marks.other = true,
                    _ => {}
                }
            }
        }
        use sqlparser::ast::TableConstraint as Constraint;
        self.marks.other |=
            create.constraints.iter().any(|c| matches!(c, Constraint::Index(_) | Constraint::FulltextOrSpatial(_)));
    }

    fn data_type(&mut self, data_type: &DataType) {
        use DataType as T;
        match data_type {
            T::MediumInt(_)
            | T::MediumText
            | T::LongText
            | T::TinyText
            | T::TinyBlob
            | T::MediumBlob
            | T::LongBlob
            | T::Set(_)
            | T::IntUnsigned(_)
            | T::IntegerUnsigned(_)
            | T::BigIntUnsigned(_)
            | T::SmallIntUnsigned(_)
            | T::TinyIntUnsigned(_)
            | T::MediumIntUnsigned(_)
            | T::TinyInt(Some(_))
            | T::Int(Some(_))
            | T::BigInt(Some(_))
            | T::SmallInt(Some(_))
            | T::Integer(Some(_)) => self.mysql_type(data_type),
            // A member without a value is MySQL's; PostgreSQL's ENUM is a type of its own.
            T::Enum(..) => self.marks.mysql(true, "ENUM(…)"),
            T::Datetime(_)
            | T::TinyInt(None)
            | T::Double(_)
            | T::Blob(_)
            | T::Nvarchar(_)
            | T::Clob(_)
            | T::String(_)
            | T::Varbinary(_)
            | T::Binary(_)
            | T::Unspecified => self.marks.other = true,
            T::Varchar(Some(sqlparser::ast::CharacterLength::Max)) => self.marks.other = true,
            T::Custom(name, _) => {
                let name = last_part(name);
                self.marks.other |= FOREIGN_TYPES.contains(&name.as_str());
            }
            _ => {}
        }
    }

    fn mysql_type(&mut self, data_type: &DataType) {
        self.marks.mysql_type.get_or_insert_with(|| format!("the type {data_type}"));
    }

    fn insert(&mut self, insert: &Insert) {
        self.marks.mysql(insert.ignore, "INSERT IGNORE");
        self.marks.mysql(matches!(insert.on, Some(OnInsert::DuplicateKeyUpdate(_))), "ON DUPLICATE KEY");
        self.marks.mysql(!insert.assignments.is_empty(), "INSERT … SET");
        self.marks.sqlite(insert.or.is_some(), "INSERT OR …");
        self.marks.other |= insert.replace_into;
    }
}

impl Look for MarkSearch<'_> {
    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateTable(create) => self.table(create),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => {
                self.marks.other |= update.limit.is_some() || !update.table.joins.is_empty();
            }
            Statement::Delete(delete) => {
                self.marks.other |= delete.limit.is_some() || !delete.tables.is_empty();
            }
            _ => {}
        }
    }

    fn query(&mut self, query: &Query) {
        self.marks.other |= matches!(query.limit_clause, Some(LimitClause::OffsetCommaLimit { .. }));
        if let sqlparser::ast::SetExpr::Select(select) = &*query.body {
            self.marks.other |= select.top.is_some();
            // `AS 'name'`.
            self.marks.other |= select
                .projection
                .iter()
                .any(|item| matches!(item, SelectItem::ExprWithAlias { alias, .. } if alias.quote_style == Some('\'')));
        }
    }

    fn select(&mut self, select: &Select) {
        // A JOIN without its condition.
        use JoinOperator::{Inner, Join};
        let joins = select.from.iter().flat_map(|item| &item.joins);
        self.marks.other |= joins
            .into_iter()
            .any(|join| matches!(join.join_operator, Join(JoinConstraint::None) | Inner(JoinConstraint::None)));
    }

    fn table_factor(&mut self, factor: &TableFactor) {
        match factor {
            TableFactor::Table { index_hints, .. } => self.marks.mysql(!index_hints.is_empty(), "a hint about indexes"),
            // PostgreSQL before 16 wants a name.
            TableFactor::Derived { alias: None, .. } => self.marks.other = true,
            _ => {}
        }
    }

    fn expr(&mut self, expr: &Expr) -> bool {
        match expr {
            Expr::Function(function) => {
                let name = last_part(&function.name);
                let separated = matches!(&function.args, FunctionArguments::List(list)
                    if list.clauses.iter().any(|c| matches!(c, FunctionArgumentClause::Separator(_))));
                let none = matches!(function.args, FunctionArguments::None);
                let upper = || name.to_uppercase();
                self.marks.mysql(separated, "SEPARATOR");
                self.marks.mysql(!none && MYSQL.contains(&name.as_str()), upper());
                self.marks.sqlite(SQLITE.contains(&name.as_str()) || takes_modifiers(&name, function), upper());
                self.marks.other |= !none && OTHERS.contains(&name.as_str());
            }
            Expr::BinaryOp { op, .. } => match op {
                BinaryOperator::Spaceship | BinaryOperator::Xor | BinaryOperator::MyIntegerDivide => {
                    self.marks.mysql(true, op.to_string())
                }
                BinaryOperator::Regexp => self.marks.mysql(true, "REGEXP"),
                BinaryOperator::Glob => self.marks.sqlite(true, "GLOB"),
                _ => {}
            },
            Expr::RLike { .. } => self.marks.mysql(true, "RLIKE"),
            Expr::MatchAgainst { .. } => self.marks.mysql(true, "MATCH … AGAINST"),
            Expr::UnaryOp { op: UnaryOperator::BangNot, .. } => self.marks.mysql(true, "!"),
            // `INTERVAL 1 DAY`, of which PostgreSQL has only `INTERVAL '1 DAY'`.
            Expr::Interval(Interval { value, leading_field: Some(field), .. })
                if !matches!(**value, Expr::Value(_))
                    || bare_number(value)
                    || matches!(field, DateTimeField::Week(_)) =>
            {
                self.marks.other = true;
            }
            Expr::Convert { .. } => self.marks.other = true,
            Expr::Cast { data_type, .. } => {
                self.data_type(data_type);
                use DataType as T;
                let signed = matches!(data_type, T::Signed | T::SignedInteger | T::Unsigned | T::UnsignedInteger);
                self.marks.mysql(signed, format!("CAST AS {data_type}"));
            }
            Expr::Identifier(ident) => self.ident(ident),
            _ => {}
        }
        true
    }
}

impl MarkSearch<'_> {
    /// A name in double quotes that nothing has is a text.
    fn ident(&mut self, ident: &Ident) {
        let name = ident.value.to_lowercase();
        if ident.quote_style == Some('"')
            && !self.own.contains(&name)
            && !self.names.has_table(&name)
            && !self.names.has_column(&name)
            && self.marks.quoted.is_none()
        {
            self.marks.quoted = Some(ident.value.chars().take(40).collect());
        }
    }
}

/// Whether a call of DATE and the like has modifiers, or asks for the day that it is: SQLite's.
fn takes_modifiers(name: &str, function: &Function) -> bool {
    let Some(arguments) = arguments(function) else { return false };
    let text = |expr: &Expr| literal(expr).filter(|(_, number)| !number).map(|(text, _)| text);
    match (name, &arguments[..]) {
        ("date" | "time" | "datetime", [_, rest @ ..]) if !rest.is_empty() => rest.iter().any(|e| text(e).is_some()),
        ("datetime", [value]) => text(value).is_some_and(|text| text == "now"),
        _ => false,
    }
}

fn bare_number(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, sqlparser::ast::Value::Number(..)))
}

/// `==` has the tree of `=`, so only the tokens tell that it stood there.
pub(in crate::dialect) fn has_double_equals(text: &str) -> bool {
    text.contains("==")
        && Tokenizer::new(&GenericDialect {}, text)
            .tokenize()
            .is_ok_and(|tokens| tokens.iter().any(|t| matches!(t, Token::DoubleEq)))
}

/// The dialect of statements that parse as PostgreSQL's; `None` when nothing speaks against that. `text` is the
/// schema's.
pub(super) fn detect_in_statements(text: &str, schema: &[Statement], sql: &[Statement]) -> Option<Detected> {
    let names = Names::of(schema);
    let mut own = own_names(sql);
    own.extend(own_names(schema));
    let mut search = MarkSearch { marks: Marks::default(), names: &names, own };
    // The parser passes over these words in any dialect.
    let lower = statement::without_texts(text).to_lowercase();
    search.marks.mysql(lower.contains("auto_increment"), "AUTO_INCREMENT");
    search.marks.sqlite(lower.contains("autoincrement"), "AUTOINCREMENT");
    for statement in schema.iter().chain(sql) {
        walk::statement(statement, &mut search);
    }
    search.marks.settle(is_postgres_schema(text))
}

/// The likely dialect of a text that does not parse as PostgreSQL's.
pub(super) fn detect_in_text(schema: &str, sql: &str) -> Detected {
    let mut marks = Marks::default();
    let mut backticks = false;
    for text in [schema, sql] {
        let Ok(tokens) = Tokenizer::new(&GenericDialect {}, text).tokenize() else { continue };
        let tokens: Vec<&Token> = tokens.iter().filter(|t| !matches!(t, Token::Whitespace(_))).collect();
        for (i, token) in tokens.iter().enumerate() {
            let next = tokens.get(i + 1).copied();
            let followed = |by: &str| matches!(next, Some(Token::Word(word)) if word.value.eq_ignore_ascii_case(by));
            match token {
                Token::Word(word) if word.quote_style == Some('`') => backticks = true,
                Token::Word(word) if word.quote_style.is_none() => {
                    let name = word.value.to_lowercase();
                    let upper = || name.to_uppercase();
                    let called = matches!(next, Some(Token::LParen));
                    marks.sqlite(called && SQLITE.contains(&name.as_str()), upper());
                    marks.mysql(called && MYSQL.contains(&name.as_str()), upper());
                    match name.as_str() {
                        "auto_increment" | "rlike" | "div" | "xor" | "separator" | "straight_join" => {
                            marks.mysql(true, upper());
                        }
                        "unsigned" if followed("big") => marks.sqlite(true, "UNSIGNED BIG INT"),
                        // Its types, which SQLite takes as it takes any.
                        "unsigned" | "zerofill" | "mediumtext" | "longtext" => {
                            marks.mysql_type.get_or_insert_with(upper);
                        }
                        "engine" => marks.mysql(matches!(next, Some(Token::Eq)), "ENGINE ="),
                        "duplicate" => marks.mysql(followed("key"), "ON DUPLICATE KEY"),
                        "insert" => marks.sqlite(followed("or"), "INSERT OR …"),
                        "autoincrement" | "glob" | "pragma" | "rowid" => marks.sqlite(true, upper()),
                        "without" => marks.sqlite(followed("rowid"), "WITHOUT ROWID"),
                        _ => {}
                    }
                }
                Token::Spaceship => marks.mysql(true, "<=>"),
                Token::DoubleEq => marks.sqlite(true, "=="),
                Token::LBracket if matches!(tokens.get(i + 2), Some(Token::RBracket)) => {
                    marks.sqlite(true, "a name in brackets")
                }
                _ => {}
            }
        }
    }
    // Backticks are MySQL's, and SQLite takes them too.
    marks.mysql(backticks && marks.sqlite.is_none(), "a name in backticks");
    marks.settle(is_postgres_schema(schema)).unwrap_or(Detected::Guess(Dialect::MySql))
}

/// Whether a schema is written for PostgreSQL, whatever its record's statement is.
pub(in crate::dialect) fn is_postgres_schema(schema: &str) -> bool {
    const MARKS: [&str; 12] = [
        "character varying",
        "without time zone",
        "with time zone",
        "serial",
        "::",
        "nextval(",
        "public.",
        "alter table only",
        "timestamptz",
        "jsonb",
        "bytea",
        "as identity",
    ];
    // What stands in quotes is data.
    let lower = statement::without_texts(schema).to_lowercase();
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    MARKS.iter().any(|mark| {
        lower.match_indices(mark).any(|(at, _)| {
            let after = lower[at + mark.len()..].chars().next();
            // `serial_no` is a name; `bigserial` is a type.
            *mark != "serial" || !is_part(after)
        })
    })
}
