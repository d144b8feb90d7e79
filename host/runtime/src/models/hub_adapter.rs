//! Adapters from the model hub, by PEFT's file names.

use std::path::PathBuf;

use hive_engine::adapter::peft::{CONFIG_FILE, TENSOR_FILE};
use hive_net::hub::{self, HubError, HubRepository, Unsuitable};
use hive_net::{Context, RemoteFile, TransferReporter};

/// The folder of an adapter from the hub, `hub:OWNER/NAME`, downloaded if necessary.
///
/// # Errors
/// When it is neither cached nor available.
pub fn hub_adapter(context: &Context, name: &str, reporter: &mut dyn TransferReporter) -> Result<PathBuf, HubError> {
    hub::ensure(&HubRepository::parse_adapter(name)?, context, &files, reporter)
}

/// The files of a PEFT adapter.
///
/// # Errors
/// When files are missing: why, and what to try.
fn files(files: &[RemoteFile]) -> Result<Vec<RemoteFile>, Unsuitable> {
    let named = |name: &str| files.iter().find(|file| file.name == name);
    let (why, hint) = match (named(CONFIG_FILE), named(TENSOR_FILE)) {
        (Some(config), Some(tensors)) => return Ok(vec![config.clone(), tensors.clone()]),
        (Some(_), None) if named("adapter_model.bin").is_some() => (
            format!(
                "it holds `adapter_model.bin`, a pickle, which can run code when it is read; expected `{TENSOR_FILE}`"
            ),
            "its author can save it again with `save_pretrained(…, safe_serialization=True)`".to_owned(),
        ),
        (None, _) => (
            format!("it holds no `{CONFIG_FILE}`, so it is no PEFT adapter"),
            "look at its files on the hub: a whole model is given with `--base`".to_owned(),
        ),
        (Some(_), None) => (
            format!("it holds no `{TENSOR_FILE}`"),
            "look at its files on the hub: the adapter may lie in a folder of its own".to_owned(),
        ),
    };
    Err(Unsuitable { why, hint: hint.to_owned(), files: Vec::new() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hive_net::test_server::{Reply, Seen, Server};
    use hive_net::{Network, Silent};

    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn an_adapter_comes_with_its_two_files_and_a_pickle_does_not() {
        let sibling = |name: &str| serde_json::json!({"rfilename": name, "size": 2});
        let info = move |names: &[&str]| {
            let siblings: Vec<_> = names.iter().map(|name| sibling(name)).collect();
            serde_json::json!({"sha": SHA, "siblings": siblings}).to_string().into_bytes()
        };
        let server = Server::start(move |seen: &Seen, _| match seen.path.as_str() {
            "/api/models/owner/good?blobs=true" => Reply::File(info(&[
                "README.md",
                "adapter_config.json",
                "adapter_model.safetensors",
                "checkpoint-9/adapter_model.safetensors",
            ])),
            "/api/models/owner/pickle?blobs=true" => Reply::File(info(&["adapter_config.json", "adapter_model.bin"])),
            "/api/models/owner/model?blobs=true" => Reply::File(info(&["config.json", "model.safetensors"])),
            path if path.starts_with(&format!("/owner/good/resolve/{SHA}/adapter_")) => Reply::File(b"{}".to_vec()),
            _ => Reply::Status(404),
        });
        let home = tempfile::tempdir().unwrap();
        let network = Network {
            offline: false,
            hub: server.address.clone(),
            hub_token: None,
            pip: Vec::new(),
            backoff: Duration::from_millis(1),
        };
        let context = Context { home: Some(home.path().to_owned()), network };
        let get = |name: &str| hub_adapter(&context, name, &mut Silent);
        let folder = get("hub:owner/good").unwrap();
        assert_eq!(folder, home.path().join("adapters/owner--good").join(SHA));
        let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        files.sort();
        assert_eq!(files, [".receipt.json", "adapter_config.json", "adapter_model.safetensors"]);
        let asked = server.seen().len();
        get("hub:owner/good").unwrap();
        assert_eq!(server.seen().len(), asked, "what was pulled is not asked for again");
        let why = |name: &str| get(name).unwrap_err().to_string();
        assert!(why("hub:owner/pickle").contains("a pickle, which can run code"), "{}", why("hub:owner/pickle"));
        assert!(why("hub:owner/model").contains("no PEFT adapter"));
        assert!(
            why("hub:owner/none").starts_with("Failed to get adapter `hub:owner/none`"),
            "{}",
            why("hub:owner/none")
        );
        assert!(matches!(get("owner/good"), Err(HubError::Name { .. })));
    }
}
