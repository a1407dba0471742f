# Numbers by which two sandboxes can tell that they share a host: load, last process id, random ids of the boot.
found = []
for path in ("/proc/loadavg",):
    try:
        words = read(path).split()
    except OSError:
        continue
    if len(words) == 5 and int(words[4]) > 2000:
        found.append((path, words))
if found:
    escaped(found)
held("process ids are its own")
