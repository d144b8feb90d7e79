//! What lists say of an expert besides its name, in one line.

use hive_packages::Summary;
use hive_packages::trust::Signer;

/// `declared; checks passed; 37 of 60 answers right; signed by me; MIT`. Texts from a registry must not reach the
/// terminal as they are: control characters are replaced.
pub fn summary_text(summary: &Summary, signer: Option<&Signer>) -> String {
    let checks = summary.checks.map_or("not checked", |level| level.words());
    let answers = summary.answers.map(|answers| format!("{} of {} answers right", answers.right, answers.of));
    let kind = summary.kind.map(|kind| kind.name().to_owned());
    let parts = [kind, Some(checks.to_owned()), answers, signer.map(signed), summary.license.clone()];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    text.replace(char::is_control, "\u{fffd}")
}

fn signed(signer: &Signer) -> String {
    match signer {
        Signer::Nobody => "not signed".to_owned(),
        Signer::Stranger(key) => format!("signed by {}, not known here", key.id()),
        Signer::Trusted(_, name) => format!("signed by {name}"),
        Signer::Revoked(_, name) => format!("signed by {name}, whose key was revoked"),
    }
}

#[cfg(test)]
mod tests {
    use hive_check::{ExpertKind, PassedLevel};
    use hive_packages::RightAnswers;

    use super::*;

    #[test]
    fn what_is_unknown_is_left_out() {
        let nothing = Summary::default();
        assert_eq!(summary_text(&nothing, Some(&Signer::Nobody)), "not checked; not signed");
        let all = Summary {
            kind: Some(ExpertKind::Declared),
            checks: Some(PassedLevel::Full),
            answers: Some(RightAnswers { right: 37, of: 60 }),
            license: Some("MIT\u{1b}[2J".to_owned()),
        };
        let text = "declared; checks passed; 37 of 60 answers right; MIT\u{fffd}[2J";
        assert_eq!(summary_text(&all, None), text);
    }
}
