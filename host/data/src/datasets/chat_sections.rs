//! Splits a chat's user turn at its headings: `### Schema`, `**Question:**`, `Schema: …`, a lead-in
//! such as `Here is the schema:`, `<schema>…</schema>`, `[QUESTION]…[/QUESTION]`. The manifest
//! declares which words are headings of which field. Fields are assembled elsewhere.

use hive_sdk::manifest::FieldSpec;

/// Maximum number of words of a plain-text heading; more are allowed when a field's word is the
/// last.
const PLAIN_WORDS: usize = 6;
const LEAD_IN_WORDS: usize = 16;
/// Maximum number of words of a marked heading.
const MARKED_WORDS: usize = 16;

/// First words of sentences that introduce a field rather than ask.
const LEAD_INS: [&str; 18] = [
    "given",
    "using",
    "based on",
    "considering",
    "consider",
    "here is",
    "here are",
    "here's",
    "below is",
    "below are",
    "this is",
    "the following",
    "for the following",
    "with the following",
    "you are given",
    "according to",
    "assume",
    "i have",
];

/// Words with which such a sentence refers to adjacent text. `Using the orders table, …` has none:
/// it is part of the question.
const POINTERS: [&str; 9] = ["following", "above", "below", "provided", "given", "this", "these", "here", "attached"];

/// Maximum number of tags searched per text.
const MAX_TAGS: usize = 64;

/// The heading words of each field.
#[derive(Debug, Clone)]
pub(super) struct Headings {
    /// Field, heading as a list of words, and rank: 0 is the most specific.
    words: Vec<(String, Vec<String>, usize)>,
    /// From this rank on, words are headings only if there is no better one.
    vague: usize,
}

/// A field that a heading may refer to, and the rank of the heading.
type Sign = (String, usize);

/// A part of a text with the fields that its heading may refer to; none for another heading.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    /// The fields.
    pub(super) fields: Vec<Sign>,
    /// The text.
    pub(super) body: String,
}

/// A text, split at its headings.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Cut {
    /// The text before the first heading.
    pub(super) lead: String,
    /// The remaining sections, in order.
    pub(super) sections: Vec<Section>,
}

impl Headings {
    /// The headings that the manifest declares.
    pub(super) fn of(fields: &[FieldSpec]) -> Self {
        let vague = fields.iter().map(|field| field.headings.len()).max().unwrap_or(0);
        let mut words = Vec::new();
        for field in fields {
            let strong = field.headings.iter().enumerate();
            let weak = field.vague_headings.iter().enumerate().map(|(rank, word)| (vague + rank, word));
            for (rank, word) in strong.chain(weak) {
                words.push((field.name.clone(), split_words(word), rank));
            }
        }
        Self { words, vague }
    }

    /// Whether the manifest declares none.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether a heading of this rank is used only if there is no better one.
    pub(super) fn is_vague(&self, rank: usize) -> bool {
        rank >= self.vague
    }

    /// The fields for these words, and where their name ends: the longest match at the end of the
    /// words (`write a SQL query for the question`), else the last of the longest matches.
    fn fields(&self, words: &[String]) -> Option<(Vec<Sign>, usize)> {
        let mut best = (false, 0, 0);
        let mut signs = Vec::new();
        for (field, name, rank) in self.words.iter().filter(|(_, name, _)| !name.is_empty()) {
            let mut ends = (name.len()..=words.len()).filter(|end| words[end - name.len()..*end] == name[..]);
            let Some(found) = ends.next_back().map(|end| (end == words.len(), name.len(), end)) else { continue };
            if found > best {
                (best, signs) = (found, Vec::new());
            }
            if found == best {
                signs.push((field.clone(), *rank));
            }
        }
        (!signs.is_empty()).then_some((signs, best.2))
    }

    /// Whether a text names one of these fields: by its best word, or by another with a word that
    /// refers to it.
    fn points(&self, text: &str, is_candidate: &dyn Fn(&str) -> bool) -> bool {
        let words = split_words(text);
        let points = words.iter().any(|word| POINTERS.contains(&word.as_str()));
        self.words.iter().any(|(field, name, rank)| {
            is_candidate(field)
                && (*rank == 0 || (points && !self.is_vague(*rank)))
                && words.windows(name.len().max(1)).any(|window| window == &name[..])
        })
    }

