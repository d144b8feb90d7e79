//! The eval prompts: the only measure of what was trained.

use std::collections::BTreeMap;

use hive_runtime::statistics::RIGHT;
use hive_sdk::{EvalPrompt, ExamineRequest};
use serde_json::json;

use crate::check::Check;
use crate::collector::quoted;
use crate::length::tokens;
use crate::likeness::distinct;
use crate::sample::{Gold, Sample};
use crate::session::Session;

/// Fewest prompts from which a figure says anything.
const FEW: usize = 8;

/// Share of prompts with the same answer that is no fault.
const SAME: f64 = 0.6;

/// The checks.
pub(crate) const CHECKS: &[Check] = &[
    Check::must("suite-error", "The eval prompts can be read", "no training of the expert can be graded").quick(),
    Check::should(
        "suite-size",
        "There are at least 8 eval prompts",
        "the share of right answers has an interval from nearly 0 to nearly 1, and says nothing",
    ),
    Check::must("suite-id", "Eval prompts have ids of their own", "reports could not tell their answers apart").quick(),
    Check::must("suite-gold", "Every eval prompt has its gold", "there is nothing to compare an answer with").quick(),
    Check::must(
        "suite-fields",
        "Eval prompts have declared fields only, and text in every required one",
        "the prompt could not be rendered, or a misspelt field would be ignored",
    )
    .quick(),
    Check::must(
        "suite-contradiction",
        "No two eval prompts ask the same and have different answers, unless one lists the other's as an alternative",
        "the right answer to one is graded as wrong for the other",
    )
    .quick(),
    Check::should("suite-duplicate", "No two eval prompts ask the same", "one mistake of the model counts twice"),
    Check::must(
        "suite-alternative",
        "Every alternative gets the full score when it is examined",
        "a right answer counts as wrong, and `hive expert eval` leaves the prompt out",
    ),
    Check::should(
        "suite-alternative-same",
        "No alternative is the gold or another alternative",
        "one of them was meant to be something else",
    ),
    Check::should(
        "suite-constant",
        "At most 60 % of the golds are the same",
        "a model that always gives this answer looks good",
    ),
    Check::must("suite-twice", "The same eval prompts are given each time", "evaluations cannot be compared").quick(),
    Check::should(
        "suite-manifest",
        "The eval prompts are those of the manifest",
        "where the plugin is not installed, another suite is used under the same name",
    ),
    Check::should(
        "suite-length",
        "Eval prompts with their golds are shorter than the recipe's `max_seq_len`, at four bytes a token",
        "the model is asked for more than it was trained on",
    ),
];

/// Reads the eval prompts.
pub(crate) fn read(sample: &mut Sample, session: &mut Session<'_>) {
    session.out.begin(&["suite-error", "suite-id", "suite-gold", "suite-fields", "suite-twice"]);
    let read = |session: &mut Session<'_>| {
        session.call("eval_prompts", "the eval prompts", "suite-error", |expert| expert.eval_prompts())
    };
    let Some(prompts) = read(session) else { return };
    if read(session).is_some_and(|again| again != prompts) {
        session.out.fail("suite-twice", "the eval prompts", "others the second time", "");
    }
    let fields = &session.manifest().dataset.fields;
    let mut ids = BTreeMap::new();
    for (i, prompt) in prompts.into_iter().enumerate() {
        let place = format!("eval prompt `{}`", prompt.id);
        let mut sound = true;
        if prompt.id.trim().is_empty() || ids.insert(prompt.id.clone(), i).is_some() {
            session.out.fail("suite-id", format!("eval prompt {i}"), quoted(&prompt.id), "an id of its own");
            sound = false;
        }
        let field = session.field();
        if prompt.record.text(field).is_none() {
            let here = format!("{place}, field `{field}`");
            session.out.fail("suite-gold", here, "it holds no answer, so there is nothing to learn", "");
            sound = false;
        }
        let missing = fields.iter().filter(|f| !f.optional && !f.completion && prompt.record.text(&f.name).is_none());
        let unknown = prompt.record.0.keys().filter(|name| !fields.iter().any(|f| f.name == **name));
        let got: Vec<String> = missing
            .map(|f| format!("no text in `{}`", f.name))
            .chain(unknown.map(|name| format!("`{name}` is not a declared field")))
            .collect();
        sound &= got.is_empty();
        for got in got {
            session.out.fail("suite-fields", &place, got, "");
        }
        if sound {
            sample.prompts.push(prompt);
        }
    }
}

