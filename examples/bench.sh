#!/usr/bin/env bash
# A small bench of a service that it starts itself: Bash, beside the bare program.
# casemate-needs: cgroup
set -euo pipefail

casemate bench latency interactive --language bash --rounds 5
casemate bench throughput --language bash --in-flight 2 --seconds 1 --compare none --json >report.json
grep -q '"is_ok": true' report.json
grep '"runs_per_second"' report.json
