"""What holds for every test: no network, one thread a worker, the same random examples."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Set before any library reads them: a test never loads a model from a hub, and two workers on two
# cores do not fight over threads.
os.environ["HF_HUB_OFFLINE"] = "1"
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Deadlines fail on a busy machine for no fault of the code; the same examples in every run make a
# failure one that others see too.
settings.register_profile("default", deadline=None, derandomize=True)
settings.load_profile("default")


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the data of the person who runs it."""
    for name in [name for name in os.environ if name.startswith("MAQUETTE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MAQUETTE_DATA", str(tmp_path / "data"))
