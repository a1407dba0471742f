#!/usr/bin/env bash
# release.sh [CARGO ARGUMENTS]: builds target/release/casemate as a static program.
#
# It is what `cargo build --release --bin casemate` builds, without shared libraries: it starts sooner and does not
# depend on the C library of the machine that it runs on.
set -euo pipefail
cd "$(dirname "$0")/.."
# The flag is for the program alone: a procedural macro cannot be built with it, as RUSTFLAGS would ask.
exec cargo rustc --locked --release -p casemate-cli --bin casemate "$@" -- -C target-feature=+crt-static
