# Every recipe is one line; `just --list` shows them. CONTRIBUTING.md has the plain commands.

# Train the SQL expert, set-up included
train-sql *args="--profile quickstart":
    cargo run --release -- expert train sql {{args}}

# All tests
test:
    cargo test --release --workspace

# Formatting and lints, warnings as errors
lint:
    cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings

# Time optimizer steps against transformers + PEFT, side by side (an hour; `--case smollm2-256` for one)
bench *args="":
    cargo build --release && python3 host/engine/benches/compare.py {{args}}

# Time every primitive by itself, with the bytes it moves and the operations it is worth (`just bench-primitives attention`)
bench-primitives *args="":
    cargo bench -p hive -p expert-sql -p hive-engine --bench primitives -- {{args}}

# Kill 200 runs at random moments and let each go on: all end in the same bytes (about ten minutes)
stress kills="200":
    HIVE_STRESS_KILLS={{kills}} cargo test --workspace --test it killed_at_random_moments -- --nocapture

# What the gate makes of RECORDS written for SQLite, held against their DATABASES (needs a PostgreSQL server)
bench-gate records databases *args="":
    cargo build --release -p expert-sql --examples && python3 experts/sql/benches/spider.py {{records}} {{databases}} {{args}}

# Hold the table of functions against MySQL or MariaDB, SQLite and PostgreSQL themselves (needs all of them running)
bench-functions *args="":
    cargo build --release -p expert-sql --examples && python3 experts/sql/functions/compare.py --measure {{args}} && python3 experts/sql/functions/compare.py --translator target/release/examples/translate {{args}}

# Train on most databases of Spider's form, evaluate on the others, base and expert (two hours)
prove-eval records databases out *args="":
    python3 experts/sql/benches/spider_suite.py {{records}} {{databases}} {{out}} && cargo run --release -- expert train sql --dataset {{out}}/train.jsonl --steps 150 --set effective_batch=16 --set learning_rate=5e-4 --set eval_steps=30 --set save_steps=30 --set keep_best=6 --set validation_records=40 --set graded_eval_prompts=0 --set graded_prompts=0 --set max_seq_len=640 --out {{out}}/run {{args}} && cargo run --release -- expert eval sql --run {{out}}/run --suite {{out}}/suite.jsonl

# The four recipes on the same budget, on the same data and suite (36 steps took an hour and a half)
prove-compare out *args="":
    cargo run --release -- expert compare sql --recipe before external llama-factory optimized --dataset {{out}}/train.jsonl --suite {{out}}/suite.jsonl --base smollm2-135m-instruct-q4_1 --steps 60 --set effective_batch=16 --set learning_rate=5e-4 --set eval_steps=30 --set save_steps=30 --set validation_records=40 --set max_seq_len=640 --set training.warmup_steps=6 --set graded_eval_prompts=0 --set graded_prompts=0 --out {{out}}/compare {{args}}

# Whether PEFT, transformers and llama.cpp read what hive writes and compute the same (gigabytes of Python packages)
interop *args="":
    cargo build --release && python3 tests/interop/interop.py {{args}}

# How far hive's f32 and PyTorch's are from f64 on the same records (gigabytes of Python packages and of memory)
precision *args="":
    cargo build --release && python3 tests/interop/precision.py {{args}}
    cargo test --workspace --test it precision_of_training -- --ignored --nocapture

# Feed a reader with bytes that a fuzzer makes: package, package_files, manifest, safetensors, gguf, adapter_config or parquet_rows (needs `cargo install cargo-fuzz`)
fuzz target seconds="60":
    cd fuzz && mkdir -p corpus/{{target}} && RUSTC_BOOTSTRAP=1 cargo fuzz run {{target}} corpus/{{target}} seeds/{{target}} -- -max_total_time={{seconds}} -rss_limit_mb=2048

# Hold a folder of small inputs against their right values, right or wrong per case
cases dir="":
    HIVE_CASES={{dir}} cargo test --workspace --test it every_case_has_its_right_value -- --nocapture

# Write pictures of all HTML pages at three widths, light and dark, into a folder
pages dir:
    HIVE_TEST_SCREENSHOTS={{dir}} cargo test --workspace --test it every_page_fits -- --nocapture

# Write the manifests' JSON schema anew from the SDK's types
schema:
    cargo run -- expert schema > manifests/schema/expert.schema.json

# Write the reference pages of the guide anew from the command line and the recipe's types
reference:
    HIVE_WRITE_REFERENCE=1 cargo test --workspace --lib reference::
    HIVE_WRITE_REFERENCE=1 cargo test --workspace --test it what_plugins_are_written_against

# The guide as a book (needs `cargo install mdbook`)
book:
    mdbook build docs

# The API documentation, warnings as errors
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# The archive that works without Rust, in target/dist (a build of its own: ten minutes)
dist:
    packaging/archive

# Licences, known vulnerabilities, duplicate versions and sources of all crates (needs `cargo install cargo-deny`)
deny:
    cargo deny check --hide-inclusion-graph

# Everything a change must pass
ci:
    .ci/run
