"""What a schema cannot say: a path names one file. Bodies in which two files clash are no valid data."""

import schemathesis


def clashes(body):
    files = body.get("files") if isinstance(body, dict) else None
    if not isinstance(files, list):
        return False
    paths = [one.get("path") for one in files if isinstance(one, dict) and isinstance(one.get("path"), str)]
    plain = [part_of(path) for path in paths]
    for index, path in enumerate(plain):
        for other in plain[:index] + plain[index + 1 :]:
            if path == other or other.startswith(path + "/"):
                return True
    return False


def part_of(path):
    """`./a//b` and `a/b` are one path."""
    return "/".join(part for part in path.split("/") if part not in ("", "."))


@schemathesis.hook
def filter_body(context, body):
    return not clashes(body)


@schemathesis.hook
def filter_case(context, case):
    return not clashes(case.body)
