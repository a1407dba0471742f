#!/usr/bin/env bash
# The service: a program by HTTP, its events, and the command line as a client.
set -euo pipefail

mkdir -m 700 data
CASEMATE_DATA_DIR=$PWD/data casemate serve --listen 127.0.0.1:0 2>words &
service=$!
trap 'kill "$service" 2>/dev/null || true; wait "$service" || true' EXIT
url=
for _ in $(seq 1200); do
    url=$(sed -n 's/.*serving on \(http:[^ ]*\).*/\1/p' words)
    if [ -n "$url" ]; then break; fi
    sleep 0.05
done
[ -n "$url" ]

# The first start made a key; the command line finds it in the data folder.
export CASEMATE_DATA_DIR=$PWD/data
authorization="Authorization: Bearer $(cat data/admin.key)"

# A synchronous call answers with the whole result.
result=$(curl -sS "$url/v1/executions" -H "$authorization" -H 'Content-Type: application/json' \
    -d '{"language": "bash", "code": "echo $((6 * 7))"}')
echo "$result" | grep -o '"stdout":"42\\n"'

# An asynchronous one is followed by its events.
id=$(curl -sS "$url/v1/executions" -H "$authorization" -H 'Content-Type: application/json' -H 'Prefer: respond-async' \
    -d '{"language": "bash", "code": "echo first; sleep 0.2; echo second"}' | sed 's/.*"id":"\([^"]*\)".*/\1/')
curl -sS -N -H "$authorization" "$url/v1/executions/$id/events" >events
grep -A1 '^event: stdout' events

# The same flags, carried out by the service.
echo 'echo "hello from the service"' >hello.sh
casemate run --server "$url" hello.sh
