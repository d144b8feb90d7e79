//! Which fields the prompt depends on.

use hive_sdk::Record;

use crate::collector::quoted;
use crate::sample::Gold;
use crate::session::Session;

/// A text that differs from every field's.
const OTHER: &str = "another text 4711";

/// A field that no manifest declares.
const UNDECLARED: &str = "no_such_field";

/// Renders each record with one field changed, removed or added.
pub(super) fn run(golds: &[Gold], session: &mut Session<'_>) {
    let manifest = session.manifest();
    let fields = &manifest.dataset.fields;
    session.out.begin(&["render-undeclared", "render-every-field", "render-required"]);
    let has_optional = fields.iter().any(|field| field.optional);
    if has_optional {
        session.out.begin(&["render-optional"]);
    } else {
        session.out.skip(&["render-optional"], "the manifest declares no optional field");
    }
    for gold in golds {
        let place = |what: String| format!("{}, {what}", gold.place);
        let mut more = gold.record.clone();
        more.set(UNDECLARED, OTHER);
        let here = place("with an undeclared field".to_owned());
        if let Some(Ok(chat)) = session.attempt("render", &here, |e| e.render_one(&more))
            && chat != gold.chat
        {
            session.out.fail("render-undeclared", here, "the chat differs", "the same chat");
        }
        if has_optional {
            let optional = |name: &str| fields.iter().any(|field| field.name == name && field.optional);
            let kept = gold.record.0.iter().filter(|(name, _)| !optional(name));
            let required = Record(kept.map(|(name, value)| (name.clone(), value.clone())).collect());
            let here = place("without optional fields".to_owned());
            session.call("render", &here, "render-optional", |e| e.render_one(&required));
        }
    }
    let Some(gold) = golds.first() else { return };
    for field in fields.iter().filter(|field| !field.optional && !field.completion) {
        let mut changed = gold.record.clone();
        changed.set(&field.name, OTHER);
        let here = format!("{}, another `{}`", gold.place, field.name);
        // A path or a text of some form may be refused.
        if let Some(Ok(chat)) = session.attempt("render", &here, |e| e.render_one(&changed))
            && chat.prompt() == gold.chat.prompt()
        {
            session.out.fail("render-every-field", here, "the prompt is the same", "another prompt");
        }
        let without = gold.record.without(&field.name);
        let here = format!("{}, without `{}`", gold.place, field.name);
        if let Some(Ok(chat)) = session.attempt("render", &here, |e| e.render_one(&without)) {
            let got = chat.prompt().last().map(|turn| quoted(&turn.content)).unwrap_or_default();
            session.out.fail("render-required", here, got, "an error that names the field");
        }
    }
}
