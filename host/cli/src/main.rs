//! The binary `hive`. The code is in the library; only the allocator is set here.

use std::process::ExitCode;

// Training frees and allocates large buffers at every step, and fresh pages are expensive: this
// allocator keeps freed pages instead of returning them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    hive::main()
}
