//! SQLite's and MySQL's grammar where the parser's own lacks it: SQLite's `IS` and `IS NOT` between any
//! two values and types of any number of words, MySQL's `!`, `a MOD b` and its
//! order of `||`, XOR and `&&`.

use std::any::TypeId;

use sqlparser::ast::{
    BinaryOperator, CastKind, ColumnOption, DataType, Expr, Ident, ObjectName, Statement, UnaryOperator,
};
use sqlparser::dialect::{Dialect, MySqlDialect, Precedence, SQLiteDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

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
pub(crate) struct MySql(pub MySqlDialect);

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

    /// `BINARY a = b` compares `BINARY a`: the word binds tighter than any operator.
    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
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
        self.0.parse_infix(parser, expr, precedence)
    }

    fn parse_statement(&self, parser: &mut Parser) -> Option<Result<Statement, ParserError>> {
        self.0.parse_statement(parser)
    }

    fn supports_bang_not_operator(&self) -> bool {
        true
    }

    /// `INT UNSIGNED ZEROFILL`: the word behind the type comes as an option of the column.
    fn parse_column_option(
        &self,
        parser: &mut Parser,
    ) -> Result<Option<Result<Option<ColumnOption>, ParserError>>, ParserError> {
        let is_option = matches!(&parser.peek_token_ref().token, Token::Word(word)
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("zerofill"));
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
            _ => return None,
        }))
    }
}

/// Whether `MOD` comes as an operator.
fn is_modulo(parser: &Parser) -> bool {
    matches!(&parser.peek_token_ref().token, Token::Word(word)
        if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("mod"))
}

/// The parser's SQLite with `IS` as SQLite has it.
#[derive(Debug)]
pub(crate) struct Sqlite(pub SQLiteDialect);

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
        is_negated_pattern(parser).then(|| Ok(self.prec_value(Precedence::Like)))
    }
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
