# shellcheck shell=bash
# service.sh: a service for one script, on a free loopback port. Source it; it is not a program.
#
# start_service WORK BINARY [NAME=VALUE ...] keeps the state in WORK/data and sets `service` (pid), `url` and `key`; it ends the
# script when the service does not come up. stop_service ends it and waits.
service='' key=''

start_service() {
    local work=$1 binary=$2
    shift 2
    env CASEMATE_DATA_DIR="$work/data" "$@" "$binary" serve --listen 127.0.0.1:0 2>"$work/words" &
    service=$!
    url=
    for _ in $(seq 600); do
        url=$(sed -n 's/.*serving on \(http:[^ ]*\).*/\1/p' "$work/words")
        if [ -n "$url" ]; then
            # shellcheck disable=SC2034 # for who sources this
            key=$(cat "$work/data/admin.key")
            return 0
        fi
        kill -0 "$service" 2>/dev/null || { cat "$work/words" >&2; exit 1; }
        sleep 0.1
    done
    echo "${0##*/}: the service did not start" >&2
    exit 1
}

stop_service() {
    [ -n "$service" ] || return 0
    kill -TERM "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
    service=''
}
