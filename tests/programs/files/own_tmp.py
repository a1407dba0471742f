# /tmp, /dev/shm and the working folder start empty but for the program itself.
found = {}
for folder in ("/tmp", "/dev/shm", "/workspace"):
    left = [n for n in os.listdir(folder) if folder != "/workspace" or not os.path.samefile(os.path.join(folder, n), __file__)]
    if left:
        found[folder] = left[:5]
if found:
    escaped(found)
held("all empty")
