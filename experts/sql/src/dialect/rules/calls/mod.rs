//! Calls of functions, other than those about dates.

mod aggregates;
mod call;
mod distinct_concat;
mod regexps;
mod replaced;
mod rounding;
mod templates;
mod texts;

pub(in crate::dialect) use call::expr;
