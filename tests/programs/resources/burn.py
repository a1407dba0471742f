# Burns processor time in as many processes as there are processors and one more.
for _ in range(os.cpu_count() or 1):
    if os.fork() == 0:
        while True:
            pass
while True:
    pass
