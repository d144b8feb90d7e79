//! The candidates of a report side by side: their properties, their results, and all their answers to the
//! featured prompts. As rows of text, which the caller lays out, and as Markdown.

use hive_pages::thousands;
use hive_runtime::statistics::{Pair, RIGHT};
use hive_sdk::Grade;
use serde::Serialize;

use super::candidate::{CandidateFacts, Origin};
use super::report::{CandidateReport, Report};

/// A row of a table: its name, and one cell per candidate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ComparisonRow {
    pub name: String,
    pub cells: Vec<String>,
}

/// A prompt with every candidate's answer.
#[derive(Debug, Clone, Serialize)]
pub(super) struct PromptComparison {
    pub id: String,
    /// Whether comparisons show its answers side by side.
    pub featured: bool,
    pub tags: Vec<String>,
    /// The record's texts other than the gold answer.
    pub fields: Vec<(String, String)>,
    pub gold: String,
    pub answers: Vec<ComparedAnswer>,
}

/// An answer and its grade.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ComparedAnswer {
    pub who: String,
    pub completion: String,
    pub right: bool,
    /// The score of a wrong answer, if it is above 0.
    pub credit: Option<String>,
    pub why: Vec<String>,
    pub evidence: Option<String>,
}

/// Shown where a figure does not apply.
const NOTHING: &str = "–";

/// The properties of each candidate.
pub(super) fn property_rows(report: &Report) -> Vec<ComparisonRow> {
    let row = |name: &str, cell: &dyn Fn(&CandidateReport) -> Option<String>| ComparisonRow {
        name: name.to_owned(),
        cells: report.candidates.iter().map(|c| cell(c).unwrap_or_else(|| NOTHING.to_owned())).collect(),
    };
    let fact = |name: &str, cell: &dyn Fn(&CandidateFacts) -> Option<String>| row(name, &|c| cell(&c.facts));
    let mut rows = vec![
        row("from", &|c| Some(origin_text(&c.origin))),
        fact("made for", &|f| f.made_for.clone()),
        fact("prompts", &|f| f.other_prompts.clone()),
        fact("method", &|f| f.method.clone().map(|m| if f.rslora { format!("{m}, rank-stabilised") } else { m })),
        fact("rank", &|f| f.rank.map(|n| n.to_string())),
        fact("alpha", &|f| f.alpha.map(|n| n.to_string())),
        fact("dropout", &|f| f.dropout.map(|n| n.to_string())),
        fact("modules", &|f| (!f.target_modules.is_empty()).then(|| module_names(&f.target_modules))),
        row("trainable parameters", &|c| {
            (c.trainable_parameters > 0).then(|| thousands(c.trainable_parameters as f64))
        }),
        row("tensors applied", &|c| (c.tensors_applied > 0).then(|| c.tensors_applied.to_string())),
        fact("learning rate", &|f| f.learning_rate.map(|n| format!("{n:e}"))),
        fact("epochs", &|f| f.epochs.map(|n| format!("{n:.2}"))),
        fact("steps × records", &|f| {
            f.steps.zip(f.effective_batch).map(|(steps, batch)| format!("{steps} × {batch}"))
        }),
        fact("trained on", &|f| {
            let data = f.data.clone()?;
            Some(f.records.map_or(data.clone(), |n| format!("{data}, {} records", thousands(n as f64))))
        }),
        fact("eval loss (its own held-out records)", &|f| f.eval_loss.map(|n| format!("{n:.4}"))),
        row("loss on this suite's golds", &|c| c.gold_loss.map(|n| format!("{n:.4}"))),
    ];
    rows.retain(|row| row.cells.iter().any(|cell| cell != NOTHING));
    rows
}

/// The results of each candidate.
pub(super) fn result_rows(report: &Report) -> Vec<ComparisonRow> {
    let row = |name: String, cell: &dyn Fn(&CandidateReport) -> String| ComparisonRow {
        name,
        cells: report.candidates.iter().map(cell).collect(),
    };
    let mut rows = vec![
        row("right answers".to_owned(), &|c| c.figures.right_answers.to_string()),
        row("partial credit".to_owned(), &|c| c.figures.partial_credit.to_string()),
    ];
    for spec in &report.checks {
        rows.push(row(spec.title.clone(), &|c| {
            c.check(&spec.code).map_or_else(|| NOTHING.to_owned(), |rate| format!("{rate} of {}", rate.of))
        }));
    }
    rows
}

/// The results as rows of cells, with the candidates' names in the first row, and each pair of candidates in words.
pub fn results_table(report: &Report) -> (Vec<Vec<String>>, Vec<String>) {
    let mut rows = vec![vec![String::new()]];
    rows[0].extend(report.candidates.iter().map(|c| c.name.clone()));
    rows.extend(result_rows(report).into_iter().map(|row| [vec![row.name], row.cells].concat()));
    (rows, report.pairs.iter().map(pair_text).collect())
}

