#!/usr/bin/env bash
# demo.sh: builds casemate and shows it at work: real programs, what they used, the walls in force, and two
# attacks being stopped. It needs Bash and Cargo only; a language that is missing here is named and left out.
# The exit status is 0 when everything ended as it should.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8

target=${CARGO_TARGET_DIR:-$PWD/target}
casemate=${CASEMATE_BIN:-$target/release/casemate}
work=$(mktemp -d /tmp/casemate-demo.XXXXXX)
victim=
cleanup() {
    [ -z "$victim" ] || kill "$victim" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# The demo's own lines, also where a run's stdout goes to a file.
exec 3>&1

bold='' plain=''
if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; fi
wrong=() missing=()
# Flags that this machine needs; see find_flags.
flags=()

title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# run EXPECTED_STATUS ARGS...: shows the command, runs it, and notes an unexpected end.
run() {
    local expected=$1 status=0
    shift
    printf '$ casemate run %s\n' "${*//$work\//}" >&3
    "$casemate" run "${flags[@]}" "$@" </dev/null || status=$?
    if [ "$status" -ne "$expected" ]; then
        echo "(ended with $status, not $expected)" >&3
        wrong+=("run ${*//$work\//}")
    fi
}

# show JSON_FILE: what the run used and which walls stood, for people.
show() {
    if command -v python3 >/dev/null; then
        python3 - "$1" <<'PYTHON' && return
import json, sys
result = json.load(open(sys.argv[1]))
usage = ", ".join(f"{name} {value}" for name, value in result["usage"].items() if value is not None)
print(f"  status   {result['status']}, exit code {result['exit_code']}")
print(f"  usage    {usage}")
for layer in result["layers"]:
    print(f"  wall     {layer['name']:17} {layer['state']:9} {layer.get('detail') or ''}".rstrip())
PYTHON
    fi
    local flat
    flat=$(tr -d '\n' <"$1")
    grep -o '"status": *"[^"]*"' <<<"$flat" | head -n 1 | sed 's/^/  /' || true
    grep -o '"usage": *{[^}]*}' <<<"$flat" | sed 's/^/  /' || true
    grep -o '{[^{}]*"state"[^{}]*}' <<<"$flat" | sed 's/^/  wall /' || true
}

# Without a delegated control group an ordinary user cannot have limits: the demo says so and goes on.
find_flags() {
    echo 'true' >"$work/probe.sh"
    if "$casemate" run --quiet "$work/probe.sh" >"$work/probe.out" 2>&1 </dev/null; then return; fi
    if "$casemate" run --quiet --allow-missing cgroup "$work/probe.sh" >/dev/null 2>&1 </dev/null; then
        flags=(--allow-missing cgroup)
        echo "This user has no control group of its own: limits on memory, processes and CPU are missing below."
        return
    fi
    echo "casemate cannot run a program on this machine:"
    cat "$work/probe.out"
    "$casemate" doctor || true
    exit 1
}

if [ -z "${CASEMATE_BIN:-}" ]; then
    title "Building (scripts/release.sh)"
    command -v cargo >/dev/null || { echo "demo.sh: Cargo is missing: https://rustup.rs" >&2; exit 1; }
    scripts/release.sh
fi

title "What this machine offers: casemate doctor"
"$casemate" doctor || echo "(a wall is missing; the lines above say which and what to do)"
find_flags

cat >"$work/primes.py" <<'PROGRAM'
import os, platform
primes = [n for n in range(2, 60) if all(n % d for d in range(2, n))]
print("Python", platform.python_version(), "as uid", os.getuid(), "in", os.getcwd())
print("primes:", *primes)
PROGRAM
cat >"$work/words.sh" <<'PROGRAM'
echo "Bash $BASH_VERSION, process $$, arguments: $*"
tr ' ' '\n' <<<"the quick brown fox and the lazy dog" | sort | uniq -c | sort -rn | head -n 2
PROGRAM
cat >"$work/sum.c" <<'PROGRAM'
#include <stdio.h>
int main(void) {
    unsigned long sum = 0;
    for (unsigned long i = 1; i <= 10000000; i++) sum += i * i % 7;
    printf("C: compiled and run behind the same walls, sum %lu\n", sum);
    return 0;
}
PROGRAM
cat >"$work/count.js" <<'PROGRAM'
const words = 'to be or not to be'.split(' ');
const counts = words.reduce((seen, word) => ({ ...seen, [word]: (seen[word] || 0) + 1 }), {});
console.log('JavaScript', process.version, JSON.stringify(counts));
PROGRAM

title "Programs"
run 0 "$work/words.sh" -- one two
if command -v python3 >/dev/null; then run 0 "$work/primes.py"; else missing+=("Python (python3)"); fi
if command -v gcc >/dev/null || command -v cc >/dev/null; then run 0 "$work/sum.c"; else missing+=("C (gcc)"); fi
if command -v node >/dev/null; then run 0 "$work/count.js"; else missing+=("JavaScript (nodejs)"); fi

title "What a run used, and the walls it ran behind: --json"
shown=$work/words.sh
if command -v python3 >/dev/null; then shown=$work/primes.py; fi
run 0 --json "$shown" >"$work/result.json"
show "$work/result.json"

title "Attack 1: read the host's files, see and kill its processes"
echo "for the owner's eyes" >"$work/secret"
chmod 644 "$work/secret"
sleep 600 &
victim=$!
cat >"$work/spy.sh" <<'PROGRAM'
secret=$1 victim=$2 through=0
report() { if [ "$1" -eq 0 ]; then echo "  GOT THROUGH: $2"; through=1; else echo "  stopped: $2"; fi; }
cat /etc/shadow >/dev/null 2>&1; report $? "read /etc/shadow"
cat "$secret" >/dev/null 2>&1; report $? "read the file $secret of the host, which all may read there"
ls /root >/dev/null 2>&1; report $? "list /root"
ls /home >/dev/null 2>&1; report $? "list /home"
kill -9 "$victim" 2>/dev/null; report $? "kill process $victim of the host"
seen=(/proc/[0-9]*)
[ "${#seen[@]}" -gt 3 ]; report $? "see more processes than its own (${#seen[@]} in sight)"
echo x 2>/dev/null >/usr/bin/planted; report $? "write to /usr/bin"
exit "$through"
PROGRAM
run 0 --mode observe "$work/spy.sh" -- "$work/secret" "$victim"
if kill -0 "$victim" 2>/dev/null; then
    echo "  The process of the host is alive."
else
    wrong+=("the process of the host is gone")
fi

if [ "${#flags[@]}" -eq 0 ]; then
    title "Attack 2: a fork bomb, with at most 32 processes and 3 seconds"
    cat >"$work/bomb.sh" <<'PROGRAM'
bomb() { bomb | bomb & }
bomb 2>/dev/null
while :; do :; done
PROGRAM
    started=$SECONDS
    run 124 --mode observe --json --pids 32 --timeout 3s "$work/bomb.sh" >"$work/bomb.json"
    show "$work/bomb.json" | grep -E 'status|usage' || true
    echo "  It was over after $((SECONDS - started)) s, with everything it had started."
else
    title "Attack 2: run for ever, ignoring signals"
    cat >"$work/deaf.sh" <<'PROGRAM'
trap '' HUP INT TERM
while :; do :; done
PROGRAM
    run 124 --mode observe --timeout 3s "$work/deaf.sh"
fi

title "Done"
for one in "${missing[@]}"; do echo "Not shown, because it is not installed here: $one"; done
if [ "${#wrong[@]}" -gt 0 ]; then
    printf 'Not as it should be: %s\n' "${wrong[@]}"
    exit 1
fi
echo "Everything ended as it should. Next: $casemate run --help"
