"""What holds for every test: no network, one thread a worker, the same random examples."""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from maquette.core.ids import new_id
from maquette.core.logs import OF_THE_QUEUE

if TYPE_CHECKING:  # tests of the engine need no database
    import sqlalchemy as sa

# Set before any library reads them: a test never loads a model from a hub, and two workers on two
# cores do not fight over threads.
os.environ["HF_HUB_OFFLINE"] = "1"
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Deadlines fail on a busy machine for no fault of the code; the same examples in every run make a
# failure one that others see too.
settings.register_profile("default", deadline=None, derandomize=True)
settings.load_profile("default")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Gates take minutes, and run where they are asked for: `pytest -m gate`."""
    if "gate" in config.option.markexpr:
        return
    gates = [item for item in items if item.get_closest_marker("gate")]
    config.hook.pytest_deselected(items=gates)
    items[:] = [item for item in items if item not in gates]


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the data of the person who runs it."""
    for name in [name for name in os.environ if name.startswith("MAQUETTE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MAQUETTE_DATA", str(tmp_path / "data"))


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """A command that is run in a test writes to where that looks for it, and no later one does."""
    loggers = [logging.getLogger(), logging.getLogger(OF_THE_QUEUE)]
    before = [(one, one.handlers[:], one.level, one.propagate) for one in loggers]
    yield
    for one, handlers, level, propagate in before:
        one.handlers[:], one.propagate = handlers, propagate
        one.setLevel(level)


@pytest.fixture
def four_threads() -> Iterator[None]:
    """PyTorch computes with four threads, whatever the machine has."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[sa.URL]":
    """A PostgreSQL server for this worker's tests, empty."""
    import sqlalchemy as sa

    from maquette.db.connect import start_server

    server = start_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield sa.make_url(server.get_uri())
    server.cleanup()


@pytest.fixture(scope="session")
def debian_postgres() -> "Iterator[sa.URL]":
    """A server of Debian's PostgreSQL."""
    from tests.debian_postgres import debian_server, installed

    programs = installed()
    if programs is None:
        pytest.skip("Debian's PostgreSQL is not here; run: apt install postgresql")
    with debian_server(programs) as url:
        yield url


@pytest.fixture
def new_url(postgres: "sa.URL") -> "Callable[[], str]":
    """Gives the URL of a database that no one has used, each time another."""
    import sqlalchemy as sa

    def make() -> str:
        name = f"test_{new_id().hex[-16:]}"
        engine = sa.create_engine(
            postgres.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return postgres.set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture
def fresh_url(new_url: "Callable[[], str]") -> str:
    """The URL of a database that no one has used."""
    return new_url()


@pytest.fixture
def database(fresh_url: str) -> "Iterator[sa.Engine]":
    """A database of this version, empty."""
    from maquette.core.settings import Settings
    from maquette.db.connect import open_database

    with open_database(Settings(database=fresh_url)) as engine:
        yield engine


@dataclass(frozen=True, slots=True)
class TinyModels:
    """Folders of tiny untrained checkpoints in the layouts of the real ones."""

    clip: Path
    vae: Path
    image: Path
    probe: Path


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> TinyModels:
    """Random weights, real architectures: a CLIP, an autoencoder, a Stable Diffusion folder."""
    import torch
    from safetensors.torch import save_file
    from transformers import CLIPTokenizer

    from maquette.engines.catalog import write_hashes
    from maquette.recipes import autoencoder, clip, image, tokenizer
    from maquette.recipes.probe import Probe

    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    text = folder / "clip" / "text"
    tokenizer.train_tokenizer(text, captions=4000)
    words = CLIPTokenizer.from_pretrained(text)
    size = clip.SIZES["tiny"]
    clip.save_text(clip.build_text(size, words), words, text)
    clip.save_vision(clip.build_vision(size), folder / "clip" / "vision")
    shape = autoencoder.SIZES["tiny"]
    autoencoder.build(shape).half().save_pretrained(folder / "vae")
    unet = image.build(image.SIZES["tiny"], shape.latent_channels, 16, size.text_width)
    for weight in unet.parameters():
        if not weight.any():  # a U-Net begins silent; its tests need one that speaks
            torch.nn.init.normal_(weight, std=0.05)
    image.save_pipeline(unet, text, folder / "vae", folder / "image")
    write_hashes(folder / "image")
    (folder / "probe").mkdir()
    save_file(Probe().state_dict(), folder / "probe" / "probe.safetensors")
    return TinyModels(folder / "clip", folder / "vae", folder / "image", folder / "probe")


@pytest.fixture(scope="session")
def tiny_language(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny language model with random weights, in the layout of a real one."""
    import torch
    from transformers import LlamaForCausalLM

    from maquette.recipes.language import config_of, write_model
    from maquette.recipes.language_tokenizer import train_language_tokenizer

    folder = tmp_path_factory.mktemp("language")
    train_language_tokenizer(folder / "tokenizer", 512, 1024, lessons=300)
    torch.manual_seed(0)
    model = LlamaForCausalLM(config_of("tiny", folder / "tokenizer"))
    write_model(folder / "model", model.state_dict(), "tiny", folder / "tokenizer")
    return folder / "model"
