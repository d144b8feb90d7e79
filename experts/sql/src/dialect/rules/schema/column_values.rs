//! The values of one column: what they ask of its type, and the form that they have in it.

use sqlparser::ast::{
    CharacterLength, ColumnOption, DataType, Expr, Ident, ObjectName, TimezoneInfo, UnaryOperator, Value,
};

use crate::catalog::ValueKind;
use crate::dialect::values::bytes;
use crate::dialect::{moments, number_texts};
use crate::syntax::last_part;

/// A column and what its values ask for.
pub(super) struct Column {
    pub name: String,
    data_type: DataType,
    kind: ValueKind,
    /// It numbers its rows if it is a SERIAL, or may as well if it is an integer key.
    pub numbered: bool,
    may_number: bool,
    pub not_null: bool,
    /// Its values are computed.
    computed: bool,
    /// Its dates are SQLite's texts.
    sqlite: bool,
    pub seen: Seen,
}

/// What stands in the rows, beyond what fits.
#[derive(Default)]
pub(super) struct Seen {
    pub absent: bool,
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
    pub highest: u64,
}

impl Column {
    pub fn of(column: &sqlparser::ast::ColumnDef, sqlite: bool) -> Self {
        let numbered = matches!(&column.data_type, DataType::Custom(name, _) if last_part(name).ends_with("serial"));
        let kind = ValueKind::of(&column.data_type);
        let key = column.options.iter().any(|o| matches!(o.option, ColumnOption::PrimaryKey(_)));
        Self {
            name: column.name.value.to_lowercase(),
            data_type: column.data_type.clone(),
            kind,
            numbered,
            may_number: key && kind == ValueKind::Integer,
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
    pub fn widened(&self) -> Option<DataType> {
        let Seen { absent, large, fraction, text, longest, moment, day, timed, other_number, .. } = self.seen;
        let numeric = DataType::Numeric(sqlparser::ast::ExactNumberInfo::None);
        match self.kind {
            _ if text && self.kind != ValueKind::Text => Some(DataType::Text),
            // SQLite's are texts of a length that PostgreSQL's type gives to all.
            ValueKind::Date | ValueKind::Timestamp if day && timed => Some(DataType::Text),
            ValueKind::Date if timed => Some(DataType::Timestamp(None, TimezoneInfo::None)),
            ValueKind::Timestamp if day => Some(DataType::Date),
            ValueKind::Boolean if other_number => Some(DataType::Int(None)),
            ValueKind::Integer if fraction => Some(DataType::DoublePrecision),
            ValueKind::Integer if large && !matches!(self.data_type, DataType::BigInt(_)) => {
                Some(DataType::BigInt(None))
            }
            ValueKind::Integer if large => Some(numeric),
            ValueKind::Integer if absent && self.may_number && !self.numbered => {
                Some(DataType::Custom(ObjectName::from(vec![Ident::new("SERIAL")]), Vec::new()))
            }
            ValueKind::Date if moment => Some(DataType::Timestamp(None, TimezoneInfo::None)),
            ValueKind::Text => {
                let length = length(&self.data_type)?;
                (longest > length).then_some(DataType::Text)
            }
            _ => None,
        }
    }

    pub fn look(&mut self, value: &Expr) {
        if self.computed {
            return;
        }
        let (negative, value) = match value {
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => (true, &**expr),
            other => (false, other),
        };
        let value = introduced(value);
        let dates = matches!(self.kind, ValueKind::Date | ValueKind::Timestamp);
        let seen = &mut self.seen;
        match value {
            Expr::Value(value) => match (&value.value, self.kind) {
                (Value::Null, _) => seen.absent = true,
                (Value::Number(n, _), kind) => number(seen, &n.to_string(), negative, kind, &self.data_type),
                (Value::SingleQuotedString(text) | Value::DoubleQuotedString(text), kind) => {
                    if dates && self.sqlite {
                        seen.text |= !moments::is_shown(text);
                        seen.day |= text.len() == 10;
                        seen.timed |= text.len() > 10;
                    }
                    // It keeps a truth value that is no number as a text.
                    seen.text |= kind == ValueKind::Boolean && self.sqlite && !number_texts::is_number(text);
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
    pub fn form(&self, value: &Expr) -> Option<Expr> {
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
            && matches!(self.kind, ValueKind::Float | ValueKind::Number)
            && n.parse::<f64>().is_ok_and(f64::is_infinite)
        {
            let endless = if negative { "-Infinity" } else { "Infinity" };
            return Some(Expr::Value(Value::SingleQuotedString(endless.to_owned()).into()));
        }
        if negative {
            return None;
        }
        let boolean = self.kind == ValueKind::Boolean && self.widened().is_none();
        let now = match &value.value {
            Value::Number(n, _) if boolean => Value::Boolean(*n != "0"),
            Value::SingleQuotedByteStringLiteral(_) if boolean => bytes::stored(&value.value, ValueKind::Boolean)?,
            Value::SingleQuotedString(text) if boolean && is_bit(text) => Value::Boolean(text == "\u{1}"),
            // SQLite keeps bytes in a column of numbers as they are.
            Value::HexStringLiteral(_)
                if matches!(self.kind, ValueKind::Text | ValueKind::Other)
                    || (!self.sqlite && (boolean || self.kind.is_number())) =>
            {
                bytes::stored(&value.value, self.kind)?
            }
            Value::SingleQuotedString(text) if self.data_type == DataType::Bytea && !is_bytes(text) => {
                Value::SingleQuotedString(text.bytes().fold("\\x".to_owned(), |all, byte| all + &format!("{byte:02x}")))
            }
            Value::Boolean(truth) if self.kind.is_number() || (self.kind == ValueKind::Boolean && !boolean) => {
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
                    && matches!(self.kind, ValueKind::Date | ValueKind::Timestamp)
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

fn number(seen: &mut Seen, text: &str, negative: bool, kind: ValueKind, data_type: &DataType) {
    let value: f64 = text.parse().unwrap_or(0.0);
    match kind {
        ValueKind::Boolean => seen.other_number |= negative || (value != 0.0 && value != 1.0),
        ValueKind::Integer => {
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
        ValueKind::Text => seen.longest = seen.longest.max(text.len() as u64),
        ValueKind::Date | ValueKind::Timestamp => seen.text = true,
        _ => {}
    }
}

fn words(seen: &mut Seen, text: &str, kind: ValueKind, data_type: &DataType, not_null: bool) {
    let trimmed = text.trim();
    match kind {
        ValueKind::Boolean => {
            let known = ["t", "f", "true", "false", "y", "n", "yes", "no", "on", "off", "0", "1"];
            seen.text |= !known.contains(&trimmed.to_lowercase().as_str()) && !is_bit(text);
        }
        ValueKind::Integer | ValueKind::Number | ValueKind::Float => match trimmed.parse::<f64>() {
            Ok(value) if value.is_finite() => {
                number(seen, trimmed.trim_start_matches(['-', '+']), trimmed.starts_with('-'), kind, data_type);
            }
            _ => seen.text = true,
        },
        ValueKind::Text => seen.longest = seen.longest.max(text.chars().count() as u64),
        // NULL says as much, where that may stand.
        ValueKind::Date | ValueKind::Timestamp if trimmed.starts_with("0000-00-00") && !not_null => {}
        ValueKind::Date => match moments::has_time(trimmed) {
            None => seen.text = true,
            Some(timed) => seen.moment |= timed,
        },
        ValueKind::Timestamp => seen.text |= moments::has_time(trimmed).is_none(),
        ValueKind::Other => {}
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
