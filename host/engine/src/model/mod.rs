//! The frozen base model: its shape, where its weights come from, its tokenizer and chat template.

pub mod chat_template;
pub mod config;
pub mod source;
pub mod tokenizer;
