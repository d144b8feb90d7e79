//! SQLite's and MySQL's grammar where the parser's own lacks it: how tightly their operators bind,
//! SQLite's `IS` and `IS NOT` between any two values, `ISNULL`, and types of any number of words, MySQL's
//! `!`, `a MOD b`, `SOUNDS LIKE` and units of two parts. Words that need no tree of their own are
//! `spelling`'s.
//!
//! <https://dev.mysql.com/doc/refman/8.4/en/operator-precedence.html>,
//! <https://www.sqlite.org/lang_expr.html#operators_and_parse_affecting_attributes>

use std::any::TypeId;

use sqlparser::ast::{
    BinaryOperator, CastKind, ColumnOption, DataType, DateTimeField, Expr, Ident, Interval, ObjectName, Statement,
    UnaryOperator,
};
use sqlparser::dialect::{Dialect, MySqlDialect, Precedence, SQLiteDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use crate::dialect::syntax::call;

/// How tightly JSON's arrows, signs and MySQL's `^` bind: more than a product, less than a cast.
const ARROW: u8 = 48;

const SIGN: u8 = 46;

const JOINED: u8 = 44;

/// A sign before an operand, which the parser would have reach over operators that bind more than a
/// product.
fn signed(parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
    let op = match parser.peek_token_ref().token {
        Token::Minus => UnaryOperator::Minus,
        Token::Plus => UnaryOperator::Plus,
        Token::Tilde => UnaryOperator::BitwiseNot,
        _ => return None,
    };
    parser.next_token();
    Some(parser.parse_subexpr(SIGN).map(|expr| Expr::UnaryOp { op, expr: Box::new(expr) }))
}

/// The word that comes `n` tokens on, in lower case, when it stands without quotes.
fn word(parser: &Parser, n: usize) -> Option<String> {
    match &parser.peek_nth_token_ref(n).token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_lowercase()),
        _ => None,
    }
}

/// MySQL's units of two parts.
const DOUBLE_UNITS: [&str; 11] = [
    "day_hour",
    "day_microsecond",
    "day_minute",
    "day_second",
    "hour_microsecond",
    "hour_minute",
    "hour_second",
    "minute_microsecond",
    "minute_second",
    "second_microsecond",
    "year_month",
];

/// `INTERVAL '1:30' HOUR_MINUTE`, whose unit the parser does not know.
fn double_interval(parser: &mut Parser) -> Result<Option<Expr>, ParserError> {
    parser.maybe_parse(|parser| {
        parser.expect_keyword(Keyword::INTERVAL)?;
        let value = Box::new(parser.parse_expr()?);
        let unit = parser.parse_identifier()?;
        if !DOUBLE_UNITS.contains(&unit.value.to_lowercase().as_str()) {
            return parser.expected_ref("a unit of two parts", parser.peek_token_ref());
        }
        Ok(Expr::Interval(Interval {
            value,
            leading_field: Some(DateTimeField::Custom(unit)),
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        }))
    })
}

/// Hands the questions about a dialect on to the one that is wrapped.
macro_rules! as_wrapped {
    ($($question:ident)*) => {
        $(fn $question(&self) -> bool {
            self.0.$question()
        })*
    };
}

/// The parser's MySQL with `!` as MySQL has it.
#[derive(Debug)]
pub(super) struct MySql(pub MySqlDialect);

impl Dialect for MySql {
    as_wrapped! {
        supports_string_literal_backslash_escape
        supports_string_literal_concatenation
        ignores_wildcard_escapes
        supports_numeric_prefix
        supports_bitwise_shift_operators
        supports_multiline_comment_hints
        require_interval_qualifier
        supports_limit_comma
        supports_create_table_select
        supports_insert_set
        supports_user_host_grantee
        supports_table_hints
        requires_single_line_comment_whitespace
        supports_match_against
        supports_select_modifiers
        supports_set_names
        supports_comma_separated_set_assignments
        supports_update_order_by
        supports_data_type_signed_suffix
        supports_cross_join_constraint
        supports_double_ampersand_operator
        supports_binary_kw_as_cast
        supports_comment_optimizer_hint
        supports_constraint_keyword_without_name
        supports_key_column_option
        supports_group_by_with_modifier
        supports_left_associative_joins_without_parens
    }

