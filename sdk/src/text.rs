//! Small changes of a text that a manifest can name: as steps before a comparison or a repair, and as filters of a
//! prompt. Each has one meaning, wherever it is named.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One change of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextStep {
    /// Without blanks at both ends.
    Trim,
    /// Every run of blanks as one space, none at the ends.
    Collapse,
    /// In lower case.
    Lower,
    /// In upper case.
    Upper,
    /// What stands between the lines of a Markdown code fence; a text without one stays.
    Unfence,
    /// JSON without blanks between its parts; what is not JSON stays.
    Minify,
    /// Without punctuation (what is neither letter, number nor blank).
    Punctuation,
    /// The first line that is not blank.
    FirstLine,
}

impl TextStep {
    /// All of them, in the order of their documentation.
    pub const ALL: [TextStep; 8] = [
        TextStep::Trim,
        TextStep::Collapse,
        TextStep::Lower,
        TextStep::Upper,
        TextStep::Unfence,
        TextStep::Minify,
        TextStep::Punctuation,
        TextStep::FirstLine,
    ];

    /// The text after this change.
    pub fn apply(self, text: &str) -> String {
        match self {
            TextStep::Trim => text.trim().to_owned(),
            TextStep::Collapse => text.split_whitespace().collect::<Vec<_>>().join(" "),
            TextStep::Lower => text.to_lowercase(),
            TextStep::Upper => text.to_uppercase(),
            TextStep::Unfence => unfenced(text).to_owned(),
            TextStep::Minify => minified(text).unwrap_or_else(|| text.to_owned()),
            TextStep::Punctuation => text.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace()).collect(),
            TextStep::FirstLine => text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned(),
        }
    }

    /// The text after these changes, in their order.
    pub fn apply_all(steps: &[TextStep], text: &str) -> String {
        steps.iter().fold(text.to_owned(), |text, step| step.apply(&text))
    }
}

/// What stands in the first Markdown code fence (```` ``` ````, with or without a language), or the whole text.
pub fn unfenced(text: &str) -> &str {
    const FENCE: &str = "```";
    let Some(start) = text.find(FENCE) else { return text };
    let inside = &text[start + FENCE.len()..];
    // The rest of the fence's line names the language.
    let Some(line) = inside.find('\n') else { return text };
    let inside = &inside[line + 1..];
    inside[..inside.find(FENCE).unwrap_or(inside.len())].trim()
}

/// JSON without blanks between its parts, with its keys in their order; `None` when the text is not JSON.
pub fn minified(text: &str) -> Option<String> {
    serde_json::from_str::<Value>(text).ok().map(|value| value.to_string())
}

/// The items of a JSON array, one a line, texts without their quotes; `None` when the text is no JSON array.
pub fn lines_of(text: &str) -> Option<String> {
    let items: Vec<Value> = serde_json::from_str(text).ok()?;
    let lines = items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
    Some(lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn each_step_does_what_it_says() {
        use TextStep::*;
        check_all(
            [
                (Trim, " a b ", "a b"),
                (Collapse, " a \n\t b ", "a b"),
                (Lower, "ÄB", "äb"),
                (Upper, "äb", "ÄB"),
                (Unfence, "Here:\n```json\n{\"a\": 1}\n```\nDone", "{\"a\": 1}"),
                (Unfence, "```\nx", "x"),
                (Unfence, "```x```", "```x```"),
                (Unfence, "plain", "plain"),
                (Minify, "{ \"b\": 1,\n \"a\": [ 1, 2 ] }", "{\"b\":1,\"a\":[1,2]}"),
                (Minify, "{no", "{no"),
                (Punctuation, "it's 1,5!", "its 15"),
                (FirstLine, "\n  \nyes\nno", "yes"),
                (FirstLine, "", ""),
            ],
            |(step, text, expected)| assert_eq!(step.apply(text), expected, "{step:?} {text:?}"),
        );
        assert_eq!(TextStep::apply_all(&[Unfence, Minify], "```\n[1, 2]\n```"), "[1,2]");
    }

    #[test]
    fn lists_become_lines() {
        assert_eq!(lines_of(r#"["a", 1, {"b": 2}]"#).as_deref(), Some("a\n1\n{\"b\":2}"));
        assert_eq!(lines_of("a\nb"), None);
    }
}
