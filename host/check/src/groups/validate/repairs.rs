//! Repairs: they change something, and what comes out is sound.

use hive_sdk::Verdict;

use super::Judged;
use crate::session::Session;

/// Looks at the repaired records.
pub(super) fn run(judged: &[Judged], session: &mut Session<'_>) {
    let codes = ["validate-repair-differs", "validate-repair-accepted", "validate-repair-fields"];
    let mut any = false;
    let field = session.field();
    let fields = &session.manifest().dataset.fields;
    for Judged { place, record: before, verdict } in judged {
        let Verdict::Repaired { record, .. } = verdict else { continue };
        any = true;
        session.out.begin(&codes);
        if record == before {
            session.out.fail("validate-repair-differs", place, "it is the same record", "");
            continue;
        }
        let undeclared = record.0.keys().filter(|name| !before.0.contains_key(*name));
        let undeclared: Vec<&String> = undeclared.filter(|name| !fields.iter().any(|f| f.name == **name)).collect();
        let lost = before.text(field).is_some() && record.text(field).is_none();
        if lost || !undeclared.is_empty() {
            let got = undeclared.first().map_or(format!("`{field}` is gone"), |name| format!("it has `{name}`"));
            session.out.fail("validate-repair-fields", place, got, "declared fields, and the completion");
            continue;
        }
        let here = format!("{place}, repaired");
        let again = session.attempt("validate", &here, |e| e.validate(std::slice::from_ref(record)));
        match again.and_then(Result::ok).and_then(|mut verdicts| verdicts.pop()) {
            Some(Verdict::Reject { code, .. }) => {
                session.out.fail("validate-repair-accepted", here, format!("rejected, {code}"), "accepted");
            }
            Some(Verdict::Repaired { changes, .. }) => {
                let code = changes.first().map(|change| change.code.as_str()).unwrap_or_default();
                session.out.fail("validate-repair-accepted", here, format!("repaired again, {code}"), "accepted");
            }
            _ => {}
        }
    }
    if !any {
        session.out.skip(&codes, "no record of the sample is repaired");
    }
}
