"""The process that runs a Python compiled to WebAssembly, and is killed where it goes too far.

It is started with a descriptor of a socket to `webassembly.py` as its one argument, or with two
files: then it compiles the first to the second. It imports nothing of ours.
"""

import json
import os
import resource
import socket
import sys
import threading
from typing import Any

import wasmtime

ABORTED = 134  # as a shell says it of SIGABRT
SLACK_BYTES = 64 << 20  # past the limit, so that the watch sees it passed
SLACK_S = 1.0


def engine() -> wasmtime.Engine:
    """The same one compiles and runs, or what was compiled is refused."""
    return wasmtime.Engine(wasmtime.Config())


def compile_file(source: str, target: str) -> None:
    """Compiles a module to the code of this machine; seconds, so once."""
    os.nice(10)
    code = wasmtime.Module.from_file(engine(), source).serialize()
    with open(target, "xb") as file:
        file.write(code)
        file.flush()
        os.fsync(file.fileno())


def main(descriptor: int) -> None:
    with socket.socket(fileno=descriptor) as line, line.makefile("rb") as orders:
        order = json.loads(orders.readline())
        store, start = _ready(order)
        # Whoever watches may die; what runs here ends all the same.
        timer = threading.Timer(order["seconds"] + SLACK_S, os._exit, [ABORTED])
        timer.daemon = True
        timer.start()
        _give_up_rights(order)
        line.sendall(b"!")
        if not orders.read(1):
            return
    try:
        start(store)
    except wasmtime.ExitTrap as trap:
        os._exit(trap.code)
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        os.write(2, f"\n{str(error).splitlines()[-1].strip()}\n".encode())
        os._exit(ABORTED)


def _ready(order: dict[str, Any]) -> tuple[wasmtime.Store, Any]:
    """The program, which has not begun: its arguments, its folder, its output, nothing else."""
    made = engine()
    module = wasmtime.Module.deserialize_file(made, order["compiled"])
    wasi = wasmtime.WasiConfig()
    wasi.argv = order["command"]
    wasi.env = order["environment"]
    wasi.preopen_dir(order["folder"], ".")
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    store = wasmtime.Store(made)
    store.set_limits(
        memory_size=order["memory_bytes"] + SLACK_BYTES, instances=1, tables=1, memories=1
    )
    store.set_wasi(wasi)
    linker = wasmtime.Linker(made)
    linker.define_wasi()
    return store, linker.instantiate(store, module).exports(store)["_start"]


def _give_up_rights(order: dict[str, Any]) -> None:
    for name, value in order["limits"].items():
        kind = getattr(resource, name)
        allowed = resource.getrlimit(kind)[1]
        value = value if allowed == resource.RLIM_INFINITY else min(value, allowed)
        resource.setrlimit(kind, (value, value))
    if order["user"] is not None:
        os.setgroups([])
        os.setresgid(*[order["user"]] * 3)
        os.setresuid(*[order["user"]] * 3)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        compile_file(*sys.argv[1:])
    else:
        main(int(sys.argv[1]))
