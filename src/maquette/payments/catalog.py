"""What can be bought: packs of credits, and plans that bring credits each month."""

import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from maquette.core.errors import InvalidRequest, InvalidSettings, did_you_mean

FILE_NAME = "catalog.toml"  # in the data folder, where an operator has one

ItemId = Annotated[str, Field(pattern="^[a-z0-9-]{1,40}$")]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Amount = Annotated[int, Field(gt=0, le=10**15)]
Cents = Annotated[int, Field(gt=0, le=10**8)]
Currency = Annotated[str, Field(pattern="^[a-z]{3}$")]  # ISO 4217, lower case


class Pack(BaseModel):
    """Credits that are bought once and never expire."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pack_id: ItemId
    name: Name
    credits_microcredits: Amount
    price_cents: Cents
    currency: Currency = "usd"


class Plan(BaseModel):
    """Credits that come each month. They last that month, and one more where they roll over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan_id: ItemId
    name: Name
    monthly_microcredits: Amount
    price_cents: Cents
    currency: Currency = "usd"
    rolls_over: bool = False

    def is_above(self, other: "Plan") -> bool:
        """Whether a change from the other one is paid for, and brings credits, at once."""
        return (
            self.price_cents > other.price_cents
            and self.monthly_microcredits > other.monthly_microcredits
        )


class Catalog(BaseModel):
    """All that can be bought, in the order in which it is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    packs: tuple[Pack, ...] = ()
    plans: tuple[Plan, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        ids = [one.pack_id for one in self.packs] + [one.plan_id for one in self.plans]
        for item_id in ids:
            if ids.count(item_id) > 1:
                raise ValueError(f"{item_id} is there twice")
        return self

    def pack(self, pack_id: str) -> Pack:
        """Raises InvalidRequest."""
        packs = {one.pack_id: one for one in self.packs}
        if pack_id not in packs:
            raise InvalidRequest(f"no pack {pack_id!r}; {did_you_mean(pack_id, packs)}")
        return packs[pack_id]

    def plan(self, plan_id: str) -> Plan:
        """Raises InvalidRequest."""
        plans = {one.plan_id: one for one in self.plans}
        if plan_id not in plans:
            raise InvalidRequest(f"no plan {plan_id!r}; {did_you_mean(plan_id, plans)}")
        return plans[plan_id]


CREDIT = 1_000_000  # microcredits

USUAL_CATALOG = Catalog(
    packs=(
        Pack(
            pack_id="pack-1000",
            name="1,000 credits",
            credits_microcredits=1000 * CREDIT,
            price_cents=1000,
        ),
        Pack(
            pack_id="pack-5000",
            name="5,000 credits",
            credits_microcredits=5000 * CREDIT,
            price_cents=5000,
        ),
        Pack(
            pack_id="pack-20000",
            name="20,000 credits",
            credits_microcredits=20_000 * CREDIT,
            price_cents=20_000,
        ),
    ),
    plans=(
        Plan(
            plan_id="sketch",
            name="Sketch",
            monthly_microcredits=1000 * CREDIT,
            price_cents=900,
        ),
        Plan(
            plan_id="studio",
            name="Studio",
            monthly_microcredits=3000 * CREDIT,
            price_cents=2400,
            rolls_over=True,
        ),
        Plan(
            plan_id="atelier",
            name="Atelier",
            monthly_microcredits=12_000 * CREDIT,
            price_cents=9000,
            rolls_over=True,
        ),
    ),
)


def load_catalog(data: Path) -> Catalog:
    """The operator's own, from `catalog.toml` in the data folder; the usual one where there is
    none. Raises InvalidSettings naming the entry.
    """
    path = data / FILE_NAME
    try:
        return Catalog.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return USUAL_CATALOG
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{path} is not valid TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        where = f"{place} in {path}" if place else str(path)
        wrong = first["msg"].removeprefix("Value error, ").lower()
        raise InvalidSettings(f"{where}: {wrong}; see docs/payments.md") from None
