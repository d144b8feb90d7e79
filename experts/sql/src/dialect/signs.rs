//! Whose SQL a record is, when it does not say so. A sign that only one database has settles it and
//! the record is read as that database would run it; a sign that several have says only that it is
//! not PostgreSQL's, and then nothing is changed but what PostgreSQL refuses.

use std::collections::BTreeSet;

use sqlparser::ast::{
    BinaryOperator, ColumnOption, CreateTable, CreateTableOptions, DataType, DateTimeField, Expr,
    FunctionArgumentClause, FunctionArguments, Ident, Insert, Interval, JoinConstraint, JoinOperator, LimitClause,
    OnInsert, Query, Select, SelectItem, Statement, TableFactor, UnaryOperator,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::Dialect;
use super::names::Names;
use crate::schema::last_part;
use crate::statement;
use crate::walk::{self, Look};

/// Functions that MySQL has and neither SQLite nor PostgreSQL.
pub(super) const MYSQL: [&str; 38] = [
    "adddate",
    "convert_tz",
    "curdate",
    "curtime",
    "date_add",
    "date_format",
    "date_sub",
    "datediff",
    "dayname",
    "dayofmonth",
    "dayofweek",
    "dayofyear",
    "elt",
    "field",
    "find_in_set",
    "from_days",
    "from_unixtime",
    "last_day",
    "last_insert_id",
    "lcase",
    "locate",
    "makedate",
    "mid",
    "monthname",
    "period_diff",
    "sec_to_time",
    "str_to_date",
    "subdate",
    "substring_index",
    "sysdate",
    "time_to_sec",
    "timediff",
    "timestampadd",
    "timestampdiff",
    "to_days",
    "ucase",
    "unix_timestamp",
    "weekday",
];

/// Functions that SQLite has and neither MySQL nor PostgreSQL.
pub(super) const SQLITE: [&str; 8] =
    ["changes", "iif", "julianday", "last_insert_rowid", "printf", "strftime", "total", "typeof"];

/// Functions that PostgreSQL does not have and several others do.
pub(super) const OTHERS: [&str; 26] = [
    "charindex",
    "dateadd",
    "datename",
    "datepart",
    "datetime",
    "day",
    "getdate",
    "group_concat",
    "hour",
    "if",
    "ifnull",
    "instr",
    "isnull",
    "len",
    "minute",
    "month",
    "nvl",
    "quarter",
    "rand",
    "second",
    "std",
    "truncate",
    "week",
    "weekofyear",
    "year",
    "yearweek",
];

/// What was seen.
#[derive(Debug, Clone, Copy, Default)]
struct Signs {
    mysql: bool,
    sqlite: bool,
    /// Another's, no telling whose.
    other: bool,
    /// Text in double quotes, which SQLite and MySQL have.
    quoted: bool,
}

impl Signs {
    /// The dialect, and whether it is certain.
    fn settle(self) -> Option<(Dialect, bool)> {
        match self {
            Signs { mysql: true, sqlite: false, .. } => Some((Dialect::MySql, true)),
            Signs { mysql: false, sqlite: true, .. } => Some((Dialect::Sqlite, true)),
            Signs { quoted: true, .. } => Some((Dialect::Sqlite, false)),
            Signs { mysql: true, .. } | Signs { other: true, .. } => Some((Dialect::MySql, false)),
            _ => None,
        }
    }
}

/// Whose SQL the statements are that parse as PostgreSQL's; `None` when nothing speaks against
/// that. The second is whether it is certain.
pub(super) fn of_statements(text: &str, schema: &[Statement], sql: &[Statement]) -> Option<(Dialect, bool)> {
    // The parser passes over these words in any dialect.
    let lower = text.to_lowercase();
    for (word, dialect) in [("auto_increment", Dialect::MySql), ("autoincrement", Dialect::Sqlite)] {
        if lower.contains(word) {
            return Some((dialect, true));
        }
    }
    let names = Names::of(schema);
    let mut own = super::names::own_names(sql);
    own.extend(super::names::own_names(schema));
    let mut search = Search { signs: Signs::default(), names: &names, own };
    for statement in schema.iter().chain(sql) {
        walk::statement(statement, &mut search);
    }
    search.signs.settle()
}

/// Whose SQL a text is likely to be that does not parse as PostgreSQL's.
pub(super) fn of_text(schema: &str, sql: &str) -> (Dialect, bool) {
    let mut signs = Signs::default();
    for text in [schema, sql] {
        let Ok(tokens) = Tokenizer::new(&GenericDialect {}, text).tokenize() else { continue };
        let tokens: Vec<&Token> = tokens.iter().filter(|t| !matches!(t, Token::Whitespace(_))).collect();
        for (i, token) in tokens.iter().enumerate() {
            let next = tokens.get(i + 1);
            match token {
                Token::Word(word) if word.quote_style == Some('`') => signs.mysql = true,
                Token::Word(word) if word.quote_style.is_none() => {
                    let name = word.value.to_lowercase();
                    let called = matches!(next, Some(Token::LParen));
                    signs.sqlite |= called && SQLITE.contains(&name.as_str());
                    signs.mysql |= called && MYSQL.contains(&name.as_str());
                    match name.as_str() {
                        "auto_increment" | "engine" | "unsigned" | "zerofill" | "mediumtext" | "longtext" | "rlike"
                        | "div" | "xor" | "separator" | "straight_join" | "duplicate" => signs.mysql = true,
                        "autoincrement" | "glob" | "pragma" | "rowid" | "strict" => signs.sqlite = true,
                        _ => {}
                    }
                }
                Token::Spaceship => signs.mysql = true,
                Token::LBracket if matches!(tokens.get(i + 2), Some(Token::RBracket)) => signs.sqlite = true,
                _ => {}
            }
        }
    }
    // Backticks are MySQL's, and SQLite takes them too.
    if signs.sqlite {
        signs.mysql = false;
    }
    signs.settle().unwrap_or((Dialect::MySql, false))
}

/// Whether a schema is written for PostgreSQL, whatever its record's statement is.
pub(super) fn is_postgres(schema: &str) -> bool {
    const SIGNS: [&str; 12] = [
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
    SIGNS.iter().any(|sign| {
        lower.match_indices(sign).any(|(at, _)| {
            let after = lower[at + sign.len()..].chars().next();
            // `serial_no` is a name; `bigserial` is a type.
            *sign != "serial" || !is_part(after)
        })
    })
}

struct Search<'n> {
    signs: Signs,
    names: &'n Names,
    /// Names that the statements give themselves.
    own: BTreeSet<String>,
}

impl Search<'_> {
    fn table(&mut self, create: &CreateTable) {
        let options = !matches!(create.table_options, CreateTableOptions::None);
        self.signs.mysql |= options && create.table_options.to_string().to_lowercase().contains("engine");
        self.signs.other |= options;
        self.signs.sqlite |= create.without_rowid || create.strict;
        for column in &create.columns {
            self.data_type(&column.data_type);
            for option in &column.options {
                match &option.option {
                    ColumnOption::DialectSpecific(tokens) => {
                        let text = tokens.iter().map(ToString::to_string).collect::<String>().to_lowercase();
                        self.signs.mysql |= text == "auto_increment";
                        self.signs.sqlite |= text == "autoincrement";
                        self.signs.other = true;
                    }
                    ColumnOption::OnUpdate(_) | ColumnOption::CharacterSet(_) => self.signs.mysql = true,
                    ColumnOption::Comment(_) | ColumnOption::OnConflict(_) => self.signs.other = true,
                    _ => {}
                }
            }
        }
        use sqlparser::ast::TableConstraint as Constraint;
        self.signs.other |=
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
            | T::Integer(Some(_)) => self.signs.mysql = true,
            // A member without a value is MySQL's; PostgreSQL's ENUM is a type of its own.
            T::Enum(..) => self.signs.mysql = true,
            T::Datetime(_)
            | T::TinyInt(None)
            | T::Double(_)
            | T::Blob(_)
            | T::Nvarchar(_)
            | T::Clob(_)
            | T::String(_)
            | T::Varbinary(_)
            | T::Binary(_)
            | T::Unspecified => self.signs.other = true,
            T::Varchar(Some(sqlparser::ast::CharacterLength::Max)) => self.signs.other = true,
            T::Custom(name, _) => {
                let name = last_part(name);
                self.signs.other |= super::types::FOREIGN_NAMES.contains(&name.as_str());
            }
            _ => {}
        }
    }

    fn insert(&mut self, insert: &Insert) {
        self.signs.mysql |= insert.ignore || matches!(insert.on, Some(OnInsert::DuplicateKeyUpdate(_)));
        self.signs.mysql |= !insert.assignments.is_empty();
        self.signs.sqlite |= insert.or.is_some();
        self.signs.other |= insert.replace_into;
    }
}

