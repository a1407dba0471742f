# Writes to its own files in /proc: Landlock allows writing beneath the workspace and /dev only.
all_fail([("comm", lambda: write_to("/proc/self/comm", b"other")),
          ("coredump_filter", lambda: write_to("/proc/self/coredump_filter", b"0x7f")),
          ("timerslack", lambda: write_to("/proc/self/timerslack_ns", b"1")),
          ("oom_score_adj", lambda: write_to("/proc/self/oom_score_adj", b"1000"))])
