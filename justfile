# Every recipe is one line; `just --list` shows them. CONTRIBUTING.md has the plain commands.

# Train the SQL expert, set-up included
train-sql *args="--profile quickstart":
    cargo run --release -- expert train sql {{args}}

# All tests
test:
    cargo test --workspace

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

# Write the manifests' JSON schema anew from the SDK's types
schema:
    cargo run -- expert schema > manifests/schema/expert.schema.json

# The API documentation, warnings as errors
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Everything a change must pass
ci:
    .ci/run
