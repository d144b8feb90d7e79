//! Shared by `hive expert install` and `hive expert update`: what was installed, and what its verification found.

use hive_check::ExpertKind;
use hive_packages::installed::{ProofRecord, Release};
use hive_packages::trust::Ring;
use hive_packages::{Package, Proof};

use crate::packages::line;
use crate::packages::proof::proof_lines;
use crate::packages::signer::signer_text;

/// The results of the verification at installation.
pub(super) fn proof(release: &Release, package: &Package) -> Proof {
    let ProofRecord { tensors, prompts, distance } = release.record.proof;
    Proof { tensors, prompts, distance, tolerance: package.golden.tolerance }
}

/// A report of what was installed, line by line.
pub(super) fn report(release: &Release, package: &Package, ring: &Ring) -> String {
    let mut lines = vec![
        line("installed", &format!("{} (current)", release.title())),
        line("signature", &signer_text(&package.signer(ring))),
    ];
    lines.extend(proof_lines(&proof(release, package), &release.record.base));
    let brings = !release.description.libraries.is_empty();
    let declared = package.summary().kind == Some(ExpertKind::Declared);
    lines.push(line(
        "plugin",
        match (release.record.plugin, brings) {
            (true, _) => "installed: it can grade and train as well",
            (false, true) => "not installed: not signed by a trusted key, or not for this machine; the expert can only generate answers",
            (false, false) if declared => "none: the manifest declares all that it does",
            (false, false) => "none in the package: the expert can only generate answers",
        },
    ));
    lines.join("\n")
}
