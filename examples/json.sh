#!/usr/bin/env bash
# The whole result as JSON: status, both streams, files, usage, times, and which walls stood.
set -euo pipefail

cat >program.py <<'PROGRAM'
import sys
print("to stdout")
print("to stderr", file=sys.stderr)
open("made.txt", "w").write("content\n")
sys.exit(3)
PROGRAM
status=0
casemate run --json --out '*.txt' program.py >result.json || status=$?
[ "$status" -eq 3 ]

python3 - <<'READ'
import base64, json
result = json.load(open("result.json"))
print("status", result["status"], "with", result["exit_code"])
print("stdout", repr(result["stdout"]), "stderr", repr(result["stderr"]))
print("usage", {name: value for name, value in result["usage"].items() if value is not None})
for layer in result["layers"]:
    print(" ", layer["state"], layer["name"])
assert result["status"] == "failed" and result["exit_code"] == 3
assert result["stdout"] == "to stdout\n" and result["stderr"] == "to stderr\n"
[made] = result["files"]
assert made["path"] == "made.txt" and base64.b64decode(made["content_base64"]) == b"content\n"
assert "enforced" in {layer["state"] for layer in result["layers"] if layer["name"] == "seccomp"}
READ
