//! A plugin for another ABI. Its table would end the program: the host must not come so far.

use hive_sdk::abi::{ABI_VERSION, Buffer, ExpertTable};

/// A number that this host does not speak.
// SAFETY: the name is part of the plugin contract and defined once in this library.
#[unsafe(no_mangle)]
pub static HIVE_EXPERT_ABI: u32 = ABI_VERSION + 1;

/// Functions that must never be called.
// SAFETY: the name is part of the plugin contract and defined once in this library.
#[unsafe(no_mangle)]
pub static HIVE_EXPERT_TABLE: ExpertTable = ExpertTable { size: size_of::<ExpertTable>(), call, free };

unsafe extern "C" fn call(_: u32, _: *const u8, _: usize, _: *mut Buffer) -> i32 {
    std::process::abort()
}

unsafe extern "C" fn free(_: Buffer) {
    std::process::abort()
}
