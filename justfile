# The daily commands. `just` lists them.

_default:
    @just --list

# The whole story on this machine, without an account.
drill *options:
    cargo run -- drill {{options}}

# All tests.
test:
    cargo test --workspace

# Format and lints, as the gate has them.
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets -- -D warnings

# The gate.
ci mode="quick":
    .ci/run {{mode}}

# What is deployed: small, started fast.
release:
    cargo build --release --no-default-features -p cloud-failover

# What is kept as files, written anew: status page, command line, announcements; decisions and plans. The diff is the review.
golden:
    UPDATE=1 cargo test -p cloud-failover --lib --test page --test announce golden
    UPDATE=1 cargo test -p failover-core --test cases --test plans

# The status page in a browser; its pictures are kept under target/tmp/page.
page:
    bash .ci/browser
    FAILOVER_PYTHON=$(bash .ci/page) cargo test -p cloud-failover --test page

# One test, by its binary and a part of its name: `just one drill moves`.
one binary name:
    cargo test --workspace --test {{binary}} -- {{name}}

# One story of the proof's tables, whole: `just story crash/failover/`.
story name:
    PROOF={{name}} cargo test --workspace --test proof -- --nocapture

# Whole tables of the proof, by name: `just tables crash,pair`; `1` is all of them.
tables names="1":
    PROOF_WHOLE={{names}} cargo test --workspace --test proof -- --nocapture

# Every interleaving within the model's scopes; `just model --full` takes longer.
model *options:
    cargo run -p model -- {{options}}

# What documents show, against what is there, and what the code says of itself.
docs:
    bash .ci/drone
    cargo doc --workspace --no-deps --document-private-items

# Everything that reads bytes from outside, so many seconds each.
fuzz seconds="600":
    bash .ci/fuzz {{seconds}}

# Times and counts, each beside what it can't be below: `just bench moves`.
bench *tables:
    cargo run --release -p bench -- {{tables}}
