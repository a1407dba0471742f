# The root folder lists what a program needs and nothing else; the builder's own folder gives nothing.
known = {"bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "tmp", "usr", "workspace", "opt",
         "root", "home", "var", ".casemate"}
strange = set(os.listdir("/")) - known
if strange:
    escaped(f"unexpected: {sorted(strange)}")
try:
    escaped(f"the builder's folder lists {os.listdir('/.casemate')}")
except OSError:
    pass
held(sorted(os.listdir("/")))
