#!/usr/bin/env bash
# test-postgres.sh start DIR [PORT] | stop DIR | restart DIR [fast|immediate] | kill DIR
#
# A PostgreSQL of the tests' own in DIR: no system service, no network but a Unix socket in DIR, and 127.0.0.1:PORT if
# asked for. `start` prints the address of its database. It runs as an ordinary user: root's becomes that of the
# package, or nobody. Without an installed server, or an account for its
# uid, it ends with 77, which tests report as a skip.
set -euo pipefail

action=${1:?start, stop, restart or kill}
dir=${2:?a folder}
port=${3:-}

bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
if [ -z "$bin" ] || [ ! -x "$bin/postgres" ]; then
    echo "PostgreSQL is not installed" >&2
    exit 77
fi

# initdb asks for the name of who runs it.
if ! id -un >/dev/null 2>&1; then
    echo "PostgreSQL wants an account, and uid $(id -u) has none" >&2
    exit 77
fi

as_user=()
if [ "$(id -u)" = 0 ]; then
    user=postgres
    id -u "$user" >/dev/null 2>&1 || user=nobody
    as_user=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups --)
fi
run() { (cd / && "${as_user[@]}" env LC_ALL=C "$@"); }
ctl() { run "$bin/pg_ctl" -s -w -t 60 -D "$dir/data" "$@"; }

case $action in
    start)
        mkdir -p "$dir"
        if [ ! -d "$dir/data" ]; then
            chmod 755 "$dir"
            mkdir -m 700 "$dir/data" "$dir/socket"
            if [ "$(id -u)" = 0 ]; then chown "$user" "$dir/data" "$dir/socket"; fi
            chmod 755 "$dir/socket"
            run "$bin/initdb" -D "$dir/data" -A trust -U casemate -E UTF8 --locale=C --no-sync >/dev/null
            # Small, and as careful with the disk as a real one.
            cat >>"$dir/data/postgresql.conf" <<CONF
unix_socket_directories = '$dir/socket'
listen_addresses = '${port:+127.0.0.1}'
port = ${port:-5432}
max_connections = 64
shared_buffers = 32MB
max_wal_size = 256MB
CONF
        fi
        ctl -l "$dir/data/log" start >/dev/null
        if [ -n "$port" ]; then
            echo "postgres://casemate@127.0.0.1:$port/postgres"
        else
            echo "postgres://casemate@${dir//\//%2F}%2Fsocket/postgres"
        fi
        ;;
    stop) ctl -m immediate stop ;;
    restart) ctl -m "${3:-fast}" -l "$dir/data/log" restart >/dev/null ;;
    kill) kill -9 "$(head -n 1 "$dir/data/postmaster.pid")" ;;
    *)
        echo "unknown: $action" >&2
        exit 2
        ;;
esac
