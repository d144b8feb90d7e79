//! A suite after its check.

use std::collections::BTreeMap;

use super::refused::Refused;
use super::suite::SuitePrompt;

/// A suite whose prompts have been checked.
#[derive(Debug, Clone)]
pub struct CheckedSuite {
    /// The suite's name.
    pub name: String,
    /// sha256 over its prompts as they were read.
    pub digest: String,
    /// Number of prompts and unreadable lines in the whole suite.
    pub total: usize,
    /// The prompts to ask, as the gate has left them.
    pub prompts: Vec<SuitePrompt>,
    /// The prompts that cannot be used.
    pub refused: Vec<Refused>,
    /// Number of prompts that the gate has changed, for example to another dialect.
    pub repaired: usize,
    /// Number of the gate's notes, by code.
    pub notes: BTreeMap<String, usize>,
    /// Keys that are not fields of the expert, with the number of prompts that have them.
    pub passed_over: BTreeMap<String, usize>,
}