    /// Whether a text contains one of the words of this field.
    pub(super) fn names(&self, text: &str, field: &str) -> bool {
        let words = split_words(text);
        let mut of_field = self.words.iter().filter(|(name, _, rank)| name == field && !self.is_vague(*rank));
        of_field.any(|(_, name, _)| words.windows(name.len().max(1)).any(|window| window == &name[..]))
    }

    /// Splits a text.
    pub(super) fn cut(&self, text: &str) -> Cut {
        let (text, tagged) = self.without_tags(text);
        let mut cut = Cut { lead: String::new(), sections: tagged };
        let mut body = String::new();
        let mut fields: Option<Vec<Sign>> = None;
        let mut fenced = false;
        for line in text.lines() {
            fenced ^= line.trim_start().starts_with("```");
            let mut rest = line.to_owned();
            // `Question: How many? Schema: …` has two headings on one line.
            while let Some(head) = self.heading(&rest).filter(|_| !fenced) {
                body.push_str(&head.before);
                cut.add(fields.take(), &mut body);
                fields = Some(head.fields);
                rest = head.rest;
            }
            body.push_str(&rest);
            body.push('\n');
        }
        cut.add(fields, &mut body);
        cut
    }

    /// Extracts `<schema>…</schema>` and `[QUESTION]…[/QUESTION]` from a text.
    fn without_tags(&self, text: &str) -> (String, Vec<Section>) {
        let mut sections = Vec::new();
        let (mut out, mut rest) = (String::new(), text);
        let mut left = MAX_TAGS;
        while let Some(at) = rest.find(['<', '[']).filter(|_| left > 0) {
            let (before, tag) = rest.split_at(at);
            out.push_str(before);
            let Some(name) = self.tag_name(tag) else {
                out.push_str(&tag[..1]);
                rest = &tag[1..];
                continue;
            };
            left -= 1;
            let (fields, begin, ending) = name;
            match tag[begin..].split_once(&ending) {
                Some((body, behind)) => {
                    sections.push(Section { fields, body: body.trim().to_owned() });
                    rest = behind;
                }
                None => {
                    out.push_str(&tag[..begin]);
                    rest = &tag[begin..];
                }
            }
        }
        out.push_str(rest);
        (out, sections)
    }

    /// The fields of the tag at the beginning of `text`, where the tag ends, and its closing tag.
    fn tag_name(&self, text: &str) -> Option<(Vec<Sign>, usize, String)> {
        let (open, close) = if text.starts_with('<') { ('<', '>') } else { ('[', ']') };
        let end = text.bytes().take(40).position(|byte| byte == close as u8)?;
        let name = text.get(1..end)?;
        let words = split_words(name);
        let (fields, _) = self.fields(&words).filter(|(_, last)| *last == words.len())?;
        Some((fields, end + 1, format!("{open}/{name}{close}")))
    }

    /// The heading in this line, if there is one.
    fn heading(&self, line: &str) -> Option<Head> {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.len() > 400 {
            return None;
        }
        if let Some((name, rest)) = marked(trimmed) {
            let words = split_words(name);
            let found = self.fields(&words).filter(|_| words.len() <= MARKED_WORDS);
            let fields = found.map(|(fields, _)| fields).unwrap_or_default();
            return Some(Head { before: String::new(), fields, rest: rest.trim().to_owned() });
        }
        let Some((name, rest)) = trimmed.split_once(':') else {
            // Heading words on a line of their own.
            let words = split_words(trimmed);
            let is_name = self.words.iter().any(|(_, name, _)| *name == words);
            let (fields, _) = self.fields(&words).filter(|_| is_name && words.join(" ").len() == trimmed.len())?;
            return Some(Head { before: String::new(), fields, rest: String::new() });
        };
        // `How many are there? Here is the schema:`
        let begin = name.rfind(['.', '?', '!']).filter(|at| name[at + 1..].starts_with(' ')).map_or(0, |at| at + 1);
        let (before, name) = name.split_at(begin);
        // An apostrophe is not a quote.
        let letters =
            |at: usize| name[..at].ends_with(char::is_alphabetic) && name[at + 1..].starts_with(char::is_alphabetic);
        let is_quoted = name.match_indices('\'').any(|(at, _)| !letters(at));
        if is_quoted || name.contains(['(', ')', '"', '`', ';', '=', '-', '/']) || rest.starts_with(':') {
            return None;
        }
        let words = split_words(name);
        let (fields, end) = self.fields(&words)?;
        let is_last = end == words.len() && words.len() <= LEAD_IN_WORDS;
        let is_lead_in = rest.trim().is_empty() && words.len() <= LEAD_IN_WORDS;
        (is_last || is_lead_in || words.len() <= PLAIN_WORDS).then(|| Head {
            before: before.to_owned(),
            fields,
            rest: rest.trim().to_owned(),
        })
    }

