#!/usr/bin/env bash
# fuzz.sh [SECONDS] [TARGET...]: runs each fuzz target for SECONDS (10), or only those named.
# A target is a file of fuzz/fuzz_targets with its [[bin]] in fuzz/Cargo.toml. Needs the nightly toolchain
# and cargo-fuzz. A crash fails the script and leaves its input in fuzz/artifacts.
#
# CASEMATE_FUZZ_SANITIZER=none builds without the address sanitizer and without cargo-fuzz, in two thirds of the time:
# enough for ten seconds over parsers that hold no unsafe code, where a panic is what is looked for.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-10}
[ "$#" -eq 0 ] || shift
case $seconds in '' | *[!0-9]*) echo "fuzz.sh: SECONDS is a whole number" >&2; exit 2 ;; esac

PATH=${CARGO_TARGET_DIR:-$PWD/target}/tools/bin:$PATH
sanitizer=${CASEMATE_FUZZ_SANITIZER:-address}
case $sanitizer in address | none) ;; *) echo "fuzz.sh: CASEMATE_FUZZ_SANITIZER is address or none" >&2; exit 2 ;; esac
[ "$sanitizer" = none ] || command -v cargo-fuzz >/dev/null || { echo "fuzz.sh: no cargo-fuzz; scripts/install-test-deps.sh" >&2; exit 1; }
cargo +nightly --version >/dev/null || { echo "fuzz.sh: rustup toolchain install nightly" >&2; exit 1; }

targets=("$@") is_all=no
if [ "${#targets[@]}" -eq 0 ]; then
    is_all=yes
    for file in fuzz/fuzz_targets/*.rs; do
        [ -e "$file" ] || continue
        name=${file##*/}
        targets+=("${name%.rs}")
    done
fi
[ "${#targets[@]}" -gt 0 ] || { echo "fuzz.sh: fuzz/fuzz_targets holds no target" >&2; exit 1; }

# Its own target folder: the sanitizer's flags would rebuild everything in the shared one.
export CARGO_TARGET_DIR=$PWD/fuzz/target
host=$(rustc -vV | sed -n 's/^host: //p')
binaries=$CARGO_TARGET_DIR/$host/release
echo "--- fuzz: building"
if [ "$sanitizer" = none ]; then
    # What libFuzzer needs to see which code an input reached; see SanitizerCoverage in clang's manual.
    coverage=(-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
        -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing)
    names=(--bins)
    [ "$is_all" = yes ] || names=("${targets[@]/#/--bin=}")
    (cd fuzz && RUSTFLAGS="${coverage[*]}" cargo +nightly build --release "${names[@]}" \
        --target "$host")
elif [ "$is_all" = yes ]; then
    cargo +nightly fuzz build </dev/null
else
    for name in "${targets[@]}"; do cargo +nightly fuzz build "$name" </dev/null; done
fi
logs=$CARGO_TARGET_DIR/logs
mkdir -p "$logs"

# run NAME: one target. What it prints goes to a file, for many run at once; the last lines come out at the end.
run() {
    local name=$1 status=0
    mkdir -p "fuzz/corpus/$name" "fuzz/artifacts/$name"
    # One input may take 5 s and 1 GiB: a parser that needs more has no bound.
    "$binaries/$name" -artifact_prefix="fuzz/artifacts/$name/" -max_total_time="$seconds" -timeout=5 \
        -rss_limit_mb=1024 -print_final_stats=1 "fuzz/corpus/$name" </dev/null >"$logs/$name" 2>&1 || status=$?
    if [ "$status" -eq 0 ]; then
        echo "--- fuzz $name, $seconds s: $(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/$name") inputs"
    else
        echo "--- fuzz $name: FAILED ($status)"
        tail -n 60 "$logs/$name"
    fi
    return "$status"
}
export -f run
export seconds binaries logs

# A status of xargs is 123 when one of them failed; which ones, their lines have said.
if printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I '{}' bash -c 'run "$1"' run '{}'; then
    echo "fuzz.sh: ${#targets[@]} targets, no crash"
else
    echo "fuzz.sh: ${#targets[@]} targets, failed: see FAILED above" >&2
    exit 1
fi
