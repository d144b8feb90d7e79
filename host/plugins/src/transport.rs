//! Carries request and reply bytes between host and expert. The boundary between typed calls and
//! the implementation: a library's table, a child process, or a fake in tests.

use hive_sdk::abi::ExpertTable;
use hive_sdk::protocol::MethodId;

use super::error::CallFault;

/// Sends requests to an expert.
pub trait Transport: Send + Sync {
    /// One call: JSON in, JSON out.
    ///
    /// # Errors
    /// When there was no reply, or one that is too long.
    fn invoke(&self, method: MethodId, request: &[u8]) -> Result<Vec<u8>, CallFault>;

    /// The first line that the expert has printed on stdout, if that can be told.
    fn printed(&self) -> Option<String> {
        None
    }
}

/// The table of a loaded library. Only `load` makes one, after its checks.
pub(super) struct Table {
    table: &'static ExpertTable,
}

impl Table {
    /// Wraps this table for calls.
    ///
    /// # Safety
    /// The table keeps the plugin contract of [`hive_sdk::ABI_VERSION`], and its library stays
    /// loaded until the program ends.
    pub(super) unsafe fn new(table: &'static ExpertTable) -> Self {
        Self { table }
    }
}

impl Transport for Table {
    fn invoke(&self, method: MethodId, request: &[u8]) -> Result<Vec<u8>, CallFault> {
        // SAFETY: the caller of `Table::new` promised that the table keeps the contract
        // permanently.
        Ok(unsafe { self.table.invoke(method, request) }?)
    }
}
