#!/usr/bin/env bash
# Ending a run: SIGTERM (or Ctrl-C) to `casemate run` ends the program and everything that it has started.
set -euo pipefail

cat >endless.py <<'PROGRAM'
import os, signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
print("running", flush=True)
while True:
    time.sleep(600)
PROGRAM
casemate run --quiet endless.py >out &
run=$!
for _ in $(seq 200); do
    if [ "$(grep -c running out)" -ge 1 ]; then break; fi
    sleep 0.05
done
kill -TERM "$run"
status=0
wait "$run" || status=$?
echo "exit code $status"
[ "$status" -eq 130 ]
