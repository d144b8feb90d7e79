//! Data sets of the model hub: determines the data files of a repository from their names.

use std::path::PathBuf;

use hive_net::hub::{self, HubError, HubRepository, Unsuitable};
use hive_net::{Context, RemoteFile, TransferReporter};

use super::read::ending;

/// Extensions of data files, the best first. A repository often has its data in several formats.
const FORMS: [&[&str]; 4] = [&["parquet"], &["jsonl", "ndjson"], &["json"], &["csv"]];

/// Words in a path that indicate training records.
const TRAIN: [&str; 2] = ["train", "training"];

/// Words in a path that indicate records held out by the publisher.
const HELD_OUT: [&str; 8] = ["test", "tests", "testing", "validation", "valid", "val", "dev", "eval"];

/// Files that describe a repository and are not data.
const ABOUT: [&str; 8] = [
    "dataset_info.json",
    "dataset_infos.json",
    "dataset_dict.json",
    "state.json",
    "config.json",
    "metadata.json",
    "package.json",
    "croissant.json",
];

/// The folder with the data files of a repository, downloaded if necessary.
///
/// # Errors
/// When it is neither cached nor available, or contains no data.
pub fn ensure(
    set: &HubRepository,
    context: &Context,
    reporter: &mut dyn TransferReporter,
) -> Result<PathBuf, HubError> {
    let choose = |files: &[RemoteFile]| {
        let chosen: Vec<RemoteFile> = data(files).into_iter().cloned().collect();
        if chosen.is_empty() { Err(no_data(set, files)) } else { Ok(chosen) }
    };
    hub::ensure(set, context, &choose, reporter)
}

fn no_data(set: &HubRepository, files: &[RemoteFile]) -> Unsuitable {
    let repository = set.full_name();
    Unsuitable {
        why: "it holds no Parquet, JSON or CSV file".to_owned(),
        hint: format!("the hub may have converted it to Parquet: `--dataset hub:{repository}@refs/convert/parquet`"),
        files: files.iter().map(|file| file.name.clone()).collect(),
    }
}

/// The data files among these, in the best available format: the training files; if none are named
/// so, those that are not named held-out; else all.
fn data(files: &[RemoteFile]) -> Vec<&RemoteFile> {
    let of_form = |form: &&[&str]| -> Vec<&RemoteFile> { files.iter().filter(|f| is_data(&f.name, form)).collect() };
    let all = FORMS.iter().map(of_form).find(|files| !files.is_empty()).unwrap_or_default();
    let train = |file: &RemoteFile| says(&file.name, &TRAIN) && !says(&file.name, &HELD_OUT);
    let open = |file: &RemoteFile| !says(&file.name, &HELD_OUT);
    let chosen = |wanted: &dyn Fn(&RemoteFile) -> bool| -> Option<Vec<&RemoteFile>> {
        let chosen: Vec<_> = all.iter().copied().filter(|file| wanted(file)).collect();
        (!chosen.is_empty()).then_some(chosen)
    };
    chosen(&train).or_else(|| chosen(&open)).unwrap_or(all)
}

fn is_data(path: &str, form: &[&str]) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let hidden = path.split('/').any(|part| part.starts_with('.'));
    !hidden && form.contains(&ending(&name.to_lowercase())) && !ABOUT.contains(&name.to_lowercase().as_str())
}

/// Whether a path contains one of these words.
fn says(path: &str, words: &[&str]) -> bool {
    path.to_lowercase().split(|c: char| !c.is_ascii_alphabetic()).any(|word| words.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &[&str]) -> Vec<String> {
        let file = |name: &&str| RemoteFile { name: (*name).to_owned(), size: None, sha256: String::new() };
        let files: Vec<RemoteFile> = names.iter().map(file).collect();
        data(&files).into_iter().map(|f| f.name.clone()).collect()
    }

    #[test]
    fn the_training_split_in_its_best_form() {
        let gretel =
            [".gitattributes", "README.md", "x_test.snappy.parquet", "x_train.snappy.parquet", "dataset_info.json"];
        assert_eq!(chosen(&gretel), ["x_train.snappy.parquet"]);
        let shards =
            ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet", "data/validation-0.parquet"];
        assert_eq!(chosen(&shards), shards[..2]);
        assert_eq!(chosen(&["sql_create_context_v4.json", "README.md"]), ["sql_create_context_v4.json"]);
        assert_eq!(chosen(&["a/dev.json", "a/other.json", "dataset_infos.json"]), ["a/other.json"]);
        assert_eq!(chosen(&["train.csv.gz", "train.jsonl.zst"]), ["train.jsonl.zst"]);
        assert_eq!(chosen(&["test.csv"]), ["test.csv"], "better than nothing");
        assert!(chosen(&["load.py", "README.md", ".data/train.json"]).is_empty());
    }

    #[test]
    fn a_repository_without_data_is_told_with_what_it_holds() {
        let set = HubRepository::parse("hub:owner/name").unwrap().unwrap();
        let files =
            ["load.py", "README.md"].map(|name| RemoteFile { name: name.into(), size: None, sha256: String::new() });
        let unsuitable = no_data(&set, &files);
        assert!(unsuitable.hint.contains("hub:owner/name@refs/convert/parquet"), "{}", unsuitable.hint);
        assert_eq!(unsuitable.files, ["load.py", "README.md"]);
    }
}
