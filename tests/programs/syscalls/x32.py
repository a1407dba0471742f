# The x32 ABI: the same calls with bit 30 set, harmless ones and dangerous ones.
attempts = [(f"x32 {n}", lambda n=n: syscall(0x40000000 | n, 0, 0, 0, 0, 0, 0)) for n in (39, 102, 0, 1, 2, 57, 59, 101, 165, 272, 512, 521, 547)]
for label, action in attempts:
    kind, value = apart(action)
    if (kind, value) != ("signal", signal.SIGSYS):
        escaped(f"{label} is not killed: {kind} {value}")
held("every call of x32 dies")
