#!/usr/bin/env bash
# as-user.sh UID COMMAND...: as root, run COMMAND as the ordinary user UID, who needs no account.
#
# The user gets what a login under systemd gives: a home of its own, a clean environment, and a delegated
# control group (v2 with Delegate=yes; on v1 a folder of its own in each hierarchy). Variables named
# CASEMATE_* and VM_GUEST are passed on. Everything is removed at the end. A checkout below a folder that the
# user may not enter (/root, say) is shown at the same place in a mount namespace of its own.
set -euo pipefail

uid=${1:?usage: as-user.sh UID COMMAND...}
shift
[ "$(id -u)" -eq 0 ] || { echo "as-user.sh: needs root" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
user=(setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all)

# Parents of the checkout that keep the user out.
closed_parent() {
    local folder='' part
    IFS=/ read -ra parts <<<"${root#/}"
    for part in "${parts[@]}"; do
        folder+=/$part
        if ! "${user[@]}" test -x "$folder"; then
            echo "$folder"
            return
        fi
    done
}

# Opens the way to the checkout, in this mount namespace only.
open_checkout() {
    local closed=$1 hold
    hold=$(mktemp -d /tmp/checkout.XXXXXX)
    mount --bind "$root" "$hold"
    mount -t tmpfs -o mode=755,size=1m tmpfs "$closed"
    mkdir -p "$root"
    mount --move "$hold" "$root"
    rmdir "$hold"
}

if [ -z "${AS_USER_UNSHARED:-}" ]; then
    closed=$(closed_parent)
    if [ -n "$closed" ]; then
        if [ "$closed" = "$root" ]; then
            echo "as-user.sh: others may not read $root: chmod -R o+rX it" >&2
            exit 2
        fi
        AS_USER_UNSHARED=$closed exec unshare --mount --propagation private "$0" "$uid" "$@"
    fi
else
    open_checkout "$AS_USER_UNSHARED"
    cd "$root"
fi

name=casemate-user-$$
groups=()

# delegate FOLDER FILES...: a group that belongs to the user (cgroups(7), "Delegation").
delegate() {
    local folder=$1 file
    shift
    mkdir "$folder" || return 0
    groups+=("$folder")
    chown "$uid:$uid" "$folder"
    for file in "$@"; do
        [ ! -e "$folder/$file" ] || chown "$uid:$uid" "$folder/$file"
    done
}

make_groups() {
    local point kind options
    while read -r _ point kind options _; do
        case $kind in
            cgroup2)
                for controller in cpu memory pids; do
                    echo "+$controller" 2>/dev/null >"$point/cgroup.subtree_control" || true
                done
                delegate "$point/$name" cgroup.procs cgroup.threads cgroup.subtree_control
                # A leaf for the command, as a group with members cannot hand controllers on (cgroups(7)).
                delegate "$point/$name/session" cgroup.procs
                ;;
            cgroup)
                case ,$options, in
                    *,cpu,* | *,cpuacct,* | *,memory,* | *,pids,* | *,freezer,*)
                        delegate "$point/$name" cgroup.procs tasks
                        ;;
                esac
                ;;
        esac
    done </proc/mounts
}

members() {
    local group
    for group in "${groups[@]}"; do
        find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null || true
    done | sort -u
}

# Ends what the command left, and removes the groups; at most 10 s.
clean() {
    local status=$? round pid left group
    trap - EXIT INT TERM HUP
    for ((round = 0; round < 200; round++)); do
        # A frozen process of v1 dies only when thawed.
        for group in "${groups[@]}"; do
            find "$group" -name freezer.state -exec sh -c 'echo THAWED >"$1"' sh {} \; 2>/dev/null || true
        done
        for pid in $(members); do kill -KILL "$pid" 2>/dev/null || true; done
        left=0
        for group in "${groups[@]}"; do
            [ -d "$group" ] || continue
            find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
            [ ! -d "$group" ] || left=1
        done
        [ "$left" -eq 1 ] || break
        sleep 0.05
    done
    [ "${left:-0}" -eq 0 ] || echo "as-user.sh: a control group of $name would not go" >&2
    rm -rf "$home"
    exit "$status"
}

home=$(mktemp -d /tmp/casemate-user.XXXXXX)
trap clean EXIT
trap 'exit 130' INT TERM HUP
mkdir "$home/tmp"
chown -R "$uid:$uid" "$home"
make_groups

environment=(PATH="$PATH" HOME="$home" TMPDIR="$home/tmp" LANG=C.UTF-8 USER="user$uid")
while IFS='=' read -r key value; do
    case $key in
        CASEMATE_*) environment+=("$key=$value") ;;
        VM_GUEST | RUST_BACKTRACE) environment+=("$key=$value") ;;
    esac
done < <(env)

# A child enters the groups and then becomes the user, so that this process stays outside to clean up.
# Job control keeps bash from starting it with SIGINT ignored.
status=0
set -m
(
    # A leaf comes after the group that it lies in, and so wins.
    for group in "${groups[@]}"; do echo "$BASHPID" >"$group/cgroup.procs" || true; done
    exec env -i "${environment[@]}" "${user[@]}" "$@"
) &
child=$!
set +m
trap 'kill -TERM "$child" 2>/dev/null; exit 130' INT TERM HUP
wait "$child" || status=$?
exit "$status"
