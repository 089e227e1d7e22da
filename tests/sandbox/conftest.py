"""The sandboxes as this machine has them, and a world outside of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from maquette.sandbox.bubblewrap import Bubblewrap, find_bubblewrap
from maquette.sandbox.webassembly import WebAssembly, find_webassembly
from tests.sandbox.world import World, open_world


@pytest.fixture(scope="session")
def bubblewrap() -> Bubblewrap:
    return find_bubblewrap()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the WebAssembly sandbox keeps what it compiles, once for all tests of a worker."""
    return tmp_path_factory.mktemp("webassembly")


@pytest.fixture(scope="session")
def webassembly(compiled: Path) -> WebAssembly:
    return find_webassembly(compiled)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with open_world() as opened:
        yield opened
