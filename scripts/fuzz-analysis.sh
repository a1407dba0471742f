#!/usr/bin/env bash
# fuzz-analysis.sh [INPUTS]: runs INPUTS (10,000,000) inputs over the parsers and decoders of analysis, and prints how many each
# target read. Needs what fuzz.sh needs. A hang of five seconds, a crash, or memory above 2 GiB fails the script and leaves its
# input in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."

inputs=${1:-10000000}
case $inputs in '' | *[!0-9]*) echo "fuzz-analysis.sh: INPUTS is a whole number" >&2; exit 2 ;; esac

PATH=${CARGO_TARGET_DIR:-$PWD/target}/tools/bin:$PATH
command -v cargo-fuzz >/dev/null || { echo "fuzz-analysis.sh: no cargo-fuzz; scripts/install-test-deps.sh" >&2; exit 1; }

# The shares of the targets, of ten: decoders are quick, and have few ways.
targets=(analysis_python:2 analysis_javascript:2 analysis_shell:2 analysis_others:2 decode:2)

export CARGO_TARGET_DIR=$PWD/fuzz/target
for target in "${targets[@]}"; do cargo +nightly fuzz build "${target%:*}" </dev/null; done
binaries=$(echo "$CARGO_TARGET_DIR"/*/release)
logs=$CARGO_TARGET_DIR/logs
mkdir -p "$logs"

# run NAME:SHARE
run() {
    local name=${1%:*} count=$((inputs * ${1#*:} / 10)) status=0
    mkdir -p "fuzz/corpus/$name" "fuzz/artifacts/$name"
    "$binaries/$name" -artifact_prefix="fuzz/artifacts/$name/" -runs="$count" -timeout=5 -rss_limit_mb=2048 \
        -dict=fuzz/dictionaries/analysis.dict -max_len=4096 -print_final_stats=1 "fuzz/corpus/$name" \
        </dev/null >"$logs/$name" 2>&1 || status=$?
    if [ "$status" -eq 0 ]; then
        echo "--- fuzz $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/$name") inputs"
    else
        echo "--- fuzz $name: FAILED ($status)"
        tail -n 60 "$logs/$name"
    fi
    return "$status"
}
export -f run
export inputs binaries logs

if printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I '{}' bash -c 'run "$1"' run '{}'; then
    total=$(cd "$logs" && sed -n 's/^stat::number_of_executed_units: *//p' "${targets[@]%:*}" | awk '{ sum += $1 } END { print sum }')
    echo "fuzz-analysis.sh: $total inputs, no hang, no crash"
else
    echo "fuzz-analysis.sh: a target failed" >&2
    exit 1
fi