    fn dialect(&self) -> TypeId {
        self.0.dialect()
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        self.0.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        self.0.is_identifier_part(ch)
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        self.0.is_delimited_identifier_start(ch)
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        self.0.identifier_quote_style(identifier)
    }

    fn is_table_factor_alias(&self, explicit: bool, keyword: &Keyword, parser: &mut Parser) -> bool {
        self.0.is_table_factor_alias(explicit, keyword, parser)
    }

    /// `BINARY a = b` compares `BINARY a`: the word binds tighter than any operator. So does `!`.
    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        if let Some(signed) = signed(parser) {
            return Some(signed);
        }
        if parser.peek_token_ref().token == Token::ExclamationMark {
            parser.next_token();
            return Some(
                parser
                    .parse_subexpr(SIGN)
                    .map(|expr| Expr::UnaryOp { op: UnaryOperator::BangNot, expr: Box::new(expr) }),
            );
        }
        if word(parser, 0).is_some_and(|word| word == "interval") {
            return double_interval(parser).transpose();
        }
        let is_binary = matches!(&parser.peek_token_ref().token, Token::Word(word)
            if word.quote_style.is_none() && word.keyword == Keyword::BINARY);
        if !is_binary {
            return None;
        }
        parser.next_token();
        let tightest = self.prec_value(Precedence::DoubleColon);
        Some(parser.parse_subexpr(tightest).map(|of| Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(of),
            data_type: DataType::Binary(None),
            format: None,
        }))
    }

    fn parse_infix(&self, parser: &mut Parser, expr: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
        if is_modulo(parser) {
            parser.next_token();
            let left = Box::new(expr.clone());
            let whole = |right| Expr::BinaryOp { left, op: BinaryOperator::Modulo, right: Box::new(right) };
            return Some(parser.parse_subexpr(precedence).map(whole));
        }
        if sounds_like(parser) {
            parser.next_token();
            parser.next_token();
            let of = |expr| Box::new(call("SOUNDEX", vec![expr]));
            let left = of(expr.clone());
            let whole = |right| Expr::BinaryOp { left, op: BinaryOperator::Eq, right: of(right) };
            return Some(parser.parse_subexpr(precedence).map(whole));
        }
        self.0.parse_infix(parser, expr, precedence)
    }

    fn parse_statement(&self, parser: &mut Parser) -> Option<Result<Statement, ParserError>> {
        self.0.parse_statement(parser)
    }

    fn supports_bang_not_operator(&self) -> bool {
        true
    }

    /// `INT UNSIGNED ZEROFILL`, `VARCHAR(9) BINARY`: the word behind the type comes as an option of the column.
    fn parse_column_option(
        &self,
        parser: &mut Parser,
    ) -> Result<Option<Result<Option<ColumnOption>, ParserError>>, ParserError> {
        let is_option = word(parser, 0).is_some_and(|word| matches!(word.as_str(), "zerofill" | "binary"));
        if !is_option {
            return Ok(None);
        }
        Ok(Some(Ok(Some(ColumnOption::DialectSpecific(vec![parser.next_token().token])))))
    }

    // `EXTRACT(YEAR_MONTH FROM d)`.
    fn allow_extract_custom(&self) -> bool {
        true
    }

    /// `||` is OR, `&&` is AND, and XOR stands between them: looser than any comparison.
    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        let (or, and) = (self.prec_value(Precedence::Or), self.prec_value(Precedence::And));
        Some(Ok(match &parser.peek_token_ref().token {
            Token::StringConcat => or,
            Token::Overlap => and,
            Token::Word(word) if word.keyword == Keyword::XOR => or.midpoint(and),
            Token::Word(_) if is_modulo(parser) => self.prec_value(Precedence::MulDivModOp),
            Token::Word(_) if sounds_like(parser) => self.prec_value(Precedence::Like),
            Token::Caret => JOINED,
            Token::Arrow | Token::LongArrow => ARROW,
            _ => return None,
        }))
    }

    /// LIKE, IN and BETWEEN bind more than comparisons, which IS is one of; `<<` more than `&`.
    fn prec_value(&self, precedence: Precedence) -> u8 {
        match precedence {
            Precedence::Caret => self.0.prec_value(Precedence::Ampersand),
            Precedence::Ampersand => self.0.prec_value(Precedence::Caret),
            Precedence::Like => self.0.prec_value(Precedence::Between),
            Precedence::Eq | Precedence::Is => self.0.prec_value(Precedence::Like),
            other => self.0.prec_value(other),
        }
    }
}

