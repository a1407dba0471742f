#!/usr/bin/env bash
# Compares the vulnerability scan of `casemate analyze` with Bandit and Semgrep on one corpus, in one run.
#
#   scripts/compare-scanners.sh CORPUS.jsonl.gz [--bandit PROGRAM] [--semgrep PROGRAM --rules FOLDER]... [--json FILE]
#
# CORPUS has a program a line: `id`, `source`, `language`, `label`, `code`, and what is known of its weaknesses
# (scripts/compare_scanners.py tells the fields, and what counts as found). Tools that are not named are left out;
# neither the product nor its tests need them. Semgrep has no rules of its own: --rules names a folder of them.
# Nothing of the corpus is run: each program is written to a file of a scratch folder, and read.
set -euo pipefail
cd "$(dirname "$0")/.."
binary="${CASEMATE_BIN:-target/release/casemate}"
if [ ! -x "$binary" ]; then
    echo "build first: cargo build --release --bin casemate (or set CASEMATE_BIN)" >&2
    exit 2
fi
exec python3 scripts/compare_scanners.py --casemate "$binary" "$@"
