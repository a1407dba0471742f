#!/usr/bin/env bash
# test-binaries.sh: builds the end to end tests and prints one line for each: NAME PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
# The JSON form is stable; "executable" is null for what is not one. The file name is NAME-HASH.
cargo test --locked -q -p casemate-tests --no-run --message-format=json \
    | grep -o '"executable":"[^"]*"' | cut -d'"' -f4 | sort -u \
    | while read -r path; do
        name=${path##*/}
        echo "${name%-*} $path"
    done
