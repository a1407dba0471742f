import getpass, locale, os, platform, pwd, resource, select, socket, ssl, sys, time, zoneinfo, curses, ctypes, json, decimal
print(pwd.getpwuid(os.getuid()).pw_name == os.environ["USER"], os.path.expanduser("~") == os.environ["HOME"], os.access(os.environ["HOME"], os.W_OK))
print(socket.gethostbyname("localhost") if hasattr(socket, "gethostbyname") else "", bool(socket.gethostname()))
print(time.strftime("%Z", time.localtime()), zoneinfo.ZoneInfo("Europe/Berlin").key)
print(ssl.create_default_context().cert_store_stats()["x509_ca"] > 0, sys.getdefaultencoding(), sys.getfilesystemencoding(), locale.getpreferredencoding())
print(os.cpu_count() >= 1, len(os.sched_getaffinity(0)) >= 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 256)
e = select.epoll(); r, w = os.pipe(); e.register(r, select.EPOLLIN); os.write(w, b"x"); print(len(e.poll(1)))
a, b = socket.socketpair(); a.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, (1).to_bytes(4, "little"))]); print(b.recvmsg(1, 64)[0])
print(os.path.exists("/proc/self/maps"), os.path.basename(os.readlink("/proc/self/exe")).startswith("python"))
