# The program is not even called root.
if 0 in os.getresuid() or 0 in os.getresgid():
    escaped(f"{os.getresuid()} {os.getresgid()}")
held(os.getresuid())
