//! A package as lines: what it is of, what it can do here, who signed it, and its files.

use hive_check::CheckStatement;
use hive_packages::installed::Release;
use hive_packages::trust::Signer;
use hive_packages::{AdapterFacts, Package};
use serde_json::Value;

use super::metrics;
use crate::packages::line;
use crate::packages::signer::signer_text;

/// The lines about a package; `release` is the one that it is installed as, if it is.
pub(super) fn lines(
    package: &Package,
    signer: &Signer,
    evaluation: Option<&Value>,
    release: Option<&Release>,
) -> Vec<String> {
    let d = &package.description;
    let prompts: Vec<String> =
        package.golden.prompts.iter().map(|p| format!("{} ({} tokens)", p.id, p.ids.len())).collect();
    let mut lines = vec![
        line("expert", &format!("{} {}", d.name, d.version)),
        line("", &d.description),
        line("licence", &d.license),
        line("base model", &format!("{} (weights sha256 {})", d.base.id, d.base.digest)),
        line("adapter", &adapter(&d.adapter)),
        line("golden", &prompts.join(", ")),
    ];
    lines.extend(evaluation.into_iter().flat_map(metrics::lines));
    lines.extend(package.checks.as_ref().map(|checks| {
        let CheckStatement { hive, level, .. } = checks;
        line("checks", &format!("{} by hive {hive}: {}", level.words(), checks.counts()))
    }));
    let mode = if package.manifest.prompt.is_empty() { "with its plugin only" } else { "without native code" };
    lines.push(line("can run", mode));
    let targets: Vec<&str> = d.libraries.keys().map(String::as_str).collect();
    let targets = if targets.is_empty() { "no machine".to_owned() } else { targets.join(", ") };
    lines.push(line("plugin for", &targets));
    lines.push(line("made by", &format!("hive {}", d.hive)));
    lines.push(line("signature", &signer_text(signer)));
    if let Some(release) = release {
        lines.push(line("installed", &format!("from {}, in {}", release.record.source, release.dir.display())));
    }
    lines.push(line("files", &format!("{}, list's sha256 {}", package.files.len(), package.digest)));
    lines.extend(
        package.files.iter().map(|(name, file)| format!("  {:>12}  {}  {name}", file.size, &file.sha256[..12])),
    );
    lines
}

/// Method, shape and size of the adapter.
fn adapter(adapter: &AdapterFacts) -> String {
    format!(
        "{}, rank {}, alpha {}{}, on {}; {} values in {} tensors",
        if adapter.method == "dora" { "DoRA" } else { "LoRA" },
        adapter.rank,
        adapter.alpha,
        if adapter.rslora { " (rank-stabilised)" } else { "" },
        adapter.target_modules.join(", "),
        adapter.parameters,
        adapter.tensors
    )
}
