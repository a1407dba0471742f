# Kernel detail about itself that helps exploits: stack, physical pages, kernel addresses.
found = []
for name in ("stack", "wchan", "syscall"):
    try:
        text = read(f"/proc/self/{name}").decode()
    except OSError:
        continue
    if "ffff" in text and any(len(w) >= 14 and w.lstrip("0x").startswith("ffff") for w in text.split()):
        found.append((name, text))
try:
    with open("/proc/self/pagemap", "rb") as table:
        value = ctypes.create_string_buffer(b"x" * 4096)
        table.seek(ctypes.addressof(value) // 4096 * 8)
        entry = int.from_bytes(table.read(8), "little")
        if entry & ((1 << 55) - 1):
            found.append(("pagemap", hex(entry)))
except OSError:
    pass
if found:
    escaped(found)
held("no address of the kernel")
