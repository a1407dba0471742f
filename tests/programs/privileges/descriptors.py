# Only 0, 1 and 2 are open. The listing's own descriptor is closed again before the others are looked at.
open_ones = []
for number in range(0, 4096):
    try:
        os.fstat(number)
    except OSError:
        continue
    open_ones.append((number, os.readlink(f"/proc/self/fd/{number}")))
strange = [(n, t) for n, t in open_ones if n > 2 and "/workspace" not in t and "/tmp" not in t]
if strange:
    escaped(strange)
for number, target in open_ones[:3]:
    if target.startswith("/") and target not in ("/dev/null",) and "/workspace" not in target and "memfd" not in target:
        escaped(f"{number} is {target}")
held(open_ones)
