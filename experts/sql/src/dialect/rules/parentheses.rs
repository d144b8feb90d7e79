//! Parentheses where the text of a rewritten tree would otherwise be read as another tree. The
//! parser keeps those that were written; a rule that puts an operator expression in place of a
//! call, and a dialect whose operators bind otherwise than PostgreSQL's, bring no parentheses of
//! their own. They are set once, here, over the finished statement.
//!
//! How operators bind: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-PRECEDENCE>

use sqlparser::ast::{BinaryOperator, CastKind, Expr, Statement, UnaryOperator, Value};

use crate::syntax::walk::{self, Edit};

/// How tightly an expression's outermost operator binds, loosest first. Operators of one level
/// group from left to right; IS, comparisons and LIKE do not group at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Not,
    Is,
    Comparison,
    Like,
    Other,
    Sum,
    Product,
    Power,
    AtTimeZone,
    Collate,
    Sign,
    Cast,
    Atom,
}

/// Sets the parentheses that a statement's tree needs to be read as it is; whether there were any.
pub(in crate::dialect) fn set(statement: &mut Statement) -> bool {
    let mut set = Set { any: false };
    walk::edit(statement, &mut set);
    set.any
}

struct Set {
    any: bool,
}

impl Set {
    /// Encloses an operand that binds less than `level`.
    fn at_least(&mut self, expr: &mut Expr, level: Level) {
        if of(expr) < level {
            self.any = true;
            enclose(expr);
        }
    }

    /// Encloses an operand that binds no more than `level`.
    fn tighter(&mut self, expr: &mut Expr, level: Level) {
        if of(expr) <= level {
            self.any = true;
            enclose(expr);
        }
    }
}

impl Edit for Set {
    fn expr_end(&mut self, expr: &mut Expr) {
        use Level as L;
        match expr {
            Expr::BinaryOp { left, op, right } => {
                let level = of_operator(op);
                match level {
                    // `a AND (b AND c)` is `a AND b AND c`.
                    L::And | L::Or => {
                        self.at_least(left, level);
                        self.at_least(right, level);
                    }
                    L::Comparison => {
                        self.tighter(left, level);
                        self.tighter(right, level);
                    }
                    _ => {
                        self.at_least(left, level);
                        self.tighter(right, level);
                    }
                }
            }
            Expr::AnyOp { left, .. } | Expr::AllOp { left, .. } => self.tighter(left, L::Comparison),
            Expr::UnaryOp { op: UnaryOperator::Not | UnaryOperator::BangNot, expr } => self.at_least(expr, L::Not),
            // Two signs in a row would begin a comment.
            Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => self.tighter(expr, L::Sign),
            Expr::UnaryOp { expr, .. } => self.tighter(expr, L::Other),
            Expr::IsNull(of)
            | Expr::IsNotNull(of)
            | Expr::IsTrue(of)
            | Expr::IsNotTrue(of)
            | Expr::IsFalse(of)
            | Expr::IsNotFalse(of)
            | Expr::IsUnknown(of)
            | Expr::IsNotUnknown(of)
            | Expr::IsJson { expr: of, .. }
            | Expr::IsNormalized { expr: of, .. } => self.tighter(of, L::Is),
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.tighter(left, L::Is);
                self.tighter(right, L::Is);
            }
            Expr::InList { expr, .. } | Expr::InSubquery { expr, .. } | Expr::InUnnest { expr, .. } => {
                self.tighter(expr, L::Like);
            }
            Expr::Between { expr, low, high, .. } => {
                for part in [expr, low, high] {
                    self.tighter(part, L::Like);
                }
            }
            Expr::Like { expr, pattern, .. }
            | Expr::ILike { expr, pattern, .. }
            | Expr::SimilarTo { expr, pattern, .. }
            | Expr::RLike { expr, pattern, .. } => {
                self.tighter(expr, L::Like);
                self.tighter(pattern, L::Like);
            }
            Expr::AtTimeZone { timestamp, time_zone } => {
                self.at_least(timestamp, L::AtTimeZone);
                self.tighter(time_zone, L::AtTimeZone);
            }
            Expr::Collate { expr, .. } => self.at_least(expr, L::Collate),
            Expr::Cast { kind: CastKind::DoubleColon, expr, .. } => self.at_least(expr, L::Cast),
            Expr::CompoundFieldAccess { root, .. } => match **root {
                // A call and a column may be followed by brackets as they are.
                Expr::Function(_) => {}
                _ => self.at_least(root, L::Atom),
            },
            // `POSITION(a IN b)` takes no looser operators.
            Expr::Position { expr, r#in } => {
                self.tighter(expr, L::Like);
                self.tighter(r#in, L::Like);
            }
            _ => {}
        }
    }
}

fn enclose(expr: &mut Expr) {
    let inner = std::mem::replace(expr, Expr::Value(Value::Null.into()));
    *expr = Expr::Nested(Box::new(inner));
}

