//! The comparison as a self-contained HTML page. This file computes the lengths of the bars and what the filter of the
//! prompts needs, the template lays it out; style and script are those of all pages.

use std::path::Path;

use hive_pages::{PageError, relative, render};
use hive_runtime::statistics::{Mean, Rate};
use serde_json::{Value, json};

use super::candidate::Origin;
use super::comparison::{
    PromptComparison, compare_prompts, cost_rows, featured, pair_text, property_rows, result_rows, summary, tag_rows,
};
use super::report::{CandidateReport, Report};

/// Number of refused prompts that are shown.
const REFUSED: usize = 40;

/// Length in characters up to which a text of a prompt is not folded.
const SHORT: usize = 240;

/// The page, to be written into `folder`: it links to the pages of the runs that candidates come from.
///
/// # Errors
/// When the template cannot be rendered.
pub fn html(report: &Report, folder: &Path) -> Result<String, PageError> {
    let names: Vec<&str> = report.candidates.iter().map(|c| c.name.as_str()).collect();
    let right: Vec<Value> = report.candidates.iter().map(|c| bar(&c.name, c.figures.right_answers)).collect();
    let credit: Vec<Value> = report.candidates.iter().map(|c| credit_bar(&c.name, c.figures.partial_credit)).collect();
    let checks: Vec<Value> = report
        .checks
        .iter()
        .map(|spec| {
            let check_bar =
                |c: &CandidateReport| c.check(&spec.code).map_or_else(|| json!({"name": c.name}), |r| bar(&c.name, r));
            json!({
                "title": spec.title, "description": spec.description,
                "bars": report.candidates.iter().map(check_bar).collect::<Vec<_>>(),
            })
        })
        .collect();
    let tags = all_tags(report);
    let prompts: Vec<Value> = compare_prompts(report, |_| true)
        .into_iter()
        .enumerate()
        .map(|(i, prompt)| prompt_card(i + 1, &prompt, &tags))
        .collect();
    let about_featured: Vec<Value> = featured(report)
        .iter()
        .filter_map(|prompt| {
            let at = report.suite.prompts.iter().position(|p| p.id == prompt.id)?;
            Some(json!({"id": prompt.id, "number": at + 1}))
        })
        .collect();
    let values = json!({
        "report": report, "about": summary(report), "names": names, "right": right, "credit": credit, "checks": checks,
        "results": result_rows(report), "made_of": property_rows(report), "cost": cost_rows(report),
        "by_tag": tag_rows(report), "tags": tags, "runs": run_links(report, folder),
        "pairs": report.pairs.iter().map(pair_text).collect::<Vec<_>>(),
        "featured": about_featured, "prompts": prompts,
        "refused": report.suite.refused.iter().take(REFUSED).collect::<Vec<_>>(),
    });
    render("evaluation", include_str!("page.html"), std::slice::from_ref(&report.made), &values)
}

/// All tags of the prompts, in the order of their first use.
fn all_tags(report: &Report) -> Vec<&str> {
    let mut tags: Vec<&str> = Vec::new();
    for tag in report.suite.prompts.iter().flat_map(|p| &p.tags) {
        if !tags.contains(&tag.as_str()) {
            tags.push(tag);
        }
    }
    tags
}

/// A prompt, with the keys by which the script of the page filters.
fn prompt_card(number: usize, prompt: &PromptComparison, tags: &[&str]) -> Value {
    let at = |tag: &String| tags.iter().position(|t| t == tag).map(|i| i.to_string());
    let keys: Vec<String> = prompt.tags.iter().filter_map(at).collect();
    let results: String = prompt.answers.iter().map(|a| if a.right { '1' } else { '0' }).collect();
    let fields: Vec<Value> = prompt
        .fields
        .iter()
        .map(|(name, text)| json!({"name": name, "text": text, "short": text.chars().count() <= SHORT}))
        .collect();
    json!({
        "number": number, "id": prompt.id, "tags": prompt.tags, "keys": keys.join(" "), "results": results,
        "featured": prompt.featured, "fields": fields, "gold": prompt.gold, "answers": prompt.answers,
    })
}

