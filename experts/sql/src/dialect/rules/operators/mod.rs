//! Operators and comparisons, once their operands have been rewritten.

mod bits;
mod comparisons;
mod operator;
mod patterns;
mod sides;
mod whole;

pub(in crate::dialect) use operator::expr;
