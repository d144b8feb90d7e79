//! Faults of a manifest, told apart: the host's validation finds them, this says which check each belongs to.

use hive_plugins::manifest::Fault;

use crate::check::Check;

/// The checks.
pub(crate) const CHECKS: &[Check] = &[
    Check::must("manifest-json", "The manifest is JSON", "nothing of the expert can be used").quick(),
    Check::must(
        "manifest-duplicate-key",
        "No key occurs twice in an object",
        "one of the two values is dropped, and which one depends on the reader",
    )
    .quick(),
    Check::must(
        "manifest-unknown-key",
        "Every key is one that the schema knows",
        "a misspelt setting would be ignored, and the default used in its place",
    )
    .quick(),
    Check::must("manifest-missing-key", "Every required key is there", "hive does not load the expert").quick(),
    Check::must("manifest-type", "Every value has the type of its key", "hive does not load the expert").quick(),
    Check::must("manifest-range", "Every number and list is in its range", "training would fail or do nothing").quick(),
    Check::must(
        "manifest-choice",
        "Every value of a closed list is one of the list",
        "hive would not know which method, module or level is meant",
    )
    .quick(),
    Check::must(
        "manifest-schema",
        "Names and codes have the form that the schema asks for",
        "they could not be used as flags, file names or keys of reports",
    )
    .quick(),
    Check::must("manifest-blank", "No name or description is blank", "lists and messages would have gaps").quick(),
    Check::must(
        "manifest-name",
        "The name has lower-case letters, digits and dashes",
        "it could not be a word of the command line and part of a file name",
    )
    .quick(),
    Check::must(
        "manifest-version",
        "The version is a semantic version",
        "hive could not tell which of two releases is newer",
    )
    .quick(),
    Check::must(
        "manifest-abi",
        "The ABI is one that this hive speaks",
        "calls would not have the form that the plugin expects",
    )
    .quick(),
    Check::must(
        "manifest-absolute-path",
        "No base model or schema is an absolute path",
        "the expert would work on one machine only",
    )
    .quick(),
    Check::must(
        "manifest-list-twice",
        "No list has an item twice",
        "one of the two is a slip, and something else was meant",
    )
    .quick(),
    Check::must(
        "manifest-field-twice",
        "No field is declared twice",
        "hive would use the first declaration and ignore the second",
    )
    .quick(),
    Check::must(
        "manifest-completion-field",
        "Exactly one field is the completion",
        "hive would not know what the model is to learn",
    )
    .quick(),
    Check::must(
        "manifest-input",
        "What is entered fits the field: one prompt text, files refused for files only, never the completion",
        "users would be asked for the wrong thing",
    )
    .quick(),
    Check::must("manifest-pattern", "Every pattern is a regular expression", "chats of a data set could not be read")
        .quick(),
    Check::must(
        "manifest-group-by",
        "`group_by` names a declared field",
        "related records would be in training and in validation, and the validation loss too good",
    )
    .quick(),
    Check::must("manifest-option-twice", "No option is declared twice", "its flag would be ambiguous").quick(),
    Check::must(
        "manifest-uses",
        "What the expert uses says where it is, by declared options",
        "`hive doctor` could not look for it",
    )
    .quick(),
    Check::must(
        "manifest-eval-id",
        "No two eval prompts of the manifest have the same id",
        "reports could not tell their answers apart",
    )
    .quick(),
    Check::must(
        "manifest-eval-record",
        "Records of eval prompts have the declared fields, and text in every required one",
        "the prompt could not be rendered, or a misspelt field would be ignored",
    )
    .quick(),
    Check::must(
        "manifest-prompt-template",
        "The declared prompt can be filled in from declared fields",
        "a package without a plugin could not be asked",
    )
    .quick(),
    Check::must(
        "manifest-prompt-completion",
        "The declared prompt does not hold the completion",
        "the model would be shown the answer in training and not in use",
    )
    .quick(),
    Check::must("manifest-lint-twice", "No lint is declared twice", "its level would be ambiguous").quick(),
    Check::must(
        "manifest-lint-level",
        "The level `repair` is given only to lints that repair",
        "records would be used as they are, although the recipe says that they are repaired",
    )
    .quick(),
    Check::must(
        "manifest-recipe-lint",
        "Recipe and profiles set levels of declared lints only",
        "a misspelt level would be ignored, and faulty records used",
    )
    .quick(),
    Check::must(
        "manifest-adapter",
        "No rank or alpha of the adapter is 0 or beyond the limit",
        "the adapter, or part of it, would do nothing",
    )
    .quick(),
    Check::must("manifest-profile-note", "Every note belongs to a profile", "nobody would read it").quick(),
    Check::must(
        "manifest-rule",
        "Rules, graders and the form of answers that the manifest declares can be used, and name declared fields",
        "records would be accepted, and answers graded, by something else than was meant",
    )
    .quick(),
];