/// The pages of the runs that candidates come from, as far as they exist.
fn run_links(report: &Report, folder: &Path) -> Vec<Value> {
    let mut links: Vec<Value> = Vec::new();
    for candidate in &report.candidates {
        let Origin::Run { path, .. } = &candidate.origin else { continue };
        let Some(href) = relative(folder, &path.join("report.html")) else { continue };
        let link = json!({"href": href, "run": path.file_name().map(|name| name.to_string_lossy())});
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links
}

/// A rate as a bar with its interval.
fn bar(name: &str, rate: Rate) -> Value {
    interval_bar(name, rate.to_string(), rate.of, (rate.value, rate.low, rate.high))
}

/// A mean score as a bar with its interval.
fn credit_bar(name: &str, mean: Mean) -> Value {
    interval_bar(name, mean.to_string(), mean.of, (mean.value, mean.low, mean.high))
}

/// A bar whose lengths are in percent of the width; `n` is the number of answers behind it.
fn interval_bar(name: &str, text: String, n: usize, (value, low, high): (f64, f64, f64)) -> Value {
    let percent = |x: f64| format!("{:.2}", 100.0 * x);
    json!({
        "name": name, "text": text, "of": n, "value": percent(value), "low": percent(low), "width": percent(high - low),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use hive_engine::adapter::peft::BaseRef;
    use hive_pages::Stopwatch;
    use hive_runtime::statistics::{Figures, Pair};
    use hive_sdk::manifest::CheckSpec;
    use hive_sdk::{Grade, Record};

    use super::super::candidate::CandidateFacts;
    use super::super::report::{AnswerReport, CheckRate, FORMAT, PromptReport, SuiteReport};
    use super::*;

    fn candidate(name: &str, origin: Origin, scores: [f64; 2]) -> CandidateReport {
        let answer = |(i, score): (usize, f64)| AnswerReport {
            id: format!("p{i}"),
            completion: format!("{name} says <{i}>"),
            tokens: 3,
            grade: Grade::new(score),
        };
        let figures = Figures::of(scores);
        CandidateReport {
            name: name.to_owned(),
            origin,
            facts: CandidateFacts::default(),
            constrained: true,
            refused: 0,
            unconstrained: BTreeMap::new(),
            adapter: None,
            trainable_parameters: 0,
            tensors_applied: 0,
            figures,
            checks: vec![CheckRate { code: "short".to_owned(), rate: Rate::of(scores.map(|score| score > 0.0)) }],
            tags: BTreeMap::from([("loud".to_owned(), figures)]),
            findings: BTreeMap::new(),
            gold_loss: None,
            tokens_per_second: None,
            prompt_tokens_per_second: None,
            answers: scores.into_iter().enumerate().map(answer).collect(),
        }
    }

    /// Two prompts, of which `ours` answers the second right.
    fn report(run: &Path) -> Report {
        let prompt = |id: &str, tags: &[&str]| PromptReport {
            id: id.to_owned(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            featured: false,
            record: Record::from_pairs([("text", "say it"), ("loud", "SAY IT")]),
            alternatives: Vec::new(),
        };
        let suite = SuiteReport {
            name: "mine".to_owned(),
            digest: String::new(),
            total: 2,
            asked: 2,
            repaired: 0,
            notes: BTreeMap::new(),
            refused: Vec::new(),
            passed_over: BTreeMap::new(),
            prompts: vec![prompt("p0", &["loud"]), prompt("p1", &["odd", "loud"])],
        };
        let check = json!({"code": "short", "title": "short", "description": "is short"});
        Report {
            format: FORMAT,
            digest: String::new(),
            expert: ("echo".to_owned(), "0.1.0".to_owned()),
            base: BaseRef { id: "tiny".to_owned(), digest: String::new() },
            suite,
            candidates: vec![
                candidate("base", Origin::Base, [0.0, 0.25]),
                candidate("ours", Origin::Run { path: run.to_owned(), step: None }, [0.5, 1.0]),
            ],
            pairs: vec![Pair::of(("base", &[0.0, 0.25]), ("ours", &[0.5, 1.0]))],
            checks: vec![serde_json::from_value::<CheckSpec>(check).unwrap()],
            completion_field: "loud".to_owned(),
            made: Stopwatch::start().made(),
        }
    }

    #[test]
    fn wrong_answers_are_never_green_and_gold_answers_are_labelled() {
        let page = html(&report(Path::new("none")), Path::new(".")).unwrap();
        let answers: Vec<&str> = page.split("<div class=\"answer ").skip(1).collect();
        let of = |class: &str| answers.iter().filter(|a| a.starts_with(&format!("{class}\""))).collect::<Vec<_>>();
        let (gold, right, wrong) = (of("gold"), of("right"), of("wrong"));
        assert_eq!((gold.len(), right.len(), wrong.len()), (2, 1, 3));
        assert!(gold.iter().all(|a| a.contains("<b>gold answer</b>") && a.contains("SAY IT")));
        assert!(right[0].contains("✓ right") && right[0].contains("ours says &lt;1&gt;"), "{}", right[0]);
        assert!(wrong.iter().all(|a| a.contains("✗ wrong")));
    }

    #[test]
    fn every_score_has_its_number_and_interval() {
        let page = html(&report(Path::new("none")), Path::new(".")).unwrap();
        for text in [
            "aria-label=\"ours: 50.0 % [9.5, 90.5]\"",
            "50.0 % [9.5, 90.5] <span class=\"dim\">of 2</span>",
            "<th scope=\"row\">loud (2 prompts)</th><td>0.0 % [0.0, 65.8]</td><td>50.0 % [9.5, 90.5]</td>",
            "aria-label=\"Right answers: base 0.0 % [0.0, 65.8] of 2; ours 50.0 % [9.5, 90.5] of 2\"",
        ] {
            assert!(page.contains(text), "`{text}` is missing:\n{page}");
        }
    }

    #[test]
    fn prompts_have_what_the_filter_needs_and_are_all_there_without_it() {
        let page = html(&report(Path::new("none")), Path::new(".")).unwrap();
        assert!(page.contains("data-prompt data-tags=\"0\" data-results=\"00\""), "{page}");
        assert!(page.contains("data-prompt data-tags=\"1 0\" data-results=\"01\""), "{page}");
        assert!(page.contains("<form class=\"controls\" hidden>"), "shown by the script alone");
        assert!(page.contains("<option value=\"0\">loud</option><option value=\"1\">odd</option>"), "{page}");
        assert!(!page.contains("<article class=\"card\" hidden"), "{page}");
    }

    #[test]
    fn the_page_of_a_run_is_linked_if_it_exists() {
        let place = tempfile::tempdir().unwrap();
        let (run, folder) = (place.path().join("run"), place.path().join("run/eval"));
        std::fs::create_dir_all(&folder).unwrap();
        assert!(!html(&report(&run), &folder).unwrap().contains("report.html"));
        std::fs::write(run.join("report.html"), "").unwrap();
        assert!(html(&report(&run), &folder).unwrap().contains("<a href=\"..&#x2f;report.html\">run run</a>"));
    }
}
