#!/usr/bin/env bash
# Standard input: from a file with --stdin; and a program that itself comes from standard input (`-`),
# whose own input is then empty.
set -euo pipefail

cat >count.py <<'PROGRAM'
import collections, sys
words = collections.Counter(sys.stdin.read().split())
for word, count in words.most_common(2):
    print(count, word)
PROGRAM
echo "to be or not to be" >words.txt
casemate run --stdin words.txt count.py | tee counted
[ "$(cat counted)" = $'2 to\n2 be' ]

echo 'print(6 * 7)' | casemate run --language python - | tee product
[ "$(cat product)" = 42 ]
