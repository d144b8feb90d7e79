//! Checks where a merged model may be written: what exists there, and what would be lost. It writes
//! nothing.

use std::path::{Path, PathBuf};

use hive_engine::EngineError;
use hive_engine::export::{Form, is_written};

use super::super::error::{CommandResult, Failure};

/// Checks the name of `out` and existing files; with `force` an existing model may be replaced.
///
/// # Errors
/// A [`Failure`] when the name does not fit the form, or something would be lost.
pub fn check(out: &Path, form: Form, force: bool) -> CommandResult {
    let shown = out.display();
    let named_gguf = out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"));
    match form {
        Form::Gguf if !named_gguf => {
            let hint = format!("`--out {shown}.gguf`");
            return Err(Failure::misuse(format!("A GGUF file's name ends in `.gguf`, got `{shown}`"))
                .hint(hint)
                .into());
        }
        Form::Folder if named_gguf => {
            let problem = format!("`{shown}` is the name of a GGUF file, expected that of a folder");
            return Err(Failure::misuse(problem).hint("`--gguf` writes a GGUF file").into());
        }
        _ => {}
    }
    if out.symlink_metadata().is_err() {
        return Ok(());
    }
    let replace = "`--force` replaces it";
    match form {
        Form::Gguf if out.is_dir() => {
            let problem = format!("`{shown}` is a folder, expected the name of a file");
            Err(Failure::misuse(problem).hint(format!("`--out {}`", out.join("merged.gguf").display())).into())
        }
        Form::Gguf if force => Ok(()),
        Form::Gguf => Err(Failure::misuse(format!("`{shown}` already exists")).hint(replace).into()),
        Form::Folder if !out.is_dir() => {
            Err(Failure::misuse(format!("`{shown}` is a file, expected the name of a folder")).into())
        }
        Form::Folder => {
            let mut names = names(out)?;
            names.retain(|name| !(force && is_written(name)));
            if names.is_empty() {
                return Ok(());
            }
            let few = names.iter().take(5).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let more = if names.len() > 5 { ", …" } else { "" };
            if force {
                let problem = format!("`{shown}` holds what merging does not write and would lose: {few}{more}");
                return Err(Failure::misuse(problem).hint("name another folder, or move these away").into());
            }
            let problem = format!("`{shown}` already exists and is not empty: it holds {few}{more}");
            Err(Failure::misuse(problem).hint(format!("{replace}, if it is a model of this form")).into())
        }
    }
}

/// Checks that replacing `out` would not remove an input.
///
/// # Errors
/// A [`Failure`] that names what would be lost.
pub fn check_apart<'a>(out: &Path, read: impl IntoIterator<Item = (&'a str, &'a Path)>) -> Result<(), Failure> {
    let Ok(real) = out.canonicalize() else { return Ok(()) };
    for (input, path) in read {
        if path.canonicalize().is_ok_and(|path| path.starts_with(&real)) {
            let problem = format!("`{}` holds {input}, which is read while it would be replaced", out.display());
            return Err(Failure::misuse(problem).hint("name another place with `--out`"));
        }
    }
    Ok(())
}

/// The names of a folder's entries.
fn names(folder: &Path) -> Result<Vec<String>, EngineError> {
    let fault = |e| EngineError::io("read", folder, e);
    let entries = std::fs::read_dir(folder).map_err(fault)?.collect::<Result<Vec<_>, _>>().map_err(fault)?;
    let name = |path: PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let mut names: Vec<String> = entries.into_iter().filter_map(|entry| name(entry.path())).collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use hive_tests::check_all;
    use std::fs;

    use super::*;

    fn said(out: &Path, form: Form, force: bool) -> String {
        check(out, form, force).map_or_else(|e| e.to_string(), |()| "fine".to_owned())
    }

    #[test]
    fn only_a_model_of_this_form_is_replaced_and_only_when_asked() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        assert_eq!(said(&out, Form::Folder, false), "fine");
        fs::create_dir(&out).unwrap();
        assert_eq!(said(&out, Form::Folder, false), "fine");
        fs::write(out.join("model.safetensors"), "").unwrap();
        fs::write(out.join("config.json"), "").unwrap();
        assert!(said(&out, Form::Folder, false).ends_with("it holds `config.json`, `model.safetensors`"));
        assert_eq!(said(&out, Form::Folder, true), "fine");
        fs::write(out.join("thesis.txt"), "").unwrap();
        assert!(said(&out, Form::Folder, true).ends_with("would lose: `thesis.txt`"));

        let file = dir.path().join("m.gguf");
        assert_eq!(said(&file, Form::Gguf, false), "fine");
        fs::write(&file, "").unwrap();
        assert!(said(&file, Form::Gguf, false).ends_with("already exists"));
        assert_eq!(said(&file, Form::Gguf, true), "fine");
    }

    #[test]
    fn names_that_belong_to_the_other_form() {
        let dir = tempfile::tempdir().unwrap();
        assert!(said(&dir.path().join("m"), Form::Gguf, true).starts_with("A GGUF file's name ends in `.gguf`"));
        assert!(said(&dir.path().join("m.GGUF"), Form::Folder, true).ends_with("expected that of a folder"));
        let folder = dir.path().join("d.gguf");
        fs::create_dir(&folder).unwrap();
        assert!(said(&folder, Form::Gguf, true).ends_with("is a folder, expected the name of a file"));
        let file = dir.path().join("f");
        fs::write(&file, "").unwrap();
        assert!(said(&file, Form::Folder, true).ends_with("is a file, expected the name of a folder"));
    }

    #[test]
    fn what_is_read_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("base");
        fs::create_dir(&base).unwrap();
        fs::write(base.join("model.safetensors"), "").unwrap();
        let weights = base.join("model.safetensors");
        let apart = |out: &Path| check_apart(out, [("the base", weights.as_path())]).map_err(|e| e.to_string());
        assert_eq!(apart(&dir.path().join("new")), Ok(()));
        assert_eq!(apart(&base.join("new")), Ok(()));
        check_all([&base, &weights, &base.join("."), &dir.path().to_owned()], |out| {
            assert!(apart(out).unwrap_err().contains("holds the base, which is read"), "{}", out.display());
        });
    }
}
