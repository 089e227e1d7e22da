"""Attempts to take more of the machine than was given."""

from dataclasses import replace

from maquette.sandbox.runs import MIB
from tests.sandbox.attempts import HASTE, LIMITS, Attempt, stopped

FEW = replace(LIMITS, processes=8)
# What a fork shares counts for each, so 32 of them need some.
ROOMY = replace(LIMITS, memory_bytes=512 * MIB)

PROCESSES = {
    "fork bomb": stopped(
        """
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
        "processes",
        limits=ROOMY,
    ),
    "fork bomb that hides": Attempt(
        """
import subprocess
most = 0
for _ in range(40):
    try:
        subprocess.Popen(["python", "-c", "import time; time.sleep(60)", sys.argv[1]])
    except OSError as error:
        print("refused:", error)
        break
time.sleep(60)
""",
        stopped_by=("processes",),
        limits=FEW,
    ),
    "thread bomb": stopped(
        """
import threading
threading.stack_size(65536)
while True:
    try:
        threading.Thread(target=time.sleep, args=(60,)).start()
    except RuntimeError:
        pass
""",
        "processes",
    ),
    "vfork bomb": stopped(
        """
import subprocess
code = open(sys.argv[0]).read()
while True:
    try:
        subprocess.Popen([sys.executable, *sys.argv])
    except OSError:
        time.sleep(0.01)
""",
        "processes",
        limits=FEW,
    ),
}

MEMORY = {
    "a list": stopped(
        """
held = []
while True:
    held.append(bytes(str(len(held)), "ascii") * 10000)
""",
        "memory",
    ),
    "a list that holds on": stopped(
        """
held = []
while True:
    try:
        held.append(bytearray(b"x" * 2 ** 20))
    except MemoryError:
        pass
""",
        "memory",
    ),
    "one large block": Attempt(
        "refused(lambda: bytearray(2 ** 34)); refused(lambda: b'x' * 2 ** 40)", times=2
    ),
    "mapped memory": stopped(
        """
import mmap
held = []
while True:
    held.append(mmap.mmap(-1, 2 ** 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
    held[-1].write(b"x" * 2 ** 20)
""",
        "memory",
    ),
    "memory that is shared and in no file": Attempt(
        """
import mmap
refused(mmap.mmap, -1, 2 ** 20)
refused(mmap.mmap, -1, 2 ** 20, 0x03 | mmap.MAP_ANONYMOUS)
refused(open, "/dev/zero", "r+b")
""",
        times=3,
    ),
    "many processes, each a little": stopped(
        """
for _ in range(12):
    if os.fork() == 0:
        held = bytearray(os.urandom(2 ** 20) * 16)
        time.sleep(60)
time.sleep(60)
""",
        "memory",
    ),
    "tables of pages": stopped(
        """
import mmap
held = mmap.mmap(-1, 2 ** 27, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for _ in range(24):
    if os.fork() == 0:
        held[:: 4096] = b"x" * len(held[:: 4096])
        time.sleep(60)
time.sleep(60)
""",
        "memory",
    ),
    "memory that the process has no more": stopped(
        """
import mmap
file = open("/dev/shm/x", "w+b")
file.truncate(2 ** 24)
pages = mmap.mmap(file.fileno(), 2 ** 24)
os.remove("/dev/shm/x")
file.close()
pages[:] = b"x" * 2 ** 24
pages.madvise(mmap.MADV_DONTNEED)
open("/box/y", "wb").write(b"x" * 2 ** 20)
time.sleep(60)
""",
        "disk",
    ),
}

DISK = {
    "fill the folder": stopped(
        """
with open("large", "wb") as file:
    while True:
        try:
            file.write(b"x" * 2 ** 20)
        except OSError:
            time.sleep(0.01)
""",
        "disk",
    ),
    "fill the others": stopped(
        """
for folder in ("/tmp", "/dev/shm", "/box"):
    with open(f"{folder}/part", "wb") as file:
        file.write(b"x" * 7 * 2 ** 20)
time.sleep(60)
""",
        "disk",
    ),
    "fill it with what has no name": stopped(
        """
file = open("gone", "wb")
os.remove("gone")
while True:
    try:
        file.write(b"x" * 2 ** 20)
        file.flush()
    except OSError:
        time.sleep(0.01)
""",
        "disk",
    ),
    "a huge sparse file": Attempt(
        """
file = open("sparse", "wb")
refused(file.truncate, 2 ** 40)
refused(os.pwrite, file.fileno(), b"x", 2 ** 40)
""",
        times=2,
    ),
    "many sparse files": Attempt(
        """
for number in range(100):
    with open(f"sparse{number}", "wb") as file:
        file.truncate(15 * 2 ** 20)
print("written", flush=True)
""",
        stopped_by=("disk",),
    ),
    "many small files": stopped(
        """
number = 0
while True:
    number += 1
    open(f"/tmp/{number}", "w").close()
""",
        "disk",
    ),
    "many folders": stopped(
        """
while True:
    os.mkdir("d")
    os.chdir("d")
""",
        "disk",
    ),
}

OUTPUT = {
    "endless lines": stopped("while True: print('x' * 1000)", "output"),
    "one endless line": stopped("while True: os.write(2, b'x' * 65536)", "output"),
    "output of many": stopped(
        """
for _ in range(6):
    os.fork()
    if os.fork() == 0:
        while True:
            os.write(1, os.urandom(65536))
""",
        "output",
        "processes",
        limits=ROOMY,
    ),
    "output after its end": Attempt(
        """
if os.fork() == 0:
    while True:
        os.write(1, b"on and on\\n")
print("refused: it ends with this", flush=True)
os._exit(0)
""",
        says="tried",
    ),
    "silence": stopped("os.close(1), os.close(2), time.sleep(3600)", "time", limits=HASTE),
    "a pipe that no one reads": stopped(
        """
import fcntl
ends = []
while True:
    try:
        ends.append(os.pipe())
        os.set_blocking(ends[-1][1], False)
        os.write(ends[-1][1], b"x" * 2 ** 20)
    except OSError:
        time.sleep(0.01)
""",
        "time",
        limits=HASTE,
    ),
}

TIME = {
    "sleeping": stopped("time.sleep(3600)", "time", limits=HASTE),
    "computing": stopped("while True: pass", "time", limits=HASTE),
    "computing in many": stopped(
        """
for _ in range(4):
    os.fork()
while True:
    pass
""",
        "time",
        limits=replace(LIMITS, cpu_seconds=1),
    ),
    "computing in children that end": stopped(
        """
while True:
    if os.fork() == 0:
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
        os._exit(0)
    os.wait()
""",
        "time",
        limits=replace(LIMITS, cpu_seconds=1, seconds=30),
    ),
    "waiting for what never comes": stopped(
        "ends = os.pipe(); os.read(ends[0], 1)", "time", limits=HASTE
    ),
    "a regular expression": stopped(
        "import re; re.match(r'(a+)+$', 'a' * 60 + 'b')", "time", limits=HASTE
    ),
    "a large power": stopped("print(len(str(9 ** 9 ** 9)))", "time", "memory", limits=HASTE),
}
