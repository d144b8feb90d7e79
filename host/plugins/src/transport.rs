//! How a request's bytes reach an expert and the reply's bytes come back. The one seam between
//! typed calls and what lies beneath: a table in a library today, a child process or a fake as well.

use hive_sdk::abi::ExpertTable;
use hive_sdk::protocol::MethodId;

use super::error::CallFault;

/// Carries requests to an expert.
pub trait Transport: Send + Sync {
    /// One call: JSON in, JSON out.
    ///
    /// # Errors
    /// When no reply came, or one that is too long.
    fn invoke(&self, method: MethodId, request: &[u8]) -> Result<Vec<u8>, CallFault>;
}

/// The table of a loaded library. Only `load` makes one, after its checks.
pub(super) struct Table {
    table: &'static ExpertTable,
}

impl Table {
    /// Calls through this table from now on.
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
        // SAFETY: `Table::new` was promised a table that keeps the contract, for good.
        Ok(unsafe { self.table.invoke(method, request) }?)
    }
}
