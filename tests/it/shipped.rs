//! A hive that was unpacked somewhere: it finds the experts and the releases that came with it, and knows no checkout.

use std::path::PathBuf;

use hive_plugins::LibraryRecord;

use crate::expert_package::{FILE, author, done, user};
use crate::harness::{Place, expert_library, hive, repository};

const DIST: &str = "dist/expert-sql-tiny.v0.1.0.expert";

/// A user's machine with an unpacked hive in `pre fix`, and a folder `work` that is no checkout.
struct Unpacked {
    place: Place,
    hive: PathBuf,
}

impl Unpacked {
    fn new(author: &Place) -> Self {
        let place = user(author);
        let prefix = place.path("pre fix");
        let expert = prefix.join("lib/hive/experts/sql");
        for folder in [&prefix.join("bin"), &expert, &place.path("work")] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let program = prefix.join("bin/hive");
        std::fs::copy(hive(), &program).unwrap();
        std::fs::copy(repository().join("manifests/sql.json"), expert.join("manifest.json")).unwrap();
        let library = expert.join(expert_library("sql").file_name().unwrap());
        std::fs::copy(expert_library("sql"), &library).unwrap();
        let record = LibraryRecord { modified: None, ..LibraryRecord::of(&library).unwrap() };
        record.write(&expert.join("library.sha256"), &library, std::time::SystemTime::now()).unwrap();
        std::fs::copy(place.path("checkout/pets.sql"), place.path("work/pets.sql")).unwrap();
        Self { place, hive: program }
    }

    /// Exit code, stdout and stderr of a command, with nothing on the path.
    fn run(&self, args: &[&str]) -> String {
        let mut command = self.place.command_of(&self.hive, &[("PATH", "/nonexistent")], args);
        let output = command.current_dir(self.place.path("work")).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("exit: {:?}\n{}{}", output.status.code(), text(&output.stdout), text(&output.stderr))
    }
}

#[test]
fn an_unpacked_hive_finds_what_came_with_it() {
    let author = author();
    let unpacked = Unpacked::new(&author);
    let run = |args: &[&str]| unpacked.run(args);
    let succeeds = |args: &[&str]| {
        let said = run(args);
        assert!(said.starts_with("exit: Some(0)\n"), "{args:?}: {said}");
        said
    };
    let said = succeeds(&["expert", "list"]);
    assert!(said.contains("sql     0.1.0") && said.contains("pre fix/lib/hive/experts/sql"), "{said}");

    let ask = ["expert", "run", "sql", "--base", "../tiny", "--schema", "pets.sql", "How many pets are there?"];
    let said = run(&ask);
    assert!(said.contains("hint: `hive expert train sql --profile quickstart` trains one"), "{said}");
    let install = ["expert", "install", "builtin:sql", "--base", "../tiny"];
    let said = run(&install);
    assert!(said.contains("error: No release of `sql` came with this hive: it came with none"), "{said}");

    // Releases lie beside the experts; the author's key is not trusted here.
    let releases = format!("dir:{}", unpacked.place.path("pre fix/lib/hive/releases").display());
    done(&author, &["expert", "publish", DIST, &releases]);
    let said = run(&ask);
    let hint = "hint: `hive expert install builtin:sql` installs the release that came with hive; `hive expert train";
    assert!(said.starts_with("exit: Some(2)\n") && said.contains(hint), "{said}");
    let said = run(&["expert", "install", "builtin:sqll"]);
    assert!(said.contains("error: No release of `sqll` came with this hive: it came with: `sql`"), "{said}");
    let said = run(&[&install[..], &["--require-signed", "trusted"]].concat());
    assert!(said.starts_with("exit: Some(1)\n"), "{said}");
    let said = succeeds(&install);
    assert!(said.contains("installed     sql@0.1.0 for tiny (current)"), "{said}");
    let said = succeeds(&ask);
    assert!(said.contains("Asking the installed `sql@0.1.0 for tiny` on base model"), "{said}");
    // The release has no plugin; the one that came with hive checks its answer.
    assert!(said.contains("warning: the answer cannot be used"), "{said}");
    // And trains, although the release was installed under the same name.
    let said = succeeds(&["expert", "list"]);
    assert!(said.contains("pre fix/lib/hive/experts/sql"), "{said}");

    let newer =
        ["expert", "package", "sql", "--checks", "quick", "--run", "runs/sql-1", "-o", "dist", "--version", "0.2.0"];
    done(&author, &newer);
    let file = FILE.replace("0.1.0", "0.2.0");
    done(&author, &["expert", "publish", "--allow-unsigned", &format!("dist/{file}"), &releases]);
    let said = succeeds(&["expert", "update", "sql"]);
    assert!(said.contains("installed     sql@0.2.0 for tiny (current)"), "{said}");
    assert!(succeeds(&["expert", "update", "sql"]).contains("is the newest version"));
}

#[test]
fn an_unpacked_hive_says_how_it_is_called() {
    let author = author();
    let unpacked = Unpacked::new(&author);
    let args = ["expert", "train", "sql", "--base", "../tiny", "--steps", "2", "--set", "synthetic_records=40"];
    let more =
        ["--set", "effective_batch=2", "--set", "rank=2", "--set", "graded_prompts=1", "--set", "max_seq_len=4000"];
    let said = unpacked.run(&[&args[..], &more].concat());
    assert!(said.starts_with("exit: Some(0)\n"), "{said}");
    let called = format!("'{}' expert run sql --run runs/sql-1", unpacked.hive.display());
    assert!(said.contains(&called), "{called}: {said}");
}
