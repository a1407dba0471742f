#!/usr/bin/env bash
# Detonates programs before they are decided on: each runs first in a sandbox of its own, with decoys and no network.
# What it does then and its source does not show raises its risk.
#
#   casemate analyze --dynamic FILE...
#   casemate run --profile detonate FILE
set -euo pipefail

# What this program opens is its input's choice; reading it finds nothing.
cat >sizes.py <<'PROGRAM'
import sys

for line in sys.stdin:
    with open(line.strip()) as file:
        print(len(file.read()))
PROGRAM
casemate analyze --dynamic sizes.py

echo /etc/hostname >harmless
casemate run --profile detonate --stdin harmless sizes.py

echo /workspace/home/.ssh/id_rsa >harmful
status=0
casemate run --profile detonate --stdin harmful sizes.py || status=$?
[ "$status" -eq 126 ]
