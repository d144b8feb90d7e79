//! Every command that the README and the guide show is run, in the order of the pages: with a tiny base, and
//! made short by the environment. What cannot be run here is listed with its reason.

use std::path::PathBuf;

use hive_data::datasets::ParquetTable;
use serde_json::json;

#[path = "../../host/cli/src/guide.rs"]
mod pages_commands;

use self::pages_commands::{commands, words};
use crate::expert_train::place;
use crate::harness::{Place, repository};
use crate::tiny_base::write_ids;

/// Commands that are not run, by what they contain, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("hub:", "needs the model hub"),
    ("oci://", "needs a registry that others can reach"),
    ("hive model pull", "downloads a gigabyte"),
    ("hive model add", "needs files that were downloaded elsewhere"),
    ("hive model path", "needs the model that was downloaded"),
    ("ed25519:…", "is a placeholder for a key"),
    ("--arch qwen3-0.6b", "takes gigabytes of memory"),
    ("amounts", "builds a crate; `own_experts` does what the page says"),
    ("hive bench ", "takes minutes; `bench` has tests of its own"),
];

/// What is changed so that a command takes seconds on a base of a few thousand parameters.
const SHORTER: &[(&str, &str)] = &[
    ("--base smollm2-135m-instruct-q4_1", "--base ../tiny"),
    ("hive expert eval sql --run runs/sql-1", "hive expert eval sql --run runs/sql-1 --limit 2"),
    (" --limit 2 --checkpoint all --suite mine.jsonl --limit 200", " --checkpoint all --suite mine.jsonl --limit 2"),
    ("--evaluation builtin", "--evaluation builtin-limit-2"),
    ("hive runs rm sql-2", "hive runs rm sql-2 --force"),
    ("hive cache prune data", "hive cache prune data --force"),
    ("hive expert install dir:registry/sql", "hive expert install dir:registry/sql --base ../tiny"),
    ("hive expert install dir:registry/triage", "hive expert install dir:registry/triage --base ../tiny"),
    ("hive expert verify ", "hive expert verify --base ../tiny "),
    ("--steps 150", "--steps 2 --limit 2"),
    ("replay runs/sql-1 --steps 20", "replay runs/sql-1 --steps 1"),
];

/// Commands of whoever installs the package: on a machine of their own, which has no such expert yet.
const ELSEWHERE: [&str; 3] = ["hive expert install ", " sql@", "hive expert verify sql"];

/// Layers of the recipe that make every training short.
const SHORT: &[(&str, &str)] = &[
    ("HIVE_BASE_MODEL", "../tiny"),
    ("HIVE_TRAINING__STEPS", "2"),
    ("HIVE_TRAINING__EFFECTIVE_BATCH", "2"),
    ("HIVE_TRAINING__MAX_SEQ_LEN", "4000"),
    ("HIVE_TRAINING__GRADED_EVAL_PROMPTS", "0"),
    ("HIVE_DATA__SYNTHETIC_RECORDS", "24"),
    ("HIVE_DATA__GRADED_PROMPTS", "1"),
    ("HIVE_ADAPTER__RANK", "2"),
];

/// The pages in the order of the guide, the README first. Packages come before the page on runs, which trains the
/// run further that they are made of.
fn pages() -> Vec<PathBuf> {
    let summary = std::fs::read_to_string(repository().join("docs/SUMMARY.md")).unwrap();
    let linked = summary.lines().filter_map(|line| line.split_once("](")?.1.strip_suffix(')'));
    let pages = linked.filter(|page| !page.starts_with("reference/")).map(|page| repository().join("docs").join(page));
    let packages = repository().join("docs/packages.md");
    [repository().join("README.md"), packages].into_iter().chain(pages).collect()
}

/// The data sets that the pages speak of.
fn write_data(place: &Place) {
    let schema = "CREATE TABLE pets (name TEXT, age INT);";
    let row = |i: usize| {
        let (question, sql) =
            (format!("Which pets are {i} years old?"), format!("SELECT name FROM pets WHERE age = {i}"));
        (question, format!("{schema} CREATE TABLE t{i} (a INT);"), sql)
    };
    let line = |(question, schema, sql): (String, String, String)| {
        json!({"id": question, "question": question, "q": question, "schema": schema, "ddl": schema, "answer": sql, "gold": sql})
            .to_string()
    };
    let lines = |rows: std::ops::Range<usize>| rows.map(|i| line(row(i))).collect::<Vec<_>>().join("\n");
    place.write("checkout/mine.jsonl", &lines(0..30));
    place.write("checkout/more.jsonl", &lines(40..50));
    let mut table = ParquetTable::create(&place.path("checkout/mine.parquet"), &["question", "schema", "sql"]).unwrap();
    for (question, schema, sql) in (20..40).map(row) {
        table.write(&[&question, &schema, &sql]).unwrap();
    }
    table.finish().unwrap();
}

