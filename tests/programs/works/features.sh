set -euo pipefail
echo one two | { read -r a b; echo "$b $a"; }
cat <<HERE
here $((6 * 7)) $(echo nested)
HERE
cat <<<"string"
diff <(printf 'a\n') <(printf 'a\n') && echo same
echo error >/dev/stderr
echo out >/dev/stdout
exec 5<<<"five"; cat /dev/fd/5
mapfile -t lines < <(seq 3); echo "${#lines[@]} ${lines[2]}"
trap 'echo trapped' USR1; kill -USR1 $$
sleep 0.1 & wait $!; echo "waited $?"
(exit 3) || echo "status $?"
printf '%s\n' c b a | sort | head -n 1 | tee /tmp/t | wc -l | tr -d ' '
declare -A map=([k]=v); echo "${map[k]} ${#BASH_VERSION}" | cut -d' ' -f1
find /tmp -name t | xargs basename
coproc cat; echo co >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; echo "$line"
ulimit -c; [[ abc =~ ^a(b)c$ ]] && echo "${BASH_REMATCH[1]}"
