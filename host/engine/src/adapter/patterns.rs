//! Patterns on the names of linear layers in PEFT configurations: regular expressions of Python. They are matched in linear
//! time; those with lookahead or lookbehind are matched by backtracking with a limit, because configurations are untrusted
//! input.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};

use crate::error::{EngineError, Result};

/// Maximum number of entries in `rank_pattern` and in `alpha_pattern`, and the maximum compiled size of each in bytes: a short
/// regular expression can compile to megabytes.
const MAX_PATTERNS: usize = 512;
const MAX_PATTERN_BYTES: usize = 1 << 18;

/// Maximum number of patterns with lookaround, each of which may be slow.
const MAX_LOOKAROUND: usize = 32;

/// Maximum backtracking steps when such a pattern is matched with a name, which has about forty characters.
const MAX_BACKTRACKS: usize = 100_000;

/// A pattern that is matched with whole names.
#[derive(Debug, Clone)]
pub(crate) struct NamePattern {
    text: String,
    regex: AnyRegex,
}

#[derive(Debug, Clone)]
enum AnyRegex {
    Linear(Regex),
    Lookaround(Box<fancy_regex::Regex>),
}

impl NamePattern {
    /// A pattern that matches a whole name, as Python's `re.fullmatch`.
    ///
    /// # Errors
    /// When it is not a valid regular expression, or is too large.
    pub(crate) fn full_match(pattern: &str) -> Result<Self> {
        Self::new(pattern, &format!(r"\A(?:{pattern})\z"))
    }

    /// PEFT's rule for the keys of `rank_pattern` and `alpha_pattern`: a key matches a whole name or the part after a dot.
    ///
    /// # Errors
    /// When one is not a valid regular expression or is too large, or there are too many.
    pub(crate) fn suffixes<T>(patterns: &BTreeMap<String, T>) -> Result<Vec<(Self, &T)>> {
        let too_many = |count: usize, kind: &str, limit: usize| {
            Err(EngineError::unsupported(format!(
                "The adapter has {count} patterns of ranks or alphas{kind}, expected at most {limit}"
            )))
        };
        if patterns.len() > MAX_PATTERNS {
            return too_many(patterns.len(), "", MAX_PATTERNS);
        }
        let all: Vec<(Self, &T)> = patterns
            .iter()
            .map(|(key, value)| Ok((Self::new(key, &format!(r"\A(?:.*\.)?(?:{key})\z"))?, value)))
            .collect::<Result<_>>()?;
        let looking = all.iter().filter(|(pattern, _)| matches!(pattern.regex, AnyRegex::Lookaround(_))).count();
        if looking > MAX_LOOKAROUND {
            return too_many(looking, " that look ahead or behind", MAX_LOOKAROUND);
        }
        Ok(all)
    }

    fn new(text: &str, anchored: &str) -> Result<Self> {
        let linear =
            RegexBuilder::new(anchored).size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES).build();
        let regex = match linear {
            Ok(regex) => AnyRegex::Linear(regex),
            Err(too_large @ regex::Error::CompiledTooBig(_)) => return Err(refused(text, &too_large.to_string())),
            // `regex` has no lookaround and no backreferences, which Python has.
            Err(_) => {
                let built = fancy_regex::RegexBuilder::new(anchored)
                    .backtrack_limit(MAX_BACKTRACKS)
                    .delegate_size_limit(MAX_PATTERN_BYTES)
                    .delegate_dfa_size_limit(MAX_PATTERN_BYTES)
                    .max_prog_size(MAX_PATTERN_BYTES)
                    .build();
                AnyRegex::Lookaround(Box::new(built.map_err(|e| refused(text, &e.to_string()))?))
            }
        };
        Ok(Self { text: text.to_owned(), regex })
    }

    /// Whether it matches `name`.
    ///
    /// # Errors
    /// When matching takes too long.
    pub(crate) fn matches(&self, name: &str) -> Result<bool> {
        match &self.regex {
            AnyRegex::Linear(regex) => Ok(regex.is_match(name)),
            AnyRegex::Lookaround(regex) => regex.is_match(name).map_err(|e| {
                EngineError::unsupported(format!(
                    "The module pattern `{}` takes too long on `{name}`: {e}",
                    shown(&self.text)
                ))
            }),
        }
    }
}

