//! Mutants of the gold: statements that differ from it in one thing, as a model would get it wrong. A database on which
//! a mutant returns the same as the gold does not tell that mistake from a right answer.

use sqlparser::ast::{
    BinaryOperator, Distinct, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    GroupByExpr, Ident, JoinConstraint, JoinOperator, LimitClause, ObjectName, OrderByExpr, Query, Select, SetExpr,
    SetQuantifier, Statement, Value,
};

use crate::syntax::last_part;
use crate::syntax::walk::{self, Edit};

/// At most `limit` mutants, those of the outer query first.
pub fn mutants(gold: &Statement, limit: usize) -> Vec<Statement> {
    let mut found: Vec<Statement> = Vec::new();
    for site in 0.. {
        let mut statement = gold.clone();
        let mut mutator = Mutator { site, visited: 0, done: false };
        mutator.changed_rows(&mut statement);
        walk::edit(&mut statement, &mut mutator);
        if !mutator.done || found.len() == limit {
            break;
        }
        if statement != *gold && !found.contains(&statement) {
            found.push(statement);
        }
    }
    found
}

/// Makes one of all possible mutations: that at the place which the walk meets as number `site`.
struct Mutator {
    site: usize,
    visited: usize,
    done: bool,
}

impl Mutator {
    /// Whether the mutation that is possible here is the one to make.
    fn here(&mut self) -> bool {
        let here = !self.done && self.visited == self.site;
        self.visited += 1;
        self.done |= here;
        here
    }

    /// Mutates the conditions and assignments of UPDATE and DELETE.
    fn changed_rows(&mut self, statement: &mut Statement) {
        match statement {
            Statement::Update(update) => {
                self.condition(&mut update.selection);
                if update.assignments.len() > 1 && self.here() {
                    update.assignments.pop();
                }
            }
            Statement::Delete(delete) => self.condition(&mut delete.selection),
            _ => {}
        }
    }

    /// Drops one conjunct of a condition.
    fn condition(&mut self, condition: &mut Option<Expr>) {
        let Some(whole) = condition else { return };
        for conjunct in 0..conjuncts(whole) {
            if self.here() {
                *condition = without(whole.clone(), conjunct, &mut 0);
                return;
            }
        }
    }

    /// Makes an inner join a left one, and an outer join an inner one.
    fn join(&mut self, operator: &mut JoinOperator) {
        use JoinOperator as J;
        let always = |constraint: &JoinConstraint| !matches!(constraint, JoinConstraint::None);
        let other = match operator {
            J::Join(c) | J::Inner(c) if always(c) => J::Left(c.clone()),
            J::Left(c) | J::LeftOuter(c) | J::Right(c) | J::RightOuter(c) | J::FullOuter(c) => J::Join(c.clone()),
            _ => return,
        };
        if self.here() {
            *operator = other;
        }
    }
}

fn is_text(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)))
}

/// How many conditions the ANDs of a condition join.
fn conjuncts(condition: &Expr) -> usize {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => conjuncts(left) + conjuncts(right),
        _ => 1,
    }
}

/// The condition without one of its conjuncts. `seen`: how many were passed so far.
fn without(condition: Expr, dropped: usize, seen: &mut usize) -> Option<Expr> {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            match (without(*left, dropped, seen), without(*right, dropped, seen)) {
                (Some(left), Some(right)) => {
                    Some(Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::And, right: Box::new(right) })
                }
                (left, right) => left.or(right),
            }
        }
        other => {
            *seen += 1;
            (*seen - 1 != dropped).then_some(other)
        }
    }
}

impl Edit for Mutator {
    fn query(&mut self, query: &mut Query) {
        if let Some(LimitClause::LimitOffset { limit: limit @ Some(_), .. }) = &mut query.limit_clause
            && self.here()
        {
            *limit = None;
        }
        if let SetExpr::SetOperation { set_quantifier, .. } = &mut *query.body
            && self.here()
        {
            *set_quantifier = match set_quantifier {
                SetQuantifier::All => SetQuantifier::None,
                _ => SetQuantifier::All,
            };
        }
    }

