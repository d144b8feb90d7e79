//! Evaluations: candidates answer the prompts of a suite, the expert grades each answer by running
//! it in a worker process, and the report gives every figure with its interval. Answers and grades are
//! cached, so that a second run takes seconds and an interrupted one resumes. Prints nothing.
//!
//! ```text
//! evaluation       runs all of it                   reporter    its progress
//! suite            prompts with their gold answers  check       which prompts of the suite can be used
//! candidate        the base or an adapter           answerer    a candidate's answers, decoded greedily
//! execution_grade  grades by running the answers    workers     the expert's worker processes
//! cache            known answers and grades         report      the result
//! comparison       the report as tables             page        the report as an HTML page
//! ranking          checkpoints of a run, ordered    stored      report files and their names
//! selection        candidates and base as asked for
//! ```

mod answer;
mod answerer;
mod cache;
mod candidate;
mod check;
mod checked_suite;
mod comparison;
mod error;
mod evaluation;
mod execution_grade;
mod page;
mod ranking;
mod refused;
mod report;
mod reporter;
mod selection;
mod stored;
mod suite;
mod workers;

pub use answer::Answered;
pub use candidate::{Candidate, CandidateFacts, Origin};
pub use checked_suite::CheckedSuite;
pub use comparison::{markdown, results_table};
pub use error::EvalError;
pub use evaluation::Evaluation;
pub use page::html;
pub use ranking::{RankedCheckpoint, Ranking};
pub use refused::Refused;
pub use report::{AnswerReport, CandidateReport, CheckRate, FORMAT, Report, SuiteReport};
pub use reporter::EvalReporter;
pub use selection::{CandidateBase, asked_checkpoints, candidate_at};
pub use stored::{ExistingReport, existing_report, file_stem};
pub use suite::{Suite, SuitePrompt};
