//! `hive expert …`: the commands about experts, one file each.

mod check;
mod command;
mod compare;
mod data;
mod eval;
mod eval_args;
mod eval_report;
mod evaluation;
mod hive_command;
mod inspect;
mod install;
mod install_report;
mod link;
mod list;
mod loaded_package;
mod new;
mod package;
mod plan;
mod publish;
mod replay;
mod run;
mod schema;
mod search;
mod select;
mod sign;
mod statement;
mod subject;
mod train;
mod train_args;
mod uninstall;
mod update;
mod validate;
mod verify;

pub use command::ExpertCommand;
pub(crate) use run::Run;
pub(crate) use train::Train;
