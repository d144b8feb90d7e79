//! What crosses the library boundary: a version number, one table of C functions and byte
//! buffers. No Rust type with an unspecified layout does.

use crate::protocol::MethodId;

/// ABI version, independent of crate versions. It changes only when an older host or plugin could
/// no longer understand the other.
pub const ABI_VERSION: u32 = 5;

/// Oldest plugin ABI that a host of [`ABI_VERSION`] still loads. Methods added since are not called
/// on such plugins.
pub const OLDEST_ABI: u32 = 3;

/// Symbol of the plain `u32` ABI number. Read before anything else in the library is touched.
pub const ABI_SYMBOL: &[u8] = b"HIVE_EXPERT_ABI\0";

/// Symbol of the [`ExpertTable`].
pub const TABLE_SYMBOL: &[u8] = b"HIVE_EXPERT_TABLE\0";

/// Longest reply that a host reads, in bytes. A longer one is an error of the plugin.
pub const MAX_REPLY_BYTES: usize = 256 << 20;

/// Bytes allocated by the plugin; the host returns them through [`ExpertTable::free`].
#[repr(C)]
#[derive(Debug)]
pub struct Buffer {
    /// Start of the bytes; null when there are none.
    pub ptr: *mut u8,
    /// Bytes in use.
    pub len: usize,
    /// Bytes allocated.
    pub capacity: usize,
}

impl Buffer {
    /// An empty buffer, which needs no freeing.
    pub const EMPTY: Buffer = Buffer { ptr: std::ptr::null_mut(), len: 0, capacity: 0 };

    /// Gives up ownership of `bytes`; only [`Buffer::reclaim`] in the same library may free them.
    pub fn from_vec(bytes: Vec<u8>) -> Self {
        let mut bytes = std::mem::ManuallyDrop::new(bytes);
        Self { ptr: bytes.as_mut_ptr(), len: bytes.len(), capacity: bytes.capacity() }
    }

    /// Takes ownership back and frees the bytes.
    ///
    /// # Safety
    /// The buffer came from [`Buffer::from_vec`] in this same library and was not reclaimed yet.
    pub unsafe fn reclaim(self) {
        if !self.ptr.is_null() {
            // SAFETY: by the caller's promise, these three parts belong to one live Vec<u8>.
            drop(unsafe { Vec::from_raw_parts(self.ptr, self.len, self.capacity) });
        }
    }
}

/// The functions of a plugin, since ABI 1.
#[repr(C)]
#[derive(Debug)]
pub struct ExpertTable {
    /// `size_of::<ExpertTable>()` when the plugin was built: a host reads no further than this.
    pub size: usize,
    /// `call(method, input, input_len, out)`: JSON in, JSON out. Returns 0 when `out` was filled
    /// (with a reply or an error), anything else when even that failed.
    pub call: unsafe extern "C" fn(method: u32, input: *const u8, input_len: usize, out: *mut Buffer) -> i32,
    /// Returns a buffer that `call` filled to the plugin. Once per buffer.
    pub free: unsafe extern "C" fn(buffer: Buffer),
}

/// Why a call returned no bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// The plugin returned this code instead of 0.
    Status(i32),
    /// The plugin returned 0 and no buffer.
    NoBuffer,
    /// The reply has this many bytes, more than [`MAX_REPLY_BYTES`].
    TooLong(usize),
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CallError::Status(code) => write!(f, "the call returned status {code}, expected 0"),
            CallError::NoBuffer => write!(f, "the call reported success but returned no reply"),
            CallError::TooLong(len) => {
                write!(f, "the reply has {len} bytes, the most allowed is {MAX_REPLY_BYTES}")
            }
        }
    }
}

impl std::error::Error for CallError {}

impl ExpertTable {
    /// Calls `method` with `input` and returns a copy of the reply's bytes.
    ///
    /// # Safety
    /// The table belongs to a live library built for [`ABI_VERSION`]: `call` fills the buffer as
    /// documented, and `free` accepts it.
    ///
    /// # Errors
    /// When there is no reply, or one that is too long.
    pub unsafe fn invoke(&self, method: MethodId, input: &[u8]) -> Result<Vec<u8>, CallError> {
        let mut out = Buffer::EMPTY;
        // SAFETY: `input` is valid for its length during the call, `out` points to a writable
        // Buffer, and by the caller's promise the table keeps its contract.
        let status = unsafe { (self.call)(method as u32, input.as_ptr(), input.len(), &mut out) };
        if out.ptr.is_null() {
            return Err(if status == 0 { CallError::NoBuffer } else { CallError::Status(status) });
        }
        let result = if status != 0 {
            Err(CallError::Status(status))
        } else if out.len > MAX_REPLY_BYTES {
            Err(CallError::TooLong(out.len))
        } else {
            // SAFETY: the plugin filled `ptr` and `len`; the bytes live until `free` below.
            Ok(unsafe { std::slice::from_raw_parts(out.ptr, out.len) }.to_vec())
        };
        // SAFETY: `out` came from this table's `call` and is freed exactly once.
        unsafe { (self.free)(out) };
        result
    }
}
