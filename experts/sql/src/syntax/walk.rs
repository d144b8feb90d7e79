//! One walk over a syntax tree for all that inspect it, and one for all that edit it. The parser compiles its visitors
//! over every type of its tree anew for each type that implements them; here one type does, for all.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Ident, ObjectName, OrderByExpr, Query, Select, Statement, TableFactor, Visit, VisitMut, Visitor, VisitorMut,
};

/// What inspects a tree. Everything is ignored by default.
pub trait Look {
    /// A statement begins.
    fn statement(&mut self, _: &Statement) {}
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

/// Walks over an expression; `false` if `look` ended the walk.
pub fn expr(expr: &Expr, look: &mut dyn Look) -> bool {
    expr.visit(&mut Walker(look)).is_continue()
}

struct Walker<'a>(&'a mut dyn Look);

impl Visitor for Walker<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        self.0.statement(statement);
        ControlFlow::Continue(())
    }

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

/// What edits a tree. Everything is left alone by default.
pub trait Edit {
    /// A statement begins; `false` ends the walk.
    fn statement(&mut self, _: &mut Statement) -> bool {
        true
    }
    /// A query begins.
    fn query(&mut self, _: &mut Query) {}
    /// A query ends.
    fn query_end(&mut self, _: &mut Query) {}
    /// A SELECT begins.
    fn select(&mut self, _: &mut Select) {}
    /// A SELECT ends.
    fn select_end(&mut self, _: &mut Select) {}
    /// An expression begins.
    fn expr(&mut self, _: &mut Expr) {}
    /// An expression ends.
    fn expr_end(&mut self, _: &mut Expr) {}
    /// An item of ORDER BY begins.
    fn order_by(&mut self, _: &mut OrderByExpr) {}
    /// A name.
    fn ident(&mut self, _: &mut Ident) {}
    /// The name of a table, before its parts are visited as names.
    fn relation(&mut self, _: &mut ObjectName) {}
}

/// Edits a statement or a part of one.
pub fn edit(node: &mut impl VisitMut, edit: &mut dyn Edit) {
    let _ = node.visit(&mut Editor(edit));
}

/// Changes every expression within one, inner ones first.
pub fn edit_expressions(expr: &mut Expr, change: &mut dyn FnMut(&mut Expr)) {
    struct Each<'a>(&'a mut dyn FnMut(&mut Expr));
    impl Edit for Each<'_> {
        fn expr_end(&mut self, expr: &mut Expr) {
            (self.0)(expr);
        }
    }
    edit(expr, &mut Each(change));
}

struct Editor<'a>(&'a mut dyn Edit);

impl VisitorMut for Editor<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &mut Statement) -> ControlFlow<()> {
        if self.0.statement(statement) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn pre_visit_query(&mut self, node: &mut Query) -> ControlFlow<()> {
        self.0.query(node);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, node: &mut Query) -> ControlFlow<()> {
        self.0.query_end(node);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, node: &mut Select) -> ControlFlow<()> {
        self.0.select(node);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, node: &mut Select) -> ControlFlow<()> {
        self.0.select_end(node);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, node: &mut Expr) -> ControlFlow<()> {
        self.0.expr(node);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, node: &mut Expr) -> ControlFlow<()> {
        self.0.expr_end(node);
        ControlFlow::Continue(())
    }

    fn pre_visit_order_by_expr(&mut self, node: &mut OrderByExpr) -> ControlFlow<()> {
        self.0.order_by(node);
        ControlFlow::Continue(())
    }

    fn pre_visit_ident(&mut self, node: &mut Ident) -> ControlFlow<()> {
        self.0.ident(node);
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, node: &mut ObjectName) -> ControlFlow<()> {
        self.0.relation(node);
        ControlFlow::Continue(())
    }
}
