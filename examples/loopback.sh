#!/usr/bin/env bash
# Network: with `--network loopback` a program reaches itself, and nobody else; with `none`, the default, not
# even itself.
set -euo pipefail

cat >server.py <<'PROGRAM'
import http.server, threading, urllib.request

class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello over loopback\n")

    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Hello)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/"
print(urllib.request.urlopen(address, timeout=5).read().decode(), end="")
try:
    urllib.request.urlopen("http://192.0.2.1/", timeout=2)
except OSError as error:
    print("beyond loopback:", error)
PROGRAM
casemate run --network loopback server.py | tee seen
grep -qx "hello over loopback" seen
grep -q "beyond loopback: .*unreachable" seen

status=0
casemate run server.py 2>errors || status=$?
[ "$status" -eq 1 ] && grep -E "Error" errors | tail -n 1
