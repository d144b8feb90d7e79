//! The frozen base model: its shape, where its weights come from, its tokenizer and chat
//! template, the computation of it, and writing it for other programs.

pub mod config;
pub mod decoder;
pub mod export;
pub mod inference;
pub mod pass;
pub mod shapes;
pub mod source;
pub mod work;
