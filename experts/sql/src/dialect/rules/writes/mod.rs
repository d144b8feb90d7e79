//! INSERT, UPDATE and DELETE.

mod joined;
mod rows;
mod write;

pub(in crate::dialect) use joined::arrange;
pub(in crate::dialect) use write::statement;
