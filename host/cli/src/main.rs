//! The binary `hive`. What it does is in the library; here is only the allocator.

use std::process::ExitCode;

// Training frees and takes large buffers at every step, and fresh pages are dear: this allocator
// keeps freed pages instead of handing them back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    hive::main()
}
