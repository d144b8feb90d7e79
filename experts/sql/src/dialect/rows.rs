//! Rows against the types of their columns: SQLite keeps any value in any column and MySQL bends
//! many, PostgreSQL refuses. A value is written in the column's form where it has one; otherwise
//! the column takes a type that holds all its values. Only literal values are looked at.

use std::collections::BTreeMap;

use sqlparser::ast::{
    CharacterLength, ColumnOption, DataType, Expr, Ident, Insert, ObjectName, SelectItem, SetExpr, Statement,
    TableConstraint, TableObject, TimezoneInfo, UnaryOperator, Value,
};

use super::names::{self, Kind};
use super::{Change, Dialect, Rewriter, bytes, numbers};
use crate::schema::last_part;

/// Makes rows and column types fit. `sqlite`: dates are texts there, and compared and shown as such,
/// so a column of dates remains one only if its texts are those that PostgreSQL shows.
pub(super) fn fit(statements: &mut [Statement], sqlite: bool, changes: &mut Vec<Change>) {
    if !statements.iter().any(|s| matches!(s, Statement::Insert(_))) {
        return;
    }
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for statement in statements.iter() {
        if let Statement::CreateTable(create) = statement {
            let mut columns: Vec<Column> = create.columns.iter().map(|column| Column::of(column, sqlite)).collect();
            for constraint in &create.constraints {
                if let TableConstraint::PrimaryKey(key) = constraint {
                    let parts: Vec<String> = key.columns.iter().map(names::index_column).collect();
                    columns.iter_mut().filter(|c| parts.contains(&c.name)).for_each(|c| c.not_null = true);
                }
            }
            tables.insert(last_part(&create.name), columns);
        }
    }
    for statement in statements.iter_mut() {
        if let Statement::Insert(insert) = statement {
            look(insert, &mut tables);
        }
    }
    for statement in statements.iter_mut() {
        match statement {
            Statement::CreateTable(create) => {
                let Some(columns) = tables.get(&last_part(&create.name)) else { continue };
                for (column, seen) in create.columns.iter_mut().zip(columns) {
                    if seen.numbered && seen.seen.highest > 0 {
                        count_on(column, seen.seen.highest);
                        let what = format!("column `{}` numbers its rows behind those that it has", column.name);
                        changes.push(Change { rule: "auto-increment", what });
                        continue;
                    }
                    if let Some(now) = seen.widened() {
                        let what = format!(
                            "column `{}` holds values that {} cannot, so it is {now}",
                            column.name, column.data_type
                        );
                        changes.push(Change { rule: "column-type", what });
                        column.data_type = now;
                        if names::kind(&column.data_type) == Kind::Text {
                            column.options.retain(|o| !matches!(o.option, ColumnOption::Default(_)));
                        }
                    }
                }
            }
            Statement::Insert(insert) => write(insert, &tables, changes),
            _ => {}
        }
    }
}

/// An identity that begins behind the highest number of the rows: SERIAL would begin at 1.
fn count_on(column: &mut sqlparser::ast::ColumnDef, highest: u64) {
    let large = matches!(&column.data_type, DataType::Custom(name, _) if last_part(name) == "bigserial");
    column.data_type = if large { DataType::BigInt(None) } else { DataType::Int(None) };
    let start = Expr::Value(Value::Number((highest + 1).to_string(), false).into());
    let identity = ColumnOption::Generated {
        generated_as: sqlparser::ast::GeneratedAs::ByDefault,
        sequence_options: Some(vec![sqlparser::ast::SequenceOptions::StartWith(start, true)]),
        generation_expr: None,
        generation_expr_mode: None,
        generated_keyword: true,
    };
    column.options.insert(0, sqlparser::ast::ColumnOptionDef { name: None, option: identity });
}

/// A column and what its values ask for.
struct Column {
    name: String,
    data_type: DataType,
    kind: Kind,
    /// It numbers its rows if it is a SERIAL, or may as well if it is an integer key.
    numbered: bool,
    may_number: bool,
    not_null: bool,
    /// Its values are computed.
    computed: bool,
    /// Its dates are SQLite's texts.
    sqlite: bool,
    seen: Seen,
}

