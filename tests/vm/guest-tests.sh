#!/usr/bin/env bash
# guest-tests.sh PLAN: runs inside the guest; see run-tests.sh. Each line of PLAN is
# `USER SUITE PATH [TEST...]`, where USER is root or user. The status is 1 when a suite failed.
set -uo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
uid=12345

echo "vm: Linux $(uname -r), controllers $(cat /sys/fs/cgroup/cgroup.controllers)"
echo "vm: security modules $(cat /sys/kernel/security/lsm)"
[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || { echo "vm: no unified cgroup v2" >&2; exit 1; }
[ "$(cat /sys/module/apparmor/parameters/enabled)" = Y ] || { echo "vm: AppArmor is off" >&2; exit 1; }

# The shipped profile must compile and load on a kernel that enforces it.
profile=/run/casemate.apparmor
if ! "$CASEMATE_BIN" doctor --apparmor >"$profile" || ! apparmor_parser --replace --skip-cache "$profile"; then
    echo "vm: the AppArmor profile could not be loaded" >&2
    exit 1
fi
echo "vm: profiles $(grep -c casemate /sys/kernel/security/apparmor/profiles)"

# What the guest was booted for must be in force, or the suites below prove little.
echo 'true' >/run/probe.sh
if ! "$CASEMATE_BIN" run --json /run/probe.sh >/run/probe.json </dev/null; then
    cat /run/probe.json
    "$CASEMATE_BIN" doctor
    exit 1
fi
python3 - /run/probe.json <<'PYTHON' || exit 1
import json, sys
states = {layer["name"]: layer["state"] for layer in json.load(open(sys.argv[1]))["layers"]}
print("vm: walls", states)
weak = [name for name in ("cgroup", "apparmor", "landlock", "seccomp") if states.get(name, "missing") == "missing"]
if weak:
    sys.exit(f"vm: not in force: {weak}")
PYTHON

# The list of set-id files that root's run has just made or found: looking at all of /usr takes minutes
# here. The user gets a copy of its own.
kept=/run/casemate-kept
mkdir -p "$kept"
cp /var/lib/casemate/setid-* "$kept"/ 2>/dev/null
chmod -R a+rX "$kept"
cat >/run/as-user-kept.sh <<'KEPT'
#!/usr/bin/env bash
data=${XDG_DATA_HOME:-$HOME/.local/share}/casemate
mkdir -p "$data"
chmod 700 "$data"
cp /run/casemate-kept/* "$data"/
chmod 600 "$data"/*
exec "$@"
KEPT
chmod 755 /run/as-user-kept.sh

failed=()
while read -r user suite path tests; do
    echo "--- $suite as $user"
    read -ra names <<<"$tests"
    arguments=()
    [ "${#names[@]}" -eq 0 ] || arguments=(--exact "${names[@]}")
    if [ "$user" = root ]; then
        "$path" "${arguments[@]}" </dev/null
    else
        CASEMATE_TEST_ROOTLESS=1 "$root/scripts/as-user.sh" "$uid" /run/as-user-kept.sh \
            "$path" "${arguments[@]}" </dev/null
    fi || failed+=("$suite as $user")
done <"$1"

if [ "${#failed[@]}" -gt 0 ]; then
    printf 'vm: FAILED: %s\n' "$(IFS=,; echo "${failed[*]}")" >&2
    exit 1
fi
echo "vm: all suites passed"