/// Whether `MOD` comes as an operator.
fn is_modulo(parser: &Parser) -> bool {
    word(parser, 0).is_some_and(|word| word == "mod")
}

/// Whether `SOUNDS LIKE` comes.
fn sounds_like(parser: &Parser) -> bool {
    word(parser, 0).is_some_and(|first| first == "sounds") && word(parser, 1).is_some_and(|second| second == "like")
}

/// The parser's SQLite with `IS` as SQLite has it.
#[derive(Debug)]
pub(super) struct Sqlite(pub SQLiteDialect);

impl Dialect for Sqlite {
    fn dialect(&self) -> TypeId {
        self.0.dialect()
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        self.0.is_delimited_identifier_start(ch)
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        self.0.identifier_quote_style(identifier)
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        self.0.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        self.0.is_identifier_part(ch) || ch == '$'
    }

    as_wrapped! {
        supports_filter_during_aggregation
        supports_start_transaction_modifier
        supports_in_empty_list
        supports_limit_comma
        supports_asc_desc_in_column_definition
        supports_notnull_operator
        supports_comma_separated_trim
        supports_numeric_literal_underscores
    }

    // `<<` and `>>`, which the parser grants to others alone.
    fn supports_bitwise_shift_operators(&self) -> bool {
        true
    }

    // `CROSS JOIN t ON …`.
    fn supports_cross_join_constraint(&self) -> bool {
        true
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        signed(parser)
    }

    fn parse_statement(&self, parser: &mut Parser) -> Option<Result<Statement, ParserError>> {
        if parser.parse_keyword(Keyword::PRAGMA) {
            // Whatever it sets, it makes no table.
            while !matches!(parser.peek_token_ref().token, Token::SemiColon | Token::EOF) {
                parser.next_token();
            }
            let name = ObjectName::from(vec![Ident::new("setting")]);
            return Some(Ok(Statement::Pragma { name, value: None, is_eq: false }));
        }
        self.0.parse_statement(parser)
    }

    /// More words of a type, such as `character varchar(3)`, come as an option of the column.
    fn parse_column_option(
        &self,
        parser: &mut Parser,
    ) -> Result<Option<Result<Option<ColumnOption>, ParserError>>, ParserError> {
        let is_type = matches!(&parser.peek_token_ref().token, Token::Word(word)
            if word.quote_style.is_none() && TYPE_WORDS.contains(&word.value.to_lowercase().as_str()));
        if !is_type {
            return Ok(None);
        }
        let mut tokens = vec![parser.next_token().token];
        if parser.peek_token_ref().token == Token::LParen {
            loop {
                let token = parser.next_token().token;
                let end = matches!(token, Token::RParen | Token::EOF);
                tokens.push(token);
                if end {
                    break;
                }
            }
        }
        Ok(Some(Ok(Some(ColumnOption::DialectSpecific(tokens)))))
    }