/// What stands in the rows, beyond what fits.
#[derive(Default)]
struct Seen {
    absent: bool,
    large: bool,
    fraction: bool,
    text: bool,
    /// The longest text, in characters.
    longest: u64,
    moment: bool,
    /// Of SQLite's texts of dates: some without, some with a time of day.
    day: bool,
    timed: bool,
    other_number: bool,
    /// The highest number of a row that says its own.
    highest: u64,
}

impl Column {
    fn of(column: &sqlparser::ast::ColumnDef, sqlite: bool) -> Self {
        let numbered = matches!(&column.data_type, DataType::Custom(name, _) if last_part(name).ends_with("serial"));
        let kind = names::kind(&column.data_type);
        let key = column.options.iter().any(|o| matches!(o.option, ColumnOption::PrimaryKey(_)));
        Self {
            name: column.name.value.to_lowercase(),
            data_type: column.data_type.clone(),
            kind,
            numbered,
            may_number: key && kind == Kind::Integer,
            computed: column
                .options
                .iter()
                .any(|o| matches!(o.option, ColumnOption::Generated { generation_expr: Some(_), .. })),
            not_null: key || column.options.iter().any(|o| matches!(o.option, ColumnOption::NotNull)),
            sqlite,
            seen: Seen::default(),
        }
    }

    /// The type that holds all values, when the declared one does not.
    fn widened(&self) -> Option<DataType> {
        let Seen { absent, large, fraction, text, longest, moment, day, timed, other_number, .. } = self.seen;
        let numeric = DataType::Numeric(sqlparser::ast::ExactNumberInfo::None);
        match self.kind {
            _ if text && self.kind != Kind::Text => Some(DataType::Text),
            // SQLite's are texts of a length that PostgreSQL's type gives to all.
            Kind::Date | Kind::Timestamp if day && timed => Some(DataType::Text),
            Kind::Date if timed => Some(DataType::Timestamp(None, TimezoneInfo::None)),
            Kind::Timestamp if day => Some(DataType::Date),
            Kind::Boolean if other_number => Some(DataType::Int(None)),
            Kind::Integer if fraction => Some(DataType::DoublePrecision),
            Kind::Integer if large && !matches!(self.data_type, DataType::BigInt(_)) => Some(DataType::BigInt(None)),
            Kind::Integer if large => Some(numeric),
            Kind::Integer if absent && self.may_number && !self.numbered => {
                Some(DataType::Custom(ObjectName::from(vec![Ident::new("SERIAL")]), Vec::new()))
            }
            Kind::Date if moment => Some(DataType::Timestamp(None, TimezoneInfo::None)),
            Kind::Text => {
                let length = length(&self.data_type)?;
                (longest > length).then_some(DataType::Text)
            }
            _ => None,
        }
    }

    fn look(&mut self, value: &Expr) {
        if self.computed {
            return;
        }
        let (negative, value) = match value {
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => (true, &**expr),
            other => (false, other),
        };
        let value = introduced(value);
        let dates = matches!(self.kind, Kind::Date | Kind::Timestamp);
        let seen = &mut self.seen;
        match value {
            Expr::Value(value) => match (&value.value, self.kind) {
                (Value::Null, _) => seen.absent = true,
                (Value::Number(n, _), kind) => number(seen, &n.to_string(), negative, kind, &self.data_type),
                (Value::SingleQuotedString(text) | Value::DoubleQuotedString(text), kind) => {
                    if dates && self.sqlite {
                        seen.text |= !is_shown(text);
                        seen.day |= text.len() == 10;
                        seen.timed |= text.len() > 10;
                    }
                    // It keeps a truth value that is no number as a text.
                    seen.text |= kind == Kind::Boolean && self.sqlite && !numbers::is_number(text);
                    words(seen, text, kind, &self.data_type, self.not_null)
                }
                _ => {}
            },
            Expr::Identifier(ident) if ident.quote_style == Some('"') => {
                words(seen, &ident.value, self.kind, &self.data_type, self.not_null)
            }
            _ => {}
        }
    }

