# Changes init through its files in /proc.
names = {"oom_score_adj": b"1000", "oom_adj": b"15", "comm": b"own", "coredump_filter": b"0x7f", "autogroup": b"0",
         "sched": b"0", "timerslack_ns": b"1", "uid_map": b"0 0 1", "gid_map": b"0 0 1", "setgroups": b"allow",
         "projid_map": b"0 0 1", "loginuid": b"0", "attr/current": b"x", "timens_offsets": b"monotonic 1 0"}
all_fail([(n, lambda n=n, c=c: write_to(f"/proc/1/{n}", c)) for n, c in names.items()])
