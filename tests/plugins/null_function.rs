//! A plugin whose table has the right size and no functions in it.

use hive_sdk::ExpertTable;

/// ABI number of this plugin.
// SAFETY: the name is part of the plugin contract and defined once in this library.
#[unsafe(no_mangle)]
pub static HIVE_EXPERT_ABI: u32 = hive_sdk::ABI_VERSION;

/// The size, then two null pointers.
// SAFETY: the name is part of the plugin contract and defined once in this library.
#[unsafe(no_mangle)]
pub static HIVE_EXPERT_TABLE: [usize; 3] = [size_of::<ExpertTable>(), 0, 0];
