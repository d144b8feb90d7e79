//! The GGUF format: what is stored before the tensors, and the values of tensors of every type that bases are published in.
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>. Which tensor is which weight of a model is known by
//! [`super::source`].
//!
//! Hand-written: the library that reads GGUF is a whole framework for neural networks, with its own matrix products, and
//! took an eighth of a clean build. The tests compare with it, bit by bit.

pub(crate) mod dequantise;
pub(crate) mod header;
mod tensor_type;
pub(crate) mod value;

pub(crate) use header::Header;
pub(crate) use tensor_type::TensorType;
pub(crate) use value::Value;
