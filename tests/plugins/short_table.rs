//! A plugin whose table is shorter than the contract says.

/// ABI number of this plugin.
// SAFETY: the name is part of the plugin contract and defined once in this library.
#[unsafe(no_mangle)]
pub static HIVE_EXPERT_ABI: u32 = hive_sdk::ABI_VERSION;

/// A table that ends after its own size.
// SAFETY: the name is part of the plugin contract and defined once in this library.
#[unsafe(no_mangle)]
pub static HIVE_EXPERT_TABLE: usize = size_of::<usize>();
