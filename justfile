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

# What people read, written anew: status page, command line, announcements. The diff is the review.
golden:
    UPDATE=1 cargo test -p cloud-failover --lib --test page --test announce golden

# The status page in a browser; its pictures are kept under target/tmp/page.
page:
    bash .ci/browser
    FAILOVER_PYTHON=$(bash .ci/page) cargo test -p cloud-failover --test page
