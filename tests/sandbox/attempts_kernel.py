"""Attempts on the kernel, and on other processes."""

from tests.sandbox.attempts import HASTE, Attempt, not_there, stopped

KERNEL = {
    "namespaces of its own": not_there(
        '"unshare", 0x10000000',
        '"unshare", 0x20000',
        '"unshare", 0x40000000',
        '"clone", 0x10000000 | 17, 0, 0, 0, 0',
        '"clone", 0x7E020000 | 17, 0, 0, 0, 0',
        '"clone3", (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17), 88',
    ),
    "namespaces of others": Attempt(
        """
for kind in ("mnt", "net", "pid", "user"):
    refused(lambda: call("setns", os.open(f"/proc/1/ns/{kind}", os.O_RDONLY), 0))
refused(lambda: call("setns", 3, 0))
refused(lambda: call("setns", os.pidfd_open(1), 0x10000000))
""",
        times=6,
    ),
    "keys": not_there(
        '"keyctl", 0, -4, 0, 0, 0', '"add_key", b"user", b"x", b"y", 1, -2', '"keyctl", 6, 1'
    ),
    "programs in the kernel": not_there(
        '"bpf", 0, 0, 0', '"init_module", 0, 0, b""', '"finit_module", 3, b"", 0'
    ),
    "measuring": not_there('"perf_event_open", 0, 0, -1, -1, 0', '"syslog", 3, 0, 0'),
    "rings and faults": not_there(
        '"io_uring_setup", 8, 0', '"userfaultfd", 1', '"io_setup", 8, 0', '"vmsplice", 1, 0, 0, 0'
    ),
    "another kernel": not_there(
        '"kexec_load", 0, 0, 0, 0', '"reboot", 0, 0, 0, 0', '"swapon", b"/box/x", 0'
    ),
    "watching files of all": not_there(
        '"fanotify_init", 0, 0', '"acct", b"/box/x"', '"quotactl", 0, 0, 0, 0'
    ),
    "rules of its own": not_there(
        '"seccomp", 1, 0, 0', '"personality", 0x0040000', '"landlock_create_ruleset", 0, 0, 1'
    ),
    "the clock": Attempt(
        """
refused(time.clock_settime, time.CLOCK_REALTIME, 0)
refused(call, "settimeofday", (ctypes.c_long * 2)(0, 0), 0)
"""
    ),
    "the name of the machine": Attempt(
        """
refused(socket.sethostname, "mine")
refused(lambda: open("/proc/sys/kernel/hostname", "w").write("mine"))
""",
        times=2,
    ),
    "settings of the kernel": Attempt(
        """
for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches",
             "/proc/sys/kernel/ns_last_pid", "/proc/1/oom_score_adj", "/proc/self/uid_map",
             "/proc/sys/user/max_user_namespaces", "/sys/kernel/uevent_helper",
             "/proc/sys/fs/binfmt_misc/register", "/sys/fs/cgroup/cgroup.procs"):
    refused(lambda: os.write(os.open(path, os.O_WRONLY), b"-1000"))
refused(lambda: os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-1000"))
refused(lambda: os.write(os.open("/proc/self/mem", os.O_WRONLY), b"x"))
""",
        times=12,
    ),
    "ports of the processor": Attempt(
        """
if os.uname().machine == "x86_64":
    refused(call, "iopl", 3)
refused(lambda: open("/dev/port", "rb"))
"""
    ),
    "calls of another architecture": Attempt(
        """
import mmap, signal, subprocess
code = {
    "32-bit": "pages[:8] = bytes.fromhex('b814000000cd80c3'); ctypes.CFUNCTYPE(int)(address)()",
    "x32": "kernel.syscall(0x40000000 + 39)",
}
start = '''
import ctypes, mmap
kernel = ctypes.CDLL(None)
pages = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, 7)
address = ctypes.addressof(ctypes.c_char.from_buffer(pages))
'''
for name, line in code.items():
    if os.uname().machine != "x86_64":
        print("refused: there is none")
        continue
    code = subprocess.run([sys.executable, "-c", start.replace("(int)", "(ctypes.c_int)") +
                           line.replace("(int)", "(ctypes.c_int)")]).returncode
    print("refused: ended by it" if code == -signal.SIGSYS else f"CAME THROUGH: {name} {code}")
""",
        times=2,
    ),
    "rights of root": Attempt(
        """
refused(os.setuid, 0)
refused(os.setresuid, 0, 0, 0)
refused(os.setgroups, [0])
refused(os.chown, "/box", 0, 0)
refused(os.nice, -20)
refused(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(10))
import resource
for kind in (resource.RLIMIT_NPROC, resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU):
    refused(resource.setrlimit, kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(open("/proc/self/status").read())
""",
        times=10,
    ),
    "programs with rights": Attempt(
        """
import subprocess
for name in ("su", "sudo", "mount", "ping", "bwrap", "passwd", "sh", "newuidmap", "fusermount3"):
    for folder in ("/bin", "/usr/bin", "/sbin"):
        refused(subprocess.run, [f"{folder}/{name}"])
refused(os.execv, "/proc/1/exe", ["bwrap", "--version"])
with open("mine", "w") as file:
    file.write("#!/usr/bin/python3\\nimport os; os.stat('/none' if os.geteuid() else '/')")
os.chmod("mine", 0o6755)
print("refused: no rights" if subprocess.run(["./mine"]).returncode else "CAME THROUGH")
""",
        times=29,
    ),
    "typing into the terminal": Attempt(
        """
import fcntl, termios
for number in (0, 1, 2):
    refused(fcntl.ioctl, number, termios.TIOCSTI, b"x")
    refused(fcntl.ioctl, number, 0x541C, b"\\x03")
    refused(fcntl.ioctl, number, termios.TIOCSCTTY, 1)
refused(open, "/dev/tty", "w")
refused(os.openpty)
""",
        times=11,
    ),
    "memory that no one counts": not_there(
        '"memfd_create", b"x", 0',
        '"memfd_secret", 0',
        '"shmget", 0, 1 << 20, 0o1777',
        '"msgget", 0, 0o1777',
        '"mq_open", b"x", 0o102, 0o600, 0',
        '"setxattr", b"/box", b"user.x", b"y", 1, 0',
    ),
}

