//! The names in a statement, written as the schema writes them.

mod database;
mod quoting;

pub(in crate::dialect) use database::without_databases;
pub(in crate::dialect) use quoting::statement;