    fn select(&mut self, select: &mut Select) {
        self.condition(&mut select.selection);
        self.condition(&mut select.having);
        for join in select.from.iter_mut().flat_map(|item| &mut item.joins) {
            self.join(&mut join.join_operator);
        }
        if self.here() {
            select.distinct = match select.distinct {
                None => Some(Distinct::Distinct),
                Some(_) => None,
            };
        }
        if let GroupByExpr::Expressions(keys, _) = &mut select.group_by
            && keys.len() > 1
            && self.here()
        {
            keys.pop();
        }
    }

    fn order_by(&mut self, order: &mut OrderByExpr) {
        use sqlparser::ast::OrderBySort;
        if self.here() {
            order.options.sort = match order.options.sort {
                Some(OrderBySort::Desc) => None,
                _ => Some(OrderBySort::Desc),
            };
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        match expr {
            Expr::BinaryOp { .. } => self.operator(expr),
            Expr::Like { .. } | Expr::ILike { .. } => self.pattern(expr),
            Expr::IsNull(inner) if self.here() => *expr = Expr::IsNotNull(inner.clone()),
            Expr::IsNotNull(inner) if self.here() => *expr = Expr::IsNull(inner.clone()),
            Expr::InList { negated, .. }
            | Expr::InSubquery { negated, .. }
            | Expr::Exists { negated, .. }
            | Expr::Between { negated, .. }
                if self.here() =>
            {
                *negated = !*negated;
            }
            Expr::Value(value) => {
                if let Value::Number(number, _) = &mut value.value
                    && let Ok(whole) = number.parse::<i64>()
                    && self.here()
                {
                    *number = (whole + 1).to_string();
                }
            }
            Expr::Function(function) => {
                let name = last_part(&function.name);
                self.function_name(function, &name);
                self.arguments(function, &name);
            }
            _ => {}
        }
    }
}

/// Mutations of expressions.
impl Mutator {
    /// Makes equality with a text regardless of case, or takes the neighbouring operator.
    fn operator(&mut self, expr: &mut Expr) {
        use BinaryOperator as B;
        let Expr::BinaryOp { left, op, right } = expr else { return };
        if *op == B::Eq && is_text(right) && self.here() {
            *expr = Expr::ILike {
                negated: false,
                any: false,
                expr: left.clone(),
                pattern: right.clone(),
                escape_char: None,
            };
            return;
        }
        let other = match op {
            B::Eq => B::NotEq,
            B::NotEq => B::Eq,
            B::Gt => B::GtEq,
            B::GtEq => B::Gt,
            B::Lt => B::LtEq,
            B::LtEq => B::Lt,
            B::And => B::Or,
            B::Or => B::And,
            B::Plus => B::Minus,
            B::Minus => B::Plus,
            _ => return,
        };
        if self.here() {
            *op = other;
        }
    }

    /// Makes LIKE regardless of case or negates it; makes ILIKE regard case.
    fn pattern(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Like { negated, any, expr: matched, pattern, escape_char } => {
                if self.here() {
                    *expr = Expr::ILike {
                        negated: *negated,
                        any: *any,
                        expr: matched.clone(),
                        pattern: pattern.clone(),
                        escape_char: escape_char.clone(),
                    };
                } else if self.here() {
                    *negated = !*negated;
                }
            }
            Expr::ILike { negated, any, expr: matched, pattern, escape_char } if self.here() => {
                *expr = Expr::Like {
                    negated: *negated,
                    any: *any,
                    expr: matched.clone(),
                    pattern: pattern.clone(),
                    escape_char: escape_char.clone(),
                };
            }
            _ => {}
        }
    }

    /// Calls the function with which this one is most easily confused.
    fn function_name(&mut self, function: &mut Function, name: &str) {
        let other = match name {
            "sum" => "avg",
            "avg" => "sum",
            "min" => "max",
            "max" => "min",
            "rank" => "row_number",
            "dense_rank" | "row_number" => "rank",
            "lag" => "lead",
            "lead" => "lag",
            _ => return,
        };
        if self.here() {
            function.name = ObjectName::from(vec![Ident::new(other)]);
        }
    }

