#!/usr/bin/env bash
# cpython-tests.sh [MODULES]: CPython's own tests behind the walls, executed and forked, and what differs.
#
# A module is a name below `test`, such as test_io or test_asyncio.test_tasks; `:PART` behind it takes only tests whose
# name has PART. Without modules it runs a list of its own, which takes a quarter of an hour; `--short` runs one of a
# minute. The service is the script's own; CASEMATE_BIN names another binary than target/release/casemate. The outcomes
# of each test stay in target/cpython-tests. Exit status 1: a test differs that scripts/cpython-differences.txt does not
# name.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/service.sh

target=${CARGO_TARGET_DIR:-$PWD/target}
binary=${CASEMATE_BIN:-$target/release/casemate}
python=/usr/bin/python3
short=(test_atexit test_sys test_weakref test_gc test_runpy test_tempfile test_uuid test_traceback)
all=(
    "${short[@]}" test_threading test_thread test_signal test_faulthandler test_subprocess test_fork1 test_exceptions
    test_random test_warnings test_cmd_line_script test_io test_file test_fileio test_builtin test_os test_posix test_pty
    test_import test_contextlib test_logging test_selectors test_ssl test_asyncio.test_subprocess
    test_asyncio.test_unix_events test_asyncio.test_runners test_asyncio.test_tasks
    test_multiprocessing_fork:WithProcessesTestProcess test_multiprocessing_spawn:WithProcessesTestProcess
)

[ -x "$binary" ] || { echo "cpython-tests.sh: no $binary: make release" >&2; exit 1; }
if ! "$python" -c 'import test.test_sys' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "cpython-tests.sh: Python's tests are missing: apt-get install libpython$version-testsuite" >&2
    exit 1
fi
case ${1:-} in
    '') set -- "${all[@]}" ;;
    --short) set -- "${short[@]}" ;;
esac

work=$(mktemp -d /tmp/cmtest-cpython.XXXXXX)
finish() {
    stop_service
    rm -rf "$work"
}
trap finish EXIT
mkdir -m 700 "$work/data"
mkdir -p "$target/cpython-tests"
# Forked on demand: every run is alike.
start_service "$work" "$binary" CASEMATE_POOL_MIN_IDLE=0 CASEMATE_POOL_MAX_IDLE=0
"$python" scripts/cpython_tests.py "$url" "$target/cpython-tests" "$@"
