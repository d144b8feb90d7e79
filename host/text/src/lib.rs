//! Text to token ids and back: tokenizers and chat templates.
//!
//! This crate knows no model: neither weights nor the files that hold them.
//!
//! - [`tokenizer`]: byte-level BPE from `tokenizer.json` or from a vocabulary.
//! - [`token_file`]: tokenised records on disk, mapped into memory.
//! - [`chat_template`]: messages to the text and ids that a base model expects.

pub mod chat_template;
mod error;
pub mod token_file;
pub mod tokenizer;

pub use error::{Result, TextError};
