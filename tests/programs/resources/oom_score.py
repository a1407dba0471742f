# Makes itself the last to be ended when memory runs out.
def lower():
    now = int(read("/proc/self/oom_score_adj"))
    write_to("/proc/self/oom_score_adj", str(min(now - 1, -1)).encode())
    return f"from {now}"
all_fail([("lower", lower), ("lowest", lambda: write_to("/proc/self/oom_score_adj", b"-1000"))])
