//! What a package needs besides what an expert needs.

use std::path::Path;

use hive_sdk::Manifest;

use crate::check::Check;
use crate::collector::{Collector, quoted};
use crate::sample::Sample;
use crate::subject::{Subject, has_file};

/// Words in the names of options that hold what nobody else may know.
const SECRET: [&str; 5] = ["password", "secret", "token", "api_key", "credential"];

/// The checks.
pub(crate) const CHECKS: &[Check] = &[
    Check::should(
        "package-license",
        "The license is an SPDX expression",
        "registries and programs cannot tell whether the expert may be used",
    ),
    Check::should(
        "package-license-file",
        "The text of the licence lies beside the expert",
        "whoever gets the package does not get what they agree to",
    ),
    Check::should(
        "package-readme",
        "A README lies beside the expert",
        "nobody learns what the expert is for, and what it cannot do",
    ),
    Check::should(
        "package-prompt",
        "The manifest declares the prompt",
        "the package answers nothing where its plugin is not trusted or is for another machine",
    ),
    Check::should(
        "package-secret",
        "Options that hold a password or a key are `secret`",
        "they are written to files and shown",
    ),
    Check::must("package-path", "File names in eval prompts are relative", "they exist on one machine only"),
];

/// Looks at the manifest and the files beside it.
pub(crate) fn run(subject: &Subject<'_>, manifest: &Manifest, sample: &Sample, out: &mut Collector) {
    out.begin(&["package-license", "package-prompt", "package-secret", "package-path"]);
    if !is_spdx(&manifest.license) {
        out.fail("package-license", "$.license", quoted(&manifest.license), "an expression like `MIT OR Apache-2.0`");
    }
    if manifest.prompt.is_empty() {
        out.fail("package-prompt", "$.prompt", "it is missing", "the turns before the completion");
    }
    for (i, option) in manifest.options.iter().enumerate().filter(|(_, option)| !option.secret) {
        if let Some(word) = SECRET.iter().find(|word| option.name.contains(**word)) {
            let got = format!("`{}` is not secret, and its name has `{word}`", option.name);
            out.fail("package-secret", format!("$.options[{i}]"), got, "`\"secret\": true`");
        }
    }
    let paths = manifest.dataset.fields.iter().filter(|field| field.path);
    for (field, prompt) in paths.flat_map(|field| sample.prompts.iter().map(move |prompt| (field, prompt))) {
        let text = prompt.record.text(&field.name).unwrap_or_default();
        let drive = matches!(text.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
        if drive || text.starts_with(['/', '\\', '~']) {
            let place = format!("eval prompt `{}`, field `{}`", prompt.id, field.name);
            out.fail("package-path", place, quoted(text), "a path relative to the suite's folder");
        }
    }
    let Some(folder) = &subject.folder else {
        return out.skip(&["package-license-file", "package-readme"], "an installed expert is a package");
    };
    out.begin(&["package-license-file", "package-readme"]);
    let around = || std::iter::once(folder.as_path()).chain(subject.around.iter().map(|folder| folder.as_path()));
    let place = |folder: &Path| folder.display().to_string();
    if !around().any(|folder| has_file(folder, &["license", "licence", "copying"])) {
        out.fail("package-license-file", place(folder), "no file `LICENSE`", "the text of the licence");
    }
    if !has_file(folder, &["readme"]) {
        out.fail("package-readme", place(folder), "no file `README.md`", "what it is for, and what it cannot do");
    }
}

/// Whether a text has the form of an SPDX license expression: identifiers joined by `AND`, `OR` and `WITH`, in parentheses.
/// Identifiers are not looked up: the list grows.
fn is_spdx(text: &str) -> bool {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let (mut depth, mut needs_id) = (0_usize, true);
    for word in spaced.split_whitespace() {
        match word {
            "(" if needs_id => depth += 1,
            ")" if !needs_id && depth > 0 => depth -= 1,
            "AND" | "OR" | "WITH" if !needs_id => needs_id = true,
            "AND" | "OR" | "WITH" | "(" | ")" => return false,
            id => {
                let fits = id.chars().all(|c| c.is_ascii_alphanumeric() || "-.+:".contains(c));
                if !needs_id || !fits {
                    return false;
                }
                needs_id = false;
            }
        }
    }
    depth == 0 && !needs_id
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn license_expressions() {
        check_all(
            ["MIT", "MIT OR Apache-2.0", "(MIT OR BSD-3-Clause) AND LicenseRef-x", "GPL-2.0-only WITH x"],
            |good| {
                assert!(is_spdx(good), "{good}");
            },
        );
        check_all(["", "MIT or later", "MIT OR", "MIT, BSD", "see LICENSE", "(MIT", "MIT)", "OR MIT"], |bad| {
            assert!(!is_spdx(bad), "{bad}");
        });
    }
}
