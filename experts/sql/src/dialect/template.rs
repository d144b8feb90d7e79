//! New expressions from templates: PostgreSQL's text with `$1`, `$2` where sub-trees go. The template
//! is parsed and the sub-trees are put into its tree, so nothing is ever pasted as text.

use sqlparser::ast::{Expr, Value};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use crate::syntax::walk::{self, Edit};

/// The template's expression with `arguments` in it; `None` for a template that does not parse,
/// which a test rules out.
pub(super) fn build(template: &'static str, arguments: &[&Expr]) -> Option<Expr> {
    let mut expr = Parser::new(&PostgreSqlDialect {}).try_with_sql(template).ok()?.parse_expr().ok()?;
    walk::edit(&mut expr, &mut Fill { arguments });
    Some(expr)
}

struct Fill<'a> {
    arguments: &'a [&'a Expr],
}

impl Edit for Fill<'_> {
    fn expr_end(&mut self, expr: &mut Expr) {
        if let Expr::Value(value) = expr
            && let Value::Placeholder(name) = &value.value
            && let Some(argument) =
                name.strip_prefix('$').and_then(|n| n.parse::<usize>().ok()).and_then(|n| self.arguments.get(n - 1))
        {
            *expr = enclosed((*argument).clone());
        }
    }
}

/// In parentheses, if it could be torn apart by what stands around it.
pub(super) fn enclosed(expr: Expr) -> Expr {
    match expr {
        Expr::BinaryOp { .. }
        | Expr::UnaryOp { .. }
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::Cast { kind: sqlparser::ast::CastKind::DoubleColon, .. } => Expr::Nested(Box::new(expr)),
        other => other,
    }
}
