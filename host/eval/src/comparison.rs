//! The report side by side: what each candidate is made of, what it is worth, and the featured
//! prompts with every candidate's answer. As rows of text, for whoever draws them, and as Markdown.

use hive_runtime::statistics::{Pair, RIGHT};
use hive_sdk::Grade;
use serde::Serialize;

use super::candidate::{CandidateFacts, Origin};
use super::report::{CandidateReport, Report};

/// A row of a table: what it says, and that of each candidate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Row {
    pub name: String,
    pub cells: Vec<String>,
}

/// A prompt with every candidate's answer.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Shown {
    pub id: String,
    pub tags: Vec<String>,
    /// The record's texts beside its gold.
    pub fields: Vec<(String, String)>,
    pub gold: String,
    pub answers: Vec<ShownAnswer>,
}

/// An answer and what is said of it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ShownAnswer {
    pub who: String,
    pub completion: String,
    pub right: bool,
    /// What a wrong answer is worth, when it is worth anything.
    pub credit: Option<String>,
    pub why: Vec<String>,
    pub evidence: Option<String>,
}

/// Shown in place of what does not apply.
const NOTHING: &str = "–";

/// What each candidate is made of.
pub(super) fn made_of(report: &Report) -> Vec<Row> {
    let row = |name: &str, cell: &dyn Fn(&CandidateReport) -> Option<String>| Row {
        name: name.to_owned(),
        cells: report.candidates.iter().map(|c| cell(c).unwrap_or_else(|| NOTHING.to_owned())).collect(),
    };
    let fact = |name: &str, cell: &dyn Fn(&CandidateFacts) -> Option<String>| row(name, &|c| cell(&c.facts));
    let mut rows = vec![
        row("from", &|c| Some(from(&c.origin))),
        fact("made for", &|f| f.made_for.clone()),
        fact("prompts", &|f| f.other_prompts.clone()),
        fact("method", &|f| f.method.clone().map(|m| if f.rslora { format!("{m}, rank-stabilised") } else { m })),
        fact("rank", &|f| f.rank.map(|n| n.to_string())),
        fact("alpha", &|f| f.alpha.map(|n| n.to_string())),
        fact("dropout", &|f| f.dropout.map(|n| n.to_string())),
        fact("modules", &|f| (!f.target_modules.is_empty()).then(|| modules(&f.target_modules))),
        row("trainable parameters", &|c| (c.trainable_parameters > 0).then(|| grouped(c.trainable_parameters))),
        row("tensors applied", &|c| (c.tensors_applied > 0).then(|| format!("{0}/{0}", c.tensors_applied))),
        fact("learning rate", &|f| f.learning_rate.map(|n| format!("{n:e}"))),
        fact("epochs", &|f| f.epochs.map(|n| format!("{n:.2}"))),
        fact("steps × records", &|f| {
            f.steps.zip(f.effective_batch).map(|(steps, batch)| format!("{steps} × {batch}"))
        }),
        fact("trained on", &|f| {
            let data = f.data.clone()?;
            Some(f.records.map_or(data.clone(), |n| format!("{data}, {} records", grouped(n))))
        }),
        fact("eval loss (its own held-out records)", &|f| f.eval_loss.map(|n| format!("{n:.4}"))),
        row("loss on this suite's golds", &|c| c.gold_loss.map(|n| format!("{n:.4}"))),
    ];
    rows.retain(|row| row.cells.iter().any(|cell| cell != NOTHING));
    rows
}

