"""Hostile programs against the sandbox of bubblewrap: nothing comes of any of them."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path
from uuid import uuid4

import pytest

from maquette.sandbox.bubblewrap import Bubblewrap
from maquette.sandbox.interpreter import find_interpreter
from maquette.sandbox.runs import Run, is_plain
from tests.sandbox import attempts_kernel, attempts_outside, attempts_resources
from tests.sandbox.world import NOBODY, PRELUDE, World, open_world, ways_out

ATTEMPTS = {
    f"{heading}: {name}": attempt
    for heading, attempts in {
        "network": attempts_outside.NETWORK,
        "files": attempts_outside.FILES,
        "left": attempts_outside.LEFT,
        "kernel": attempts_kernel.KERNEL,
        "processes": attempts_kernel.PROCESSES,
        "bombs": attempts_resources.PROCESSES,
        "memory": attempts_resources.MEMORY,
        "disk": attempts_resources.DISK,
        "output": attempts_resources.OUTPUT,
        "time": attempts_resources.TIME,
    }.items()
    for name, attempt in attempts.items()
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_nothing_comes_of_it(name: str, bubblewrap: Bubblewrap, world: World) -> None:
    attempt, marker = ATTEMPTS[name], f"escaped-{uuid4().hex}"
    files = {
        "world.json": json.dumps(world.facts).encode(),
        "attempt.py": (PRELUDE + attempt.code).encode(),
    }
    run = bubblewrap.run(files, ["python", "attempt.py", marker], attempt.limits)
    assert world.harm(run, marker) == []
    assert ways_out(run.output) == []
    assert "tried" in run.output, run.output
    assert run.seconds <= attempt.limits.seconds + 1
    if attempt.stopped_by:
        assert run.stopped_by in attempt.stopped_by, run
        assert run.exit_code is None
    else:
        assert run.stopped_by is None, run
        assert len(re.findall(attempt.says, run.output)) >= attempt.times, run.output
    assert sum(map(len, run.files.values())) <= attempt.limits.disk_bytes
    assert len(run.files) <= attempt.limits.files
    assert all(is_plain(path) for path in run.files)
    assert len(run.output) <= attempt.limits.output_bytes


def test_there_are_enough_of_them() -> None:
    assert len(ATTEMPTS) >= 40


@pytest.mark.parametrize(
    "name",
    [
        *("network: connect over TCP", "network: connect past the C library"),
        *("network: send over UDP", "network: an abstract socket", "network: a socket in a folder"),
        *("network: listen", "files: read a file", "files: read it another way round"),
        *("files: read it through a link", "files: descriptors that were left open"),
        *("files: the environment", "left: links to files outside", "processes: dumping its core"),
        *("kernel: memory that no one counts", "kernel: calls of another architecture"),
        *("processes: descriptors of others", "processes: the processes of others"),
    ],
)
def test_without_walls_it_comes_through(name: str) -> None:
    """So what is looked for would be found: the same user, the same program, no sandbox. Those are
    tried that do no harm."""
    user = NOBODY if os.geteuid() == 0 else None
    with open_world() as world, tempfile.TemporaryDirectory(prefix="no-walls-") as folder:
        Path(folder, "world.json").write_text(json.dumps(world.facts))
        Path(folder, "attempt.py").write_text(PRELUDE + ATTEMPTS[name].code)
        Path(folder).chmod(0o777)
        inherited = world.facts["inherited"]
        assert isinstance(inherited, int)
        done = subprocess.run(
            [find_interpreter(user is not None).outside, "attempt.py", "no-walls"],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            user=user,
            group=user,
            pass_fds=(inherited,),
        )
        output = done.stdout + done.stderr
        links = {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()}
        run = Run(done.returncode, None, output, links, 0.0)
        assert ways_out(output) or world.harm(run, "no-walls"), output
