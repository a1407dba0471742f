# The environment holds the fixed names and those the caller gave (arguments), nothing else.
known = {"PATH", "HOME", "LANG", "USER", "TMPDIR", "TZ", "PWD", "SHLVL", "_", "OLDPWD", "LC_CTYPE"} | set(sys.argv[1:])
strange = {k: v for k, v in os.environ.items() if k not in known and not k.startswith("PYTHON")}
if strange:
    escaped(strange)
for wanted in ("PATH", "HOME", "LANG", "USER", "TMPDIR", "TZ"):
    if wanted not in os.environ:
        broken(f"{wanted} is missing")
held(sorted(os.environ))