    /// Mutates what an aggregate counts: DISTINCT, `*`, FILTER. `name`: the function's, before any mutation.
    fn arguments(&mut self, function: &mut Function, name: &str) {
        let FunctionArguments::List(list) = &mut function.args else { return };
        let aggregate = ["count", "sum", "avg", "string_agg", "array_agg"].contains(&name);
        let column = matches!(&list.args[..], [FunctionArg::Unnamed(FunctionArgExpr::Expr(_)), ..]);
        if aggregate && column && function.over.is_none() && self.here() {
            list.duplicate_treatment = match list.duplicate_treatment {
                Some(DuplicateTreatment::Distinct) => None,
                _ => Some(DuplicateTreatment::Distinct),
            };
            return;
        }
        if name == "count" && column && self.here() {
            list.duplicate_treatment = None;
            list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Wildcard)];
        }
        if function.filter.is_some() && self.here() {
            function.filter = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::statement::parse_one;
    use hive_tests::check_all;

    #[test]
    fn each_differs_in_one_thing() {
        let of = |sql: &str| -> Vec<String> {
            mutants(&parse_one(sql).unwrap(), 100).iter().map(ToString::to_string).collect()
        };
        let found = of(
            "SELECT a, COUNT(b) FROM t JOIN u ON t.id = u.id WHERE c > 1 AND d IS NULL GROUP BY a ORDER BY a LIMIT 2",
        );
        check_all(
            [
                "SELECT a, COUNT(b) FROM t JOIN u ON t.id = u.id WHERE c > 1 AND d IS NULL GROUP BY a ORDER BY a",
                "SELECT a, COUNT(b) FROM t JOIN u ON t.id = u.id WHERE d IS NULL GROUP BY a ORDER BY a LIMIT 2",
                "SELECT a, COUNT(b) FROM t JOIN u ON t.id = u.id WHERE c > 1 GROUP BY a ORDER BY a LIMIT 2",
                "SELECT a, COUNT(b) FROM t LEFT JOIN u ON t.id = u.id WHERE c > 1 AND d IS NULL GROUP BY a ORDER BY a LIMIT 2",
                "SELECT a, COUNT(b) FROM t JOIN u ON t.id = u.id WHERE c >= 1 AND d IS NULL GROUP BY a ORDER BY a LIMIT 2",
                "SELECT a, COUNT(*) FROM t JOIN u ON t.id = u.id WHERE c > 1 AND d IS NULL GROUP BY a ORDER BY a LIMIT 2",
                "SELECT a, COUNT(DISTINCT b) FROM t JOIN u ON t.id = u.id WHERE c > 1 AND d IS NULL GROUP BY a ORDER BY a LIMIT 2",
                "SELECT a, COUNT(b) FROM t JOIN u ON t.id = u.id WHERE c > 1 AND d IS NULL GROUP BY a ORDER BY a DESC LIMIT 2",
                "SELECT a, COUNT(b) FROM t JOIN u ON t.id = u.id WHERE c > 1 AND d IS NULL GROUP BY a ORDER BY a LIMIT 3",
            ],
            |expected| {
                assert!(found.contains(&expected.to_owned()), "{expected}\n{found:#?}");
            },
        );
        assert!(
            of("SELECT a FROM t UNION SELECT a FROM u")
                .contains(&"SELECT a FROM t UNION ALL SELECT a FROM u".to_owned())
        );
        assert!(of("DELETE FROM t WHERE a = 1 AND b = 2").contains(&"DELETE FROM t WHERE b = 2".to_owned()));
        assert!(of("DELETE FROM t WHERE a = 1").contains(&"DELETE FROM t".to_owned()));
        assert!(of("UPDATE t SET a = 1, b = 2").contains(&"UPDATE t SET a = 1".to_owned()));
        assert_eq!(mutants(&parse_one("SELECT a FROM t WHERE b = 1 AND c = 2 AND d = 3").unwrap(), 4).len(), 4);
    }
}