    /// A value in the column's own form; `None` when it stays.
    fn form(&self, value: &Expr) -> Option<Expr> {
        // MySQL's dumps have what was computed among the values.
        if self.computed {
            let default = Expr::Identifier(Ident::new("DEFAULT"));
            return (*value != default).then_some(default);
        }
        let (negative, value) = match value {
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => (true, &**expr),
            other => (false, other),
        };
        if let Expr::Prefixed { value, .. } = value {
            return Some(self.form(value).unwrap_or_else(|| (**value).clone()));
        }
        let Expr::Value(value) = value else { return None };
        // SQLite's dumps write what has no end as a number that is too large.
        if let Value::Number(n, _) = &value.value
            && matches!(self.kind, Kind::Float | Kind::Number)
            && n.parse::<f64>().is_ok_and(f64::is_infinite)
        {
            let endless = if negative { "-Infinity" } else { "Infinity" };
            return Some(Expr::Value(Value::SingleQuotedString(endless.to_owned()).into()));
        }
        if negative {
            return None;
        }
        let boolean = self.kind == Kind::Boolean && self.widened().is_none();
        let now = match &value.value {
            Value::Number(n, _) if boolean => Value::Boolean(*n != "0"),
            Value::SingleQuotedByteStringLiteral(_) if boolean => bytes::stored(&value.value, Kind::Boolean)?,
            Value::SingleQuotedString(text) if boolean && is_bit(text) => Value::Boolean(text == "\u{1}"),
            // SQLite keeps bytes in a column of numbers as they are.
            Value::HexStringLiteral(_)
                if matches!(self.kind, Kind::Text | Kind::Other)
                    || (!self.sqlite && (boolean || self.kind.is_number())) =>
            {
                bytes::stored(&value.value, self.kind)?
            }
            Value::SingleQuotedString(text) if self.data_type == DataType::Bytea && !is_bytes(text) => {
                Value::SingleQuotedString(text.bytes().fold("\\x".to_owned(), |all, byte| all + &format!("{byte:02x}")))
            }
            Value::Boolean(truth) if self.kind.is_number() || (self.kind == Kind::Boolean && !boolean) => {
                Value::Number(u8::from(*truth).to_string(), false)
            }
            Value::Null if self.numbered || (self.may_number && self.seen.absent) => {
                return Some(Expr::Identifier(Ident::new("DEFAULT")));
            }
            // No text of PostgreSQL's holds a zero.
            Value::SingleQuotedString(text) if text.contains('\0') => Value::SingleQuotedString(text.replace('\0', "")),
            // MySQL's date that is none.
            Value::SingleQuotedString(text)
                if text.starts_with("0000-00-00")
                    && matches!(self.kind, Kind::Date | Kind::Timestamp)
                    && !self.not_null
                    && !self.sqlite =>
            {
                Value::Null
            }
            _ => return None,
        };
        Some(Expr::Value(now.into()))
    }
}

/// MySQL's CHAR gives out no blanks at a text's end, so none go in.
pub(super) fn without_blanks(statements: &mut [Statement], dialect: Dialect, changes: &mut Vec<Change>) {
    if dialect != Dialect::MySql {
        return;
    }
    let mut columns: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    for statement in statements.iter() {
        if let Statement::CreateTable(create) = statement {
            let of = create.columns.iter().map(|column| {
                let fixed = matches!(column.data_type, DataType::Char(_) | DataType::Character(_));
                (column.name.value.to_lowercase(), fixed)
            });
            columns.insert(last_part(&create.name), of.collect());
        }
    }
    for statement in statements {
        let Statement::Insert(insert) = statement else { continue };
        let TableObject::TableName(name) = &insert.table else { continue };
        let Some(columns) = columns.get(&last_part(name)) else { continue };
        let fixed: Vec<bool> = match &insert.columns[..] {
            [] => columns.iter().map(|(_, fixed)| *fixed).collect(),
            given => given.iter().map(|name| columns.contains(&(last_part(name), true))).collect(),
        };
        let Some(SetExpr::Values(values)) = insert.source.as_deref_mut().map(|query| &mut *query.body) else {
            continue;
        };
        for row in &mut values.rows {
            for (value, _) in row.iter_mut().zip(&fixed).filter(|(_, fixed)| **fixed) {
                if let Expr::Value(value) = value
                    && let Value::SingleQuotedString(text) = &mut value.value
                    && text.ends_with(' ')
                {
                    *text = text.trim_end_matches(' ').to_owned();
                    let what = "blanks at the end of a CHAR's value go".to_owned();
                    let change = Change { rule: "row-value", what };
                    if !changes.contains(&change) {
                        changes.push(change);
                    }
                }
            }
        }
    }
}

