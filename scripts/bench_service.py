#!/usr/bin/python3
"""The figures of the service, each against its bound: called by bench.sh service with the binary's path.

ready     from the start to the first 200 of /readyz, on a data folder that knows the host (median of 7; at most 300 ms)
idle      resident memory of all its processes, 3 s after the last request (at most 40 MiB)
added     what HTTP, queue, database and answering add: the client's time less lease, run and collection of the same
          result (median of ROUNDS; at most 1 ms)
The exit code is 1 when a bound is missed.
"""
import http.client
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

READY_MS, IDLE_KIB, ADDED_MS = 300, 40 << 10, 1.0
BODY = json.dumps({"language": "bash", "code": ""})


class Service:
    def __init__(self, binary, folder):
        environment = {"CASEMATE_DATA_DIR": folder, "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0"], env=environment, stderr=subprocess.PIPE, text=True
        )
        words = self.process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", words)
        if not found:
            self.stop()
            raise SystemExit(f"casemate serve did not start: {words}")
        with open(os.path.join(folder, "admin.key"), encoding="ascii") as key:
            self.authorization = f"Bearer {key.read().strip()}"
        self.client = http.client.HTTPConnection("127.0.0.1", int(found.group(1)), timeout=60)

    def ready_ms(self):
        self.client.request("GET", "/readyz")
        answer = self.client.getresponse()
        body = answer.read()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"/readyz answers {answer.status}: {body.decode()}")
        return (time.perf_counter() - self.begun) * 1000

    def run(self):
        begun = time.perf_counter()
        headers = {"Content-Type": "application/json", "Authorization": self.authorization}
        self.client.request("POST", "/v1/executions", BODY, headers)
        body = self.client.getresponse().read()
        took = (time.perf_counter() - begun) * 1000
        result = json.loads(body)
        if result.get("status") != "succeeded":
            raise SystemExit(f"a run ended as {result}")
        return took, result["timing_ms"]

    def resident_kib(self):
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            all_pids = [pid, *map(int, children.read().split())]
        total = 0
        for one in all_pids:
            with open(f"/proc/{one}/status", encoding="ascii") as status:
                total += int(re.search(r"^VmRSS:\s+(\d+)", status.read(), re.M).group(1))
        return total

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def verdict(name, value, unit, bound):
    word = "ok" if value <= bound else "MISSED"
    print(f"{name:<44} {value:8.2f} {unit:<8} at most {bound:8.2f}  {word}")
    return word == "ok"


def running(service, rounds):
    """What runs cost, and what the service holds after them."""
    service.ready_ms()
    for _ in range(30):
        service.run()
    added, whole, collected = [], [], []
    for _ in range(rounds):
        took, timing = service.run()
        whole.append(took)
        collected.append(timing["collect"])
        added.append(took - timing["lease"] - timing["run"] - timing["collect"])
    print(f"{'an empty program by HTTP':<44} {statistics.median(whole):8.2f} ms")
    print(f"{'of that the end of the sandbox (collect)':<44} {statistics.median(collected):8.2f} ms")
    quick = verdict("added by HTTP, queue and database", statistics.median(added), "ms", ADDED_MS)
    time.sleep(3)
    return [quick, verdict("resident, idle, all processes", service.resident_kib() / 1024, "MiB", IDLE_KIB / 1024)]


def main():
    # A request to end goes through the clean-up: no service stays behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    binary, rounds = sys.argv[1], int(os.environ.get("ROUNDS", "300"))
    folder = tempfile.mkdtemp(prefix="casemate-bench.")
    try:
        with Service(binary, folder) as service:
            print(f"{'first start on this host':<44} {service.ready_ms():8.0f} ms")
        times = []
        for _ in range(7):
            with Service(binary, folder) as service:
                times.append(service.ready_ms())
        fine = [verdict("ready", statistics.median(times), "ms", READY_MS)]
        with Service(binary, folder) as service:
            fine += running(service, rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
