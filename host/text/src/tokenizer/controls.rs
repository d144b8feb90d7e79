//! Control tokens in text that does not come from the template, such as `<|im_end|>` in a prompt:
//! there they are plain text. This module finds them and breaks them with a mark that occurs
//! nowhere else, so that the text can pass through a template and its control tokens can be
//! distinguished from the template's own. It does not tokenise: see
//! [`super::Tokenizer::encode_marked`].

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use tokenizers::{AddedToken, AddedVocabulary};

/// The control tokens of a tokenizer.
#[derive(Debug, Clone)]
pub(super) struct Controls {
    /// Their names, sorted.
    names: Vec<String>,
    finder: AhoCorasick,
    /// Length of the longest, in bytes.
    longest: usize,
    /// First characters of all names.
    first: BTreeSet<char>,
    /// Last characters of all names.
    last: BTreeSet<char>,
}

impl Controls {
    /// Collects the control tokens of `vocabulary`.
    ///
    /// # Errors
    /// When there are too many to search for, as a message.
    pub(super) fn of(vocabulary: &AddedVocabulary) -> Result<Self, String> {
        let tokens = vocabulary.get_added_tokens_decoder().values();
        let mut names: Vec<String> =
            tokens.filter(|token| is_control(token)).map(|token| token.content.clone()).collect();
        names.sort();
        names.dedup();
        let finder = AhoCorasick::new(&names).map_err(|e| e.to_string())?;
        let longest = names.iter().map(String::len).max().unwrap_or(0);
        let first = names.iter().filter_map(|name| name.chars().next()).collect();
        let last = names.iter().filter_map(|name| name.chars().next_back()).collect();
        Ok(Self { names, finder, longest, first, last })
    }

    /// The control tokens that occur in `text`, each once, sorted.
    pub(super) fn within(&self, text: &str) -> Vec<&str> {
        let found: BTreeSet<usize> =
            self.finder.find_overlapping_iter(text).map(|found| found.pattern().as_usize()).collect();
        found.into_iter().map(|index| self.names[index].as_str()).collect()
    }

    /// Byte positions at which `text` has to be broken so that it contains no control token, and
    /// none can form together with the template's text around it. In ascending order.
    pub(super) fn breaks(&self, text: &str) -> BTreeSet<usize> {
        let mut places: BTreeSet<usize> =
            self.finder.find_overlapping_iter(text).map(|found| behind_first(text, found.start())).collect();
        // The whole text is the middle of a control token whose ends a template could write.
        if text.len() < self.longest && !text.trim().is_empty() && self.names.iter().any(|name| name.contains(text)) {
            let alone = text.chars().nth(1).is_none();
            places.insert(if alone { 0 } else { behind_first(text, 0) });
        }
        let unfinished = text.len().saturating_sub(self.longest);
        for (at, c) in text.char_indices().skip_while(|(at, _)| *at < unfinished) {
            let rest = &text[at..];
            let begins = |name: &String| name.len() > rest.len() && name.starts_with(rest);
            if self.first.contains(&c) && self.names.iter().any(begins) {
                // A mark beside white space would keep a template from trimming it.
                let alone = rest.len() == c.len_utf8() && c.is_whitespace();
                places.extend((!alone).then(|| behind_first(text, at)));
            }
        }
        for (at, c) in text.char_indices().take_while(|(at, _)| *at < self.longest) {
            let head = &text[..at + c.len_utf8()];
            let ends = |name: &String| name.len() > head.len() && name.ends_with(head);
            if self.last.contains(&c) && self.names.iter().any(ends) {
                let alone = at == 0;
                places.extend((!(alone && c.is_whitespace())).then(|| if alone { 0 } else { behind_first(text, 0) }));
            }
        }
        places
    }
}

/// The position after the character at `at`.
fn behind_first(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(0, char::len_utf8)
}

/// Whether a token controls the model: a special one, or one whose form indicates it, such as
/// `<think>` and `<tool_call>`, which Qwen's vocabulary does not mark as special. Others, such as
/// runs of spaces or technical terms, stand for text. A single character cannot be broken.
fn is_control(token: &AddedToken) -> bool {
    let name = token.content.as_str();
    let marked = |open, close| name.starts_with(open) && name.ends_with(close);
    name.chars().count() > 1 && (token.special || marked('<', '>') || marked('[', ']'))
}

/// A private-use character of Unicode that occurs in none of `texts`. `None` when they contain all
/// 137,468 of these.
pub(super) fn unused<'t>(texts: impl Iterator<Item = &'t str> + Clone) -> Option<char> {
    let private = ('\u{e000}'..='\u{f8ff}').chain('\u{f0000}'..='\u{ffffd}').chain('\u{100000}'..='\u{10fffd}');
    let is_private = |c: &char| matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..);
    let used: BTreeSet<char> = texts.flat_map(str::chars).filter(is_private).collect();
    private.into_iter().find(|c| !used.contains(c))
}

/// `text` with `mark` inserted at these positions.
pub(super) fn marked(text: &str, places: &BTreeSet<usize>, mark: char) -> String {
    let mut out = String::with_capacity(text.len() + places.len() * mark.len_utf8());
    let mut from = 0;
    for &at in places {
        out.push_str(&text[from..at]);
        out.push(mark);
        from = at;
    }
    out + &text[from..]
}