/// Whether a text is a bit as MySQL's dumps write it, as a byte.
fn is_bit(text: &str) -> bool {
    matches!(text, "\0" | "\u{1}")
}

/// What stands behind MySQL's name of a character set, as in `_binary 'a'`.
fn introduced(value: &Expr) -> &Expr {
    match value {
        Expr::Prefixed { value, .. } => value,
        other => other,
    }
}

/// Whether a text is what PostgreSQL's BYTEA takes.
fn is_bytes(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        rest = &rest[at + 1..];
        let octal = rest.bytes().take(3).filter(|b| matches!(b, b'0'..=b'7')).count() == 3;
        match rest.bytes().next() {
            Some(b'\\') => rest = &rest[1..],
            Some(b'x') if at == 0 && text.len() == rest.len() + 1 => return true,
            _ if octal => {}
            _ => return false,
        }
    }
    !text.contains(['\0', '\u{fffd}'])
}

fn number(seen: &mut Seen, text: &str, negative: bool, kind: Kind, data_type: &DataType) {
    let value: f64 = text.parse().unwrap_or(0.0);
    match kind {
        Kind::Boolean => seen.other_number |= negative || (value != 0.0 && value != 1.0),
        Kind::Integer => {
            let most = match data_type {
                DataType::SmallInt(_) | DataType::Int2(_) => 32_767.0,
                DataType::BigInt(_) | DataType::Int8(_) => 9.2e18,
                DataType::Custom(name, _) if last_part(name) == "bigserial" => 9.2e18,
                _ => 2_147_483_647.0,
            };
            seen.highest = seen.highest.max(if negative { 0 } else { value as u64 });
            seen.large |= value > most;
            seen.fraction |= value.fract() != 0.0;
        }
        Kind::Text => seen.longest = seen.longest.max(text.len() as u64),
        Kind::Date | Kind::Timestamp => seen.text = true,
        _ => {}
    }
}

fn words(seen: &mut Seen, text: &str, kind: Kind, data_type: &DataType, not_null: bool) {
    let trimmed = text.trim();
    match kind {
        Kind::Boolean => {
            let known = ["t", "f", "true", "false", "y", "n", "yes", "no", "on", "off", "0", "1"];
            seen.text |= !known.contains(&trimmed.to_lowercase().as_str()) && !is_bit(text);
        }
        Kind::Integer | Kind::Number | Kind::Float => match trimmed.parse::<f64>() {
            Ok(value) if value.is_finite() => {
                number(seen, trimmed.trim_start_matches(['-', '+']), trimmed.starts_with('-'), kind, data_type);
            }
            _ => seen.text = true,
        },
        Kind::Text => seen.longest = seen.longest.max(text.chars().count() as u64),
        // NULL says as much, where that may stand.
        Kind::Date | Kind::Timestamp if trimmed.starts_with("0000-00-00") && !not_null => {}
        Kind::Date => match moment(trimmed) {
            None => seen.text = true,
            Some(timed) => seen.moment |= timed,
        },
        Kind::Timestamp => seen.text |= moment(trimmed).is_none(),
        Kind::Other => {}
    }
}

/// Whether a text is written as PostgreSQL shows a date or a date with its time.
pub(super) fn is_iso(text: &str) -> bool {
    let day = text.get(..10).unwrap_or_default();
    let shape = day.char_indices().all(|(i, c)| if matches!(i, 4 | 7) { c == '-' } else { c.is_ascii_digit() });
    // A time of day is shown with its seconds.
    let time = text.len() == 10 || (text.len() >= 19 && text.as_bytes()[10] == b' ');
    day.len() == 10 && shape && time && !text.starts_with("0000")
}

