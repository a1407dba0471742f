#!/usr/bin/env bash
# watch-overhead.sh [ROUNDS]: what watching costs programs, in processor time, against the walls alone.
#
# Each round runs every program with and without --watch, one after the other; the least of each is compared, so that
# other work on the machine counts little. Needs root, gcc and python3.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
rounds=${1:-7}
casemate=${CASEMATE_BIN:-$root/target/release/casemate}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/syscall-heavy.c" <<'C'
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
	char b[64];
	struct stat s;
	int z = open("/dev/zero", O_RDONLY), n = open("/dev/null", O_WRONLY);
	for (int i = 0; i < 1000000; i++)
		syscall(SYS_getppid);
	for (int i = 0; i < 500000; i++)
		read(z, b, 64), write(n, b, 64);
	for (int i = 0; i < 200000; i++)
		stat("/usr/bin/env", &s);
	for (int i = 0; i < 100000; i++)
		close(open("/usr/bin/env", O_RDONLY));
	return 0;
}
C
cat >"$dir/cpu-bound.c" <<'C'
int main(void)
{
	volatile unsigned long x = 1;
	for (long i = 0; i < 700000000L; i++)
		x = x * 6364136223846793005UL + 1;
	return 0;
}
C
cat >"$dir/subprocess-heavy.sh" <<'S'
i=0
while [ $i -lt 500 ]; do
    /bin/true
    i=$((i + 1))
done
S

cpu_us() {
    "$casemate" run --json --quiet --mode observe --timeout 120s "$@" 2>/dev/null |
        python3 -c 'import json,sys; u=json.load(sys.stdin)["usage"]; print(round(1000*(u["cpu_user_ms"]+u["cpu_system_ms"])))'
}

for program in syscall-heavy.c cpu-bound.c subprocess-heavy.sh; do
    least_plain='' least_watched=''
    for ((round = 0; round < rounds; round++)); do
        plain=$(cpu_us "$dir/$program")
        watched=$(cpu_us --watch "$dir/$program")
        if [ -z "$least_plain" ] || [ "$plain" -lt "$least_plain" ]; then least_plain=$plain; fi
        if [ -z "$least_watched" ] || [ "$watched" -lt "$least_watched" ]; then least_watched=$watched; fi
    done
    awk -v n="${program%.*}" -v a="$least_plain" -v b="$least_watched" \
        'BEGIN { printf "%-16s walls %7.1f ms, watched %7.1f ms, ratio %.3f\n", n, a / 1000, b / 1000, b / a }'
done
