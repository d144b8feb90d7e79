//! The clauses of a query.

mod clauses;
mod extremes;
mod fixed;
mod from;
mod groups;
mod order;
mod outputs;

pub(in crate::dialect) use clauses::{outputs_by_name, query, select};
pub(crate) use groups::completed_groups;
