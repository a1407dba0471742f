import os, signal, threading, time
got = []
for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGWINCH):
    signal.signal(number, lambda n, f: got.append(signal.Signals(n).name))
    os.kill(os.getpid(), number)
signal.signal(signal.SIGALRM, lambda n, f: got.append("SIGALRM"))
signal.setitimer(signal.ITIMER_REAL, 0.05); signal.pause()
child = os.fork()
if child == 0:
    signal.pause()
time.sleep(0.05); os.kill(child, signal.SIGSTOP); os.waitpid(child, os.WUNTRACED); os.kill(child, signal.SIGCONT)
os.kill(child, signal.SIGKILL); print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2]); os.kill(os.getpid(), signal.SIGUSR2)
print(signal.sigwait([signal.SIGUSR2]).name); print(got)