/// The check that a fault belongs to, by where it is and by what it says.
pub(crate) fn code_of(fault: &Fault) -> &'static str {
    let path = fault.path.to_string();
    let says = |part: &str| fault.message.contains(part);
    let below = |part: &str| path.starts_with(part);
    let in_record = below("$.eval_prompts[") && path.contains("].record");
    // What is said about any key, wherever it is.
    let anywhere: &[(&str, &str)] = &[
        ("unknown key", "manifest-unknown-key"),
        ("missing, the key", "manifest-missing-key"),
        ("the absolute path", "manifest-absolute-path"),
        ("duplicate field", "manifest-duplicate-key"),
        ("in the list twice", "manifest-list-twice"),
        ("the field `", "manifest-field-twice"),
        ("the option `", "manifest-option-twice"),
        ("the lint `", "manifest-lint-twice"),
        ("the id `", "manifest-eval-id"),
        ("\"completion\": true", "manifest-completion-field"),
        ("expected a regular expression", "manifest-pattern"),
        ("the expert cannot repair", "manifest-lint-level"),
        ("is the completion, which no prompt", "manifest-prompt-completion"),
        ("the adapter would do nothing", "manifest-adapter"),
    ];
    if in_record {
        return if says("unknown key") { "manifest-unknown-key" } else { "manifest-eval-record" };
    }
    if let Some((_, code)) = anywhere.iter().find(|(part, _)| says(part)) {
        return code;
    }
    if below("$.validate") || below("$.grade") || below("$.generation.json_schema") || below("$.generation.grammar") {
        return "manifest-rule";
    }
    if path == "$.name" {
        "manifest-name"
    } else if path == "$.version" {
        "manifest-version"
    } else if path == "$.abi" {
        "manifest-abi"
    } else if path == "$.dataset.group_by" {
        "manifest-group-by"
    } else if says("blank text") || says("empty text") {
        "manifest-blank"
    } else if says("\"input\": ") || path.ends_with(".input") && says("nobody enters it") {
        "manifest-input"
    } else if path.contains(".data.lints.") && says("is not a declared lint") {
        "manifest-recipe-lint"
    } else if path.contains(".rank_pattern") || path.contains(".alpha_pattern") {
        "manifest-adapter"
    } else if below("$.profile_notes") && says("is no profile") {
        "manifest-profile-note"
    } else if below("$.uses[") && (says(" needs `") || says(" has no `") || says("is no option")) {
        "manifest-uses"
    } else if below("$.prompt[") && path.ends_with(".content") {
        "manifest-prompt-template"
    } else if says("expected one of") || says("none of the allowed forms") {
        "manifest-choice"
    } else if says("expected at least") || says("expected at most") {
        "manifest-range"
    } else if ["a list", "true or false", "a whole number", "a number", "an object", "a text"]
        .iter()
        .any(|kind| fault.message.ends_with(kind))
    {
        "manifest-type"
    } else {
        "manifest-schema"
    }
}
