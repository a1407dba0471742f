#!/usr/bin/env bash
# http-tests.sh [WAY...]: the escape tests again, each program run by a service over HTTP, once for each way in which a
# service starts programs:
#
#   pool   sandboxes stand ready, and a forked interpreter waits in them
#   fork   nothing stands ready: a sandbox is made, and a started interpreter forks into it
#
# By exec they are run without a service. The service runs programs of others all the while, and has secrets in its
# environment and its files that no program may find. CASEMATE_BIN names the binary under test.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/service.sh

binary=${CASEMATE_BIN:?names the binary under test}
work=$(mktemp -d /tmp/cmtest-http.XXXXXX)
neighbour='' url=''
finish() {
    [ -z "$neighbour" ] || kill "$neighbour" 2>/dev/null || true
    stop_service
    rm -rf "$work"
}
trap finish EXIT

echo 'sleep 0.2; echo neighbour' >"$work/neighbour.sh"
suites=(--test http_secrets)
for file in tests/tests/escape_*.rs; do
    name=${file##*/}
    suites+=(--test "${name%.rs}")
done
unset CASEMATE_BIN_OMIT

settings_of() {
    case $1 in
        pool) echo CASEMATE_POOL_MIN_IDLE=4 ;;
        fork) echo CASEMATE_POOL_MIN_IDLE=0 CASEMATE_POOL_MAX_IDLE=0 ;;
        *) echo "http-tests.sh: no way $1; there are: pool fork" >&2; return 2 ;;
    esac
}

run_way() {
    local way=$1 settings status=0
    settings=$(settings_of "$way") || return
    echo "programs by $way"
    mkdir "$work/$way"
    mkdir -m 700 "$work/$way/data"
    printf 'planted-secret-in-a-file\n' >"$work/$way/data/secret"
    # shellcheck disable=SC2086 # words of our own
    start_service "$work/$way" "$binary" $settings CASEMATE_MAX_RUNNING=64 \
        SECRET_OF_THE_SERVER=planted-secret-in-the-environment
    # Somebody else's programs, one after the other.
    (while CASEMATE_KEY=$key "$binary" run --quiet --server "$url" "$work/neighbour.sh" >/dev/null 2>&1; do :; done) &
    neighbour=$!
    CASEMATE_TEST_SERVER=$url CASEMATE_TEST_KEY=$key cargo test --locked --no-fail-fast -p casemate-tests "${suites[@]}" || status=$?
    kill "$neighbour" 2>/dev/null || true
    neighbour=''
    stop_service
    return "$status"
}

ways=("$@")
[ "$#" -gt 0 ] || ways=(pool fork)
failed=0
for way in "${ways[@]}"; do run_way "$way" || failed=$?; done
exit "$failed"