    fn parse_infix(&self, parser: &mut Parser, expr: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
        if is_null(parser) {
            parser.next_token();
            return Some(Ok(Expr::IsNull(Box::new(expr.clone()))));
        }
        if let Some(negated) = is_between_values(parser) {
            parser.next_token();
            if negated {
                parser.next_token();
            }
            let left = Box::new(expr.clone());
            return Some(parser.parse_subexpr(precedence).map(|right| match negated {
                false => Expr::IsNotDistinctFrom(left, Box::new(right)),
                true => Expr::IsDistinctFrom(left, Box::new(right)),
            }));
        }
        // `NOT GLOB`, `NOT REGEXP`, `NOT MATCH`.
        let negated = is_negated_pattern(parser);
        if negated {
            parser.next_token();
        }
        let parsed = self.0.parse_infix(parser, expr, precedence)?;
        Some(parsed.map(|pattern| match negated {
            true => Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(Expr::Nested(Box::new(pattern))) },
            false => pattern,
        }))
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        Some(Ok(match &parser.peek_token_ref().token {
            Token::Word(_) if is_negated_pattern(parser) => self.prec_value(Precedence::Like),
            Token::Word(_) if is_null(parser) => self.prec_value(Precedence::Is),
            // Less and greater bind more than equal.
            Token::Lt | Token::LtEq | Token::Gt | Token::GtEq => self.0.prec_value(Precedence::Between),
            Token::Ampersand | Token::Pipe | Token::ShiftLeft | Token::ShiftRight => self.prec_value(Precedence::Pipe),
            Token::StringConcat | Token::Arrow | Token::LongArrow => JOINED,
            _ => return None,
        }))
    }

    /// `=`, IS, IN, LIKE and BETWEEN are of one rank.
    fn prec_value(&self, precedence: Precedence) -> u8 {
        match precedence {
            Precedence::Eq | Precedence::Is | Precedence::Like | Precedence::Between => {
                self.0.prec_value(Precedence::Like)
            }
            other => self.0.prec_value(other),
        }
    }
}

/// Whether `ISNULL` comes as an operator.
fn is_null(parser: &Parser) -> bool {
    word(parser, 0).is_some_and(|word| word == "isnull") && parser.peek_nth_token_ref(1).token != Token::LParen
}

/// Whether `NOT` comes with an operator of patterns behind it.
fn is_negated_pattern(parser: &Parser) -> bool {
    let word = |n: usize| match parser.peek_nth_token(n).token {
        Token::Word(word) if word.quote_style.is_none() => word.keyword,
        _ => Keyword::NoKeyword,
    };
    word(0) == Keyword::NOT && [Keyword::GLOB, Keyword::REGEXP, Keyword::MATCH].contains(&word(1))
}

/// Words that a type may go on with.
const TYPE_WORDS: [&str; 19] = [
    "big",
    "native",
    "varying",
    "bigint",
    "char",
    "character",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "number",
    "numeric",
    "precision",
    "real",
    "smallint",
    "text",
    "unsigned",
    "varchar",
];

/// Whether `IS` comes with a value behind it, and if so, whether it is `IS NOT`.
fn is_between_values(parser: &Parser) -> Option<bool> {
    let word = |n: usize| match parser.peek_nth_token(n).token {
        Token::Word(word) if word.quote_style.is_none() => word.keyword,
        _ => Keyword::NoKeyword,
    };
    if word(0) != Keyword::IS {
        return None;
    }
    let negated = word(1) == Keyword::NOT;
    let known = [
        Keyword::NULL,
        Keyword::TRUE,
        Keyword::FALSE,
        Keyword::UNKNOWN,
        Keyword::DISTINCT,
        Keyword::NORMALIZED,
        Keyword::NOT,
    ];
    (!known.contains(&word(if negated { 2 } else { 1 }))).then_some(negated)
}