/// The code blocks of this language on a page.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repository().join(page)).unwrap();
    let opening = format!("```{language}\n");
    text.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// The expert that `docs/plugin.md` writes, and its data: as `tests/plugins/shout.rs` it is built with the tests.
fn install_shout(place: &Place) {
    const PAGE: &str = "docs/plugin.md";
    let json = blocks(PAGE, "json");
    let manifest = json.iter().find(|block| block.contains("\"name\": \"shout\"")).unwrap();
    assert_eq!(manifest, include_str!("fixtures/shout.json"), "tests/it/fixtures/shout.json is the manifest of {PAGE}");
    let plugin = blocks(PAGE, "rust").remove(0).replace("../expert.json", "../it/fixtures/shout.json");
    assert_eq!(plugin, include_str!("../plugins/shout.rs"), "tests/plugins/shout.rs is the plugin of {PAGE}");
    place.install_with("shout", &crate::harness::plugin("shout"), manifest);
    let lines = json.iter().find(|block| block.contains("\"loud\": \"HELLO THERE\"")).unwrap();
    let more = (0..30).map(|i| json!({"question": format!("call {i}"), "loud": format!("CALL {i}")}).to_string());
    place.write("checkout/shout.jsonl", &format!("{lines}{}\n", more.collect::<Vec<_>>().join("\n")));
}

/// The command as it is run here: its words behind `hive`.
fn shortened(command: &str, place: &Place) -> Vec<String> {
    let command = SHORTER.iter().fold(command.to_owned(), |command, (long, short)| command.replace(long, short));
    let packages: Vec<String> = std::fs::read_dir(place.path("checkout/dist"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    // The package of this expert, whose base and version are others here.
    let word = |word: String| {
        let name = word.rsplit('/').next().unwrap_or_default();
        let expert = name.strip_suffix(".expert").and_then(|name| name.strip_prefix("expert-")?.split('-').next());
        let of = |expert: &str| packages.iter().filter(|p| p.starts_with(&format!("expert-{expert}-"))).min();
        expert.and_then(of).map_or(word.clone(), |package| format!("dist/{package}"))
    };
    words(&command).into_iter().skip(1).map(word).collect()
}

/// Whoever installs trusts the key that signed.
fn trust_signer(place: &Place) {
    let (keys, elsewhere) = (place.path("home/keys"), place.path("elsewhere/keys"));
    std::fs::create_dir_all(&elsewhere).unwrap();
    for key in std::fs::read_dir(keys).unwrap().flatten() {
        std::fs::copy(key.path(), elsewhere.join(key.file_name())).unwrap();
    }
}

#[test]
fn every_command_of_the_guide_does_what_it_says() {
    let place = place();
    write_data(&place);
    install_shout(&place);
    write_ids(&place.path("checkout/ids.safetensors"), &[4], &[1, 2, 3, 4]);
    place
        .write("checkout/examples/shop.sql", &std::fs::read_to_string(repository().join("examples/shop.sql")).unwrap());
    let (mut run, mut failed) = (Vec::new(), Vec::new());
    for page in pages() {
        for command in commands(&std::fs::read_to_string(&page).unwrap()) {
            if run.contains(&command) || NOT_RUN.iter().any(|(part, _)| command.contains(part)) {
                continue;
            }
            let args = shortened(&command, &place);
            let home = place.path("elsewhere").display().to_string();
            let mut variables = SHORT.to_vec();
            if ELSEWHERE.iter().any(|part| command.contains(part)) {
                trust_signer(&place);
                variables.push(("HIVE_HOME", &home));
            }
            let said = place.run_with(&variables, &args.iter().map(String::as_str).collect::<Vec<_>>());
            if !said.starts_with("exit: 0\n") {
                let page = page.strip_prefix(repository()).unwrap_or(&page).display().to_string();
                failed.push(format!("{page}: `{command}`, run as `hive {}`:\n{said}", args.join(" ")));
            }
            run.push(command);
        }
    }
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), run.len(), failed.join("\n"));
    assert!(run.len() > 30, "only {} commands were found: are code blocks still found?", run.len());
}
