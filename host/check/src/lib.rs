//! Proves an expert in seconds, before it trains: what is wrong, where, and what goes wrong otherwise. An expert is called
//! as training calls it, in a process of its own; a base model is built in, so that nothing is downloaded. Prints nothing.
//!
//! - [`check`]: what a check is. [`checks`] has all of them, [`page`] is the guide's page made from them.
//! - [`subject`]: what is checked.
//! - [`run`]: all checks, or the quick half, which training runs by itself.
//! - [`records`]: the checks of a data set's records, which training runs on its own data.
//! - [`report`]: the result. [`ChecksOnRecord`] keeps what was found on this machine.
//!
//! Each group of checks is a file or folder of `groups/`. To add a check, declare it there, look for it, and add the
//! mutation that only it catches to `tests/it/mutants`.

mod base;
pub mod check;
mod codes;
mod collector;
mod groups;
mod length;
mod likeness;
mod odd;
mod on_record;
pub mod records;
pub mod report;
mod run;
mod sample;
mod session;
pub mod subject;
mod table;

pub use check::{Check, Depth, Group, Level};
pub use on_record::ChecksOnRecord;
pub use records::RecordChecks;
pub use report::{CheckStatement, Checked, Counts, ExpertKind, Finding, Outcome, PassedLevel, Report};
pub use run::run;
pub use subject::Subject;
pub use table::{check_of, checks, page};
