//! The command to try after training: the expert run on one of the prompts that were just graded.

use hive_files::write_file;
use hive_plugins::LoadedExpert;
use hive_runtime::asking::flag;
use hive_runtime::grade::Graded;
use hive_runtime::statistics::RIGHT;
use hive_sdk::Record;
use hive_sdk::manifest::{FieldSpec, InputKind};
use hive_train::evaluation::Summary;
use hive_train::run_folder::RunFolder;

use super::super::hive_command::hive_command;
use crate::shell::word;

/// The command, ready to be pasted, and whether its prompt was answered correctly: a held-out prompt that was answered correctly, if there is one;
/// a field that is entered as a file is written to the run folder.
pub(super) fn next_command(expert: &LoadedExpert, summary: &Summary, folder: &RunFolder) -> Option<(bool, String)> {
    let asked =
        || [&summary.held_out, &summary.eval_prompts].into_iter().flatten().flat_map(|pair| &pair.expert.graded);
    let right = asked().find(|graded| graded.grade.score >= RIGHT);
    let Graded { prompt, .. } = right.or_else(|| asked().next())?;
    let manifest = expert.manifest();
    let asked_field = manifest.asked_field()?;
    let run = folder.path().display().to_string();
    let mut words = vec![hive_command(), "expert run".to_owned(), expert.name().to_owned()];
    words.extend(["--run".to_owned(), word(&run)]);
    for field in manifest.dataset.fields.iter().filter(|f| !f.completion && f.name != asked_field) {
        let Some(text) = prompt.text(&field.name) else { continue };
        // Fields that do not affect the prompt can be omitted.
        if field.optional && !shows(expert, prompt, &field.name) {
            continue;
        }
        words.extend(argument(field, text, folder)?);
    }
    words.push(word(prompt.text(asked_field)?));
    Some((right.is_some(), words.join(" ")))
}

/// The words that enter a field.
fn argument(field: &FieldSpec, text: &str, folder: &RunFolder) -> Option<[String; 2]> {
    Some(match field.input {
        Some(InputKind::File) => {
            let path = folder.path().join(format!("example.{}.{}", field.name, field.file_extension()));
            write_file(&path, text.as_bytes()).ok()?;
            [format!("--{}", flag(&field.name)), word(&path.display().to_string())]
        }
        Some(InputKind::Text) => [format!("--{}", flag(&field.name)), word(text)],
        _ => ["--field".to_owned(), word(&format!("{}={text}", field.name))],
    })
}

/// Whether a record's prompt depends on this field.
fn shows(expert: &LoadedExpert, record: &Record, field: &str) -> bool {
    let prompt = |record: &Record| expert.render_one(record).map(|rendered| rendered.prompt().to_vec()).ok();
    prompt(record) != prompt(&record.without(field))
}
