#!/usr/bin/env bash
# rootless-tests.sh [UID]: as root, run the wall tests again as an ordinary user without an account.
# Called by test.sh; the release binary must stand.
set -euo pipefail
cd "$(dirname "$0")/.."

uid=${1:-12345}
# Thousands of runs and of killed runs: once, as root, is enough.
slow='^leaks$'

target=${CARGO_TARGET_DIR:-$PWD/target}
copies=$(mktemp -d /tmp/casemate-rootless.XXXXXX)
trap 'rm -rf "$copies"' EXIT
chmod 755 "$copies"

export CASEMATE_TEST_ROOTLESS=1
install -m 755 "${CASEMATE_BIN:-$target/release/casemate}" "$copies/casemate"
CASEMATE_BIN=$copies/casemate
omit=${CASEMATE_BIN_OMIT:-$target/omit/casemate}
if [ -x "$omit" ]; then
    install -m 755 "$omit" "$copies/casemate-omit"
    export CASEMATE_BIN_OMIT=$copies/casemate-omit
else
    unset CASEMATE_BIN_OMIT
fi
export CASEMATE_BIN

scripts/test-binaries.sh >"$copies/list"
mkdir "$copies/tests"
count=0
while read -r name path; do
    if [[ $name =~ $slow ]]; then continue; fi
    install -m 755 "$path" "$copies/tests/$name"
    count=$((count + 1))
done <"$copies/list"
[ "$count" -gt 0 ] || { echo "rootless-tests.sh: no test binary was built" >&2; exit 1; }

cat >"$copies/run" <<'RUN'
#!/usr/bin/env bash
# Runs every copied test binary; the status is 1 when one failed.
failed=()
for binary in "$1"/tests/*; do
    echo "--- ${binary##*/} as uid $(id -u)"
    "$binary" </dev/null || failed+=("${binary##*/}")
done
[ "${#failed[@]}" -eq 0 ] || { echo "failed as an ordinary user: ${failed[*]}" >&2; exit 1; }
RUN
chmod 755 "$copies/run"
scripts/as-user.sh "$uid" "$copies/run" "$copies"
