# Every set of capabilities is empty, in every thread of every process of its own.
for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
    value = status_field(name)
    if int(value, 16):
        escaped(f"{name} {value}")
held("all five sets are empty")
