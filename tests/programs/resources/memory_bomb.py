# Takes memory and writes to it until it is ended; argument: how many MiB at most.
kept = []
for n in range(int(sys.argv[1])):
    kept.append(bytearray(os.urandom(4096)) * 256)
    if n % 16 == 0:
        print(f"{n} MiB", flush=True)
escaped(f"holds {len(kept)} MiB")
