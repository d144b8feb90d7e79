//! Renders a template within the layout that all pages share.

use minijinja::value::Serde;
use minijinja::{Environment, Error, Value as Shown};
use serde_json::Value;

use super::made::{Made, facts};
use super::numbers::{percent, thousands};

/// The beginning of the text by which a page of hive's is known.
const GENERATOR: &str = "<meta name=\"generator\" content=\"hive ";

/// Renders `template`, which extends `layout.html`, with these values. `kind` says what the page is, for
/// [`is_page`], and `made` when and where its subject was made, part by part.
///
/// # Errors
/// When the template cannot be rendered.
pub fn render(kind: &str, template: &str, made: &[Made], values: &Value) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.add_filter("thousands", thousands);
    environment.add_filter("percent", percent);
    environment.add_filter("share", |part: f64, whole: f64| {
        format!("{:.2}", if whole > 0.0 { 100.0 * part / whole } else { 0.0 })
    });
    environment.add_global("style", Shown::from_safe_string(include_str!("page.css").to_owned()));
    environment.add_global("script", Shown::from_safe_string(include_str!("page.js").to_owned()));
    environment.add_global("kind", kind);
    environment.add_global("hive", env!("CARGO_PKG_VERSION"));
    environment.add_global("facts", Shown::from(Serde(facts(made))));
    environment.add_template("layout.html", include_str!("layout.html"))?;
    environment.add_template("parts.html", include_str!("parts.html"))?;
    environment.add_template("page.html", template)?;
    environment.get_template("page.html")?.render(Serde(values))
}

/// Whether `text` is a page of this kind that some version of hive wrote.
pub fn is_page(kind: &str, text: &str) -> bool {
    let Some((_, rest)) = text.split_once(GENERATOR) else { return false };
    rest.split_once('"').is_some_and(|(content, _)| content.ends_with(&format!(": {kind}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use hive_tests::check_all;
    use serde_json::json;

    use super::*;
    use crate::made::Machine;

    fn page(template: &str, values: &Value) -> String {
        let machine = Machine { processor: "Mill <1>".to_owned(), cores: 2 };
        let made =
            Made { begun: "2026-11-28T13:20:05Z".to_owned(), seconds: Some(3.0), machine, hive: "0.1.9".to_owned() };
        render("test page", &format!("{{% extends \"layout.html\" %}}{template}"), &[made], values).unwrap()
    }

    #[test]
    fn every_page_says_when_where_and_by_what_it_was_made() {
        let page =
            page("{% block main %}<p>{{ text }}</p>{% endblock %}", &json!({"text": "<script>alert(1)</script>"}));
        check_all(["2026-11-28 13:20:05 UTC", "3.0 s", "Mill &lt;1&gt;, 2 cores", "0.1.9"], |fact| {
            assert!(page.contains(fact), "`{fact}` is missing:\n{page}");
        });
        assert!(page.contains("<p>&lt;script&gt;alert(1)&lt;&#x2f;script&gt;</p>"), "data is escaped: {page}");
        assert!(is_page("test page", &page) && !is_page("other page", &page) && !is_page("test page", "<html>"));
    }

    #[test]
    fn a_page_fetches_nothing() {
        let page = page("", &json!({}));
        assert!(page.contains("Content-Security-Policy\" content=\"default-src 'none'; "), "{page}");
        check_all(["http:", "https:", "src=", "url(", "@import", "<link"], |word| {
            assert!(!page.contains(word), "`{word}` in\n{page}");
        });
    }

    #[test]
    fn what_is_printed_is_light_and_has_no_controls() {
        let style = include_str!("page.css");
        assert!(!style.contains("@media (prefers-color-scheme: dark)"), "dark is for screens alone");
        let (_, print) = style.split_once("@media print").unwrap();
        check_all(
            [
                ".controls, .copy, .jump { display: none !important; }",
                "[data-prompt][hidden] { display: block !important; }",
                "details::details-content { content-visibility: visible; display: block; }",
            ],
            |rule| assert!(print.contains(rule), "`{rule}` is missing in\n{print}"),
        );
    }

    /// The variables of a rule, such as `--ink`, as colours.
    fn colours(rule: &str) -> BTreeMap<&str, [f64; 3]> {
        let mut found = BTreeMap::new();
        for part in rule.split([';', '{', '}']) {
            let Some((name, value)) = part.trim().split_once(": #").filter(|(name, _)| name.starts_with("--")) else {
                continue;
            };
            let digits: Vec<u32> = value.chars().map(|c| c.to_digit(16).unwrap()).collect();
            let channel = |i: usize| match digits.len() {
                3 => digits[i] * 17,
                _ => digits[2 * i] * 16 + digits[2 * i + 1],
            };
            found.insert(name, [0, 1, 2].map(|i| f64::from(channel(i)) / 255.0));
        }
        found
    }

    /// WCAG 2.2's contrast ratio.
    fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
        let luminance = |colour: [f64; 3]| {
            let linear = colour.map(|c| if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
            0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn texts_and_lines_can_be_told_from_the_ground_in_both_schemes() {
        let style = include_str!("page.css");
        let (light, rest) = style.split_once("@media screen and (prefers-color-scheme: dark)").unwrap();
        let (dark, _) = rest.split_once("* {").unwrap();
        for scheme in [light, dark] {
            let colours = colours(scheme);
            let mut pairs = Vec::new();
            for ground in ["--paper", "--ground"] {
                // Texts need 4.5, lines 3: WCAG 2.2, success criteria 1.4.3 and 1.4.11.
                pairs.extend(["--ink", "--dim", "--good", "--bad"].map(|text| (text, ground, 4.5)));
                pairs.extend(
                    ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--fixed"].map(|line| (line, ground, 3.0)),
                );
            }
            check_all(pairs, |(front, ground, least)| {
                let ratio = contrast(colours[front], colours[ground]);
                assert!(ratio >= least, "{front} on {ground}: {ratio:.2}, expected at least {least}");
            });
        }
    }
}
