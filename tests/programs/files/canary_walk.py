# Walks all that is visible and looks for a file name that exists on the host only.
canary = "".join(sys.argv[1].split("+"))
seen = 0
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders[:] = [f for f in folders if f not in ("proc", "usr", "lib", "lib64", "bin", "sbin")]
    seen += len(files) + len(folders)
    for name in files + folders:
        if canary in name:
            escaped(os.path.join(folder, name))
    if seen > 300000:
        broken("too much to walk")
held(f"{seen} entries, no canary")
