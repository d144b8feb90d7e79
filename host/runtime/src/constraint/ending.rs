//! A short ending for a text whose limit is near: a search, breadth first, that looks further at what most likely closes a
//! text.

use hive_engine::EngineError;
use hive_engine::generate::{Constraint as _, TextVerdict};

use super::text::ConstrainedText;

/// Characters that close texts, the likeliest first; then those with which a name or number goes on.
const CLOSING: &[u8] = b"\"}])';>,:.01[{( aeiou=bcdfghjklmnpqrstvwxyz_-\nABCDEFGHIJKLMNOPQRSTUVWXYZ23456789";

/// Texts of one length that are looked at further.
const WIDTH: usize = 24;

/// Tokens that are tried after a text.
const TRIED: usize = 12;

/// Texts that are looked at in all.
const MOST: usize = 2_000;

/// The tokens of a short ending, at most `most` of them; the text is left as it is.
pub(super) fn search(text: &mut ConstrainedText<'_>, most: usize) -> Result<Option<Vec<u32>>, EngineError> {
    let begin = text.len();
    let found = breadth_first(text, most);
    let added = text.len() - begin;
    text.pop(added)?;
    found
}

/// An ending that is looked at, and how unlikely its tokens are to close a text.
type Ending = (usize, Vec<u32>);

fn breadth_first(text: &mut ConstrainedText<'_>, most: usize) -> Result<Option<Vec<u32>>, EngineError> {
    let begin = text.len();
    let (mut endings, mut seen): (Vec<Ending>, usize) = (vec![(0, Vec::new())], 0);
    for _ in 0..=most {
        let mut longer = Vec::new();
        for (cost, mut ending) in endings {
            text.pop(text.len() - begin)?;
            for token in &ending {
                text.push(*token)?;
            }
            for token in text.forced() {
                text.push(token)?;
                ending.push(token);
            }
            let (allowed, ends) = text.next()?;
            let allowed: Vec<u32> = bits(allowed).collect();
            if ends && ending.len() <= most && text.verdict(true)? == TextVerdict::Possible {
                return Ok(Some(ending));
            }
            if ending.len() >= most {
                continue;
            }
            for (rank, token) in tried(text, &allowed).into_iter().enumerate() {
                seen += 1;
                if text.is_possible_with(token)? {
                    longer.push((cost + rank, [&ending[..], &[token]].concat()));
                }
            }
        }
        longer.sort_by_key(|(cost, ending)| (*cost, ending.len()));
        longer.truncate(WIDTH);
        if longer.is_empty() || seen > MOST {
            return Ok(None);
        }
        endings = longer;
    }
    Ok(None)
}

/// The tokens to try: those of one closing character and, where there are few, the longest others.
fn tried(text: &ConstrainedText<'_>, allowed: &[u32]) -> Vec<u32> {
    let closing = |token: &u32| match text.bytes_of(*token) {
        [byte] => CLOSING.iter().position(|closing| closing == byte),
        _ => None,
    };
    let mut few: Vec<u32> = if allowed.len() <= 4 * TRIED { allowed.to_vec() } else { Vec::new() };
    few.sort_by_key(|token| (closing(token).unwrap_or(usize::MAX), std::cmp::Reverse(text.bytes_of(*token).len())));
    few.truncate(TRIED);
    let mut single: Vec<(usize, u32)> = allowed.iter().filter_map(|token| Some((closing(token)?, *token))).collect();
    single.sort_unstable();
    let single = single.into_iter().map(|(_, token)| token).filter(|token| !few.contains(token)).take(TRIED);
    let single: Vec<u32> = single.collect();
    few.extend(single);
    few
}

fn bits(words: &[u32]) -> impl Iterator<Item = u32> {
    (0u32..)
        .zip(words)
        .flat_map(|(index, word)| (0..32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| 32 * index + bit))
}
