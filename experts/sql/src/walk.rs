//! One walk over a parsed statement for all who only look. The parser's visitor is compiled anew,
//! over every type of its tree, for each type that implements it; here one does, for all.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Query, Select, Statement, TableFactor, Visit, Visitor};

/// What someone wants to see on the walk. Everything is passed over unless said otherwise.
pub trait Look {
    /// A query begins.
    fn query(&mut self, _: &Query) {}
    /// A query ends.
    fn query_end(&mut self, _: &Query) {}
    /// A SELECT begins.
    fn select(&mut self, _: &Select) {}
    /// An item of FROM begins.
    fn table_factor(&mut self, _: &TableFactor) {}
    /// An expression begins; `false` ends the walk.
    fn expr(&mut self, _: &Expr) -> bool {
        true
    }
    /// An expression ends.
    fn expr_end(&mut self, _: &Expr) {}
}

/// Walks over a statement.
pub fn statement(statement: &Statement, look: &mut dyn Look) {
    let _ = statement.visit(&mut Walker(look));
}

/// Walks over an expression; `false` when `look` ended the walk.
pub fn expr(expr: &Expr, look: &mut dyn Look) -> bool {
    expr.visit(&mut Walker(look)).is_continue()
}

struct Walker<'a>(&'a mut dyn Look);

impl Visitor for Walker<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.0.query(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.0.query_end(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.0.select(select);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        self.0.table_factor(factor);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.0.expr(expr) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn post_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.0.expr_end(expr);
        ControlFlow::Continue(())
    }
}
