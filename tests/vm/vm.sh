#!/usr/bin/env bash
# vm.sh CMD [ARGS...]: run CMD as root in an emulated guest with a stock Debian kernel.
#
# The guest sees this machine's / read-only over 9p under a tmpfs overlay, with cgroup v2
# alone, AppArmor and Landlock. Its exit status is CMD's; 125 means the guest itself failed.
# There is no network and no way back to the host but output and status. Boot takes about
# 10 s and code runs about 18 times slower than outside: run one suite a boot, widen time
# limits (VM_GUEST=1 is set inside), and never quote a speed measured there.
#
# VM_MEM (MiB, 1024)  VM_CPUS (2)  VM_TIMEOUT (s, 300)  VM_ACCEL (tcg,thread=multi)
# VM_APPEND (more kernel command line)  VM_ENV (names of variables to pass on)
set -euo pipefail

cache=${VM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/casemate-vm}
[ "$#" -gt 0 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 125; }
if ! [ -s "$cache/vmlinux" ] || ! [ -s "$cache/initrd.gz" ]; then
    echo "vm.sh: run setup.sh first" >&2
    exit 125
fi

# The guest's /run is its own, so the job must not lie there.
job=$(mktemp -d /tmp/vmjob.XXXXXX)
qemu=
trap 'rm -rf "$job"' EXIT
trap '[ -z "$qemu" ] || kill "$qemu" 2>/dev/null; exit 130' INT TERM HUP

{
    printf 'export PATH=%q HOME=%q\n' "$PATH" "${HOME:-/root}"
    for name in ${VM_ENV:-}; do
        [ -z "${!name+set}" ] || printf 'export %s=%q\n' "$name" "${!name}"
    done
    printf 'cd %q || exit 125\n' "$PWD"
    printf '%q ' "$@"
    echo
} >"$job/job.sh"

# lpj skips a calibration loop that emulation makes long; mitigations only cost time here.
append="console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off tsc=nowatchdog lpj=4600000"
append+=" random.trust_cpu=on nowatchdog apparmor=1 lsm=landlock,lockdown,yama,apparmor,bpf"
append+=" ${VM_APPEND:-} vmjob=$job/job.sh"

timeout -k 5 "${VM_TIMEOUT:-300}" qemu-system-x86_64 \
    -M pc,hpet=off,vmport=off,usb=off -accel "${VM_ACCEL:-tcg,thread=multi}" -cpu max \
    -smp "${VM_CPUS:-2}" -m "${VM_MEM:-1024}" \
    -nodefaults -no-user-config -no-reboot -display none \
    -kernel "$cache/vmlinux" -initrd "$cache/initrd.gz" -append "$append" \
    -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
    -device virtio-9p-pci,fsdev=root,mount_tag=hostroot \
    -chardev "file,id=control,path=$job/control" -serial chardev:control \
    -device virtio-serial-pci -chardev stdio,id=out,signal=off -device virtconsole,chardev=out \
    </dev/null &
qemu=$!
status=0
wait "$qemu" || status=$?
qemu=

result=$(sed -n 's/^VMEXIT:\([0-9]*\).*/\1/p' "$job/control" 2>/dev/null | tail -1)
if [ -z "$result" ]; then
    if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
        echo "vm.sh: the guest did not end within ${VM_TIMEOUT:-300} s" >&2
    else
        echo "vm.sh: the guest died (emulator status $status); its serial line:" >&2
    fi
    tail -n 40 "$job/control" >&2 2>/dev/null || true
    exit 125
fi
exit "$result"
