#!/usr/bin/env bash
# http-tests.sh: the escape tests again, each program run by a service over HTTP.
#
# The service runs programs of others all the while, and has secrets in its environment and its files that no
# program may find. CASEMATE_BIN names the binary under test.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=${CASEMATE_BIN:?names the binary under test}
work=$(mktemp -d /tmp/cmtest-http.XXXXXX)
service='' neighbour=''
finish() {
    [ -z "$neighbour" ] || kill "$neighbour" 2>/dev/null || true
    if [ -n "$service" ]; then
        kill -TERM "$service" 2>/dev/null || true
        wait "$service" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT

mkdir -m 700 "$work/data"
printf 'planted-secret-in-a-file\n' >"$work/data/secret"
CASEMATE_DATA_DIR=$work/data CASEMATE_MAX_RUNNING=64 SECRET_OF_THE_SERVER=planted-secret-in-the-environment \
    "$binary" serve --listen 127.0.0.1:0 2>"$work/words" &
service=$!
url=
for _ in $(seq 600); do
    url=$(sed -n 's/.*serving on \(http:[^ ]*\).*/\1/p' "$work/words")
    [ -z "$url" ] || break
    kill -0 "$service" 2>/dev/null || { cat "$work/words" >&2; exit 1; }
    sleep 0.1
done
[ -n "$url" ] || { echo "http-tests.sh: the service did not start" >&2; exit 1; }

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
