#!/usr/bin/env bash
# http-tests.sh: the escape tests again, each program run by a service over HTTP.
#
# The service runs programs of others all the while, and has secrets in its environment and its files that no
# program may find. CASEMATE_BIN names the binary under test.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/service.sh

binary=${CASEMATE_BIN:?names the binary under test}
work=$(mktemp -d /tmp/cmtest-http.XXXXXX)
neighbour=''
finish() {
    [ -z "$neighbour" ] || kill "$neighbour" 2>/dev/null || true
    stop_service
    rm -rf "$work"
}
trap finish EXIT

mkdir -m 700 "$work/data"
printf 'planted-secret-in-a-file\n' >"$work/data/secret"
start_service "$work" "$binary" CASEMATE_MAX_RUNNING=64 SECRET_OF_THE_SERVER=planted-secret-in-the-environment

# Somebody else's programs, one after the other.
echo 'sleep 0.2; echo neighbour' >"$work/neighbour.sh"
(while "$binary" run --quiet --server "$url" "$work/neighbour.sh" >/dev/null 2>&1; do :; done) &
neighbour=$!

export CASEMATE_TEST_SERVER=$url
unset CASEMATE_BIN_OMIT
suites=()
for file in tests/tests/escape_*.rs; do
    name=${file##*/}
    suites+=(--test "${name%.rs}")
done
cargo test --locked --no-fail-fast -p casemate-tests "${suites[@]}" --test http_secrets
