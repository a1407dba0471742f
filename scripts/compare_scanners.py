"""Compares vulnerability scanners on a corpus of programs with known weaknesses.

What a row of the corpus says, and what counts:

- `line_text` (label `vulnerable`): the text of the weak line, and in `category` its CWE. It is found when a finding
  covers that line, or when a finding anywhere in the program is of the same family of weaknesses: what the row says of
  its line is not all that is weak in it. Other findings of such a row are counted as `other`, neither true nor false.
- `annotations` (label `annotated`): lines that a rule must find (`ruleid`) and lines that look alike and are harmless
  (`ok`). A finding that covers a `ruleid` line is true, one that covers an `ok` line is false; each line counts once.
  Only rows about security count (`security` in `rule_dir`): rules of style are no weaknesses.
- `expected` (Bandit's own examples): how many findings Bandit's authors expect. So many findings on lines of their own
  are true, what is above is false. Bandit is right here by definition.

All tools are measured alike. A file that a tool cannot parse is a file in which it finds nothing.
"""

import argparse
import collections
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile

EXTENSIONS = {
    "python": "py", "javascript": "js", "typescript": "ts", "bash": "sh", "c": "c", "cpp": "cpp", "rust": "rs",
    "go": "go", "java": "java", "ruby": "rb", "php": "php", "perl": "pl", "lua": "lua", "r": "R", "csharp": "cs",
}

# Weaknesses that are one thing to a reader, by CWE.
FAMILIES = [
    {77, 78, 88, 155, 862}, {94, 95, 96, 470, 913}, {89, 564, 943}, {79, 80, 116}, {326, 327, 328, 329, 347, 759, 760, 916, 1240},
    {330, 331, 335, 338}, {259, 312, 321, 522, 798}, {22, 23, 36, 73}, {377, 378, 379}, {502}, {611, 776, 827},
    {918, 939}, {295, 297, 319}, {119, 120, 121, 122, 125, 242, 676, 680, 787, 131, 190}, {601}, {643}, {352},
    {185, 400, 730, 770, 1333}, {276, 732}, {345, 346, 942}, {200, 209, 489, 215}, {290, 348, 807}, {665, 908, 457},
]


def family(cwe):
    for number, members in enumerate(FAMILIES):
        if cwe in members:
            return number
    return -cwe


def rows(path):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


class Finding(collections.namedtuple("Finding", "rule first last cwes")):
    def covers(self, line):
        return self.first <= line <= self.last


def casemate(program, folder):
    command = [program, "analyze", "--sarif", "--fail-on", "never", str(folder)]
    run = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    found = collections.defaultdict(list)
    for part in json.loads(run)["runs"]:
        rules = part["tool"]["driver"]["rules"]
        for result in part["results"]:
            properties = result.get("properties", {})
            # Acts of malice are another matter than weaknesses: a scan for weaknesses reports these, and flows.
            if properties.get("axis", "weakness") != "weakness":
                continue
            place = result["locations"][0]["physicalLocation"]
            region = place.get("region", {})
            tags = rules[result["ruleIndex"]].get("properties", {}).get("tags", [])
            cwes = [int(tag.rsplit("-", 1)[1]) for tag in tags if tag.startswith("external/cwe/")]
            name = pathlib.PurePath(place["artifactLocation"]["uri"]).name
            first = region.get("startLine", 1)
            found[name].append(Finding(result["ruleId"], first, region.get("endLine", first), cwes))
    return found


def bandit(program, folder):
    command = [program, "-r", "-q", "-f", "json", "--exit-zero", str(folder)]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    found = collections.defaultdict(list)
    for result in json.loads(run)["results"]:
        lines = result["line_range"]
        cwe = result.get("issue_cwe", {}).get("id")
        one = Finding(result["test_id"], min(lines), max(lines), [cwe] if cwe else [])
        found[pathlib.PurePath(result["filename"]).name].append(one)
    return found


