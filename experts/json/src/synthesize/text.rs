//! Writes statements as a text: in prose, chatting, in telegraphic style, as a letter, as a form or as a dialogue.

use hive_sdk::rng::Rng;

use super::filler;
use super::words::one;

/// What a text is to say of one field.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The field's slot in stories: its first name. Empty for parts of other fields.
    pub slot: &'static str,
    /// The field in words: `due date`.
    pub label: String,
    /// The value as a text has it; `None` if the text says that there is none.
    pub value: Option<String>,
    /// A sentence that says it, without its full stop.
    pub clause: String,
    /// Whether the clause says it without label: a flag.
    pub clause_alone: bool,
    /// Lines of their own in a form; none for a value that stands in one line.
    pub lines: Vec<String>,
}

impl Statement {
    /// The clause at the start of a sentence: with a capital, unless it starts with the value, which stays as it is.
    fn sentence(&self) -> String {
        match &self.value {
            Some(value) if self.clause.starts_with(value) => self.clause.clone(),
            _ => capital(&self.clause),
        }
    }
}

/// The statements with some put together into sentences that say several at once. `stories` have slots for them.
pub fn told(mut statements: Vec<Statement>, stories: &[&str], most: usize, rng: &mut Rng) -> Vec<Statement> {
    let mut stories = stories.to_vec();
    rng.shuffle(&mut stories);
    let mut told = 0;
    for story in stories {
        let slots: Vec<&str> = story.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        let value_of = |slot: &str| {
            let statement = statements.iter().find(|statement| statement.slot == slot && !statement.clause_alone);
            statement.and_then(|statement| statement.value.clone())
        };
        let values: Option<Vec<String>> = slots.iter().map(|slot| value_of(slot)).collect();
        let Some(values) = values.filter(|_| told < most) else { continue };
        let mut clause = story.to_owned();
        for (slot, value) in slots.iter().zip(&values) {
            clause = clause.replace(&format!("{{{slot}}}"), value);
        }
        let first = values.into_iter().next().filter(|_| story.starts_with('{'));
        let at = statements.iter().position(|statement| slots.contains(&statement.slot)).unwrap_or_default();
        statements.retain(|statement| !slots.contains(&statement.slot));
        let whole =
            Statement { slot: "", label: String::new(), value: first, clause, clause_alone: true, lines: Vec::new() };
        statements.insert(at.min(statements.len()), whole);
        told += 1;
    }
    statements
}

/// The manner of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Register {
    /// Full sentences.
    Formal,
    /// Lower case and fillers.
    Chatty,
    /// Labels and values in a row.
    Telegraphic,
    /// A letter around sentences.
    Mail,
    /// A line for each field.
    Form,
    /// Questions and answers.
    Dialogue,
}

impl Register {
    /// A register.
    pub fn draw(rng: &mut Rng) -> Self {
        match rng.below(20) {
            0..=5 => Register::Formal,
            6..=9 => Register::Chatty,
            10..=12 => Register::Telegraphic,
            13..=15 => Register::Mail,
            16..=18 => Register::Form,
            _ => Register::Dialogue,
        }
    }

    /// Whether it consists of sentences.
    pub fn is_prose(self) -> bool {
        matches!(self, Register::Formal | Register::Chatty | Register::Mail)
    }

    /// Whether fields that have no value may be named as such.
    pub fn names_gaps(self, rng: &mut Rng) -> bool {
        match self {
            Register::Form => rng.below(2) == 0,
            Register::Dialogue => rng.below(3) == 0,
            _ => rng.below(5) == 0,
        }
    }
}

/// The text. `asides`: sentences beside the point, put in somewhere.
pub fn write(
    register: Register,
    opening: &str,
    statements: &[Statement],
    asides: Vec<String>,
    rng: &mut Rng,
) -> String {
    match register {
        Register::Formal => {
            let body = sentences(statements, asides, rng);
            if rng.below(2) == 0 { body } else { format!("{opening} {body}") }
        }
        Register::Mail => {
            let body = sentences(statements, asides, rng);
            let body = if rng.below(3) == 0 { body } else { format!("{opening} {body}") };
            let subject = if rng.below(4) == 0 {
                format!("Subject: {}\n\n", opening.trim_end_matches(['.', ':', '!']))
            } else {
                String::new()
            };
            format!("{subject}{}\n\n{body}\n\n{}", filler::greeting(rng), filler::farewell(rng))
        }
        Register::Chatty => chat(opening, statements, asides, rng),
        Register::Telegraphic => telegram(opening, statements, asides, rng),
        Register::Form => form(opening, statements, asides, rng),
        Register::Dialogue => dialogue(statements, rng),
    }
}

