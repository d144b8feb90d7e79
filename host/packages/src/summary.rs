//! What lists say of a package besides its name, version and base. It is read from the package's files, or is what a
//! registry states, which nobody has verified.

use std::fmt;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use hive_check::{CheckStatement, ExpertKind, PassedLevel};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::layout::{CHECKS, EVALUATION, MANIFEST};

/// What lists say of a package. What is unknown, because an older hive made package or list, is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// What the expert consists of.
    #[serde(default, deserialize_with = "known")]
    pub kind: Option<ExpertKind>,
    /// The checks that it passed.
    #[serde(default, deserialize_with = "known")]
    pub checks: Option<PassedLevel>,
    /// How many answers were right.
    #[serde(default)]
    pub answers: Option<RightAnswers>,
    /// SPDX expression of the adapter's licence.
    #[serde(default)]
    pub license: Option<String>,
}

/// A value, or `None` for one that only a newer hive knows.
fn known<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(from)?).ok())
}

/// The right ones of a number of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RightAnswers {
    /// Number of right answers.
    pub right: usize,
    /// Number of answers.
    pub of: usize,
}

impl Summary {
    /// The summary of a folder of a package's files, with the licence of its description.
    pub fn of_folder(dir: &Path, license: &str) -> Self {
        let read = |name: &str| fs::read(dir.join(name)).ok();
        let json = |name: &str| serde_json::from_slice::<Value>(&read(name)?).ok();
        let statement = read(CHECKS).and_then(|text| serde_json::from_slice::<CheckStatement>(&text).ok());
        let declares = || {
            let manifest = json(MANIFEST)?;
            let any =
                ["validate", "grade"].iter().any(|key| manifest[key].as_array().is_some_and(|all| !all.is_empty()));
            Some(if any { ExpertKind::Declared } else { ExpertKind::Plugin })
        };
        Self {
            kind: statement.as_ref().map(|statement| statement.kind).or_else(declares),
            checks: statement.map(|statement| statement.level),
            answers: json(EVALUATION).and_then(|evaluation| RightAnswers::of(&evaluation)),
            license: Some(license.to_owned()),
        }
    }
}

impl RightAnswers {
    /// Those of `evaluation.json`: of the largest suite or, if there is none, of the eval prompts or held-out records that
    /// were asked at the end of training.
    pub fn of(evaluation: &Value) -> Option<Self> {
        let asked = |part: &Value| part["asked"].as_u64().unwrap_or(0);
        let suites = evaluation["suites"].as_array().into_iter().flatten();
        // `max_by_key` would take the last of several.
        let largest = suites.rev().max_by_key(|suite| asked(suite));
        let parts = largest.into_iter().chain([&evaluation["eval_prompts"], &evaluation["held_out"]]);
        let rate = &parts.into_iter().find(|part| asked(part) > 0)?["right_answers"]["expert"];
        let (share, of) = (rate["value"].as_f64()?, usize::try_from(rate["of"].as_u64()?).ok()?);
        // At most `of`, which fits.
        Some(Self { right: (share.clamp(0.0, 1.0) * of as f64).round() as usize, of })
    }
}

impl fmt::Display for RightAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.right, self.of)
    }
}

impl FromStr for RightAnswers {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (right, of) = text.split_once('/').ok_or(())?;
        let number = |text: &str| text.parse().map_err(|_| ());
        Ok(Self { right: number(right)?, of: number(of)? })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn right_answers_are_those_of_the_largest_evaluation() {
        let part = |asked: usize, share: f64| json!({"asked": asked, "right_answers": {"expert": {"value": share, "of": asked}}});
        let mut evaluation = json!({"held_out": {"asked": 0}, "eval_prompts": null, "suites": []});
        assert_eq!(RightAnswers::of(&evaluation), None);
        evaluation["held_out"] = part(24, 0.5);
        assert_eq!(RightAnswers::of(&evaluation), Some(RightAnswers { right: 12, of: 24 }));
        evaluation["eval_prompts"] = part(12, 0.25);
        assert_eq!(RightAnswers::of(&evaluation), Some(RightAnswers { right: 3, of: 12 }));
        evaluation["suites"] = json!([part(8, 0.0), part(60, 37.0 / 60.0), part(60, 0.0)]);
        let right = RightAnswers::of(&evaluation).unwrap();
        assert_eq!(right, RightAnswers { right: 37, of: 60 });
        assert_eq!(right.to_string().parse(), Ok(right));
        assert_eq!("37".parse::<RightAnswers>(), Err(()));
    }

    #[test]
    fn a_package_without_statement_is_what_its_manifest_declares() {
        let dir = tempfile::tempdir().unwrap();
        let summary = || Summary::of_folder(dir.path(), "MIT");
        assert_eq!(summary(), Summary { license: Some("MIT".to_owned()), ..Summary::default() });
        fs::write(dir.path().join(MANIFEST), r#"{"grade": []}"#).unwrap();
        assert_eq!(summary().kind, Some(ExpertKind::Plugin));
        fs::write(dir.path().join(MANIFEST), r#"{"grade": [{"kind": "exact"}]}"#).unwrap();
        assert_eq!((summary().kind, summary().checks), (Some(ExpertKind::Declared), None));
    }

    #[test]
    fn words_of_a_newer_hive_are_unknown() {
        let read: Summary = serde_json::from_str(r#"{"kind": "wasm", "checks": "full", "more": 1}"#).unwrap();
        assert_eq!(read, Summary { checks: Some(PassedLevel::Full), ..Summary::default() });
    }
}
