//! The home folder: whether it can be written to, how much space is free, and what the caches hold.

use hive_files::{cache_folders, free_bytes};
use indicatif::DecimalBytes;

use super::finding::Finding;
use crate::context::Environment;
use crate::variables::HIVE_HOME;

/// Less free space than this is worth a note: a base model and a run may not fit.
const LITTLE: u64 = 3_000_000_000;

pub(super) fn check(env: &Environment) -> Vec<Finding> {
    let folder = match &env.home.folder {
        Some(Ok(folder)) => folder,
        Some(Err(fault)) => return vec![Finding::problem("home", fault.problem()).advice(fault.hint())],
        None => {
            let text = "none of `HIVE_HOME`, `XDG_DATA_HOME` and `HOME` is set: nothing can be kept";
            return vec![Finding::problem("home", text).advice("set `HIVE_HOME` to an absolute path")];
        }
    };
    let shown = folder.display();
    let mut found = vec![match writable(folder) {
        Ok(()) if folder.exists() => Finding::ok("home", format!("`{shown}` can be written to")),
        Ok(()) => Finding::ok("home", format!("`{shown}` does not exist yet; it is made when it is needed")),
        Err(error) => Finding::problem("home", format!("`{shown}` cannot be written to: {error}"))
            .advice(format!("make it writable, or set `{}` to another folder", HIVE_HOME.name)),
    }];
    found.extend(free_bytes(folder).map(|free| {
        let text = format!("{} free for base models and caches", DecimalBytes(free));
        match free < LITTLE {
            true => Finding::note("disk", text).advice("`hive cache prune` and `hive model rm` make room"),
            false => Finding::ok("disk", text),
        }
    }));
    let caches = cache_folders(&hive_files::cache_folder(folder));
    let sizes = caches.iter().filter(|cache| cache.bytes > 0);
    let sizes: Vec<String> = sizes.map(|cache| format!("{} {}", cache.name, DecimalBytes(cache.bytes))).collect();
    let text = if sizes.is_empty() { "empty".to_owned() } else { sizes.join(", ") };
    found.push(Finding::ok("caches", text));
    found
}

/// Makes a file without a name in the folder, or in the one above that exists.
fn writable(folder: &std::path::Path) -> std::io::Result<()> {
    let there = folder.ancestors().find(|path| path.exists()).unwrap_or(folder);
    tempfile::tempfile_in(there).map(drop)
}
