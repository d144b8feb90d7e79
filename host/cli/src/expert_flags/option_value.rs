//! The value of one option, parsed as its manifest declares it.

use hive_errors::{listed, nearest};
use hive_sdk::Manifest;
use hive_sdk::manifest::{OptionKind, OptionSpec};
use serde_json::{Number, Value};

use crate::error::{CommandResult, Failure};

/// The error for an option that the expert does not have.
pub(super) fn unknown(manifest: &Manifest, name: &str) -> Failure {
    let known = match &manifest.options[..] {
        [] => "it has none".to_owned(),
        options => format!("its options: {}", listed(options.iter().map(|option| option.name.as_str()))),
    };
    let names = manifest.options.iter().map(|option| option.name.as_str());
    let hint = match nearest(name, names) {
        Some(near) => format!("did you mean `--option {near}=…`?"),
        None => format!("`hive run {} --help` describes them", manifest.name),
    };
    Failure::misuse(format!("Expert `{}` has no option `{name}` ({known})", manifest.name)).hint(hint)
}

/// Parses the value of an option.
///
/// # Errors
/// When it is not of the option's kind.
pub(super) fn value(spec: &OptionSpec, text: &str) -> CommandResult<Value> {
    let misuse = |expected: &str| {
        let got = if spec.secret { "another text".to_owned() } else { format!("`{text}`") };
        Failure::misuse(format!("Option `{}` got {got}, expected {expected}", spec.name))
    };
    Ok(match spec.kind {
        OptionKind::Text | OptionKind::File | OptionKind::Url => Value::String(text.to_owned()),
        OptionKind::Number => match text.parse::<i64>() {
            Ok(whole) => Value::from(whole),
            Err(_) => {
                let number = text.parse::<f64>().ok().and_then(Number::from_f64);
                Value::Number(number.ok_or_else(|| misuse("a number"))?)
            }
        },
        OptionKind::Flag => Value::Bool(text.parse().map_err(|_| misuse("`true` or `false`"))?),
    })
}
