#!/usr/bin/env bash
# Limits: what happens when each is reached, and the exit code that says so.
# casemate-needs: cgroup
set -euo pipefail

# ends CODE TEXT ARGUMENTS...: runs, and fails unless it ends so and says so.
ends() {
    local code=$1 text=$2 status=0
    shift 2
    echo "\$ casemate run $*"
    casemate run "$@" >out 2>err </dev/null || status=$?
    sed 's/^/  /' err
    echo "  exit code $status"
    [ "$status" -eq "$code" ] && grep -qF "$text" err
}

echo 'while True: pass' >endless.py
ends 124 "timed out" --timeout 500ms endless.py
ends 124 "CPU time" --cpu-time 300ms endless.py

echo 'blocks = [bytearray(b"x") * (16 << 20) for _ in range(64)]' >memory.py
ends 137 "out of memory" --memory 64M memory.py

echo 'open("big", "wb").write(b"x" * (16 << 20))' >disk.py
ends 123 "disk full" --disk 4M disk.py

echo 'while True: print("x" * 65536)' >output.py
ends 123 "of output" --output-limit 4K output.py

# A fork bomb hits the limit of processes and ends with everything that it has started.
printf 'bomb() { bomb | bomb & }\nbomb 2>/dev/null\nwhile :; do :; done\n' >bomb.sh
ends 124 "timed out" --pids 32 --timeout 2s bomb.sh

# Half a CPU: as much work takes twice as long. Here only the flag is shown.
echo 'print(sum(range(100000)))' >share.py
casemate run --cpus 0.5 share.py
