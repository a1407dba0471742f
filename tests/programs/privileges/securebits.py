# The secure bits are locked, so that no id change ever brings capabilities: prctl(PR_GET_SECUREBITS 27).
ctypes.set_errno(0)
bits = LIBC.prctl(27, 0, 0, 0, 0)
if bits < 0:
    held(f"they cannot even be read: {name_of(ctypes.get_errno())}")
# NOROOT and its lock, NO_SETUID_FIXUP and its lock, KEEP_CAPS_LOCKED (capabilities(7)).
wanted = 0b101111
if bits & wanted != wanted:
    escaped(f"secure bits {bits:#b}")
if LIBC.prctl(28, 0, 0, 0, 0) == 0:
    escaped("the secure bits were cleared")
held(f"{bits:#b}")
