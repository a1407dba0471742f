# Addresses of the kernel: none is shown, or all as zero.
try:
    text = os.read(os.open("/proc/kallsyms", os.O_RDONLY), 1 << 20).decode()
except OSError as error:
    held(name_of(error.errno))
shown = [line for line in text.splitlines() if line and line.split()[0].strip("0")]
if shown:
    escaped(shown[:2])
if text.strip():
    escaped(f"symbols are listed: {text[:80]!r}")
held("empty")