impl Look for Search<'_> {
    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateTable(create) => self.table(create),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => {
                self.signs.other |= update.limit.is_some() || !update.table.joins.is_empty();
            }
            Statement::Delete(delete) => {
                self.signs.other |= delete.limit.is_some() || !delete.tables.is_empty();
            }
            _ => {}
        }
    }

    fn query(&mut self, query: &Query) {
        self.signs.other |= matches!(query.limit_clause, Some(LimitClause::OffsetCommaLimit { .. }));
        if let sqlparser::ast::SetExpr::Select(select) = &*query.body {
            self.signs.other |= select.top.is_some();
            // `AS 'name'`.
            self.signs.other |= select
                .projection
                .iter()
                .any(|item| matches!(item, SelectItem::ExprWithAlias { alias, .. } if alias.quote_style == Some('\'')));
        }
    }

    fn select(&mut self, select: &Select) {
        // A JOIN without its condition.
        use JoinOperator::{Inner, Join};
        let joins = select.from.iter().flat_map(|item| &item.joins);
        self.signs.other |= joins
            .into_iter()
            .any(|join| matches!(join.join_operator, Join(JoinConstraint::None) | Inner(JoinConstraint::None)));
    }

    fn table_factor(&mut self, factor: &TableFactor) {
        match factor {
            TableFactor::Table { index_hints, .. } => self.signs.mysql |= !index_hints.is_empty(),
            // PostgreSQL before 16 wants a name.
            TableFactor::Derived { alias: None, .. } => self.signs.other = true,
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
                self.signs.mysql |= separated || (!none && MYSQL.contains(&name.as_str()));
                self.signs.sqlite |= SQLITE.contains(&name.as_str());
                self.signs.other |= !none && OTHERS.contains(&name.as_str());
            }
            Expr::BinaryOp { op, .. } => match op {
                BinaryOperator::Spaceship | BinaryOperator::Xor | BinaryOperator::MyIntegerDivide => {
                    self.signs.mysql = true
                }
                BinaryOperator::Regexp => self.signs.mysql = true,
                BinaryOperator::Glob => self.signs.sqlite = true,
                _ => {}
            },
            Expr::RLike { .. } | Expr::MatchAgainst { .. } => self.signs.mysql = true,
            Expr::UnaryOp { op: UnaryOperator::BangNot, .. } => self.signs.mysql = true,
            // `INTERVAL 1 DAY`, of which PostgreSQL has only `INTERVAL '1 DAY'`.
            Expr::Interval(Interval { value, leading_field: Some(field), .. })
                if !matches!(**value, Expr::Value(_))
                    || bare_number(value)
                    || matches!(field, DateTimeField::Week(_)) =>
            {
                self.signs.other = true;
            }
            Expr::Convert { .. } => self.signs.other = true,
            Expr::Cast { data_type, .. } => {
                self.data_type(data_type);
                use DataType as T;
                self.signs.mysql |=
                    matches!(data_type, T::Signed | T::SignedInteger | T::Unsigned | T::UnsignedInteger);
            }
            Expr::Identifier(ident) => self.ident(ident),
            _ => {}
        }
        true
    }
}

impl Search<'_> {
    /// A name in double quotes that nothing has is a text.
    fn ident(&mut self, ident: &Ident) {
        let name = ident.value.to_lowercase();
        self.signs.quoted |= ident.quote_style == Some('"')
            && !self.own.contains(&name)
            && !self.names.has_table(&name)
            && !self.names.has_column(&name);
    }
}

fn bare_number(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, sqlparser::ast::Value::Number(..)))
}

/// `==` has the tree of `=`, so only the tokens tell that it stood there.
pub(super) fn has_double_equals(text: &str) -> bool {
    text.contains("==")
        && Tokenizer::new(&GenericDialect {}, text)
            .tokenize()
            .is_ok_and(|tokens| tokens.iter().any(|t| matches!(t, Token::DoubleEq)))
}
