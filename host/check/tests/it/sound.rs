//! A sound expert, which says a text in capitals, and its mutations: each is one branch, named by the code of the check that
//! catches it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use hive_sdk::manifest::OptionKind;
use hive_sdk::{
    EvalPrompt, Expert, ExpertError, Facts, Finding, Grade, Inspection, LintLevel, Manifest, Message, Record, Rendered,
    Settings, Verdict,
};
use serde_json::Value;

/// The sound manifest.
pub const MANIFEST: &str = include_str!("loud.json");

/// `tone` of the one record on which many mutations fall: it is in every sample that a check takes.
const MARK: &str = "mark";

/// Index of that record among the synthetic ones.
const MARKED: usize = 20;

/// Number of records that the quick half asks for; one of them is marked too.
const FEW: usize = 8;

const WORDS: [&str; 24] = [
    "river", "stone", "cloud", "paper", "green", "quiet", "seven", "lemon", "horse", "table", "north", "candle",
    "glass", "march", "under", "violet", "sugar", "train", "winter", "button", "copper", "garden", "island", "basket",
];

/// The expert.
pub struct Loud {
    mutation: String,
    json: String,
    manifest: Manifest,
    levels: Mutex<BTreeMap<String, LintLevel>>,
    /// Calls so far, by what is called.
    calls: Mutex<BTreeMap<&'static str, usize>>,
    /// Which of several experts this is.
    instance: usize,
}

static INSTANCES: AtomicUsize = AtomicUsize::new(0);

impl Loud {
    pub fn new(mutation: &str, manifest: &str) -> Self {
        let json = match mutation {
            "boundary-manifest" => manifest.replace("Says it in capitals", "Says it aloud"),
            _ => manifest.to_owned(),
        };
        let manifest = Manifest::parse(&json).unwrap_or_else(|_| Manifest::parse(MANIFEST).unwrap());
        Self {
            mutation: mutation.to_owned(),
            json,
            manifest,
            levels: Mutex::default(),
            calls: Mutex::default(),
            instance: INSTANCES.fetch_add(1, Ordering::Relaxed),
        }
    }

    fn is(&self, mutation: &str) -> bool {
        self.mutation == mutation
    }

    /// How often `what` was called before.
    fn before(&self, what: &'static str) -> usize {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let count = calls.entry(what).or_default();
        *count += 1;
        *count - 1
    }

    fn level(&self, code: &str) -> LintLevel {
        let set = self.levels.lock().unwrap_or_else(PoisonError::into_inner).get(code).copied();
        let default = self.manifest.dataset.lints.iter().find(|lint| lint.code == code).map(|lint| lint.level);
        set.or(default).unwrap_or(LintLevel::Off)
    }

    /// The score of an answer, as `examine` gives it.
    fn score(gold: &str, answer: &str) -> f64 {
        if answer.trim() == gold.trim() {
            1.0
        } else if answer.trim().is_empty() {
            0.0
        } else {
            0.25
        }
    }

    fn facts(&self, text: &str) -> Facts {
        let mut facts = Facts::default();
        let length = if text.trim().len() > 22 { "long" } else { "short" };
        if !self.is("validate-suggest") {
            facts.labels.insert("length".to_owned(), length.to_owned());
        }
        if self.is("validate-labels") {
            facts.labels.insert("text".to_owned(), text.to_owned());
        }
        if self.is("boundary-process") {
            facts.measures.insert("instance".to_owned(), self.instance as f64);
        }
        let key = if self.is("validate-keys") { "words" } else { "text" };
        facts.keys.insert(key.to_owned(), text.trim().to_lowercase());
        facts
    }
}

