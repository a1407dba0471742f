# Reads where the memory of init lies and what it does.
names = ["maps", "smaps", "smaps_rollup", "numa_maps", "map_files", "pagemap", "auxv", "stack", "syscall",
         "personality", "clear_refs", "timers", "patch_state"]
found = []
for name in names:
    path = f"/proc/1/{name}"
    try:
        content = os.listdir(path) if os.path.isdir(path) else read(path, 64)
    except OSError:
        continue
    if content:
        found.append((name, content[:2]))
if found:
    escaped(f"init shows {found}")
held("init shows nothing")
