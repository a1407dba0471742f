#!/usr/bin/env python3
"""cpython_tests.py URL WORK MODULE...: CPython's own tests, each module executed and forked, and what differs.

cpython-tests.sh calls it. Outcomes go to WORK/MODULE.exec and WORK/MODULE.fork, a line for each test. The exit code is
1 when a test differs that scripts/cpython-differences.txt does not name, or a module could not be run.
"""
import base64
import json
import os
import re
import sys
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ACCEPTED = os.path.join(HERE, "cpython-differences.txt")
LIMITS = {
    "wall_ms": 600_000, "cpu_ms": 600_000, "cpus": 1, "memory_bytes": 1 << 30, "disk_bytes": 256 << 20, "pids": 512,
    "output_bytes": 8 << 20,
}
# What the program of each run is: the tests of one module, and a line for each outcome.
RUNNER = r'''
import sys, unittest
from test import support


class Result(unittest.TextTestResult):
    def note(self, test, what):
        out.write(f"{test.id()} {what}\n")

    def startTest(self, test):
        super().startTest(test)
        self.note(test, "started")

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, "ok")

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "error")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "fail")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skip")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.note(test, "expected")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, "unexpected")

    def addSubTest(self, test, sub, err):
        super().addSubTest(test, sub, err)
        if err is not None:
            self.note(test, "fail")


def flat(suite, parts):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test, parts)
        elif any(part in test.id() for part in parts):
            yield test


# Processes that multiprocessing spawns import this file.
if __name__ == "__main__":
    module, report, *parts = sys.argv[1:]
    sys.argv[1:] = []
    out = open(report, "w", buffering=1)
    # The two resources that need nothing of the host.
    support.use_resources = ["cpu", "subprocess"]
    support.verbose = 0
    try:
        suite = unittest.defaultTestLoader.loadTestsFromName(module)
    except unittest.SkipTest:
        out.write(f"{module} skip\n")
        sys.exit()
    if parts:
        suite = unittest.TestSuite(list(flat(suite, parts)))
    unittest.TextTestRunner(stream=sys.stderr, resultclass=Result).run(suite)
    out.write("all done\n")
'''


def run(url, module, profile, names):
    body = {
        "language": "python", "code": RUNNER, "args": [f"test.{module}", "/workspace/report", *names],
        "profile": profile, "limits": LIMITS, "network": "loopback", "outputs": ["report"],
    }
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url + "/v1/executions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=700) as answer:
        result = json.load(answer)
    expected = ["exec"] if profile == "fresh" else ["fork", "pool"]
    if result["path"] not in expected:
        sys.exit(f"{module}: {profile}: the path is {result['path']}, not {expected}")
    result["report"] = b"".join(content(url, file) for file in result["files"]).decode()
    return result


def content(url, file):
    if "href" not in file:
        return base64.b64decode(file["content_base64"])
    with urllib.request.urlopen(url + file["href"], timeout=60) as answer:
        return answer.read()


def outcomes(result):
    """The outcome of each test; of a module that ended early, the last test is `started`."""
    found = {}
    rank = {"started": 0, "ok": 1, "skip": 2, "expected": 3, "unexpected": 4, "fail": 5, "error": 6}
    for line in result["report"].splitlines():
        name, _, what = line.rpartition(" ")
        if rank.get(what, 0) >= rank.get(found.get(name), 0):
            found[name] = what
    ended = found.pop("all", None) or list(found.values()) == ["skip"]
    found[""] = f"{'to its end' if ended else 'cut short'}, {result['status']} {result['exit_code']} {result['signal']}"
    return found


def accepted():
    """`PATTERN reason` lines; a pattern is a regular expression for the whole name of a test."""
    with open(ACCEPTED) as lines:
        pairs = (line.split(None, 1) for line in lines if line.strip() and not line.startswith("#"))
        return [(re.compile(pattern), reason.strip()) for pattern, reason in pairs]


def write(work, module, profile, result, found):
    way = "exec" if profile == "fresh" else "fork"
    with open(os.path.join(work, f"{module}.{way}"), "w") as out:
        out.writelines(f"{name} {what}\n" for name, what in sorted(found.items()))
    with open(os.path.join(work, f"{module}.{way}.words"), "w") as out:
        out.write((result["stdout"] or "") + (result["stderr"] or ""))


def compare(url, work, module, known):
    """How many tests ran, differ, and differ without a reason."""
    name, *parts = module.split(":")
    pair = []
    for profile in ("fresh", "default"):
        result = run(url, name, profile, parts)
        pair.append(outcomes(result))
        write(work, name, profile, result, pair[-1])
    executed, forked = pair
    every = sorted({*executed, *forked})
    different = [test for test in every if executed.get(test) != forked.get(test)]
    allowed = {test: reason for test in different for pattern, reason in known if pattern.fullmatch(test)}
    if len(every) == 1:
        print(f"{name}: no test ran: {executed['']}", flush=True)
        return 0, 1, 1
    words = list(executed.values())
    counts = ", ".join(f"{words.count(what)} {what}" for what in ("ok", "skip", "fail", "error"))
    equal = len(every) - len(different) - ("" not in different)
    sums = f"{len(every) - 1:>4} tests, {equal:>4} equal, {len(different)} different"
    print(f"{name:<32} {sums} ({counts}; {executed['']})", flush=True)
    for test in different:
        reason = f" (accepted: {allowed[test]})" if test in allowed else ""
        both = f"executed {executed.get(test)}, forked {forked.get(test)}"
        print(f"    {test or '(the end)'}: {both}{reason}", flush=True)
    return len(every) - 1, len(different), len(different) - len(allowed)


def main():
    url, work, *modules = sys.argv[1:]
    known = accepted()
    total = [0, 0, 0]
    for module in modules:
        total = [a + b for a, b in zip(total, compare(url, work, module, known))]
    print(f"{len(modules)} modules, {total[0]} tests, {total[1]} different, {total[2]} of them not accepted")
    return 1 if total[2] else 0


if __name__ == "__main__":
    sys.exit(main())
