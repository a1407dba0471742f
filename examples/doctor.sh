#!/usr/bin/env bash
# What this machine offers: walls, control groups, languages, settings. Exit code 1 of `doctor` means that a
# required wall is missing.
# casemate-needs: cgroup
set -euo pipefail

casemate doctor
casemate doctor --json >report.json
grep -q '"ok": true' report.json
casemate languages
casemate config show
# The profiles that a host with AppArmor can load, and completions for a shell.
casemate doctor --apparmor | grep -m 1 "^profile"
casemate doctor --apparmor-userns | grep -m 1 "^profile"
casemate completions bash | bash -n
