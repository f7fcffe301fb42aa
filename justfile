# The commands of CONTRIBUTING.md by name, for https://just.systems; it tells what each needs.

[private]
default:
    @{{just_executable()}} --list --unsorted

# everything, as it is checked
ci:
    .ci/run

test *arguments:
    cargo test --all-features {{arguments}}

fmt:
    cargo fmt --all

lint:
    cargo clippy --all-targets --all-features -- -D warnings

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features

# on the doubles
try:
    cargo run --example quickstart

# combinations of features
features:
    .ci/features

# what is depended on, spelling
health:
    .ci/health

# as it would be published
package:
    cargo package --allow-dirty

# with the least versions that Cargo.toml names
least-versions:
    .ci/least-versions check

api-check:
    cargo xtask api check

# take the public interface as it is now
api-renew:
    cargo xtask api renew

rust-version:
    .ci/rust-version

# which lines the tests come by
coverage:
    .ci/coverage

# whether the tests notice small changes of a piece of the code
mutants piece:
    .ci/mutants {{piece}}

# each fuzz target for so many seconds
fuzz seconds="60":
    .ci/fuzz {{seconds}}

# the doubles under a fuzzer, so many examples an operation
fuzz-doubles examples="100":
    .ci/fuzz-doubles {{examples}}

# the vendors' SDKs against the doubles
official-sdks:
    .ci/official-sdks

# the README's shell
readme:
    .ci/readme

# the doubles' page in a browser
page:
    .ci/page

# the application of examples/login
login:
    .ci/login

# the dashboard, from so many seconds under load
dashboard seconds="60":
    .ci/dashboard {{seconds}}

# behind nginx, so many calls a case
behind-nginx calls="20000":
    .ci/behind-nginx {{calls}}

# processes on one Redis
fleet:
    .ci/fleet

# what a guard's decisions cost
bench-guard:
    cargo bench --bench guard --features redis

# what a call and a build cost
bench:
    cargo xtask bench

# whether they became more
bench-check:
    cargo xtask bench check

# take what they are now
bench-renew:
    cargo xtask bench renew