fn number(seed: u64, at: u64) -> u64 {
    // SplitMix64 (Steele, Lea and Flood 2014).
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(at.wrapping_mul(0xd1b5_4a32_d192_ed03));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn is_mark(record: &Record) -> bool {
    record.text("tone") == Some(MARK)
}

/// The text with some of its words capitalised.
pub fn case_variant(text: &str, which: usize) -> String {
    let word = |(i, word): (usize, &str)| if which >> i & 1 == 1 { word.to_uppercase() } else { word.to_owned() };
    text.split(' ').enumerate().map(word).collect::<Vec<_>>().join(" ")
}

/// A sound record.
pub fn record(text: &str, style: &str) -> Record {
    Record::from_pairs([("text", text), ("style", style), ("loud", &text.trim().to_uppercase())])
}

impl Expert for Loud {
    fn manifest_json(&self) -> &str {
        &self.json
    }

    fn configure(&self, settings: &Settings) -> Result<(), ExpertError> {
        let unknown = |name: &str| Err(ExpertError::new(format!("there is no option `{name}`")));
        for (name, value) in &settings.options {
            match self.manifest.options.iter().find(|option| option.name == *name) {
                _ if self.is("boundary-options") => return unknown(name),
                None if self.is("boundary-unknown-option") => {}
                None => return unknown(name),
                Some(option) if self.is("boundary-option-kind") || option.kind != OptionKind::Number => {}
                Some(_) if value.is_u64() => {}
                Some(_) => return Err(ExpertError::new(format!("`{name}` is {value}, expected a number"))),
            }
        }
        let refused = match self.mutation.as_str() {
            "boundary-settings" => settings.lints.len() == 2,
            "boundary-lint-levels" => settings.lints.get("double-space") == Some(&LintLevel::Off),
            _ => false,
        };
        if refused {
            return Err(ExpertError::new("these lints are not known"));
        }
        *self.levels.lock().unwrap_or_else(PoisonError::into_inner) = settings.lints.clone();
        Ok(())
    }

    fn render(&self, record: &Record) -> Result<Rendered, ExpertError> {
        let mark = is_mark(record);
        let text = record.text("text").unwrap_or_default();
        let loud = record.text("loud");
        let mut shown = record.clone();
        match self.mutation.as_str() {
            "render-error" if mark => return Err(ExpertError::new("it is marked")),
            "render-turns" if mark => return Ok(Rendered { messages: Vec::new(), completion_start: 0 }),
            "render-prompt-alone" if mark => {
                record.require("loud")?;
            }
            "render-optional" if text.starts_with("please say") => {
                record.require("tone")?;
            }
            "render-every-field" if record.text("style").is_some_and(|style| !["plain", "fancy"].contains(&style)) => {
                shown.set("style", "plain");
            }
            "render-required" if record.text("text").is_none() => shown.set("text", "nothing"),
            "render-odd" if record.0.get("text").is_some_and(Value::is_number) => panic!("no text"),
            "render-large" if text.len() > 500_000 => panic!("too large"),
            "boundary-panic" if mark => panic!("it is marked"),
            _ => {}
        }
        let declared = if self.manifest.prompt.is_empty() { Manifest::parse(MANIFEST)? } else { self.manifest.clone() };
        let mut messages = declared.prompt_of(&shown)?;
        match self.mutation.as_str() {
            "render-leak" if mark => messages[1].content += loud.unwrap_or("nothing"),
            "data-leak" if text.starts_with("data") => messages[1].content += loud.unwrap_or("nothing"),
            "render-last-turn" if mark => messages.push(Message::assistant("so")),
            "render-blank-turn" if mark => messages[0].content = " ".to_owned(),
            "render-undeclared" => messages[1].content += record.text("no_such_field").unwrap_or_default(),
            "render-declared" => messages[1].content += ", please",
            // The fourth time: when all records are rendered in one batch.
            "render-twice" if text.starts_with("say it twice") && self.before("render") == 3 => {
                messages[1].content += "!";
            }
            _ => {}
        }
        let mut completion_start = messages.len();
        match self.mutation.as_str() {
            "render-completion" if mark => {}
            "data-completion" if text.starts_with("data") => {}
            "render-fixed" if mark => messages.extend(loud.map(|_| Message::assistant("SO"))),
            "render-invented" if mark => messages.push(Message::assistant(loud.unwrap_or("SO"))),
            "render-verbatim" => messages.extend(loud.map(|loud| Message::assistant(format!("{loud} END")))),
            _ => messages.extend(loud.map(Message::assistant)),
        }
        if self.is("render-one-turn") && mark && loud.is_some() {
            messages.push(Message::assistant("AND SO ON"));
        }
        if self.is("render-start") && mark {
            completion_start = 99;
        }
        Ok(Rendered { messages, completion_start })
    }

    fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        let mark = is_mark(record);
        match self.mutation.as_str() {
            "validate-odd" if record.0.get("text").is_some_and(Value::is_number) => panic!("no text"),
            "validate-large" if record.text("text").is_some_and(|text| text.len() > 500_000) => panic!("too large"),
            "validate-error" if mark => return Err(ExpertError::new("it is marked")),
            "validate-gold" if mark => return Ok(Verdict::reject("marked", "it is marked")),
            "validate-reject-code" if mark => return Ok(Verdict::reject("", "it is marked")),
            "validate-repair-changes" if mark => {
                let (record, facts) = (record.clone(), Facts::default());
                return Ok(Verdict::Repaired { record, changes: Vec::new(), notes: Vec::new(), facts });
            }
            "validate-undeclared" if record.text("no_such_field").is_some() => {
                return Ok(Verdict::reject("undeclared", "it has a field too many"));
            }
            "data-rejected" if record.text("text").is_some_and(|text| text.starts_with("data")) => {
                return Ok(Verdict::reject("data", "it is of a data set"));
            }
            _ => {}
        }
        let reject = |code: &str, why: &str| Ok(Verdict::reject(code, why));
        let Some(text) = record.text("text") else { return reject("no-text", "`text` is missing") };
        if record.text("style").is_none() && !self.is("validate-required") {
            return reject("no-style", "`style` is missing");
        }
        let Some(loud) = record.text("loud") else {
            return match self.mutation.as_str() {
                "validate-no-completion" => Ok(Verdict::accept()),
                "validate-why" => reject("no-loud", " "),
                "validate-codes" => reject("No Loud", "`loud` is missing"),
                _ => reject("no-loud", "`loud` is missing"),
            };
        };
        let made_constant = self.is("synthesize-constant") && loud == "SO" && record.text("tone") == Some("made");
        let emphatic = self.is("suite-contradiction") && loud.trim_end_matches('!') == text.trim().to_uppercase();
        let right = loud.trim() == text.trim().to_uppercase() || made_constant || emphatic;
        if !right && !self.is("validate-swapped") {
            return reject("not-loud", "`loud` is not `text` in capitals");
        }
        let mut facts = self.facts(text);
        if self.is("validate-twice") && mark && self.before("validate") == 1 {
            facts.measures.insert("calls".to_owned(), 1.0);
        }
        let mut notes = Vec::new();
        let note = |code: &str| Finding { code: code.to_owned(), message: "it was found".to_owned() };
        if text.trim().contains("  ") {
            match self.level("double-space") {
                LintLevel::Off if !self.is("validate-lint-off") => {}
                LintLevel::Reject if !self.is("validate-lint-reject") => {
                    return reject("double-space", "there are two blanks");
                }
                _ => notes.push(note("double-space")),
            }
        }
        if self.is("validate-lint-declared") && mark {
            notes.push(note("marked"));
        }
        if text != text.trim() {
            match self.level("blank-ends") {
                LintLevel::Off => {}
                LintLevel::Reject => return reject("blank-ends", "there are blanks at its ends"),
                LintLevel::Note => notes.push(note("blank-ends")),
                LintLevel::Repair => {
                    let mut record = record.clone();
                    match self.mutation.as_str() {
                        "validate-repair-differs" => {}
                        "validate-repair-accepted" => record.set("text", &text[1..]),
                        _ => record.set("text", text.trim()),
                    }
                    if self.is("validate-repair-fields") {
                        record.set("repaired", "yes");
                    }
                    return Ok(Verdict::Repaired { record, changes: vec![note("blank-ends")], notes, facts });
                }
            }
        }
        Ok(Verdict::Accept { notes, facts })
    }

    fn grade(&self, prompt: &Record, completion: &str) -> Result<Grade, ExpertError> {
        let gold = prompt.require("loud")?;
        let mark = is_mark(prompt);
        let right = completion.trim() == gold.trim();
        let words = completion.split_whitespace().count();
        match self.mutation.as_str() {
            "grade-error" if mark => return Err(ExpertError::new("it is marked")),
            "grade-empty-error" if mark && completion.is_empty() => return Err(ExpertError::new("nothing was said")),
            "grade-odd" if completion.contains('\u{feff}') => panic!("it has a mark of byte order"),
            "grade-large" if completion.len() > 500_000 => panic!("too large"),
            _ => {}
        }
        let text = prompt.text("text").unwrap_or_default();
        let score = match self.mutation.as_str() {
            "grade-score" if mark => 2.0,
            "grade-gold" if mark && right => 0.5,
            "data-gold" if text.starts_with("data") && right => 0.5,
            "grade-twice" if mark && right && self.before("grade") == 1 => 0.9,
            "grade-empty" if mark && completion.is_empty() => 1.0,
            "grade-echo" if !text.is_empty() && completion.ends_with(text.trim()) => 1.0,
            "grade-swapped" if words == 4 && completion.chars().all(|c| c.is_uppercase() || c == ' ') => 1.0,
            "grade-dropped" if words == 3 && completion.split(' ').all(|word| gold.contains(word)) => 1.0,
            "grade-repeated" if words == 8 && completion.starts_with(gold.trim()) => 1.0,
            "grade-chatter" if completion.starts_with("Sure") && completion.ends_with(gold.trim()) => 1.0,
            "grade-blanks" if right && completion != gold => 0.5,
            "render-verbatim" => Self::score(gold, completion.trim().strip_suffix("END").unwrap_or_default()),
            _ => Self::score(gold, completion),
        };
        let code = if self.is("grade-codes") { "Not Loud" } else { "not-loud" };
        let grade = Grade::new(score);
        Ok(if score < 1.0 { grade.with(code, "it is not the text in capitals") } else { grade })
    }

    fn examine(&self, prompt: &Record, alternatives: &[String], completion: &str) -> Result<Grade, ExpertError> {
        let gold = prompt.require("loud")?;
        let mark = is_mark(prompt);
        let completion = match self.mutation.as_str() {
            "render-verbatim" => completion.trim_end_matches("END"),
            _ => completion,
        };
        let right = completion.trim() == gold.trim();
        let others = if self.is("suite-alternative") { &[] } else { alternatives };
        let best =
            others.iter().map(|other| Self::score(other, completion)).fold(Self::score(gold, completion), f64::max);
        let score = match self.mutation.as_str() {
            "grade-examine-error" if mark => return Err(ExpertError::new("it is marked")),
            "grade-examine-gold" if mark && right => 0.5,
            "grade-examine-wrong" if completion.is_empty() => 1.0,
            "grade-examine-twice" if mark && right && self.before("examine") == 1 => 0.9,
            _ => best,
        };
        let mut grade = Grade::new(score);
        if !self.is("grade-examine-used") {
            let upper = completion == completion.to_uppercase() && !self.is("grade-examine-passed");
            grade.check("upper", upper);
        }
        if self.is("grade-examine-checks") && mark {
            grade.check("marked", true);
        }
        Ok(grade)
    }

    fn inspect(&self, record: &Record, completion: Option<&str>) -> Result<Inspection, ExpertError> {
        let mark = is_mark(record);
        let text = record.text("text").unwrap_or_default();
        match self.mutation.as_str() {
            "inspect-error" if mark => return Err(ExpertError::new("it is marked")),
            "inspect-odd" if record.0.get("text").is_some_and(Value::is_number) => panic!("no text"),
            "inspect-large" if text.len() > 500_000 => panic!("too large"),
            _ => {}
        }
        let mut reply = Inspection::default();
        if let Some(answer) = completion {
            let wrong = answer != answer.to_uppercase() || self.is("inspect-answer") && mark;
            return Ok(if wrong { reply.fault("not-loud", "it is not in capitals") } else { reply });
        }
        if text.is_empty() || self.is("inspect-prompt") && mark {
            return Ok(reply.fault("no-text", "`text` is missing"));
        }
        if self.is("inspect-codes") && mark {
            reply = reply.note("Marked", "it is marked");
        }
        if self.is("inspect-twice") && mark && self.before("inspect") == 1 {
            reply = reply.note("again", "it was inspected before");
        }
        if text != text.trim() || self.is("inspect-again") && text.ends_with('!') {
            let mut other = record.clone();
            other.set("text", text.trim());
            match self.mutation.as_str() {
                "inspect-fields" => other.set("loud", text.trim().to_uppercase()),
                "inspect-renders" => other = other.without("style"),
                "inspect-again" => other.set("text", format!("{}!", text.trim())),
                _ => {}
            }
            reply.record = Some(other);
        }
        Ok(reply)
    }

    fn eval_prompts(&self) -> Result<Vec<EvalPrompt>, ExpertError> {
        let mut prompts = Manifest::parse(&self.json)?.eval_prompts;
        match self.mutation.as_str() {
            "suite-error" => return Err(ExpertError::new("they are lost")),
            "suite-id" => prompts[1].id = prompts[0].id.clone(),
            "suite-gold" => prompts[3].record = prompts[3].record.without("loud"),
            "suite-fields" => prompts[3].record.set("remark", "so"),
            "suite-twice" if self.before("eval_prompts") == 1 => prompts[3].featured = true,
            "suite-manifest" => {
                let mut more = prompts[0].clone();
                more.id = "more".to_owned();
                more.record = record("one more of them", "fancy");
                prompts.push(more);
            }
            _ => {}
        }
        Ok(prompts)
    }

    fn synthesize(&self, seed: u64, n: usize) -> Result<Option<Vec<Record>>, ExpertError> {
        match self.mutation.as_str() {
            "synthesize-error" => return Err(ExpertError::new("there is no more")),
            "synthesize-one" if n == 1 => return Err(ExpertError::new("at least two")),
            "synthesize-large-seed" if seed > 1 << 60 => panic!("overflow"),
            _ => {}
        }
        let seed = if self.is("synthesize-seed") { 1 } else { seed };
        let again = self.is("synthesize-twice") && n >= FEW && seed == 1 && self.before("synthesize") == 1;
        let whole = |i: usize| {
            let seed = if self.is("synthesize-pool") && i >= 10 { 1 } else { seed };
            let word = |at: u64| WORDS[(number(seed, i as u64 * 4 + at) % WORDS.len() as u64) as usize];
            let gap = if i % 8 == 6 { "  " } else { " " };
            let text = format!("{} {}{gap}{} {}", word(0), word(1), word(2), word(3));
            let text = if i % 9 == 4 { format!("  {text}") } else { text };
            let mut record = record(&text, if i.is_multiple_of(2) { "plain" } else { "fancy" });
            if i == MARKED || n == FEW && i == 5 {
                record.set("tone", MARK);
            }
            record
        };
        let one = |i: usize| {
            let mut record = whole(i);
            match self.mutation.as_str() {
                "synthesize-fields" if i == 5 => record = record.without("style"),
                "synthesize-undeclared" if i == 5 => record.set("remark", "so"),
                "synthesize-twice" if again && i == 5 => record.set("tone", "again"),
                "synthesize-rejected" if i >= 40 => record.set("loud", "quiet"),
                "synthesize-duplicates" if i >= 200 => record = whole(i - 100),
                "synthesize-contradiction" if i == 250 => {
                    record = whole(249);
                    record.set("loud", "ANOTHER ANSWER TO IT");
                }
                "synthesize-near" => {
                    let base = format!("{} of the {} there", WORDS[i % 16], if seed == 1 { "best" } else { "worst" });
                    record = self::record(&case_variant(&base, i / 16), "plain");
                    if i == MARKED {
                        record.set("tone", MARK);
                    }
                }
                "synthesize-constant" => {
                    record.set("loud", "SO");
                    record.set("tone", "made");
                }
                "synthesize-leak" if i == 5 => record = self.manifest.eval_prompts[2].record.clone(),
                "synthesize-length" if i >= 50 => record.set("tone", "kindly ".repeat(300)),
                "synthesize-answer-length" if i >= 50 => {
                    let long = |text: &str| text.split(' ').map(|word| word.repeat(16)).collect::<Vec<_>>().join(" ");
                    record = self::record(&long(record.text("text").unwrap_or_default()), "plain");
                }
                _ => {}
            }
            record
        };
        let n = if self.is("synthesize-count") && n >= FEW { n - 1 } else { n };
        Ok(Some((0..n).map(one).collect()))
    }
}
