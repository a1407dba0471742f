#!/usr/bin/env bash
# fuzz.sh [SECONDS] [TARGET...]: runs each fuzz target for SECONDS (10), or only those named.
# A target is a file of fuzz/fuzz_targets with its [[bin]] in fuzz/Cargo.toml. Needs the nightly toolchain
# and cargo-fuzz. A crash fails the script and leaves its input in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-10}
[ "$#" -eq 0 ] || shift
case $seconds in '' | *[!0-9]*) echo "fuzz.sh: SECONDS is a whole number" >&2; exit 2 ;; esac

PATH=${CARGO_TARGET_DIR:-$PWD/target}/tools/bin:$PATH
command -v cargo-fuzz >/dev/null || { echo "fuzz.sh: no cargo-fuzz; scripts/install-test-deps.sh" >&2; exit 1; }
cargo +nightly --version >/dev/null || { echo "fuzz.sh: rustup toolchain install nightly" >&2; exit 1; }

targets=("$@")
if [ "${#targets[@]}" -eq 0 ]; then
    for file in fuzz/fuzz_targets/*.rs; do
        [ -e "$file" ] || continue
        name=${file##*/}
        targets+=("${name%.rs}")
    done
fi
[ "${#targets[@]}" -gt 0 ] || { echo "fuzz.sh: fuzz/fuzz_targets holds no target" >&2; exit 1; }

# Its own target folder: the sanitizer's flags would rebuild everything in the shared one.
export CARGO_TARGET_DIR=$PWD/fuzz/target
failed=()
for name in "${targets[@]}"; do
    echo "--- fuzz $name, $seconds s"
    mkdir -p "fuzz/corpus/$name"
    # One input may take 5 s and 1 GiB: a parser that needs more has no bound.
    cargo +nightly fuzz run "$name" "fuzz/corpus/$name" \
        -- -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -print_final_stats=1 </dev/null || failed+=("$name")
done
if [ "${#failed[@]}" -gt 0 ]; then
    echo "fuzz.sh: ${#targets[@]} targets, failed: ${failed[*]}" >&2
    exit 1
fi
echo "fuzz.sh: ${#targets[@]} targets, no crash"