/// Speed and size of each candidate.
pub(super) fn cost_rows(report: &Report) -> Vec<ComparisonRow> {
    let row = |name: &str, cell: &dyn Fn(&CandidateReport) -> Option<String>| ComparisonRow {
        name: name.to_owned(),
        cells: report.candidates.iter().map(|c| cell(c).unwrap_or_else(|| NOTHING.to_owned())).collect(),
    };
    vec![
        row("tokens written per second", &|c| c.tokens_per_second.map(|n| format!("{n:.0}"))),
        row("prompt tokens read per second", &|c| c.prompt_tokens_per_second.map(|n| format!("{n:.0}"))),
        row("adapter on disk", &|c| c.facts.bytes.map(|n| format!("{:.1} MB", n as f64 / 1e6))),
    ]
}

/// Right answers by the prompts' tags, the most frequent tag first.
pub(super) fn tag_rows(report: &Report) -> Vec<ComparisonRow> {
    let Some(first) = report.candidates.first() else { return Vec::new() };
    let mut tags: Vec<(&String, usize)> =
        first.tags.iter().map(|(tag, figures)| (tag, figures.right_answers.of)).collect();
    tags.sort_by_key(|(_, prompts)| std::cmp::Reverse(*prompts));
    tags.into_iter()
        .map(|(tag, prompts)| ComparisonRow {
            name: format!("{tag} ({prompts} {})", if prompts == 1 { "prompt" } else { "prompts" }),
            cells: report
                .candidates
                .iter()
                .map(|c| {
                    c.tags.get(tag).map_or_else(|| NOTHING.to_owned(), |figures| figures.right_answers.to_string())
                })
                .collect(),
        })
        .collect()
}

/// The prompts at the positions for which `wanted` is true, with all answers.
pub(super) fn compare_prompts(report: &Report, wanted: impl Fn(usize) -> bool) -> Vec<PromptComparison> {
    let prompts = report.suite.prompts.iter().enumerate().filter(|(i, _)| wanted(*i));
    prompts
        .map(|(i, prompt)| {
            let gold = gold(report, i);
            let texts = prompt.record.0.iter().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())));
            PromptComparison {
                id: prompt.id.clone(),
                featured: prompt.featured,
                tags: prompt.tags.clone(),
                fields: texts.filter(|(_, text)| *text != gold).collect(),
                answers: report.candidates.iter().map(|c| answer(c, i)).collect(),
                gold,
            }
        })
        .collect()
}

fn gold(report: &Report, at: usize) -> String {
    let record = &report.suite.prompts[at].record;
    record.text(&report.completion_field).unwrap_or_default().to_owned()
}

fn answer(candidate: &CandidateReport, at: usize) -> ComparedAnswer {
    let answer = &candidate.answers[at];
    let Grade { score, findings, evidence, .. } = &answer.grade;
    ComparedAnswer {
        who: candidate.name.clone(),
        completion: answer.completion.clone(),
        right: *score >= RIGHT,
        credit: (*score < RIGHT && *score > 0.0).then(|| format!("{score:.2}")),
        why: findings.iter().map(|f| f.message.clone()).collect(),
        evidence: evidence.clone(),
    }
}

/// The comparison of two candidates in words.
pub(super) fn pair_text(pair: &Pair) -> String {
    let Pair { first, second, only_first_right, only_second_right, p, credit_gain } = pair;
    let significance = if *p < 0.05 { "" } else { ", no difference is shown" };
    let p = if *p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") };
    format!(
        "{first} vs {second}: only {first} is right on {only_first_right}, only {second} on {only_second_right} \
         ({p}{significance}); partial credit of {second} minus that of {first}: {:+.3} {}",
        credit_gain.value,
        credit_gain.range()
    )
}

/// The featured prompts; if the suite has none, the first four on which candidates differ.
pub(super) fn featured(report: &Report) -> Vec<PromptComparison> {
    let marked = compare_prompts(report, |i| report.suite.prompts[i].featured);
    if !marked.is_empty() {
        return marked;
    }
    let differ = |i: usize| {
        let scores: Vec<f64> = report.candidates.iter().map(|c| c.answers[i].grade.score).collect();
        scores.iter().any(|s| *s != scores[0])
    };
    let first: Vec<usize> = (0..report.suite.prompts.len()).filter(|i| differ(*i)).take(4).collect();
    compare_prompts(report, |i| first.contains(&i))
}

