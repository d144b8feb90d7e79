//! Every check, in the order of the report and of the guide; and the guide's page of them.

use std::fmt::Write as _;

use crate::check::{Check, Group, Level};
use crate::groups::{boundary, data, grade, inspect, manifest, package, render, suite, synthesize, train, validate};

/// All checks.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    let rest = [
        boundary::CHECKS,
        render::CHECKS,
        validate::CHECKS,
        grade::CHECKS,
        inspect::CHECKS,
        synthesize::CHECKS,
        suite::CHECKS,
        data::CHECKS,
        train::CHECKS,
        package::CHECKS,
    ];
    manifest::CHECKS.iter().copied().chain(rest).flatten()
}

/// The check of this code.
pub fn check_of(code: &str) -> Option<&'static Check> {
    checks().find(|check| check.code == code)
}

/// The page of the guide, in Markdown: each check with its level, and what goes wrong otherwise. Codes are anchors.
pub fn page() -> String {
    let count = checks().count();
    let quick = checks().filter(|check| check.quick).count();
    let mut text = format!(
        "# Checks of an expert\n\n`hive expert check NAME` runs these {count} checks. Training runs those marked *quick* \
         ({quick}) by itself. Generated from the table\nof checks; do not edit it.\n\n\
         - **must**: training refuses an expert that fails a quick check of this level, and `hive expert check` ends with \
         exit code 1.\n- **should**: the expert works, and is likely to be worse than it could be.\n"
    );
    for group in Group::ALL {
        let _ = write!(text, "\n## {}\n\n{}.\n", group.name(), group.about());
        for check in checks().filter(|check| check.group() == group) {
            let quick = if check.quick { ", quick" } else { "" };
            let level = match check.level {
                Level::Must => "must",
                Level::Should => "should",
            };
            let Check { code, expects, otherwise, .. } = check;
            let _ = write!(text, "\n### {code}\n\n*{level}{quick}.* {expects}. Otherwise {otherwise}.\n");
        }
    }
    text
}
