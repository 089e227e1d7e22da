"""Attempts to reach the network and the files outside."""

from tests.sandbox.attempts import Attempt, not_there

NETWORK = {
    "connect over TCP": Attempt(
        """
refused(socket.create_connection, ("127.0.0.1", world["port"]), 2)
refused(socket.create_connection, ("localhost", world["port"]), 2)
refused(socket.create_connection, ("::1", world["port"]), 2)
""",
        times=3,
    ),
    "connect past the C library": not_there('"socket", 2, 1, 0', '"socket", 10, 1, 0'),
    "send over UDP": Attempt(
        """
def send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        return line.sendto(b"out", ("127.0.0.1", world["udp_port"]))
refused(send)
"""
    ),
    "ask for a page": Attempt(
        """
import urllib.request
refused(urllib.request.urlopen, f"http://127.0.0.1:{world['port']}/", None, 2)
refused(urllib.request.urlopen, "http://example.com/", None, 2)
""",
        times=2,
    ),
    "ask for a name": Attempt('refused(socket.getaddrinfo, "example.com", 80)'),
    "listen": Attempt('refused(socket.create_server, ("0.0.0.0", 0))'),
    "raw sockets": Attempt(
        """
for family, kind in ((socket.AF_INET, socket.SOCK_RAW), (socket.AF_PACKET, socket.SOCK_RAW)):
    refused(socket.socket, family, kind, 1)
""",
        times=2,
    ),
    "sockets of other kinds": Attempt(
        # netlink, vsock, the kernel's ciphers, CAN, Bluetooth, Qualcomm's and IUCV
        "for family in (16, 40, 38, 29, 31, 42, 32): refused(socket.socket, family, 3, 0)",
        times=7,
    ),
    "an abstract socket": Attempt(
        """
def connect(address):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(address)
refused(connect, chr(0) + world["abstract"])
"""
    ),
    "a socket in a folder": Attempt(
        """
def connect(address):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(address)
refused(connect, world["server"])
refused(connect, "/proc/self/root" + world["server"])
refused(connect, "/run/dbus/system_bus_socket")
refused(connect, "/var/run/docker.sock")
""",
        times=4,
    ),
}

