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
