//! The SDK of ABI 3, unchanged but for its name and without its tests: a plugin that was built with it goes on loading.
//!
//! What a domain expert is to hive, and nothing more: the [`Expert`] trait, the messages that
//! cross the plugin boundary, the manifest, and [`export_expert!`].
//!
//! The crate holds no tensors, no command line and no file access; an expert handles text.
//!
//! A whole plugin:
//!
//! ```
//! use hive_sdk::{Expert, Grade, Message, Record, Rendered, Verdict, ExpertError};
//!
//! struct Shout;
//!
//! impl Expert for Shout {
//!     fn manifest_json(&self) -> &str {
//!         r#"{"name": "shout", "version": "0.1.0", "abi": 3, "description": "Says it louder",
//!             "license": "MIT", "base_models": ["smollm2-135m-instruct-q4_1"],
//!             "dataset": {"fields": [{"name": "text"}, {"name": "loud", "completion": true}]}}"#
//!     }
//!     fn render(&self, record: &Record) -> Result<Rendered, ExpertError> {
//!         let mut messages = vec![Message::user(record.require("text")?)];
//!         if let Some(loud) = record.text("loud") {
//!             messages.push(Message::assistant(loud));
//!         }
//!         Ok(Rendered { messages, completion_start: 1 })
//!     }
//!     fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
//!         Ok(match record.text("text") {
//!             Some(_) => Verdict::accept(),
//!             None => Verdict::reject("no-text", "the record has no `text`"),
//!         })
//!     }
//!     fn grade(&self, prompt: &Record, completion: &str) -> Result<Grade, ExpertError> {
//!         let want = prompt.require("text")?.to_uppercase();
//!         Ok(Grade::new(if completion.trim() == want { 1.0 } else { 0.0 }))
//!     }
//! }
//!
//! hive_sdk::export_expert!(Shout);
//!
//! let plugin = hive_sdk::testing::Driver::new(&HIVE_EXPERT_TABLE);
//! let grade = plugin.grade(&Record::from_pairs([("text", "hi")]), "HI").unwrap();
//! assert_eq!(grade.score, 1.0);
//! ```

pub mod abi;
pub mod error;
pub mod expert;
pub mod export;
pub mod manifest;
pub mod prompt;
pub mod protocol;
pub mod testing;

pub use abi::{ABI_VERSION, Buffer, ExpertTable};
pub use error::ExpertError;
pub use expert::Expert;
pub use manifest::{AdapterSpec, CheckSpec, DropoutSemantics, EvalPrompt, LintSpec, Manifest, Method};
pub use prompt::PromptTurn;
pub use protocol::{
    ExamineRequest, Facts, Finding, Grade, GradeRequest, Grammar, LintLevel, Message, Record, Rendered, Role, Settings,
    Verdict,
};
