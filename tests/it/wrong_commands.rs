//! Commands that are wrong in one way each: exit code and message of all of them are one snapshot, to be read as a page.

use crate::expert_train::place;

/// One wrong command per line, its words separated by spaces; `~` stands for a space within a word.
const WRONG: &str = "\
bogus
expert bogus
exprt list
expert run
expert run sq How~many?
expert run sql
expert run sql --schema pets.sql
expert run sql --base-only --base ../tiny --schema pets.sql \"\"
expert run sql --base-only --base ../tiny --schema pets.sql how many pets
expert run sql --base-only --base ../tiny How~many?
expert run sql --base-only --base ../tiny --schema missing.sql How~many?
expert run sql --base-only --base ../tiny --schema . How~many?
expert run sql --base-only --base ../tiny --schema postgres://localhost/shop How~many?
expert run sql --base-only --base ../tiny --schema https://example.org/shop.sql How~many?
expert run sql --base-only --base ../tiny --schema unfinished.sql How~many?
expert run sql --base-only --base ../tiny --schema empty.sql How~many?
expert run sql --base-only --base ../tiny --schema database.db How~many?
expert run sql --base-only --base ../tiny --schema pets.sql --field colour=red How~many?
expert run sql --base-only --base ../tiny --schema pets.sql --field colour How~many?
expert run sql --base-only --base ../tiny --schema pets.sql --option colour=red How~many?
expert run sql --schema pets.sql --max-new-tokens 0 How~many?
expert run sql --schema pets.sql --run runs/sql-7 How~many?
expert run sql --schema pets.sql --adapter nowhere How~many?
expert run sql --schema pets.sql --base-only --base nowhere How~many?
expert run sql@9.9.9 --schema pets.sql How~many?
expert train
expert train sq
expert train sql pets.jsonl
expert train sql --dataset missing.jsonl
expert train sql --dataset nothing.jsonl --base ../tiny
expert train sql --steps 0
expert train sql --steps -1
expert train sql --steps 1.5
expert train sql --steps 1e17
expert train sql --profile slow
expert train sql --set colour=red
expert train sql --set rank=0
expert train sql --set learning_rate=fast
expert train sql --set rank
expert train sql --set effective_batch=1000000
expert train sql --resume runs/sql-7
expert train sql --resume --out here
expert data sql pets.jsonl
expert data sql --lint quoted-name=note
expert data sql --lint select-star
expert data sql --lint select-star=loud
expert data sql --dataset missing.jsonl
expert data compare sql pets.jsonl
expert check
expert check sq
expert check .
expert eval sql --run runs/sql-7
expert eval sql --adapter nowhere
expert eval sql --base ../tiny --suite missing.jsonl
expert compare sql
expert compare sql --recipe slow
expert package sql --run runs/sql-7
expert sign pets.sql --key me
expert verify pets.sql
expert install pets.sql
expert install missing.expert
expert install builtin:sql
expert install dir:nowhere/sql
expert install dir:nowhere/sql:latest
expert install oci://nowhere
expert uninstall sql@9.9.9
expert use sql --run runs/sql-7
expert update sql
expert publish missing.expert dir:registry
expert replay runs/sql-7
expert replay runs/sql-7 --steps 0
key trust abc
key revoke nobody
model pull smollm
model path smollm
model rm smollm
model add missing.gguf
model add pets.sql
runs show sql-7
runs rm sql-7
runs compare sql-7
runs compare sql-7 sql-8
cache prune colours
adapter inspect nowhere
adapter probe --base ../tiny --adapter nowhere --out logits.safetensors
bench train
bench generate
completions tcsh
help expert rn
doctor sq
expert list --quiet --verbose
";

#[test]
fn wrong_commands_say_what_is_wrong_and_what_to_do() {
    let place = place();
    place.write("checkout/pets.sql", "CREATE TABLE pets (pet_id INT PRIMARY KEY, name TEXT);\n");
    place.write("checkout/unfinished.sql", "CREATE TABLE pets (pet_id INT");
    place.write("checkout/empty.sql", "-- nothing yet\n");
    place.write("checkout/database.db", "SQLite format 3\0 and so on");
    place.write("checkout/pets.jsonl", "{}\n");
    place.write("checkout/nothing.jsonl", "");
    let mut page = String::new();
    let mut accepted = Vec::new();
    for line in WRONG.lines() {
        let words: Vec<String> =
            line.split(' ').map(|word| if word == "\"\"" { String::new() } else { word.replace('~', " ") }).collect();
        let said = place.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        if said.starts_with("exit: 0\n") {
            accepted.push(line);
        }
        page.push_str(&format!("$ hive {line}\n{}\n\n", said.trim_end()));
    }
    assert!(accepted.is_empty(), "they were not refused: {accepted:#?}");
    assert!(WRONG.lines().count() >= 60);
    insta::assert_snapshot!("wrong_commands", page);
}