FILES = {
    "read a file": Attempt(
        """
refused(lambda: open(world["secret"]).read())
refused(os.listdir, world["folder"])
"""
    ),
    "read it another way round": Attempt(
        """
path = world["secret"]
for before in ("/proc/self/root", "/proc/1/root", "/proc/2/root", "/proc/self/cwd/..",
               "/proc/1/cwd", "/box/../../..", "/proc/self/task/2/root", "/dev/fd/../../..",
               "/oldroot", "/newroot", "/proc/1/root/../../../oldroot"):
    refused(lambda: open(before + path).read())
""",
        times=11,
    ),
    "read it through a link": Attempt(
        """
os.symlink(world["secret"], "link")
refused(lambda: open("link").read())
os.symlink("/", "root")
refused(lambda: open("root" + world["secret"]).read())
refused(os.link, world["secret"], "hard")
"""
    ),
    "read accounts": Attempt(
        """
for path in ("/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/ssl/private", "/root/.ssh/id_rsa",
             "/var/log/syslog", "/run/secrets", "/sys/kernel", "/boot", "/home", "/proc/kcore"):
    refused(open, path)
""",
        times=11,
    ),
    "read the home folder": Attempt(
        'refused(os.listdir, world["home"]); refused(os.listdir, os.path.expanduser("~root"))',
        times=2,
    ),
    "import what the program is made of": Attempt(
        """
for name in ("maquette", "torch", "numpy", "pip", "sqlalchemy"):
    refused(__import__, name)
""",
        times=5,
    ),
    "write outside": Attempt(
        """
for folder in ("/", "/etc", "/usr/lib", "/usr/bin", "/root", "/var/tmp", "/dev", "/lib", "/proc",
               world["folder"], os.path.dirname(os.__file__), "/box/.."):
    refused(open, os.path.join(folder, sys.argv[1]), "w")
""",
        times=12,
    ),
    "change the Python": Attempt(
        """
program = os.path.realpath(sys.executable)
refused(open, program, "r+b")
refused(open, os.__file__, "a")
refused(os.chmod, program, 0o4777)
refused(os.rename, os.__file__, os.__file__ + ".old")
refused(os.remove, program)
refused(os.symlink, "/box/x", "/usr/bin/ls")
refused(os.utime, os.__file__)
""",
        times=7,
    ),
    "devices": Attempt(
        """
for name in ("sda", "vda", "nvme0n1", "mem", "kmem", "port", "kvm", "fuse", "tty", "ptmx", "zero",
             "console", "loop0", "net/tun", "dri/card0", "nvidia0", "hugepages", "mqueue"):
    refused(open, f"/dev/{name}", "rb")
refused(os.mknod, "disk", 0o60666, os.makedev(254, 0))
refused(os.mknod, "/dev/shm/mem", 0o20666, os.makedev(1, 1))
""",
        times=20,
    ),
    "mount": not_there(
        '"mount", b"none", b"/box", b"tmpfs", 0, 0',
        '"mount", b"/", b"/box", 0, 0x5000, 0',
        '"mount", 0, b"/", 0, 0x21, 0',
        '"umount2", b"/proc", 2',
        '"pivot_root", b"/box", b"/box"',
        '"open_tree", -100, b"/", 1',
        '"move_mount", -100, b"/proc", -100, b"/box", 0',
        '"fsopen", b"tmpfs", 0',
    ),
    "change the root": Attempt(
        """
refused(call, "chroot", b"/box")
refused(os.chroot, "/proc/1/root")
""",
        times=2,
    ),
    "files by their handle": not_there(
        '"name_to_handle_at", -100, b"/usr", 0, 0, 0', '"open_by_handle_at", 3, 0, 0'
    ),
    "descriptors that were left open": Attempt(
        """
for number in [*range(3, 64), world["inherited"]]:
    refused(os.fstat, number)
refused(lambda: open(f"/proc/1/fd/{world['inherited']}").read())
""",
        times=63,
    ),
    "the environment": Attempt(
        """
print(dict(os.environ))
print(open("/proc/self/environ").read())
for pid in (1, world["parent"], world["bystander"]):
    refused(lambda: print(open(f"/proc/{pid}/environ").read()))
    refused(lambda: print(open(f"/proc/{pid}/cmdline").read()))
""",
        times=6,
    ),
}

LEFT = {
    "links to files outside": Attempt(
        """
os.symlink(world["secret"], "answer.txt")
os.symlink("/etc/passwd", "accounts")
os.symlink("/usr/lib", "library")
os.symlink("/", "root")
os.mkdir("inner")
os.symlink("../../.." + world["secret"], "inner/link")
refused(os.link, "/usr/bin/python3", "python")
refused(os.link, "/proc/self/environ", "environ")
""",
        times=2,
    ),
    "names that lead elsewhere": Attempt(
        """
for name in (b"..\\\\..\\\\up", b"line\\nfeed", b"\\xff\\xfe", b"\\x1b[2J", b"a" * 255,
             "\\u202egpj.exe".encode(), b"C:\\\\x", b"\\x7f", b" "):
    with open(name, "w") as file:
        file.write("left")
refused(open, "../up", "w")
refused(open, "..", "w")
""",
        times=2,
    ),
    "what is not a file": Attempt(
        """
refused(os.mkfifo, "pipe")
line = socket.socket(socket.AF_UNIX)
line.bind("socket")
deep = "d"
for _ in range(90):
    os.mkdir(deep)
    deep += "/d"
os.mkdir("closed")
open("closed/file", "w").write("hidden")
os.chmod("closed", 0)
refused(os.mknod, "null", 0o20666, os.makedev(1, 3))
""",
        times=2,
    ),
}