/// Sentences of one or two clauses.
fn sentences(statements: &[Statement], asides: Vec<String>, rng: &mut Rng) -> String {
    // Each with its form at the start of a sentence; what is beside the point is not joined to anything.
    let mut clauses: Vec<(String, String, bool)> =
        statements.iter().map(|s| (s.clause.clone(), s.sentence(), true)).collect();
    for aside in asides {
        let at = rng.below(clauses.len() + 1);
        clauses.insert(at, (aside.clone(), aside, false));
    }
    let mut out = String::new();
    let mut joins = false;
    for (at, (clause, sentence, fact)) in clauses.iter().enumerate() {
        if at > 0 {
            // Clauses that are long already stand alone.
            joins = !joins && *fact && clauses[at - 1].2 && clause.len() < 70 && rng.below(5) < 2;
            out.push_str(match (joins, rng.below(4)) {
                (false, _) => ". ",
                (true, 0) => "; ",
                (true, 1) => ", ",
                (true, _) => " and ",
            });
        }
        out.push_str(if joins { clause } else { sentence });
    }
    out.push(if rng.below(12) == 0 { '!' } else { '.' });
    out
}

fn chat(opening: &str, statements: &[Statement], asides: Vec<String>, rng: &mut Rng) -> String {
    let mut parts: Vec<String> = statements.iter().map(|s| s.clause.clone()).collect();
    for aside in asides {
        let at = rng.below(parts.len() + 1);
        parts.insert(at, lower(&aside));
    }
    let mut out = match rng.below(3) {
        0 => format!("{} {}", filler::start(rng), lower(opening)),
        1 => filler::start(rng).to_owned(),
        _ => String::new(),
    };
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.push_str(one(&[". ", ", ", " - ", "... ", "\n", ". ", "! "], rng));
            if rng.below(3) == 0 {
                out.push_str(filler::link(rng));
                out.push(' ');
            }
        } else if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(part);
    }
    out.push_str(one(&["", ".", " thx", "!", " :)", ". cheers"], rng));
    out
}

fn telegram(opening: &str, statements: &[Statement], asides: Vec<String>, rng: &mut Rng) -> String {
    let sign = one(&[", ", "; ", " / ", " | ", ". ", " – "], rng);
    let mut parts: Vec<String> = statements
        .iter()
        .map(|s| match &s.value {
            Some(_) if s.clause_alone => s.clause.clone(),
            Some(value) if rng.below(6) == 0 => format!("{value} ({})", s.label),
            Some(value) => format!("{} {value}", s.label),
            None => format!("no {}", s.label),
        })
        .collect();
    parts.extend(asides.iter().map(|aside| lower(aside)));
    let body = parts.join(sign);
    if rng.below(2) == 0 {
        body
    } else {
        format!("{} {body}", opening.trim_end_matches(['.', '!', ':']).to_owned() + ":")
    }
}

fn form(opening: &str, statements: &[Statement], asides: Vec<String>, rng: &mut Rng) -> String {
    let (before, sign) = (one(&["", "", "- ", "* "], rng), one(&[": ", ": ", " = ", " - ", ":\t"], rng));
    let loud = rng.below(6) == 0;
    let gap = one(&["n/a", "-", "unknown", "not given", "none", "?"], rng);
    let mut lines = Vec::new();
    if rng.below(2) == 0 {
        lines.push(opening.trim_end_matches('.').to_owned());
    }
    for statement in statements {
        let label = if loud { statement.label.to_uppercase() } else { capital(&statement.label) };
        match &statement.value {
            None => lines.push(format!("{before}{label}{sign}{gap}")),
            Some(_) if statement.lines.len() > 1 => {
                lines.push(format!("{before}{label}{}", sign.trim_end()));
                lines.extend(statement.lines.iter().map(|line| format!("  - {line}")));
            }
            Some(value) => lines.push(format!("{before}{label}{sign}{value}")),
        }
    }
    lines.extend(asides.iter().map(|aside| format!("{before}Note{sign}{aside}")));
    lines.join("\n")
}

fn dialogue(statements: &[Statement], rng: &mut Rng) -> String {
    let (asks, answers) = *rng
        .pick(&[("Q", "A"), ("Agent", "Caller"), ("Clerk", "Customer"), ("–", "–"), ("Me", "Them")])
        .unwrap_or(&("Q", "A"));
    let colon = if asks == "–" { "" } else { ":" };
    let mut lines = Vec::new();
    for statement in statements {
        let question = match rng.below(4) {
            0 => format!("And the {}?", statement.label),
            1 => format!("What about the {}?", statement.label),
            2 => format!("{}, please?", capital(&statement.label)),
            _ => format!("Can you tell me the {}?", statement.label),
        };
        let answer = match &statement.value {
            None => one(&["I don't know.", "None.", "No idea.", "There isn't one."], rng).to_owned(),
            Some(value) if statement.clause_alone || rng.below(3) > 0 => format!("{value}."),
            Some(_) => format!("{}.", statement.sentence()),
        };
        lines.push(format!("{asks}{colon} {question}\n{answers}{colon} {answer}"));
    }
    lines.join("\n")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// With a small first letter, unless the word is in capitals or is `I`.
fn lower(text: &str) -> String {
    let first = text.split(|c: char| !c.is_alphanumeric() && c != '\'').next().unwrap_or_default();
    if first == "I" || first.starts_with("I'") || first.chars().skip(1).any(char::is_uppercase) {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}
