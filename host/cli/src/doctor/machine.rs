//! Version, settings, processor, vector instructions, memory and GPU.

use hive_engine::ops::simd;
use hive_train::memory::{available_mb, total_mb};

use super::finding::Finding;
use crate::context::Environment;
use crate::numbers::grouped;
use crate::process;

pub(super) fn check(env: &Environment) -> Vec<Finding> {
    let mut found = vec![Finding::ok("hive", format!("version {}", env!("CARGO_PKG_VERSION")))];
    let refused = process::refused(&env.variables);
    found.extend(refused.iter().map(|error| Finding::problem("settings", error.to_string())));
    found.extend([processor(), vectors(), memory()]);
    found.push(Finding::ok("GPU", "not used: hive computes on the processor, it has no GPU engine yet"));
    found
}

fn processor() -> Finding {
    let name = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let name = name.unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let text = format!("{name}, {cores} cores; {} compute threads", hive_engine::threads());
    match cores {
        1 => {
            Finding::note("processor", text).advice("training on one core takes long; `hive expert plan` estimates it")
        }
        _ => Finding::ok("processor", text),
    }
}

fn vectors() -> Finding {
    match simd::in_use() {
        Some(name) => Finding::ok("vectors", format!("{name} instructions are used")),
        None => Finding::note("vectors", "no vector instructions that hive knows: it computes several times slower")
            .advice("a processor with AVX2, AVX-512 or NEON computes faster"),
    }
}

fn memory() -> Finding {
    let shown = |mb: u64| grouped(usize::try_from(mb).unwrap_or(usize::MAX));
    match total_mb().zip(available_mb()) {
        Some((total, available)) => {
            Finding::ok("memory", format!("{} MB, {} MB of it available", shown(total), shown(available)))
        }
        None => Finding::note("memory", "this system does not report its memory"),
    }
}
