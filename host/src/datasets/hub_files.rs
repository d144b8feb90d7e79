//! What a repository of the hub holds, as the hub's API lists it, and which of its files are the data
//! or the adapter: told from names alone.

use serde::Deserialize;

use super::hub::Holding;
use super::hub_error::HubError;
use super::read::ending;
use crate::models::catalogue::ModelFile;
use crate::models::{Downloader, Network, SourceError};

/// Endings of data files, the best first. A repository often has its data in several forms.
const FORMS: [&[&str]; 4] = [&["parquet"], &["jsonl", "ndjson"], &["json"], &["csv"]];

/// Words in a path that mean records to be trained on.
const TRAIN: [&str; 2] = ["train", "training"];

/// Words in a path that mean records held out by who made the data set.
const HELD_OUT: [&str; 8] = ["test", "tests", "testing", "validation", "valid", "val", "dev", "eval"];

/// Files that describe a repository and are no data.
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

/// Hint when what answers is no hub.
pub(super) const HUB: &str = "`HF_ENDPOINT` must be the address of a model hub or of a mirror of it";

/// What a repository holds at one revision.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listing {
    /// The commit.
    pub(super) sha: String,
    /// Its files; a sha256 that the hub does not give is empty.
    pub(super) files: Vec<ModelFile>,
}

/// The hub's answer, as far as it is read.
#[derive(Deserialize)]
struct Info {
    sha: String,
    #[serde(default)]
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    sha256: Option<String>,
}

/// Asks the hub for the files of `repository` at `revision`.
///
/// # Errors
/// When it does not answer, or knows no such repository.
pub(super) fn list(
    downloader: &Downloader,
    network: &Network,
    holding: Holding,
    repository: String,
    revision: Option<&str>,
) -> Result<Listing, HubError> {
    let at = revision.map_or_else(String::new, |r| format!("/revision/{}", encoded(r).replace('/', "%2F")));
    let url = format!("{}/api/{}/{repository}{at}?blobs=true", network.hub, holding.collection());
    let noun = holding.noun();
    let failed = |why: String, hint: Option<String>| HubError::Failed { name: repository.clone(), why, hint };
    let answer = downloader.ask(&url, network.hub_token.as_deref()).map_err(|error| match error {
        SourceError::Failed(why) => HubError::Unreachable { name: repository.clone(), hub: network.hub.clone(), why },
        SourceError::Fatal(error) => error.into(),
    })?;
    match answer.status {
        200 => {}
        404 => {
            let what = revision.map_or_else(|| noun.to_owned(), |r| format!("{noun} or no revision `{r}` of it"));
            let why = format!("{} knows no such {what}", network.hub);
            return Err(failed(why, Some("look at its owner and name: `hub:OWNER/NAME`".to_owned())));
        }
        // The hub tells nobody without a token whether a name is private or unknown.
        status @ (401 | 403) => {
            let why = format!("{} answered {status}: there is no such {noun}, or it is not for everybody", network.hub);
            let hint = format!("for a gated {noun}, accept its terms on the hub and put a token into `HF_TOKEN`");
            return Err(failed(why, Some(hint)));
        }
        status => return Err(failed(format!("{} answered {status}", network.hub), Some(HUB.to_owned()))),
    }
    let info: Info = serde_json::from_slice(&answer.body).map_err(|e| {
        failed(format!("{} gave an answer that is not its API's: {e}", network.hub), Some(HUB.to_owned()))
    })?;
    let file = |sibling: Sibling| {
        let (size, sha256) = sibling.lfs.map_or((None, None), |lfs| (lfs.size, lfs.sha256));
        ModelFile { name: sibling.rfilename, size: size.or(sibling.size), sha256: sha256.unwrap_or_default() }
    };
    Ok(Listing { sha: info.sha, files: info.siblings.into_iter().map(file).collect() })
}

/// The data files among these: of the best form that there is, those to train on; where none is
/// called so, those that are not called held out; else all.
pub(super) fn data(files: &[ModelFile]) -> Vec<&ModelFile> {
    let of_form = |form: &&[&str]| -> Vec<&ModelFile> { files.iter().filter(|f| is_data(&f.name, form)).collect() };
    let all = FORMS.iter().map(of_form).find(|files| !files.is_empty()).unwrap_or_default();
    let train = |file: &ModelFile| says(&file.name, &TRAIN) && !says(&file.name, &HELD_OUT);
    let open = |file: &ModelFile| !says(&file.name, &HELD_OUT);
    let chosen = |wanted: &dyn Fn(&ModelFile) -> bool| -> Option<Vec<&ModelFile>> {
        let chosen: Vec<_> = all.iter().copied().filter(|file| wanted(file)).collect();
        (!chosen.is_empty()).then_some(chosen)
    };
    chosen(&train).or_else(|| chosen(&open)).unwrap_or(all)
}

/// The files of a PEFT adapter.
///
/// # Errors
/// When they are not there: why, and what to try.
pub(super) fn adapter(files: &[ModelFile]) -> Result<Vec<&ModelFile>, (String, String)> {
    use hive_engine::adapter::peft::{CONFIG_FILE, TENSOR_FILE};
    let named = |name: &str| files.iter().find(|file| file.name == name);
    match (named(CONFIG_FILE), named(TENSOR_FILE)) {
        (Some(config), Some(tensors)) => Ok(vec![config, tensors]),
        (Some(_), None) if named("adapter_model.bin").is_some() => Err((
            format!(
                "it holds `adapter_model.bin`, a pickle, which can run code when it is read; expected `{TENSOR_FILE}`"
            ),
            "its author can save it again with `save_pretrained(…, safe_serialization=True)`".to_owned(),
        )),
        (None, _) => Err((
            format!("it holds no `{CONFIG_FILE}`, so it is no PEFT adapter"),
            "look at its files on the hub: a whole model is given with `--base`".to_owned(),
        )),
        (Some(_), None) => Err((
            format!("it holds no `{TENSOR_FILE}`"),
            "look at its files on the hub: the adapter may lie in a folder of its own".to_owned(),
        )),
    }
}

fn is_data(path: &str, form: &[&str]) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let hidden = path.split('/').any(|part| part.starts_with('.'));
    !hidden && form.contains(&ending(&name.to_lowercase())) && !ABOUT.contains(&name.to_lowercase().as_str())
}

/// Whether one of these words stands in a path.
fn says(path: &str, words: &[&str]) -> bool {
    path.to_lowercase().split(|c: char| !c.is_ascii_alphabetic()).any(|word| words.contains(&word))
}

/// A path as part of an address.
pub(super) fn encoded(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'/');
    path.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &[&str]) -> Vec<String> {
        let file = |name: &&str| ModelFile { name: (*name).to_owned(), size: None, sha256: String::new() };
        let files: Vec<ModelFile> = names.iter().map(file).collect();
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
    fn a_path_fits_into_an_address() {
        assert_eq!(encoded("data/a b+ü.json"), "data/a%20b%2B%C3%BC.json");
    }
}
