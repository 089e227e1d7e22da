"""Who can say what a picture shows: the starter, models of a folder, of servers; loads none."""

from collections.abc import Iterable, Mapping
from os.path import isfile
from pathlib import Path

from maquette.core.errors import ModelNotFound, did_you_mean
from maquette.core.requests import is_unicode
from maquette.engines.catalog import ModelSpec
from maquette.ledger.prices import CAPTIONS, OWN_CAPTIONERS, PRICES
from maquette.service.text_servers import TextServers

CAPTIONERS = "captioners"  # the folder of them, in that of all data
# What a model that sees has beside its weights, as it is saved now and as it was before.
MARKS = ("processor_config.json", "preprocessor_config.json")


class CaptionerModels:
    """The starter's captioner, the models of a folder that see, and what other servers offer; both
    are looked at each time.
    """

    def __init__(self, folder: Path, servers: TextServers) -> None:
        self._folder, self._servers = folder, servers

    def own(self) -> Mapping[str, int]:
        """What a thousand tokens cost in microcredits, by the names of the folder's models."""
        return dict.fromkeys(own_captioners(self._folder), PRICES[OWN_CAPTIONERS].microcredits)

    def price_of(self, name: str) -> int | None:
        """What a thousand tokens cost in microcredits; None of the starter's captions, which cost
        so much a piece. Raises ModelNotFound naming what there is.
        """
        if name == CAPTIONS:
            return None
        prices = {**self.own(), **self._servers.offered()}
        if name not in prices:
            raise _unknown(name, prices)
        return prices[name]


def own_captioners(folder: Path) -> Mapping[str, ModelSpec]:
    """The models of a folder that see, by their names; what is none is passed over."""
    try:
        inside = sorted(folder.iterdir())
    except OSError:  # it is not there, or cannot be read
        return {}
    return {
        one.name: ModelSpec(one.name, one)
        for one in inside
        if one.name != CAPTIONS and is_unicode(one.name) and is_captioner(one)
    }


def find_own_captioner(folder: Path, name: str) -> ModelSpec:
    """One of them. Raises ModelNotFound naming what there is."""
    known = own_captioners(folder)
    if name not in known:
        raise _unknown(name, known)
    return known[name]


def is_captioner(folder: Path) -> bool:
    """Whether a folder holds a model and what reads pictures for it."""
    # pathlib's `is_file` raises where the folder may not be looked into.
    has = [isfile(folder / name) for name in MARKS]
    return any(has) and isfile(folder / "config.json")


def _unknown(name: str, known: Iterable[str]) -> ModelNotFound:
    return ModelNotFound(f"no captioner named {name!r}; {did_you_mean(name, [CAPTIONS, *known])}")