fn of(expr: &Expr) -> Level {
    use Level as L;
    match expr {
        Expr::BinaryOp { op, .. } => of_operator(op),
        Expr::AnyOp { .. } | Expr::AllOp { .. } => L::Comparison,
        Expr::UnaryOp { op, .. } => match op {
            UnaryOperator::Not | UnaryOperator::BangNot => L::Not,
            UnaryOperator::Minus | UnaryOperator::Plus => L::Sign,
            _ => L::Other,
        },
        Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsJson { .. }
        | Expr::IsNormalized { .. }
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..) => L::Is,
        Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::InUnnest { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::SimilarTo { .. }
        | Expr::RLike { .. } => L::Like,
        Expr::Exists { negated: true, .. } => L::Not,
        Expr::AtTimeZone { .. } => L::AtTimeZone,
        Expr::Collate { .. } => L::Collate,
        Expr::Cast { kind: CastKind::DoubleColon, .. } => L::Cast,
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) if number.to_string().starts_with('-') => L::Sign,
            _ => L::Atom,
        },
        _ => L::Atom,
    }
}

fn of_operator(op: &BinaryOperator) -> Level {
    use BinaryOperator as Op;
    match op {
        Op::Or => Level::Or,
        Op::And => Level::And,
        Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq => Level::Comparison,
        Op::Plus | Op::Minus => Level::Sum,
        Op::Multiply | Op::Divide | Op::Modulo => Level::Product,
        Op::PGExp => Level::Power,
        _ => Level::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::template::build;
    use crate::syntax::statement;
    use hive_tests::check_all;

    /// Puts what stands for `hole` in its place and sets parentheses.
    fn put(sql: &str, hole: &Expr) -> String {
        struct Put<'a>(&'a Expr);
        impl Edit for Put<'_> {
            fn expr_end(&mut self, expr: &mut Expr) {
                if matches!(expr, Expr::Identifier(name) if name.value == "hole") {
                    *expr = self.0.clone();
                }
            }
        }
        let mut parsed = statement::parse_one(sql).unwrap();
        walk::edit(&mut parsed, &mut Put(hole));
        set(&mut parsed);
        let text = parsed.to_string();
        // What is read is what was meant.
        assert_eq!(statement::parse_one(&text).unwrap().to_string(), text);
        text
    }

    #[test]
    fn a_replacement_keeps_its_place() {
        let sum = build("EXTRACT(DOW FROM d) + 1", &[]).unwrap();
        let s = "(EXTRACT(DOW FROM d) + 1)";
        check_all(
            [
                ("SELECT hole * 2", format!("SELECT {s} * 2")),
                ("SELECT 2 * hole", format!("SELECT 2 * {s}")),
                ("SELECT hole % 2", format!("SELECT {s} % 2")),
                ("SELECT -hole", format!("SELECT -{s}")),
                ("SELECT 10 - hole", format!("SELECT 10 - {s}")),
                ("SELECT hole - 10", "SELECT EXTRACT(DOW FROM d) + 1 - 10".to_owned()),
                ("SELECT hole::text", format!("SELECT {s}::TEXT")),
                ("SELECT a || hole", "SELECT a || EXTRACT(DOW FROM d) + 1".to_owned()),
                ("SELECT hole = 3", "SELECT EXTRACT(DOW FROM d) + 1 = 3".to_owned()),
                ("SELECT ABS(hole)", "SELECT ABS(EXTRACT(DOW FROM d) + 1)".to_owned()),
                ("SELECT hole ^ 2", format!("SELECT {s} ^ 2")),
                ("SELECT a BETWEEN hole AND 7", "SELECT a BETWEEN EXTRACT(DOW FROM d) + 1 AND 7".to_owned()),
            ],
            |(given, expected)| {
                assert_eq!(put(given, &sum), expected, "{given}");
            },
        );
        let condition = build("a = 1 OR b = 2", &[]).unwrap();
        assert_eq!(put("SELECT x WHERE hole AND c", &condition), "SELECT x WHERE (a = 1 OR b = 2) AND c");
        assert_eq!(put("SELECT NOT hole", &condition), "SELECT NOT (a = 1 OR b = 2)");
        assert_eq!(put("SELECT hole IS NULL", &condition), "SELECT (a = 1 OR b = 2) IS NULL");
        let null = build("v IS NULL", &[]).unwrap();
        assert_eq!(put("SELECT hole = 1", &null), "SELECT (v IS NULL) = 1");
        assert_eq!(put("SELECT hole AND NOT hole", &null), "SELECT v IS NULL AND NOT v IS NULL");
        let minus = build("-x", &[]).unwrap();
        assert_eq!(put("SELECT -hole", &minus), "SELECT -(-x)");
        assert_eq!(put("SELECT a - hole", &minus), "SELECT a - -x");
    }
}
