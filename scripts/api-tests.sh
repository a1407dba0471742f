#!/usr/bin/env bash
# api-tests.sh [EXAMPLES]: schemathesis, with all its checks and stateful, against the service's /openapi.json: as the
# holder of the administrator's key, and as a stranger, who is told 401 by every route that wants to know who asks.
#
# EXAMPLES (20) bounds the cases for each operation. schemathesis comes from PyPI into target/tools/schemathesis, an
# environment of its own. CASEMATE_BIN names the binary under test.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/service.sh

binary=${CASEMATE_BIN:?names the binary under test}
examples=${1:-20}
target=${CARGO_TARGET_DIR:-$PWD/target}
environment=$target/tools/schemathesis
if [ ! -x "$environment/bin/schemathesis" ]; then
    python=
    for candidate in /usr/bin/python3 python3; do
        if "$candidate" -m venv --help >/dev/null 2>&1 && "$candidate" -m venv "$environment" >/dev/null 2>&1; then
            python=$environment/bin/python
            break
        fi
    done
    [ -n "$python" ] || { echo "api-tests.sh: no Python that can make an environment (python3-venv)" >&2; exit 1; }
    "$python" -m pip install --quiet --disable-pip-version-check --retries 3 'schemathesis>=4,<5'
fi

work=$(mktemp -d /tmp/cmtest-api.XXXXXX)
finish() {
    stop_service
    rm -rf "$work"
}
trap finish EXIT

mkdir -m 700 "$work/data"
start_service "$work" "$binary"

api=$PWD/tests/api
cd "$work"
export SCHEMATHESIS_HOOKS=hooks PYTHONPATH=$api PYTHONDONTWRITEBYTECODE=1

# try CONFIG [OPTION...]: one run of schemathesis.
# All checks but one. use_after_free takes what DELETE was answered for as gone; here DELETE cancels an execution, and
# its record stays, so that its result can be asked for (resources/openapi/openapi.json says so).
# One worker: more of them make CPython 3.11 fail inside its own parser.
try() {
    local config=$1
    shift
    "$environment/bin/schemathesis" --config-file "$api/$config" run "$url/openapi.json" \
        --checks all --exclude-checks use_after_free --phases examples,coverage,fuzzing,stateful \
        --max-examples "$examples" --seed 1 --workers 1 --request-timeout 60 --generation-database none --no-color "$@"
}

echo "--- with the administrator's key"
try schemathesis.toml --header "Authorization: Bearer $key"
echo "--- without credentials"
try stranger.toml
