"""The first program inside: takes the files, lays down what it may have, becomes the command.

It is started by bubblewrap behind all walls, and imports nothing of ours, for nothing of ours is
there. Its one argument is the descriptor of a socket to the outside.
"""

import json
import os
import resource
import socket
import sys

FOLDERS = ("/box", "/tmp", "/dev/shm", "/proc")
MOST_DESCRIPTORS = 1 << 16


def main(descriptor: int) -> None:
    with socket.socket(fileno=descriptor) as line, line.makefile("rb") as orders:
        # Through these the outside sees what is written here, and who is alive.
        folders = [os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in FOLDERS]
        socket.send_fds(line, [b"!"], folders)
        order = json.loads(orders.readline())
        for name, size in order["files"]:
            os.makedirs(os.path.dirname(os.path.join("/box", name)), exist_ok=True)
            with open(os.path.join("/box", name), "xb") as file:
                file.write(orders.read(size))
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")  # where the machine runs out of memory, this goes first
        os.nice(10)
        for name, (soft, hard) in order["limits"].items():
            kind = getattr(resource, name)
            allowed = resource.getrlimit(kind)[1]
            if allowed != resource.RLIM_INFINITY:
                soft, hard = min(soft, allowed), min(hard, allowed)
            resource.setrlimit(kind, (soft, hard))
        line.sendall(b"!")
    os.closerange(3, MOST_DESCRIPTORS)
    program, *words = order["command"]
    os.execv(program, [program, *words])


if __name__ == "__main__":
    main(int(sys.argv[1]))
