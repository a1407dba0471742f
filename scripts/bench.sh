#!/usr/bin/env bash
# bench.sh [start|memory|size|service|ready|all]: the figures of SPECIFICATION.md, measured on this machine against their budgets.
#
# start   casemate run hello.py against bare python3 (at most 1.3 times), an empty program against bare bash
#         (at most 6 ms more); medians of ROUNDS (40) interleaved runs. bubblewrap, if here, for comparison.
# memory  private memory of our own process beside the program in a sandbox (at most 512 KiB)
# size    the release binary (at most 40 MiB)
# service the figures of casemate serve (scripts/bench_service.py says which)
# ready ARGUMENTS: what casemate bench measures; its figures are read by people, and only a failed run is a miss
# The status is 1 when a budget is missed.
set -euo pipefail
cd "$(dirname "$0")/.."
# A decimal point in EPOCHREALTIME.
export LC_ALL=C

what=${1:-all}
rounds=${ROUNDS:-40}
target=${CARGO_TARGET_DIR:-$PWD/target}
casemate=${CASEMATE_BIN:-$target/release/casemate}
work=$(mktemp -d /tmp/casemate-bench.XXXXXX)
trap 'rm -rf "$work"' EXIT
missed=0

if [ -z "${CASEMATE_BIN:-}" ]; then scripts/release.sh -q; fi

# verdict NAME VALUE UNIT BUDGET: whole numbers.
verdict() {
    local word=ok
    if [ "$2" -gt "$4" ]; then word=MISSED missed=1; fi
    printf '%-44s %8d %-8s at most %8d  %s\n' "$1" "$2" "$3" "$4" "$word"
}

# Appends the microseconds that a command took to a file. A command that fails ends the benchmark.
sample() {
    local file=$1 begun ended
    shift
    begun=${EPOCHREALTIME/./}
    "$@" >/dev/null </dev/null
    ended=${EPOCHREALTIME/./}
    echo "$((ended - begun))" >>"$file"
}

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : int((v[NR / 2] + v[NR / 2 + 1]) / 2) }'; }

bench_start() {
    echo 'print("hello")' >"$work/hello.py"
    : >"$work/empty.sh"
    local python=/usr/bin/python3 round
    [ -x "$python" ] || { echo "bench.sh: no $python" >&2; return 1; }
    local walls=(bwrap --unshare-all --ro-bind / / --dev /dev --proc /proc --die-with-parent)
    local has_bwrap=0
    if command -v bwrap >/dev/null && "${walls[@]}" true 2>/dev/null; then has_bwrap=1; fi
    # The first runs fill caches and are thrown away.
    for ((round = -3; round < rounds; round++)); do
        if [ "$round" -eq 0 ]; then rm -f "$work"/*.us; fi
        sample "$work/python.us" "$python" "$work/hello.py"
        sample "$work/python-casemate.us" "$casemate" run --quiet "$work/hello.py"
        if [ "$has_bwrap" -eq 1 ]; then sample "$work/python-bwrap.us" "${walls[@]}" "$python" "$work/hello.py"; fi
        sample "$work/empty.us" bash "$work/empty.sh"
        sample "$work/empty-casemate.us" "$casemate" run --quiet "$work/empty.sh"
    done
    local bare walled
    bare=$(median "$work/python.us") walled=$(median "$work/python-casemate.us")
    printf '%-44s %8d us\n' "python3 hello.py, bare" "$bare"
    printf '%-44s %8d us\n' "casemate run hello.py" "$walled"
    if [ "$has_bwrap" -eq 1 ]; then
        printf '%-44s %8d us\n' "bubblewrap, namespaces alone" "$(median "$work/python-bwrap.us")"
    fi
    verdict "casemate run hello.py over bare" "$((walled * 100 / bare))" percent 130
    bare=$(median "$work/empty.us") walled=$(median "$work/empty-casemate.us")
    printf '%-44s %8d us\n' "bash empty.sh, bare" "$bare"
    printf '%-44s %8d us\n' "casemate run empty.sh" "$walled"
    verdict "an empty program more than bare" "$((walled - bare))" us 6000
}

# Every process below $1.
descendants() {
    local child
    for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
        echo "$child"
        descendants "$child"
    done
}

# Our code inside the walls runs from a memfd; what it alone holds is the cost of one more sandbox.
bench_memory() {
    echo 'sleep 20' >"$work/wait.sh"
    "$casemate" run --quiet --timeout 30s "$work/wait.sh" </dev/null &
    local run=$! pid found=0 kib=0 round
    for ((round = 0; round < 200 && found == 0; round++)); do
        for pid in $(descendants "$run"); do
            [[ $(readlink "/proc/$pid/exe" 2>/dev/null) == /memfd:* ]] && found=$pid
        done
        # The user's program must be up too, or the child is seen before it has become it.
        if [ "$found" -ne 0 ] && ! pgrep -P "$found" >/dev/null; then found=0; fi
        sleep 0.02
    done
    if [ "$found" -ne 0 ]; then
        sleep 0.2
        kib=$(awk '/^Private_/ { sum += $2 } END { print sum + 0 }' "/proc/$found/smaps_rollup")
    fi
    kill -TERM "$run"
    wait "$run" || true
    [ "$found" -ne 0 ] && [ "$kib" -gt 0 ] || { echo "bench.sh: no init of ours was seen; run it as root" >&2; return 1; }
    verdict "private memory of init" "$kib" KiB 512
}

bench_size() {
    verdict "release binary" "$(($(stat -c %s "$casemate") / 1024))" KiB 40960
}

bench_service() {
    # The system's own Python; a version manager's costs more to start and is not everywhere.
    /usr/bin/python3 scripts/bench_service.py "$casemate" || missed=1
}

case $what in
    start | memory | size | service) "bench_$what" ;;
    ready) shift; "$casemate" bench "$@" || missed=1 ;;
    all) bench_size; bench_memory; bench_start; bench_service ;;
    *) sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
exit "$missed"
