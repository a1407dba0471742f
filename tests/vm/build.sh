#!/usr/bin/env bash
# build.sh UNPACKED_DEB OUT_DIR: make OUT_DIR/vmlinux and OUT_DIR/initrd.gz from an
# unpacked Debian linux-image-*-amd64 package. Called by setup.sh.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
unpacked=$(cd "$1" && pwd)
out=$(cd "$2" && pwd)

# What the guest needs before it sees the host's files: the bus, 9p, overlay and the console.
modules=(virtio_pci 9pnet_virtio 9p overlay virtio_console)

work=$(mktemp -d "$out/build.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The compressed kernel sits inside bzImage at payload_offset (0x248), payload_length (0x24c),
# counted from the end of the setup sectors (0x1f1). Documentation/arch/x86/boot.rst.
# Emulation boots an unpacked ELF kernel several seconds faster than it runs the unpacker.
extract_kernel() {
    python3 - "$1" "$work/payload" <<'PYTHON'
import struct, sys
image = open(sys.argv[1], 'rb').read()
offset, length = struct.unpack_from('<II', image, 0x248)
start = ((image[0x1f1] or 4) + 1) * 512 + offset
# The last four bytes are the unpacked size, not part of the stream.
open(sys.argv[2], 'wb').write(image[start:start + length - 4])
PYTHON
    case $(head -c4 "$work/payload" | xxd -p) in
        02214c18) lz4 -qdf "$work/payload" "$work/vmlinux" ;;
        fd377a58) xz -dc <"$work/payload" >"$work/vmlinux" ;;
        28b52ffd) zstd -qdf "$work/payload" -o "$work/vmlinux" ;;
        *) echo "build.sh: the kernel is packed in a way this script does not know" >&2; return 1 ;;
    esac
}

# Copies the modules and what they depend on, numbered in load order.
copy_modules() {
    local version=$1 folder=$2 root=$work/root number=10 module path name
    mkdir -p "$root/lib/modules"
    ln -s "$folder" "$root/lib/modules/$version"
    [ -e "$folder/modules.dep" ] || depmod -b "$root" "$version"
    for module in "${modules[@]}" ${EXTRA_MODS:-}; do
        modprobe -d "$root" -S "$version" --show-depends "$module" 2>/dev/null | awk '/^insmod/ { print $2 }'
    done | awk '!seen[$0]++' >"$work/module-list"
    while read -r path; do
        name=$(basename "$path")
        case $name in
            *.xz) xz -dc "$path" >"$work/initrd/mod/$number-${name%.xz}" ;;
            *.zst) zstd -qdc "$path" >"$work/initrd/mod/$number-${name%.zst}" ;;
            *) cp "$path" "$work/initrd/mod/$number-$name" ;;
        esac
        number=$((number + 1))
    done <"$work/module-list"
    # Each wanted module must be there, unless the kernel has it built in.
    for module in "${modules[@]}"; do
        grep -q "/$module\.ko" "$work/module-list" || grep -q "/$module\.ko" "$folder/modules.builtin" \
            || { echo "build.sh: the kernel package has no module $module" >&2; return 1; }
    done
}

main() {
    local lib version
    for lib in "$unpacked/lib/modules" "$unpacked/usr/lib/modules"; do
        [ -d "$lib" ] && break
    done
    version=$(basename "$(find "$lib" -mindepth 1 -maxdepth 1 -type d | head -1)")
    mkdir -p "$work"/initrd/{bin,proc,sys,dev,lower,rw,new,mod}
    extract_kernel "$unpacked/boot/vmlinuz-$version"
    copy_modules "$version" "$lib/$version"
    cp "$(command -v busybox)" "$work/initrd/bin/busybox"
    cp "$here/init" "$work/initrd/init"
    chmod 755 "$work/initrd/init" "$work/initrd/bin/busybox"
    (cd "$work/initrd" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/initrd.gz"
    mv "$work/vmlinux" "$work/initrd.gz" "$out/"
}

main