PROCESSES = {
    "tracing": Attempt(
        """
for pid in (1, world["bystander"], world["parent"]):
    refused(call, "ptrace", 16, pid, 0, 0)
refused(call, "ptrace", 0, 0, 0, 0)
""",
        says=r"refused: OSError \[Errno 38\]",
        times=4,
    ),
    "memory of others": Attempt(
        """
line = (ctypes.c_uint64 * 2)(0, 0)
for pid in (1, world["bystander"], world["parent"]):
    refused(call, "process_vm_readv", pid, line, 1, line, 1, 0)
refused(call, "process_madvise", 3, 0, 0, 0, 0)
refused(call, "kcmp", 1, 2, 0, 0, 0)
""",
        says=r"refused: OSError \[Errno 38\]",
        times=5,
    ),
    "memory as a file": Attempt(
        """
for pid in (world["bystander"], world["parent"]):
    refused(open, f"/proc/{pid}/mem", "r+b")
refused(lambda: open("/proc/1/mem", "r+b").read(16))
for name in ("kcore", "kmsg", "kpageflags"):
    refused(lambda: open(f"/proc/{name}", "rb").read(1) or 1 / 0)
""",
        times=6,
    ),
    "descriptors of others": Attempt(
        """
refused(os.pidfd_open, world["bystander"])
refused(os.pidfd_open, world["parent"])
refused(lambda: call("pidfd_getfd", os.pidfd_open(1), 0, 0))
refused(os.listdir, f"/proc/{world['parent']}/fd")
""",
        times=4,
    ),
    "signals to others": Attempt(
        """
import signal
for pid in (world["bystander"], world["parent"], 2 ** 15, 300):
    refused(os.kill, pid, signal.SIGKILL)
    refused(os.killpg, pid, signal.SIGKILL)
""",
        times=8,
    ),
    "signals to all": Attempt(
        """
import signal
os.kill(os.getppid(), signal.SIGKILL)
os.kill(1, signal.SIGKILL)
time.sleep(0.2)
os.kill(1, 0)
print("refused: it is still there", flush=True)
os.kill(-1, signal.SIGKILL)
"""
    ),
    "the processes of others": Attempt(
        """
pids = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
print("refused: there are none" if pids == [1, 2] else f"CAME THROUGH {pids}")
refused(os.getpgid, world["bystander"])
refused(os.sched_setaffinity, world["bystander"], [0])
""",
        times=3,
    ),
    "a process that outlives": Attempt(
        """
import signal
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 32):
            if number not in (signal.SIGKILL, signal.SIGSTOP):
                signal.signal(number, signal.SIG_IGN)
        os.close(0), os.close(1), os.close(2)
        while True:
            time.sleep(0.01)
            open("/box/alive", "w").write(str(time.time()))
    os._exit(0)
os.wait()
time.sleep(0.1)
print("refused: it ends with this")
"""
    ),
    "the process that watches over it": Attempt(
        """
print(os.listdir("/proc/1"))
for name in ("mem", "exe", "maps", "environ", "cmdline", "root", "cwd", "fd", "oom_score_adj"):
    refused(os.stat, f"/proc/1/{name}")
refused(open, "/proc/1/new", "w")
refused(os.rmdir, "/proc/1")
refused(call, "umount2", b"/proc/1", 2)
""",
        times=12,
    ),
    "ignoring every signal": stopped(
        """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
""",
        "time",
        limits=HASTE,
    ),
    "stopping itself": stopped(
        "import signal; os.kill(os.getpid(), signal.SIGSTOP)", "time", limits=HASTE
    ),
    "becoming another program again and again": stopped(
        "os.execv(sys.executable, [sys.executable, *sys.argv])", "time", "output", limits=HASTE
    ),
    "a child after another, the parent gone": stopped(
        """
if os.fork() == 0:
    while True:
        if os.fork():
            os._exit(0)
time.sleep(60)
""",
        "time",
        "processes",
        limits=HASTE,
    ),
    "dumping its core": Attempt(
        """
import resource
refused(resource.setrlimit, resource.RLIMIT_CORE, (-1, -1))
sys.stdout.flush()
os.abort()
"""
    ),
}
