#!/usr/bin/env bash
# run-tests.sh [smoke|all]: run the end to end tests on a stock Debian kernel with cgroup v2 alone.
#
# Builds the test binaries outside, boots the guest once, loads the AppArmor profile that casemate ships and
# runs the tests inside as root and again as an ordinary user with a delegated control group. `smoke` takes the
# tests that smoke.txt names (2 to 3 minutes); `all` takes everything but the slow suites. The release binary
# must stand.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
mode=${1:-smoke}
target=${CARGO_TARGET_DIR:-$root/target}
export CASEMATE_BIN=${CASEMATE_BIN:-$target/release/casemate}
export CASEMATE_BIN_OMIT=${CASEMATE_BIN_OMIT:-$target/omit/casemate}
[ -x "$CASEMATE_BIN_OMIT" ] || unset CASEMATE_BIN_OMIT
# Suites of thousands of runs: at a twentieth of the speed they prove nothing more.
slow='^leaks$'

case $mode in
    smoke) limit=900; export CASEMATE_TEST_NO_SKIP=1 ;;
    all) limit=7200 ;;
    *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
[ -x "$CASEMATE_BIN" ] || { echo "run-tests.sh: no binary at $CASEMATE_BIN: cargo build --release" >&2; exit 1; }

"$here/setup.sh"
# In the checkout, not in /tmp: the guest reads it over 9p, and its user must be able to.
mkdir -p "$target"
plan=$(mktemp -d "$target/vm-plan.XXXXXX")
trap 'rm -rf "$plan"' EXIT
chmod 755 "$plan"
scripts/test-binaries.sh >"$plan/list"
[ -s "$plan/list" ] || { echo "run-tests.sh: casemate-tests has no test binary" >&2; exit 1; }

# Lines of `USER NAME PATH [TEST...]`. A line of smoke.txt that names no test is an error: a smoke that
# quietly shrinks is none.
plan_smoke() {
    local user name test path
    while read -r user name test; do
        case $user in '' | '#'*) continue ;; esac
        path=$(awk -v name="$name" '$1 == name { print $2 }' "$plan/list")
        if [ -z "$path" ] || ! "$path" --list --format terse </dev/null | grep -xF "$test: test" >/dev/null; then
            echo "run-tests.sh: smoke.txt names $name $test, which is no test" >&2
            return 1
        fi
        echo "$user $name $path $test"
    done <"$here/smoke.txt" | sort -s -k1,3 | awk '
        { key = $1 " " $2 " " $3 }
        key != last { if (last) print line; line = key; last = key }
        { line = line " " $4 }
        END { if (last) print line }'
}

plan_all() {
    local user name path
    for user in root user; do
        while read -r name path; do
            if ! [[ $name =~ $slow ]]; then echo "$user $name $path"; fi
        done <"$plan/list"
    done
}

"plan_$mode" >"$plan/plan"
[ -s "$plan/plan" ] || { echo "run-tests.sh: nothing to run" >&2; exit 1; }
echo "vm: $(wc -l <"$plan/plan") suites, at most $((limit / 60)) minutes"

VM_MEM=${VM_MEM:-3072} VM_TIMEOUT=${VM_TIMEOUT:-$limit} \
    VM_ENV="CASEMATE_TEST_NO_SKIP CASEMATE_BIN CASEMATE_BIN_OMIT CARGO_TARGET_DIR" \
    "$here/vm.sh" bash "$here/guest-tests.sh" "$plan/plan"
