//! The word that a command begins with when hive shows one to be pasted.

/// How the user calls this binary: by its name if that is what `hive` resolves to in their shell,
/// else through cargo, as in the README.
pub(super) fn hive_command() -> &'static str {
    let in_path = || {
        let this = std::env::current_exe().ok()?;
        let path = std::env::var_os("PATH")?;
        Some(std::env::split_paths(&path).any(|dir| dir.join("hive") == this))
    };
    if in_path() == Some(true) { "hive" } else { "cargo run --release --" }
}
