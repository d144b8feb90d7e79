//! Calls that become another expression, each by the function of its name.

use sqlparser::ast::{Expr, Function, FunctionArguments};

use super::call_parts::Call;
use super::choices::choices;
use super::encodings::encodings;
use super::numbers::numbers;
use super::pieces::pieces;
use super::templates;
use super::times::times;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::arguments;
use crate::syntax::Dialect;

/// A call that becomes another expression altogether.
pub(super) fn replaced(rewriter: &Rewriter<'_>, name: &str, function: &Function) -> Option<Expr> {
    if matches!(function.args, FunctionArguments::None) {
        return templates::replaced(rewriter.dialect, function);
    }
    let arguments = &arguments(function)?;
    let call = Call { rewriter, name, function, arguments, mysql: rewriter.dialect == Dialect::MySql };
    match name {
        "if" | "iif" | "isnull" | "elt" | "field" | "nullif" => choices(&call),
        "locate" | "substring_index" | "find_in_set" | "mid" | "lpad" | "rpad" => pieces(&call),
        "concat" | "length" | "hex" | "char" | "quote" | "unicode" | "sha2" => encodings(&call),
        "log" | "total" | "printf" | "format" | "conv" | "round" | "truncate" => numbers(&call),
        "addtime" | "subtime" | "convert_tz" => times(&call),
        _ => call.by_template(),
    }
}
