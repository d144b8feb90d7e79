//! The syntax of SQL texts: tokens (`lexer`), parsed statements (`statement`), walks over their trees (`walk`). It gives
//! no statement a meaning, and uses no other folder of this crate.

mod dialect;
pub mod lexer;
mod names;
pub mod statement;
pub mod walk;

pub use dialect::Dialect;
pub use names::last_part;