def semgrep(program, rules, folder):
    command = [program, "scan", "--json", "--metrics", "off", "--disable-version-check", "--no-git-ignore", "--quiet"]
    command += ["--max-target-bytes", "0", "--timeout", "20"]
    for one in rules:
        command += ["--config", one]
    run = subprocess.run(command + [str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    found = collections.defaultdict(list)
    for result in json.loads(run)["results"]:
        cwe = result["extra"].get("metadata", {}).get("cwe", [])
        cwe = cwe if isinstance(cwe, list) else [cwe]
        cwes = [int(number) for text in cwe for number in re.findall(r"CWE-(\d+)", str(text))]
        one = Finding(result["check_id"], result["start"]["line"], result["end"]["line"], cwes)
        found[pathlib.PurePath(result["path"]).name].append(one)
    return found


def weak_lines(row):
    wanted = row["line_text"].strip()
    return [number for number, line in enumerate(row["code"].split("\n"), 1) if wanted and wanted in line]


def score(row, findings):
    """(group, known weaknesses, found, harmless places, wrongly found, other findings)"""
    if row.get("line_text"):
        lines = weak_lines(row)
        number = re.sub(r"\D", "", row["category"])
        wanted = family(int(number)) if number else None
        hit = [one for one in findings
               if any(one.covers(line) for line in lines) or wanted in [family(cwe) for cwe in one.cwes]]
        other = len({one.first for one in findings}) - len({one.first for one in hit})
        return "lines", 1, int(bool(hit)), 0, 0, other
    if row.get("annotations"):
        if "security" not in row.get("rule_dir", ""):
            return None
        kinds = {"ruleid": [0, 0], "ok": [0, 0]}
        lines = {(one["line"], one["kind"]) for one in row["annotations"] if one["kind"] in kinds}
        for line, kind in lines:
            kinds[kind][0] += 1
            kinds[kind][1] += any(one.covers(line) for one in findings)
        return "annotated", *kinds["ruleid"], *kinds["ok"], 0
    if row.get("expected"):
        expected = sum(row["expected"]["SEVERITY"].values())
        lines = len({one.first for one in findings})
        return "expected", expected, min(expected, lines), 0, max(0, lines - expected), 0
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--casemate", required=True)
    parser.add_argument("--bandit")
    parser.add_argument("--semgrep")
    parser.add_argument("--rules", action="append", default=[])
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--missed", type=int, default=0, help="list so many weaknesses that casemate misses")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scanners-") as scratch:
        folder = pathlib.Path(scratch)
        names = {}
        for number, row in enumerate(rows(options.corpus)):
            name = f"row{number}.{EXTENSIONS.get(row['language'], 'txt')}"
            (folder / name).write_text(row["code"], encoding="utf-8", errors="replace")
            names[name] = row
        tools = {"casemate": casemate(options.casemate, folder)}
        if options.bandit:
            tools["bandit"] = bandit(options.bandit, folder)
        if options.semgrep:
            tools["semgrep"] = semgrep(options.semgrep, options.rules, folder)
    report(names, tools, options)


def report(names, tools, options):
    totals = collections.defaultdict(lambda: collections.defaultdict(lambda: [0] * 5))
    for name, row in names.items():
        for tool, found in tools.items():
            one = score(row, found.get(name, []))
            if one is None:
                continue
            if tool == "casemate" and one[2] < one[1] and options.missed > 0:
                options.missed -= 1
                print(f"missed: {row['id']} {row['category']} {row.get('line_text', '').strip()[:120]}", file=sys.stderr)
            for key in [(row["source"], row["language"]), (row["source"], "all"), ("all", row["language"]), ("all", "all")]:
                totals[key][tool] = [a + b for a, b in zip(totals[key][tool], one[1:])]
    print(f"{'source':28} {'language':11} {'tool':9} {'known':>6} {'found':>6} {'recall':>7} {'harmless':>9} {'false':>6} {'other':>6}")
    table = []
    for (source, language), per_tool in sorted(totals.items()):
        for tool, (known, found, harmless, false, other) in per_tool.items():
            recall = found / known if known else None
            shown = "-" if recall is None else f"{recall:.3f}"
            print(f"{source:28} {language:11} {tool:9} {known:6} {found:6} {shown:>7} {harmless:9} {false:6} {other:6}")
            table.append({"source": source, "language": language, "tool": tool, "known": known, "found": found,
                          "recall": recall, "harmless": harmless, "false": false, "other": other})
    if options.json:
        options.json.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
