//! Text to token ids and back: tokenizers and chat templates.
//!
//! This crate knows no models: neither weights nor the files that hold them.
//!
//! - [`tokenizer`]: byte-level BPE from `tokenizer.json` or from a vocabulary.
//! - [`token_file`]: tokenised records on disk, memory-mapped.
//! - [`chat_template`]: messages to the text and ids that a base model expects.

pub mod chat_template;
mod error;
pub mod token_file;
pub mod tokenizer;

pub use error::{Result, TextError};
