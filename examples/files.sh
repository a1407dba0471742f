#!/usr/bin/env bash
# Files in with --file, files out with --out and --out-dir. They are collected when every process of the
# program is dead, and a link that the program plants is not followed. Reading refuses a program that plants such a link;
# --mode observe runs it all the same.
set -euo pipefail

printf 'name,points\nada,3\ngrace,4\n' >table.csv
cat >report.py <<'PROGRAM'
import csv, os
rows = list(csv.DictReader(open("data/table.csv")))
os.makedirs("out/deep")
with open("out/deep/sum.txt", "w") as out:
    print("sum", sum(int(row["points"]) for row in rows), file=out)
os.symlink("/etc/passwd", "out/planted.txt")
PROGRAM
casemate run --mode observe --file table.csv:data/table.csv --out 'out/**/*.txt' --out-dir results report.py
find results -type f -o -type l
[ "$(cat results/out/deep/sum.txt)" = "sum 7" ]
[ ! -e results/out/planted.txt ] && [ ! -L results/out/planted.txt ]
