#!/usr/bin/env bash
# Arguments after `--`, and variables with --env. Nothing else of the caller's environment is passed on.
set -euo pipefail

cat >show.py <<'PROGRAM'
import os, sys
print("arguments", sys.argv[1:])
print("GREETING", os.environ["GREETING"])
print("names", *sorted(os.environ))
PROGRAM
export SECRET=of-the-caller
casemate run --env GREETING="good day" show.py -- one "two three" --four | tee shown
grep -qF "arguments ['one', 'two three', '--four']" shown
grep -qx "GREETING good day" shown
if grep -q SECRET shown; then exit 1; fi
