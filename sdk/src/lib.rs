//! The interface between hive and a domain expert: the [`Expert`] trait, the messages that cross
//! the plugin boundary, the manifest, and [`export_expert!`].
//!
//! The crate has no tensors, no command line and no file access; an expert handles text.
//!
//! A complete plugin; the manifest is best a file beside the crate, `include_str!("../expert.json")`:
//!
//! ```
//! use hive_sdk::{Expert, ExpertError, Grade, Record, Verdict};
//!
//! struct Shout;
//!
//! impl Expert for Shout {
//!     fn manifest_json(&self) -> &str {
//!         r#"{"name": "shout", "version": "0.1.0", "abi": 5, "description": "Says it louder",
//!             "license": "MIT", "base_models": ["smollm2-135m-instruct-q4_1"],
//!             "dataset": {"fields": [{"name": "text"}, {"name": "loud", "completion": true}]},
//!             "prompt": [{"role": "user", "content": "{text|trim}"}]}"#
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
//! let rendered = plugin.render(&Record::from_pairs([("text", "hi"), ("loud", "HI")])).unwrap();
//! assert_eq!((rendered.prompt()[0].content.as_str(), rendered.completion_start), ("hi", 1));
//! let grade = plugin.grade(&Record::from_pairs([("text", "hi")]), "HI").unwrap();
//! assert_eq!(grade.score, 1.0);
//! ```

pub mod abi;
pub mod declared;
pub mod error;
pub mod expert;
pub mod export;
mod grammar;
pub mod manifest;
pub mod prompt;
pub mod protocol;
pub mod rng;
pub mod testing;
pub mod text;

pub use abi::{ABI_VERSION, Buffer, ExpertTable, OLDEST_ABI};
pub use error::ExpertError;
pub use expert::Expert;
pub use manifest::{AdapterSpec, CheckSpec, DropoutSemantics, EvalPrompt, LintSpec, Manifest, Method};
pub use prompt::PromptTurn;
pub use protocol::{
    ExamineRequest, Facts, Finding, Grade, GradeRequest, Grammar, InspectRequest, Inspection, LintLevel, Message,
    PrefixRequest, PrefixVerdict, Record, Rendered, Role, Settings, Verdict,
};