    /// The request without sentences that introduce another field: `Here is the schema:`, `Given
    /// the following schema, …`. Text that consists only of such sentences is unchanged.
    pub(super) fn without_lead_ins(&self, text: &str, field: &str) -> String {
        let text = &uncommented(text);
        let mut kept: Vec<String> = Vec::new();
        let sentences = sentences(text);
        let count = sentences.len();
        for (i, sentence) in sentences.into_iter().enumerate() {
            let bare = sentence.trim();
            let lower = bare.to_lowercase();
            let hands_over = LEAD_INS
                .iter()
                .any(|word| lower.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)));
            let of_another = |text: &str| self.points(text, &|name| name != field);
            if bare.ends_with(':') && count > 1 && (i + 1 == count || (hands_over && of_another(bare))) {
                continue;
            }
            if !hands_over || !of_another(bare) {
                kept.push(sentence);
                continue;
            }
            // `Given the following schema, how many are there?`
            let asked = bare
                .match_indices([',', ':'])
                .find(|(at, _)| of_another(&bare[..*at]))
                .map(|(at, _)| bare[at + 1..].trim());
            match asked.filter(|asked| !asked.is_empty()) {
                Some(asked) if count == 1 || !self.names(asked, field) => {
                    let mut letters = asked.chars();
                    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
                    let end = sentence.len() - sentence.trim_end().len();
                    kept.push(format!("{first}{}{}", letters.as_str(), &sentence[sentence.len() - end..]));
                }
                _ if count == 1 => kept.push(sentence),
                _ => {}
            }
        }
        let kept = kept.concat();
        let kept = if kept.trim().is_empty() { text.trim() } else { kept.trim() };
        unquoted(kept).to_owned()
    }
}

/// A heading on a line.
struct Head {
    /// The text before it on its line.
    before: String,
    fields: Vec<Sign>,
    rest: String,
}

impl Cut {
    fn add(&mut self, fields: Option<Vec<Sign>>, body: &mut String) {
        let body = std::mem::take(body).trim().to_owned();
        match fields {
            None => self.lead = body,
            Some(fields) if !body.is_empty() => self.sections.push(Section { fields, body }),
            Some(_) => {}
        }
    }
}

/// Name and rest of a line that is marked as a heading: `## Schema: …`, `**Schema:** …`.
fn marked(line: &str) -> Option<(&str, &str)> {
    let bare = line.trim_start_matches('#');
    if bare.len() < line.len() && (bare.starts_with(' ') || line.len() - bare.len() > 1) {
        let bare = bare.trim_matches(['*', '#', ' ']);
        return Some(bare.split_once(':').unwrap_or((bare, "")));
    }
    if let Some(bare) = line.strip_prefix("==") {
        return Some((bare.trim_matches(['=', ' ', ':']), ""));
    }
    for mark in ["**", "__"] {
        if let Some((name, rest)) = line.strip_prefix(mark).and_then(|rest| rest.split_once(mark)) {
            let (name, rest) = (name.trim(), rest.trim());
            let is_heading = name.ends_with(':') || rest.starts_with(':') || rest.is_empty();
            return is_heading.then(|| (name.trim_end_matches(':'), rest.trim_start_matches(':')));
        }
    }
    None
}

/// Removes backticks around the whole text.
fn unquoted(text: &str) -> &str {
    let inside = text.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
    inside.filter(|inside| !inside.is_empty() && !inside.contains('`')).unwrap_or(text)
}

/// Removes the comment markers of a text whose lines are all SQL comments.
fn uncommented(text: &str) -> String {
    let lines: Option<Vec<&str>> = text.lines().map(|line| line.trim().strip_prefix("--").map(str::trim)).collect();
    lines.map_or_else(|| text.to_owned(), |lines| lines.join("\n"))
}