/// Prompts that ask the same.
pub(crate) fn same(sample: &Sample, session: &mut Session<'_>) {
    session.out.begin(&["suite-contradiction"]);
    if session.out.is_full() {
        session.out.begin(&["suite-duplicate"]);
    }
    let field = session.field();
    let mut asked: BTreeMap<String, &EvalPrompt> = BTreeMap::new();
    let place = |prompt: &EvalPrompt| format!("eval prompt `{}`", prompt.id);
    for prompt in &sample.prompts {
        let Some(gold) = sample.golds.iter().find(|gold| gold.place == place(prompt)) else { continue };
        let Some(other) = asked.insert(json!(gold.chat.prompt()).to_string(), prompt) else { continue };
        let (a, b) = (other.record.text(field), prompt.record.text(field));
        let knows = |prompt: &EvalPrompt, gold: Option<&str>| prompt.alternatives.iter().any(|x| Some(&**x) == gold);
        let here = format!("{}, field `{field}`", place(prompt));
        if a != b && !knows(other, b) && !knows(prompt, a) {
            let got =
                format!("`{}` asks the same and has another answer; one of them belongs to `alternatives`", other.id);
            session.out.fail("suite-contradiction", here, got, "");
        } else if session.out.is_full() {
            session.out.fail("suite-duplicate", place(prompt), format!("`{}` asks the same", other.id), "");
        }
    }
}

/// Looks at the suite as a whole.
pub(crate) fn run(sample: &Sample, session: &mut Session<'_>) {
    session.out.begin(&["suite-size"]);
    let prompts = &sample.prompts;
    // Prompts with a fault of their own are not in the sample, and are counted nevertheless.
    if prompts.len() < FEW && !session.out.group_has_failed(crate::check::Group::Suite) {
        session.out.fail("suite-size", "$.eval_prompts", prompts.len().to_string(), format!("at least {FEW}"));
    }
    if prompts.is_empty() {
        let codes = ["suite-contradiction", "suite-duplicate", "suite-constant", "suite-alternative", "suite-length"];
        session.out.end(&codes, "there are no eval prompts");
        return session.out.skip(&["suite-alternative-same", "suite-manifest"], "there are no eval prompts");
    }
    session.out.begin(&["suite-constant", "suite-length", "suite-manifest"]);
    let field = session.field();
    let (_, most) = distinct(field, prompts.iter().map(|prompt| &prompt.record));
    if prompts.len() >= FEW && most as f64 > SAME * prompts.len() as f64 {
        let got = format!("{most} of {} have the same gold", prompts.len());
        session.out.fail("suite-constant", "$.eval_prompts", got, "at most 60 %");
    }
    let declared = &session.manifest().eval_prompts;
    if declared != prompts && !session.out.group_has_failed(crate::check::Group::Suite) {
        let got = format!("{} prompts, those of the manifest are {}", prompts.len(), declared.len());
        session.out.fail("suite-manifest", "eval_prompts()", got, "the same prompts");
    }
    let longest = session.manifest().recipe.training.max_seq_len;
    for gold in &sample.golds {
        let length = tokens(gold.chat.messages.iter().map(|turn| turn.content.len()).sum());
        if gold.place.starts_with("eval prompt") && length > longest {
            let got = format!("about {length} tokens");
            session.out.fail("suite-length", &gold.place, got, format!("at most {longest}"));
        }
    }
    alternatives(sample, session);
}

fn alternatives(sample: &Sample, session: &mut Session<'_>) {
    if sample.prompts.iter().all(|prompt| prompt.alternatives.is_empty()) {
        return session.out.skip(&["suite-alternative", "suite-alternative-same"], "no prompt has alternatives");
    }
    session.out.begin(&["suite-alternative", "suite-alternative-same"]);
    let field = session.field();
    for prompt in &sample.prompts {
        let place = format!("eval prompt `{}`", prompt.id);
        let Some(Gold { record, .. }) = sample.golds.iter().find(|gold| gold.place == place) else { continue };
        for (i, alternative) in prompt.alternatives.iter().enumerate() {
            let here = format!("{place}, alternative {i}");
            let same = |text: &str| text.trim() == alternative.trim();
            if record.text(field).is_some_and(same) || prompt.alternatives[..i].iter().any(|text| same(text)) {
                session.out.fail("suite-alternative-same", here, quoted(alternative), "another answer");
                continue;
            }
            let alternatives = prompt.alternatives.clone();
            let request = ExamineRequest { prompt: record.clone(), alternatives, completion: alternative.clone() };
            let grade =
                session.call("examine", &here, "suite-alternative", |e| e.examine(std::slice::from_ref(&request)));
            if let Some(grade) = grade.and_then(|mut grades| grades.pop()).filter(|grade| grade.score < RIGHT) {
                session.out.fail("suite-alternative", here, format!("`examine` gives it {}", grade.score), "1");
            }
        }
    }
}
