//! A plugin with the right ABI number and no table of functions.

/// ABI number of this plugin.
// SAFETY: the name is part of the plugin contract and defined once in this library.
#[unsafe(no_mangle)]
pub static HIVE_EXPERT_ABI: u32 = hive_sdk::ABI_VERSION;