/// The words in lower case, without punctuation.
fn split_words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The sentences of a text, each with the blanks after it.
fn sentences(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut ended = false;
    let mut letters = text.trim().chars().peekable();
    while let Some(c) = letters.next() {
        if ended && !c.is_whitespace() {
            all.push(String::new());
            ended = false;
        }
        if let Some(last) = all.last_mut() {
            last.push(c);
        }
        let before_blank = letters.peek().is_none_or(|next| next.is_whitespace());
        ended |= c == '\n' || (matches!(c, '.' | '?' | '!') && before_blank);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    fn headings() -> Headings {
        let fields: Vec<FieldSpec> = serde_json::from_value(serde_json::json!([
            {"name": "question", "headings": ["question", "query"], "vague_headings": ["instruction"]},
            {"name": "schema", "headings": ["schema", "tables"], "vague_headings": ["input"]},
            {"name": "sql", "headings": ["sql query", "answer"], "completion": true},
        ]))
        .unwrap();
        Headings::of(&fields)
    }

    #[test]
    fn headings_of_every_form() {
        let one = |text: &str| {
            let cut = headings().cut(text);
            let section = cut.sections.into_iter().find(|s| s.fields.iter().any(|f| f.0 == "schema")).unwrap();
            (cut.lead, section.body)
        };
        check_all(
            [
                "### Schema\nCREATE",
                "# Schema\nCREATE",
                "##Schema:\nCREATE",
                "### Database Schema: CREATE",
                "**Schema**\nCREATE",
                "**Schema:** CREATE",
                "**Schema**: CREATE",
                "Schema\nCREATE",
                "Schema: CREATE",
                "The tables are as follows:\nCREATE",
                "Here is the schema of the database:\n\nCREATE",
                "<schema>\nCREATE\n</schema>",
                "[SCHEMA]CREATE[/SCHEMA]",
                "== Schema ==\nCREATE",
                "Here's the schema:\nCREATE",
                "Schema: CREATE\nQuestion: How many?",
                "Question: How many? Schema: CREATE",
            ],
            |text| {
                assert_eq!(one(text), (String::new(), "CREATE".to_owned()), "{text}");
            },
        );
        assert_eq!(one("How many? Here is the schema:\nCREATE"), ("How many?".to_owned(), "CREATE".to_owned()));
        assert_eq!(one("Schema:\n```\n# Question\n```"), (String::new(), "```\n# Question\n```".to_owned()));
    }

    #[test]
    fn lines_that_are_no_headings() {
        check_all(
            [
                "CREATE TABLE t (a INT, -- query: none",
                "CHECK (x = 'schema:')",
                "What is the ratio 1:2 of rows?",
                "Which of the tables of the shop has the most rows and what is its name: tell me",
            ],
            |text| {
                assert_eq!(headings().cut(text), Cut { lead: text.to_owned(), sections: Vec::new() });
            },
        );
    }

    #[test]
    fn lead_ins_go_and_questions_stay() {
        let bare = |text: &str| headings().without_lead_ins(text, "question");
        check_all(
            [
                ("How many?\n\nHere is the schema:", "How many?"),
                ("Given the following schema, how many are there?", "How many are there?"),
                ("Given the following schema, write a SQL query for the question.\nHow many?", "How many?"),
                (
                    "Given these tables, list all customers. Sort them by name.",
                    "List all customers. Sort them by name.",
                ),
                ("Using the schema below. How many are there?", "How many are there?"),
                ("Given two numbers, which is greater?", "Given two numbers, which is greater?"),
                (
                    "Using the orders tables, who buys? And who sells?",
                    "Using the orders tables, who buys? And who sells?",
                ),
                ("Based on these tables, who buys?", "Who buys?"),
                ("-- Using valid SQL, answer the query for the tables above.\n-- Who buys?", "Who buys?"),
                ("Here is the schema:", "Here is the schema:"),
                ("Which customers use 3.5 units? And who else?", "Which customers use 3.5 units? And who else?"),
            ],
            |(text, expected)| {
                assert_eq!(bare(text), expected, "{text}");
            },
        );
    }
}
