//! The word that a command begins with when hive shows one to be pasted.

use std::path::Path;

use hive_plugins::Checkout;

use crate::shell::word;

/// How the user calls this binary: by its name if that is what `hive` resolves to in their shell, through cargo, as in the
/// README, if that is in the checkout in which it lies, and else by its path.
pub(super) fn hive_command() -> String {
    let Ok(this) = std::env::current_exe() else { return "hive".to_owned() };
    let path = std::env::var_os("PATH").unwrap_or_default();
    command_of(&this, std::env::split_paths(&path).any(|dir| dir.join("hive") == this), is_in_checkout())
}

/// Whether this program lies in the checkout that surrounds the current folder: elsewhere, cargo would not find it.
fn is_in_checkout() -> bool {
    let here = std::env::current_dir().ok().and_then(|folder| Checkout::around(&folder));
    let root = |checkout: &Checkout| checkout.root().canonicalize().ok();
    here.as_ref().and_then(root).is_some_and(|here| Checkout::of_program().as_ref().and_then(root) == Some(here))
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
