# init is not dumpable: its files in /proc belong to nobody this program can be.
try:
    owner = os.stat("/proc/1/environ").st_uid
except OSError as error:
    held(f"/proc/1/environ: {name_of(error.errno)}")
if owner == os.getuid():
    escaped(f"/proc/1/environ belongs to the program's own id {owner}")
held(f"/proc/1/environ belongs to {owner}, this is {os.getuid()}")
