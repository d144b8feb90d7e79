//! Calls of functions, other than those about dates.

mod aggregates;
mod call;
mod call_parts;
mod choices;
mod distinct_concat;
mod encodings;
mod numbers;
mod pieces;
mod regexps;
mod replaced;
mod rounding;
mod templates;
mod texts;
mod times;

pub(in crate::dialect) use call::expr;
