//! An expert compiled into this program, with the same encoding and the same checks as a loaded
//! one: for tests of code that takes a [`LoadedExpert`]. It loads no library.

use hive_sdk::Expert;
use hive_sdk::abi::{Buffer, CallError};
use hive_sdk::protocol::MethodId;

use super::error::{CallFault, PluginError};
use super::expert::LoadedExpert;
use super::transport::Transport;

/// Sends requests to an expert in this program.
pub struct InProcess<E>(pub E);

impl<E: Expert> Transport for InProcess<E> {
    fn invoke(&self, method: MethodId, request: &[u8]) -> Result<Vec<u8>, CallFault> {
        let mut out = Buffer::EMPTY;
        // SAFETY: `request` is readable for its length and `out` points to a writable Buffer.
        let status =
            unsafe { hive_sdk::export::entry(|| &self.0, method as u32, request.as_ptr(), request.len(), &mut out) };
        if out.ptr.is_null() {
            return Err(CallError::Status(status).into());
        }
        // SAFETY: `entry` filled `ptr` and `len` with live bytes.
        let reply = unsafe { std::slice::from_raw_parts(out.ptr, out.len) }.to_vec();
        // SAFETY: `entry` created the buffer in this same program, and it is freed once.
        unsafe { out.reclaim() };
        Ok(reply)
    }
}

impl<E: Expert + 'static> InProcess<E> {
    /// Wraps the expert as a loaded one.
    ///
    /// # Errors
    /// When its manifest does not parse or names another expert than `name`.
    pub fn open(name: &str, expert: E) -> Result<LoadedExpert, PluginError> {
        LoadedExpert::over(name, Box::new(InProcess(expert)))
    }
}