/// Whether PostgreSQL shows a date, or a date with its time, with this very text.
fn is_shown(text: &str) -> bool {
    let fraction = |rest: &str| {
        let digits = rest.strip_prefix('.').filter(|digits| digits.len() <= 6 && !digits.ends_with('0'));
        digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    is_iso(text) && text.get(19..).is_none_or(|rest| rest.is_empty() || fraction(rest))
}

/// Whether two texts of SQLite's are different and, as points in time, the same.
pub(super) fn same_moment(a: &str, b: &str) -> bool {
    let whole = |text: &str| match text.len() {
        10 => format!("{text} 00:00:00"),
        16 => format!("{text}:00"),
        _ if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ => text.to_owned(),
    };
    a != b && a.get(..10) == b.get(..10) && whole(a) == whole(b)
}

/// Whether the rows of a table have one value of `column` for the same values of `keys`; `None`
/// when the table has no rows, or rows that do not stand as literals.
pub(super) fn determines(statements: &[Statement], table: &str, keys: &[&str], column: &str) -> Option<bool> {
    let order = statements.iter().find_map(|statement| match statement {
        Statement::CreateTable(create) if last_part(&create.name) == table => {
            Some(create.columns.iter().map(|c| c.name.value.to_lowercase()).collect::<Vec<_>>())
        }
        _ => None,
    })?;
    let mut groups: BTreeMap<Vec<String>, String> = BTreeMap::new();
    for statement in statements {
        let Statement::Insert(insert) = statement else { continue };
        if !matches!(&insert.table, TableObject::TableName(name) if last_part(name) == table) {
            continue;
        }
        let columns = match &insert.columns[..] {
            [] => order.clone(),
            given => given.iter().map(last_part).collect(),
        };
        let SetExpr::Values(values) = &*insert.source.as_deref()?.body else { return None };
        // A column that is not given is NULL, or its default: the same in every row.
        let place = |name: &str| columns.iter().position(|c| c == name);
        let value =
            |row: &[Expr], at: Option<usize>| at.and_then(|at| row.get(at)).map(Expr::to_string).unwrap_or_default();
        let (keys, column): (Vec<_>, _) = (keys.iter().map(|key| place(key)).collect(), place(column));
        for row in &values.rows {
            let group = keys.iter().map(|key| value(row, *key)).collect();
            let value = value(row, column);
            if *groups.entry(group).or_insert_with(|| value.clone()) != value {
                return Some(false);
            }
        }
    }
    (!groups.is_empty()).then_some(true)
}

/// A date that MySQL reads without or with other marks between its parts, written out: `20210131`,
/// `210131`, `20210131235959`, `2021.1.31`; `None` when it is written out already, or is no date.
/// <https://dev.mysql.com/doc/refman/8.4/en/date-and-time-literals.html>
pub(super) fn compact_moment(text: &str) -> Option<String> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let (year, rest) = match text.len() {
        8 | 14 if digits => (text[..4].to_owned(), &text[4..]),
        6 | 12 if digits => {
            let century = if &text[..2] < "70" { "20" } else { "19" };
            (format!("{century}{}", &text[..2]), &text[2..])
        }
        _ if digits => return None,
        _ => {
            let mark = text.chars().find(|c| !c.is_ascii_digit())?;
            if matches!(mark, '-' | '/') || !mark.is_ascii_punctuation() {
                return None;
            }
            let parts: Vec<&str> = text.split(mark).collect();
            let [year, month, day] = parts[..] else { return None };
            let date = format!("{year:0>4}-{month:0>2}-{day:0>2}");
            return (year.len() == 4 && moment(&date).is_some()).then_some(date);
        }
    };
    let (month, day, time) = (&rest[..2], &rest[2..4], &rest[4..]);
    let mut date = format!("{year}-{month}-{day}");
    if let [Some(h), Some(m), Some(s)] = [0, 2, 4].map(|at| time.get(at..at + 2)) {
        date.push_str(&format!(" {h}:{m}:{s}"));
    }
    moment(&date).is_some().then_some(date)
}

/// Whether a text is a date (`false`) or a date with a time of day (`true`).
pub(super) fn moment(text: &str) -> Option<bool> {
    let (day, time) = match text.split_once(['T', ' ']) {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let parts: Vec<u32> = day.split(['-', '/']).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [first, second, third] = parts[..] else { return None };
    let (year, month, day) = if first > 31 { (first, second, third) } else { (third, first, second) };
    let days = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) || year == 0 {
        return None;
    }
    match time {
        None => Some(false),
        Some(time) => {
            let clock = time.trim().trim_end_matches('Z').split(['+', '.']).next().unwrap_or_default();
            let parts: Vec<u32> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
            let fits = parts.len() >= 2 && parts[0] <= 24 && parts[1..].iter().all(|part| *part <= 60);
            fits.then_some(parts.iter().any(|part| *part > 0) || parts.len() > 3)
        }
    }
}