/// What each candidate is worth.
pub(super) fn worth(report: &Report) -> Vec<Row> {
    let row = |name: String, cell: &dyn Fn(&CandidateReport) -> String| Row {
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

/// What each candidate is worth as rows of cells, the names first, and every two of them in words.
pub fn worth_table(report: &Report) -> (Vec<Vec<String>>, Vec<String>) {
    let mut rows = vec![vec![String::new()]];
    rows[0].extend(report.candidates.iter().map(|c| c.name.clone()));
    rows.extend(worth(report).into_iter().map(|row| [vec![row.name], row.cells].concat()));
    (rows, report.pairs.iter().map(paired).collect())
}

/// Speed and size of each.
pub(super) fn cost(report: &Report) -> Vec<Row> {
    let row = |name: &str, cell: &dyn Fn(&CandidateReport) -> Option<String>| Row {
        name: name.to_owned(),
        cells: report.candidates.iter().map(|c| cell(c).unwrap_or_else(|| NOTHING.to_owned())).collect(),
    };
    vec![
        row("tokens written per second", &|c| c.tokens_per_second.map(|n| format!("{n:.0}"))),
        row("prompt tokens read per second", &|c| c.prompt_tokens_per_second.map(|n| format!("{n:.0}"))),
        row("adapter on disk", &|c| c.facts.bytes.map(|n| format!("{:.1} MB", n as f64 / 1e6))),
    ]
}

/// Right answers by what prompts are about, the most frequent first.
pub(super) fn by_tag(report: &Report) -> Vec<Row> {
    let Some(first) = report.candidates.first() else { return Vec::new() };
    let mut tags: Vec<(&String, usize)> = first.tags.iter().map(|(tag, of)| (tag, of.right_answers.of)).collect();
    tags.sort_by_key(|(_, of)| std::cmp::Reverse(*of));
    tags.into_iter()
        .map(|(tag, of)| Row {
            name: format!("{tag} ({of})"),
            cells: report
                .candidates
                .iter()
                .map(|c| c.tags.get(tag).map_or_else(|| NOTHING.to_owned(), |of| of.right_answers.share()))
                .collect(),
        })
        .collect()
}

/// The prompts of which `wanted` says yes, with all answers.
pub(super) fn shown(report: &Report, wanted: impl Fn(usize) -> bool) -> Vec<Shown> {
    let prompts = report.suite.prompts.iter().enumerate().filter(|(i, _)| wanted(*i));
    prompts
        .map(|(i, prompt)| {
            let gold = gold(report, i);
            let texts = prompt.record.0.iter().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())));
            Shown {
                id: prompt.id.clone(),
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

fn answer(candidate: &CandidateReport, at: usize) -> ShownAnswer {
    let answer = &candidate.answers[at];
    let Grade { score, findings, evidence, .. } = &answer.grade;
    ShownAnswer {
        who: candidate.name.clone(),
        completion: answer.completion.clone(),
        right: *score >= RIGHT,
        credit: (*score < RIGHT && *score > 0.0).then(|| format!("{score:.2}")),
        why: findings.iter().map(|f| f.message.clone()).collect(),
        evidence: evidence.clone(),
    }
}

/// Two candidates in words.
pub(super) fn paired(pair: &Pair) -> String {
    let Pair { first, second, only_first_right, only_second_right, p, credit_gain } = pair;
    let sure = if *p < 0.05 { "" } else { ", no difference is shown" };
    let p = if *p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") };
    format!(
        "{first} vs {second}: only {first} is right on {only_first_right}, only {second} on {only_second_right} \
         ({p}{sure}); partial credit of {second} less that of {first}: {:+.3} {}",
        credit_gain.value,
        credit_gain.range()
    )
}

/// The featured prompts; where a suite has none, the first four on which candidates differ.
pub(super) fn featured(report: &Report) -> Vec<Shown> {
    let marked = shown(report, |i| report.suite.prompts[i].featured);
    if !marked.is_empty() {
        return marked;
    }
    let differ = |i: usize| {
        let scores: Vec<f64> = report.candidates.iter().map(|c| c.answers[i].grade.score).collect();
        scores.iter().any(|s| *s != scores[0])
    };
    let first: Vec<usize> = (0..report.suite.prompts.len()).filter(|i| differ(*i)).take(4).collect();
    shown(report, |i| first.contains(&i))
}

/// What the suite was, in a sentence or two.
pub(super) fn about(report: &Report) -> String {
    let suite = &report.suite;
    let some =
        if suite.asked < suite.of { format!("{} of the {}", suite.asked, suite.of) } else { suite.asked.to_string() };
    let prompts = if suite.of == 1 { "prompt" } else { "prompts" };
    let mut text = format!("{some} {prompts} of the suite “{}”", suite.name);
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
        format!("# Expert `{}` {} on `{}`\n\n{}\n", report.expert.0, report.expert.1, report.base.id, about(report));
    for (title, rows) in [
        ("What each is worth", worth(report)),
        ("What each is made of", made_of(report)),
        ("Speed and size", cost(report)),
        ("Right answers by what prompts are about", by_tag(report)),
    ] {
        // A suite need not say what its prompts are about.
        if rows.is_empty() {
            continue;
        }
        out.push_str(&format!("\n## {title}\n\n| | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len())));
        for Row { name, cells } in rows {
            let cells: Vec<String> = cells.iter().map(|c| cell(c)).collect();
            out.push_str(&format!("| {} | {} |\n", cell(&name), cells.join(" | ")));
        }
    }
    out.push_str("\n## Pairs\n\n");
    for pair in &report.pairs {
        out.push_str(&format!("- {}\n", paired(pair)));
    }
    out.push_str("\n## Answers side by side\n");
    for Shown { id, fields, gold, answers, .. } in featured(report) {
        out.push_str(&format!("\n### {id}\n\n"));
        for (name, text) in fields {
            out.push_str(&format!("{name}:\n{}", fenced(&text)));
        }
        out.push_str(&format!("gold:\n{}", fenced(&gold)));
        for ShownAnswer { who, completion, right, credit, why, evidence } in answers {
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

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn fenced(text: &str) -> String {
    // A fence that the text itself cannot close.
    let fence = if text.contains("```") { "````" } else { "```" };
    format!("\n{fence}\n{}\n{fence}\n\n", text.trim())
}

fn from(origin: &Origin) -> String {
    let name = |path: &std::path::Path| path.display().to_string();
    match origin {
        Origin::Base => "the base alone".to_owned(),
        Origin::Run { path, step: None } => format!("run {}", name(path)),
        Origin::Run { path, step: Some(step) } => format!("run {}, step {step}", name(path)),
        Origin::Folder { path } => name(path),
        Origin::Hub { name } => name.clone(),
    }
}

fn modules(names: &[String]) -> String {
    let short: Vec<&str> = names.iter().map(|n| n.strip_suffix("_proj").unwrap_or(n)).collect();
    short.join(" ")
}

/// A whole number with a comma every three digits.
pub(super) fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_shares_are_read_by_people() {
        assert_eq!(grouped(6_451_200), "6,451,200");
        assert_eq!(grouped(999), "999");
        let pair = Pair::of(("base", &[0.0, 0.5, 1.0, 0.0]), ("ours", &[1.0, 1.0, 1.0, 0.0]));
        let said = paired(&pair);
        assert!(
            said.starts_with("base vs ours: only base is right on 0, only ours on 2 (p = 0.500, no diff"),
            "{said}"
        );
        assert!(said.contains("partial credit of ours less that of base: +0.375 ["), "{said}");
        assert_eq!(cell("a|b\nc"), "a\\|b c");
        assert!(fenced("a\n```\n").starts_with("\n````\n"));
    }
}
