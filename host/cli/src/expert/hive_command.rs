//! The word that a command begins with when hive shows one to be pasted.

use std::path::Path;

use hive_plugins::Checkout;

use crate::shell::word;

/// How the user calls this binary: by its name if that is what `hive` resolves to in their shell, through cargo, as in the
/// README, if it lies in a checkout, and else by its path.
pub(super) fn hive_command() -> String {
    let Ok(this) = std::env::current_exe() else { return "hive".to_owned() };
    let path = std::env::var_os("PATH").unwrap_or_default();
    command_of(
        &this,
        std::env::split_paths(&path).any(|dir| dir.join("hive") == this),
        Checkout::of_program().is_some(),
    )
}

fn command_of(program: &Path, in_path: bool, in_checkout: bool) -> String {
    if in_path {
        "hive".to_owned()
    } else if in_checkout {
        "cargo run --release --".to_owned()
    } else {
        word(&program.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_called_as_the_user_calls_it() {
        let program = Path::new("/opt/my tools/hive");
        assert_eq!(command_of(program, true, true), "hive");
        assert_eq!(command_of(program, false, true), "cargo run --release --");
        assert_eq!(command_of(program, false, false), "'/opt/my tools/hive'");
    }
}