/// Values of a statement's own rows, in the form of the columns that they go into.
pub(super) fn write_one(rewriter: &mut Rewriter<'_>, insert: &mut Insert) {
    let TableObject::TableName(name) = &insert.table else { return };
    let table = last_part(name);
    let kinds: Vec<Option<Kind>> = match &insert.columns[..] {
        [] => rewriter.names.columns_of(&table).map(|column| Some(column.kind)).collect(),
        given => {
            given.iter().map(|c| rewriter.names.column_in(&table, &last_part(c)).map(|column| column.kind)).collect()
        }
    };
    let mut truth = false;
    let mut write = |value: &mut Expr, kind: Option<Kind>| {
        let Expr::Value(given) = &*value else { return };
        let now = match (&given.value, kind) {
            (Value::Number(n, _), Some(Kind::Boolean)) => Value::Boolean(*n != "0"),
            (Value::HexStringLiteral(_), Some(kind))
                if rewriter.dialect == Dialect::MySql || matches!(kind, Kind::Text | Kind::Other) =>
            {
                match bytes::stored(&given.value, kind) {
                    Some(value) => value,
                    None => return,
                }
            }
            (Value::Boolean(truth), Some(Kind::Integer | Kind::Number | Kind::Float)) => {
                Value::Number(u8::from(*truth).to_string(), false)
            }
            _ => return,
        };
        truth = true;
        *value = Expr::Value(now.into());
    };
    match insert.source.as_deref_mut().map(|query| &mut *query.body) {
        Some(SetExpr::Values(values)) => {
            for row in &mut values.rows {
                row.iter_mut().zip(&kinds).for_each(|(value, kind)| write(value, *kind));
            }
        }
        Some(SetExpr::Select(select)) => {
            for (item, kind) in select.projection.iter_mut().zip(&kinds) {
                if let SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. } = item {
                    write(value, *kind);
                }
            }
        }
        _ => {}
    }
    if truth {
        rewriter.changed("truth-value", "a truth value has the form of its column".to_owned());
    }
}

/// The columns that an INSERT names, as positions in the table.
fn positions(insert: &Insert, columns: &[Column]) -> Option<Vec<usize>> {
    if insert.columns.is_empty() {
        return Some((0..columns.len()).collect());
    }
    insert.columns.iter().map(|name| columns.iter().position(|c| c.name == last_part(name))).collect()
}

fn look(insert: &mut Insert, tables: &mut BTreeMap<String, Vec<Column>>) {
    let TableObject::TableName(name) = &insert.table else { return };
    let Some(columns) = tables.get_mut(&last_part(name)) else { return };
    let Some(positions) = positions(insert, columns) else { return };
    for (i, column) in columns.iter_mut().enumerate() {
        column.seen.absent |= !positions.contains(&i);
    }
    let Some(SetExpr::Values(values)) = insert.source.as_deref().map(|query| &*query.body) else { return };
    for row in &values.rows {
        for (position, value) in positions.iter().zip(row.iter()) {
            columns[*position].look(value);
        }
    }
}

fn write(insert: &mut Insert, tables: &BTreeMap<String, Vec<Column>>, changes: &mut Vec<Change>) {
    let TableObject::TableName(name) = &insert.table else { return };
    let Some(columns) = tables.get(&last_part(name)) else { return };
    let Some(positions) = positions(insert, columns) else { return };
    let Some(SetExpr::Values(values)) = insert.source.as_deref_mut().map(|query| &mut *query.body) else { return };
    for row in &mut values.rows {
        for (position, value) in positions.iter().zip(row.iter_mut()) {
            let column = &columns[*position];
            if let Some(now) = column.form(value) {
                let what = format!("a value of column `{}` is written {now}", column.name);
                let change = Change { rule: "row-value", what };
                if !changes.contains(&change) {
                    changes.push(change);
                }
                *value = now;
            }
        }
    }
}

/// The longest text that a type takes.
fn length(data_type: &DataType) -> Option<u64> {
    match data_type {
        DataType::Varchar(Some(CharacterLength::IntegerLength { length, .. }))
        | DataType::CharacterVarying(Some(CharacterLength::IntegerLength { length, .. }))
        | DataType::Char(Some(CharacterLength::IntegerLength { length, .. }))
        | DataType::Character(Some(CharacterLength::IntegerLength { length, .. })) => Some(*length),
        DataType::Char(None) | DataType::Character(None) => Some(1),
        _ => None,
    }
}
