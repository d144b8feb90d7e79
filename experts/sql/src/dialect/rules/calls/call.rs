//! Calls of functions that PostgreSQL has under another name, with other arguments, or not at all.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArgumentClause, FunctionArguments, Ident, ObjectName, WindowType,
};

use super::aggregates::{aggregate, count_of_several, extreme_of_several, extreme_of_truth, group_concat};
use super::distinct_concat;
use super::replaced::replaced;
use super::rounding::{remainder, round};
use super::texts::{
    ascii_case, count_of_characters, first_byte, of_text, substring, trim, truth_as_text, truth_or_text,
};
use crate::dialect::ordering::order_item;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::brief;
use crate::dialect::values::enums;
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// Functions that have another name and the same arguments.
const RENAMED: [(&str, &str); 17] = [
    ("char_length", "LENGTH"),
    ("character_length", "LENGTH"),
    ("group_concat", "STRING_AGG"),
    ("ifnull", "COALESCE"),
    ("instr", "STRPOS"),
    ("json_array", "JSON_BUILD_ARRAY"),
    ("json_arrayagg", "JSON_AGG"),
    ("json_object", "JSON_BUILD_OBJECT"),
    ("json_objectagg", "JSONB_OBJECT_AGG"),
    ("jsonb_array", "JSONB_BUILD_ARRAY"),
    ("jsonb_object", "JSONB_BUILD_OBJECT"),
    ("lcase", "LOWER"),
    ("pow", "POWER"),
    ("rand", "RANDOM"),
    ("std", "STDDEV_POP"),
    ("truncate", "TRUNC"),
    ("ucase", "UPPER"),
];

/// Functions that MySQL has under PostgreSQL's name for another.
const RENAMED_FROM_MYSQL: [(&str, &str); 3] = [("log", "LN"), ("stddev", "STDDEV_POP"), ("variance", "VAR_POP")];

/// Rewrites a call, if it is one that PostgreSQL does not take.
pub(in crate::dialect) fn expr(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    substring(rewriter, expr);
    if trim(rewriter, expr) {
        return;
    }
    let Expr::Function(function) = expr else { return };
    if let Some(guarded) = extreme_of_several(rewriter, function) {
        *expr = guarded;
        return;
    }
    if let Some(WindowType::WindowSpec(window)) = &mut function.over {
        window.order_by.iter_mut().for_each(|item| order_item(rewriter, item, None));
    }
    let name = last_part(&function.name);
    if name == "group_concat"
        && let Some(now) = distinct_concat::in_order(rewriter, function)
    {
        rewriter.changed("function", format!("`GROUP_CONCAT` of distinct values is written {}", brief(&now)));
        *expr = now;
        return;
    }
    if let Some(replacement) = replaced(rewriter, &name, function) {
        let before = name.to_uppercase();
        rewriter.changed("function", format!("`{before}` is written {}", brief(&replacement)));
        *expr = replacement;
        return;
    }
    let mysql = rewriter.dialect == Dialect::MySql;
    let renamed = RENAMED.iter().chain(RENAMED_FROM_MYSQL.iter().filter(|_| mysql)).find(|(old, _)| *old == name);
    if let Some((_, new)) = renamed {
        rewriter.changed("function", format!("`{}` is written {new}", name.to_uppercase()));
        function.name = ObjectName::from(vec![Ident::new(*new)]);
    }
    ordered_arguments(rewriter, function);
    match name.as_str() {
        "group_concat" => group_concat(rewriter, function),
        "count" => count_of_several(rewriter, function),
        "sum" | "avg" => aggregate(rewriter, &name, function),
        "round" | "truncate" | "trunc" => round(rewriter, &name, function),
        "lpad" | "rpad" | "left" | "right" | "substr" | "substring" | "upper" | "lower" | "ucase" | "lcase"
        | "length" | "char_length" | "character_length" | "replace" | "reverse" | "instr" | "ltrim" | "rtrim"
        | "repeat" => {
            of_text(rewriter, function);
            if mysql && matches!(name.as_str(), "left" | "right") {
                count_of_characters(rewriter, function);
            }
            if !mysql && matches!(name.as_str(), "upper" | "lower") {
                ascii_case(rewriter, function);
            }
        }
        "concat" | "concat_ws" => truth_as_text(rewriter, function),
        "coalesce" | "ifnull" => truth_or_text(rewriter, function),
        "string_agg" => of_text(rewriter, function),
        "mod" => remainder(rewriter, function),
        "ascii" if mysql => first_byte(rewriter, function),
        "min" | "max" => {
            extreme_of_truth(rewriter, function);
        }
        _ => {}
    }
}

/// ORDER BY within an aggregate: NULL sorts there as in a query's.
fn ordered_arguments(rewriter: &mut Rewriter<'_>, function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    for clause in &mut list.clauses {
        if let FunctionArgumentClause::OrderBy(items) = clause {
            for item in items {
                // With DISTINCT nothing can be ordered by but what is aggregated.
                if distinct && enums::is_reordered(rewriter, &item.expr) {
                    let what = format!(
                        "{} sorts in the order of its members there, as a text in PostgreSQL",
                        brief(&item.expr)
                    );
                    rewriter.noted("enum-order", what);
                    continue;
                }
                order_item(rewriter, item, None);
            }
        }
    }
}
