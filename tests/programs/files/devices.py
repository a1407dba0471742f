# /dev holds the harmless devices only.
known = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "fd", "stdin", "stdout", "stderr",
         "mqueue"}
strange = set(os.listdir("/dev")) - known
if strange:
    escaped(f"devices: {sorted(strange)}")
held(sorted(os.listdir("/dev")))
