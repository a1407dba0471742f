# A filter is in force, for the program and what it starts.
import subprocess
own = status_field("Seccomp")
child = subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True).stdout
theirs = [l.split()[1] for l in child.splitlines() if l.startswith("Seccomp:")]
if own != "2" or theirs != ["2"]:
    escaped(f"Seccomp {own}, of a child {theirs}")
held(f"{own}, filters {status_field('Seccomp_filters')}")
