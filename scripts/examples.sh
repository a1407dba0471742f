#!/usr/bin/env bash
# examples.sh: runs every file of examples/ and fails when one does not end as it says.
#
# An executable file is a script about casemate itself and runs on the host, with casemate on its PATH, in an
# empty folder of its own. Any other file is a program and goes to `casemate run`. A line with
# `casemate-exit: N` in the first ten states another exit code than 0; `casemate-needs: cgroup` says that its
# limits must hold; `casemate-mode: observe` that it is hostile on purpose. What the host lacks is a skip, and a failure in CI.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
target=${CARGO_TARGET_DIR:-$root/target}
casemate=${CASEMATE_BIN:-$target/release/casemate}
[ -x "$casemate" ] || { echo "examples.sh: no binary at $casemate: cargo build --release" >&2; exit 1; }

scratch=$(mktemp -d /tmp/casemate-examples.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin"
ln -s "$casemate" "$scratch/bin/casemate"

# The program that a file's language needs; nothing for a language unknown here.
tool_for() {
    case ${1##*.} in
        py) echo python3 ;; js | mjs | ts) echo node ;; sh) echo bash ;; c) echo gcc ;; cpp) echo g++ ;;
        rs) echo rustc ;; go) echo go ;; java) echo javac ;; rb) echo ruby ;; php) echo php ;;
        pl) echo perl ;; lua) echo lua5.4 ;; r | R) echo Rscript ;;
    esac
}

run_one() {
    local file=$1 folder=$2
    if [ -x "$file" ]; then
        (cd "$folder" && PATH=$scratch/bin:$PATH EXAMPLES=$root/examples timeout 180 "$root/$file" </dev/null)
    else
        local flags=(--timeout 120s)
        if head -n 10 "$file" | grep -q 'casemate-mode: observe'; then flags+=(--mode observe); fi
        timeout 180 "$casemate" run "${flags[@]}" "$file" </dev/null
    fi
}

# An ordinary user without a control group of its own: what does not need limits runs without them.
has_cgroup=1
echo 'true' >"$scratch/probe.sh"
if ! "$casemate" run --quiet "$scratch/probe.sh" >/dev/null 2>&1 </dev/null \
    && "$casemate" run --quiet --allow-missing cgroup "$scratch/probe.sh" >/dev/null 2>&1 </dev/null; then
    has_cgroup=0
    export CASEMATE_ALLOW_MISSING=cgroup
fi

passed=0 failed=() skipped=()
while IFS= read -r file; do
    case $file in *.md) continue ;; esac
    expected=$(head -n 10 "$file" | sed -n 's/.*casemate-exit: *\([0-9]\{1,3\}\).*/\1/p' | head -n 1)
    tool=$(tool_for "$file")
    if [ ! -x "$file" ] && [ -n "$tool" ] && ! command -v "$tool" >/dev/null; then
        skipped+=("$file: $tool is not here")
        continue
    fi
    if [ "$has_cgroup" -eq 0 ] && head -n 10 "$file" | grep -q 'casemate-needs: cgroup'; then
        skipped+=("$file: this user has no control group")
        continue
    fi
    folder=$(mktemp -d "$scratch/run.XXXXXX")
    status=0
    run_one "$file" "$folder" >"$folder.log" 2>&1 || status=$?
    if [ "$status" -eq "${expected:-0}" ]; then
        passed=$((passed + 1))
        echo "ok      $file"
    else
        failed+=("$file")
        echo "FAILED  $file: exit $status, not ${expected:-0}"
        sed 's/^/        /' "$folder.log" | tail -n 40
    fi
done < <(find examples -type f 2>/dev/null | sort)

for one in "${skipped[@]}"; do echo "skipped $one"; done
echo "examples: $passed passed, ${#failed[@]} failed, ${#skipped[@]} skipped"
[ "$((passed + ${#failed[@]}))" -gt 0 ] || { echo "examples.sh: examples/ holds nothing that ran" >&2; exit 1; }
if [ "${CI:-false}" != false ] && [ "${#skipped[@]}" -gt 0 ]; then exit 1; fi
[ "${#failed[@]}" -eq 0 ]
