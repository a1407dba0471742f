#!/usr/bin/env bash
# setup.sh [CACHE_DIR]: prepare the guest that vm.sh boots.
#
# Fetches Debian's stock kernel package (about 70 MB, once) and turns it into an
# uncompressed kernel and a small initrd in the cache. Installs the emulator and a
# few unpackers by apt when they are missing; only that needs root.
#
# VM_CACHE    another cache folder (default ~/.cache/casemate-vm)
# VM_KERNEL   another kernel package, for example linux-image-6.12.22+bpo-amd64
# EXTRA_MODS  more kernel modules for the initrd, for example "veth nf_tables"
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${1:-${VM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/casemate-vm}}

# The stamp names everything the image was made of: a changed init or module list rebuilds it.
stamp=$(cat "$here/init" "$here/build.sh" "$here/setup.sh" | sha256sum | cut -c1-16)
stamp="$stamp ${VM_KERNEL:-default} ${EXTRA_MODS:-}"

# command:package pairs
tools=(
    qemu-system-x86_64:qemu-system-x86
    busybox:busybox-static
    cpio:cpio
    lz4:lz4
    zstd:zstd
    xz:xz-utils
    depmod:kmod
    xxd:xxd
    python3:python3
)

apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

install_tools() {
    local missing=() pair
    for pair in "${tools[@]}"; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "setup.sh: missing packages: ${missing[*]} (install them, or run as root)" >&2
        return 1
    fi
    apt_get update
    apt_get install -y --no-install-recommends "${missing[@]}"
}

kernel_package() {
    if [ -n "${VM_KERNEL:-}" ]; then
        echo "$VM_KERNEL"
        return
    fi
    apt-cache depends linux-image-amd64 2>/dev/null | awk '/Depends: linux-image-/ { print $2; exit }'
}

# A package list from yesterday may name a file the mirror no longer has: refresh once, then retry.
fetch_kernel() {
    local package
    package=$(kernel_package)
    if [ -n "$package" ] && apt_get download "$package"; then
        return 0
    fi
    if [ "$(id -u)" -ne 0 ]; then
        echo "setup.sh: no kernel package in the apt lists; run apt-get update as root" >&2
        return 1
    fi
    apt_get update
    package=$(kernel_package)
    [ -n "$package" ] || { echo "setup.sh: apt has no linux-image-amd64" >&2; return 1; }
    apt_get download "$package"
}

main() {
    if [ -s "$cache/vmlinux" ] && [ -s "$cache/initrd.gz" ] && [ "$(cat "$cache/stamp" 2>/dev/null)" = "$stamp" ]; then
        install_tools
        echo "ready: $cache"
        return
    fi
    install_tools
    mkdir -p "$cache/deb"
    cd "$cache/deb"
    local debs=()
    mapfile -t debs < <(find . -name "${VM_KERNEL:-linux-image-}*.deb" | sort -V)
    if [ "${#debs[@]}" -eq 0 ]; then
        fetch_kernel
        mapfile -t debs < <(find . -name 'linux-image-*.deb' | sort -V)
    fi
    local deb=${debs[-1]}
    rm -rf "$cache/unpacked"
    mkdir "$cache/unpacked"
    dpkg-deb -x "$deb" "$cache/unpacked"
    "$here/build.sh" "$cache/unpacked" "$cache"
    rm -rf "$cache/unpacked"
    echo "$stamp" >"$cache/stamp"
    echo "ready: $cache ($(basename "$deb"))"
}

main