fn refused(pattern: &str, problem: &str) -> EngineError {
    EngineError::unsupported(format!("The module pattern `{}` cannot be read: {problem}", shown(pattern)))
}

/// A pattern shortened for messages.
pub(crate) fn shown(pattern: &str) -> String {
    let start: String = pattern.chars().take(200).collect();
    if start.len() < pattern.len() { start + "…" } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    fn matches(pattern: &str, name: &str) -> bool {
        NamePattern::full_match(pattern).unwrap().matches(name).unwrap()
    }

    /// The expected values are those of Python 3.11's `re.fullmatch`.
    #[test]
    fn patterns_mean_what_they_mean_to_python() {
        let (q, up) = ("model.layers.3.self_attn.q_proj", "model.layers.11.mlp.up_proj");
        let expert = "model.layers.3.mlp.experts.5.up_proj";
        check_all(
            [
                (r".*\.(q_proj|v_proj)", [true, false, false]),
                (r".*\.q_proj|.*\.up", [true, false, false]),
                (r"^(?!.*experts)(?:.*?(?:self_attn|mlp).*?(?:q_proj|up_proj))$", [true, true, false]),
                (
                    r"(?:\bmodel\.layers\.[\d]{1,}(?!.*\.experts\.\d)\..*?(?:self_attn|mlp).*?\.(?:(?:q_proj|up_proj)))",
                    [true, true, false],
                ),
                (r"(?:.*?(?:vision|image).*?)|(?:\bmodel\.layers\.\d+\.mlp\.(?:up|down)_proj)", [false, true, false]),
                (r"model\.layers\.(?P<n>\d)(?P=n)\..*", [false, true, false]),
                (r".*(?<=self_attn\.)q_proj", [true, false, false]),
                (r".*(?<!experts\.\d\.)up_proj", [false, true, false]),
                (r"(?i).*\.Q_PROJ", [true, false, false]),
                (r"q_proj", [false, false, false]),
                (r"model\.layers\.([0-9]|1[0-2])\..*", [true, true, true]),
            ],
            |(pattern, expected)| {
                assert_eq!([q, up, expert].map(|name| matches(pattern, name)), expected, "{pattern}");
            },
        );
    }

    #[test]
    fn keys_of_ranks_match_the_end_of_a_name() {
        let keys = BTreeMap::from([(r"(?!.*\.1\.)layers\.\d+\.mlp\.up_proj".to_owned(), 2), ("q_proj".to_owned(), 3)]);
        let found = NamePattern::suffixes(&keys).unwrap();
        let rank = |name: &str| found.iter().find(|(p, _)| p.matches(name).unwrap()).map(|(_, rank)| **rank);
        assert_eq!(rank("model.layers.0.mlp.up_proj"), Some(2));
        assert_eq!(rank("model.layers.3.self_attn.q_proj"), Some(3));
        assert_eq!(rank("model.layers.3.self_attn.xq_proj"), None);
    }

    #[test]
    fn what_cannot_be_read_or_takes_too_long_is_refused() {
        let said = |pattern: &str| NamePattern::full_match(pattern).unwrap_err().to_string();
        assert!(said("(q_proj").starts_with("The module pattern `(q_proj` cannot be read: "), "{}", said("(q_proj"));
        assert!(said("(?:a{1000}){1000}").contains("cannot be read"));
        assert!(said("(?!x)(?:a{1000}){1000}").contains("cannot be read"));
        // Every way to cut the middle into runs is tried.
        let slow = NamePattern::full_match(r"b(?:(?=(a+))a+)+c").unwrap();
        let begin = std::time::Instant::now();
        let said = slow.matches(&format!("b{}ca", "a".repeat(200))).unwrap_err().to_string();
        assert!(said.contains("takes too long on `baa"), "{said}");
        assert!(begin.elapsed().as_secs() < 5);
        let many = (0..40).map(|i| (format!("(?!x)q{i}"), 1)).collect();
        let said = NamePattern::suffixes(&many).map(|_| ()).unwrap_err().to_string();
        assert!(
            said.contains("40 patterns of ranks or alphas that look ahead or behind, expected at most 32"),
            "{said}"
        );
    }
}
