"""Payments: what can be bought, and codes to redeem."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.dependencies import CallerDep, PaymentsDep
from maquette.api.schemas import problems
from maquette.payments.catalog import Pack, Plan
from maquette.payments.provider import ProviderName

router = APIRouter(prefix="/v1", tags=["payments"])
PROBLEMS = problems(400, 403, 404, 429)


class OptionsOut(BaseModel):
    """How one can pay here, and for what."""

    providers: list[ProviderName]
    packs: tuple[Pack, ...]
    plans: tuple[Plan, ...]


class CodeIn(BaseModel):
    """A code, as it was given."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(min_length=1, max_length=100)]


class RedeemedOut(BaseModel):
    """What a code was good for."""

    amount_microcredits: int


@router.get("/payments/options", responses=PROBLEMS)
def list_options(payments: PaymentsDep, _: CallerDep) -> OptionsOut:
    """How you can pay, the packs of credits, and the plans."""
    catalog = payments.catalog
    return OptionsOut(providers=payments.offered, packs=catalog.packs, plans=catalog.plans)


@router.post("/payments/redeem", responses=PROBLEMS)
def redeem_code(asked: CodeIn, payments: PaymentsDep, caller: CallerDep) -> RedeemedOut:
    """Get the credits of a code. Ten that do not exist within an hour are enough."""
    made = payments.redeem(caller.payer_id, asked.code)
    return RedeemedOut(amount_microcredits=made.amount_microcredits)
