# The account list is made up: no account of the host (arguments) is in it.
text = read("/etc/passwd").decode() + read("/etc/group").decode()
found = [name for name in sys.argv[1:] if f"\n{name}:" in "\n" + text]
if found:
    escaped(found)
held(text)