/// The suite and the kind of figures, in a few sentences.
pub(super) fn summary(report: &Report) -> String {
    let suite = &report.suite;
    let asked = if suite.asked < suite.total {
        format!("{} of the {}", suite.asked, suite.total)
    } else {
        suite.asked.to_string()
    };
    let prompts = if suite.total == 1 { "prompt" } else { "prompts" };
    let mut text = format!("{asked} {prompts} of the suite “{}”", suite.name);
    if !suite.refused.is_empty() {
        text.push_str(&format!("; {} more were refused by the gate", suite.refused.len()));
    }
    if suite.repaired > 0 {
        text.push_str(&format!("; {} were changed by it, such as to another dialect", suite.repaired));
    }
    if !suite.notes.is_empty() {
        let notes: Vec<String> = suite.notes.iter().map(|(code, n)| format!("{code} {n}")).collect();
        text.push_str(&format!("; remarks of the gate: {}", notes.join(", ")));
    }
    text.push_str(". Right answers are those with the full score, with Wilson's interval of 95 %; partial credit is the mean score, with a bootstrap interval of 95 %. Right answers of pairs are held against each other with McNemar's exact test.");
    text
}

/// The comparison as Markdown.
pub fn markdown(report: &Report) -> String {
    let names: Vec<&str> = report.candidates.iter().map(|c| c.name.as_str()).collect();
    let mut out =
        format!("# Expert `{}` {} on `{}`\n\n{}\n", report.expert.0, report.expert.1, report.base.id, summary(report));
    for (title, rows) in [
        ("What each is worth", result_rows(report)),
        ("What each is made of", property_rows(report)),
        ("Speed and size", cost_rows(report)),
        ("Right answers by what prompts are about", tag_rows(report)),
    ] {
        // A suite's prompts may have no tags.
        if rows.is_empty() {
            continue;
        }
        out.push_str(&format!("\n## {title}\n\n| | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len())));
        for ComparisonRow { name, cells } in rows {
            let cells: Vec<String> = cells.iter().map(|c| markdown_cell(c)).collect();
            out.push_str(&format!("| {} | {} |\n", markdown_cell(&name), cells.join(" | ")));
        }
    }
    out.push_str("\n## Pairs\n\n");
    for pair in &report.pairs {
        out.push_str(&format!("- {}\n", pair_text(pair)));
    }
    out.push_str("\n## Answers side by side\n");
    for PromptComparison { id, fields, gold, answers, .. } in featured(report) {
        out.push_str(&format!("\n### {id}\n\n"));
        for (name, text) in fields {
            out.push_str(&format!("{name}:\n{}", fenced(&text)));
        }
        out.push_str(&format!("gold:\n{}", fenced(&gold)));
        for ComparedAnswer { who, completion, right, credit, why, evidence } in answers {
            let verdict = match (right, credit) {
                (true, _) => "right".to_owned(),
                (false, None) => "wrong".to_owned(),
                (false, Some(credit)) => format!("wrong, credit {credit}"),
            };
            out.push_str(&format!("**{who}**: {verdict}\n{}", fenced(&completion)));
            for line in why.into_iter().chain(evidence) {
                out.push_str(&format!("- {}\n", line.replace('\n', "; ")));
            }
            out.push('\n');
        }
    }
    if !report.suite.refused.is_empty() {
        out.push_str("\n## Refused prompts\n\n");
        for refused in &report.suite.refused {
            out.push_str(&format!("- {} ({}): {}\n", refused.id, refused.code, refused.why.replace('\n', " ")));
        }
    }
    out
}

fn markdown_cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn fenced(text: &str) -> String {
    // A fence that the text does not contain.
    let fence = if text.contains("```") { "````" } else { "```" };
    format!("\n{fence}\n{}\n{fence}\n\n", text.trim())
}

fn origin_text(origin: &Origin) -> String {
    let shown = |path: &std::path::Path| path.display().to_string();
    match origin {
        Origin::Base => "the base alone".to_owned(),
        Origin::Run { path, step: None } => format!("run {}", shown(path)),
        Origin::Run { path, step: Some(step) } => format!("run {}, step {step}", shown(path)),
        Origin::Folder { path } => shown(path),
        Origin::Hub { name } => name.clone(),
    }
}

fn module_names(names: &[String]) -> String {
    let short: Vec<&str> = names.iter().map(|n| n.strip_suffix("_proj").unwrap_or(n)).collect();
    short.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_shares_are_read_by_people() {
        let pair = Pair::of(("base", &[0.0, 0.5, 1.0, 0.0]), ("ours", &[1.0, 1.0, 1.0, 0.0]));
        let said = pair_text(&pair);
        assert!(
            said.starts_with("base vs ours: only base is right on 0, only ours on 2 (p = 0.500, no diff"),
            "{said}"
        );
        assert!(said.contains("partial credit of ours minus that of base: +0.375 ["), "{said}");
        assert_eq!(markdown_cell("a|b\nc"), "a\\|b c");
        assert!(fenced("a\n```\n").starts_with("\n````\n"));
    }
}
