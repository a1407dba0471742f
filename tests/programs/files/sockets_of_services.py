# The sockets by which services of a host are usually taken over.
paths = ["/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock",
         "/run/dbus/system_bus_socket", "/run/systemd/private", "/run/systemd/notify", "/run/snapd.socket",
         "/run/crio/crio.sock", "/dev/log", "/run/systemd/journal/socket", "/tmp/.X11-unix/X0",
         "/var/run/postgresql/.s.PGSQL.5432", "/run/udev/control"]
import socket
def connect(path):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_UNIX, kind) as one:
            one.connect(path)
            return "connected"
all_fail([(p, lambda p=p: connect(p)) for p in paths] + [(f"stat {p}", lambda p=p: os.stat(p)) for p in paths])
