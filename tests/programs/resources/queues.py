# Message queues and semaphores of System V: bounded, and gone with the sandbox.
count = 0
while count < 100000:
    if LIBC.msgget(0, 0o1600) < 0:
        held(f"refused after {count} queues")
    count += 1
escaped(f"{count} queues")
