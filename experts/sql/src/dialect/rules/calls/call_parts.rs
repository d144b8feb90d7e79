//! A call, taken apart for those who rewrite it.

use sqlparser::ast::{Expr, Function};

use super::{regexps, templates};
use crate::dialect::rewriter::Rewriter;

/// A call, taken apart.
pub(super) struct Call<'c> {
    pub rewriter: &'c Rewriter<'c>,
    /// In lower case.
    pub name: &'c str,
    pub function: &'c Function,
    pub arguments: &'c [&'c Expr],
    /// The record is MySQL's.
    pub mysql: bool,
}

impl Call<'_> {
    /// What the call is by the tables of functions that need no code of their own.
    pub fn by_template(&self) -> Option<Expr> {
        regexps::call(self.rewriter, self.function)
            .or_else(|| templates::replaced(self.rewriter.dialect, self.function))
    }
}
