# Opens descriptors until it is refused.
count = 0
try:
    while count < 200000:
        os.open("/dev/null", os.O_RDONLY)
        count += 1
except OSError as error:
    held(f"refused after {count}: {name_of(error.errno)}")
escaped(f"{count} descriptors")
