"""Payments: what can be bought, and codes to redeem."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.dependencies import CallerDep, PaymentsDep
from maquette.api.schemas import problems
from maquette.payments.catalog import ItemId, Pack, Plan
from maquette.payments.provider import ProviderName

router = APIRouter(prefix="/v1", tags=["payments"])
PROBLEMS = problems(400, 403, 404, 429, 502)


class OptionsOut(BaseModel):
    """How one can pay here, and for what."""

    providers: list[ProviderName]
    packs: tuple[Pack, ...]
    plans: tuple[Plan, ...]


class CheckoutIn(BaseModel):
    """What is to be bought."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"pack_id": "pack-1000"}]}
    )

    pack_id: ItemId


class CheckoutOut(BaseModel):
    """Where it is paid."""

    url: str


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


@router.post("/payments/checkout", responses=PROBLEMS)
def begin_checkout(
    asked: CheckoutIn, request: Request, payments: PaymentsDep, caller: CallerDep
) -> CheckoutOut:
    """Buy credits: answers where they are paid. They come when the payment is told of."""
    back_to = payments.public_url or str(request.base_url).rstrip("/")
    return CheckoutOut(url=payments.sell_pack(caller.payer_id, asked.pack_id, back_to))


async def _body(request: Request) -> bytes:
    return await request.body()


@router.post("/payments/stripe/webhook", status_code=204, responses=PROBLEMS)
def hear_stripe(
    body: Annotated[bytes, Depends(_body)],
    payments: PaymentsDep,
    stripe_signature: Annotated[str | None, Header()] = None,
) -> None:
    """For Stripe alone, which signs what it tells of."""
    payments.hear_stripe(body, stripe_signature)


@router.post("/payments/redeem", responses=PROBLEMS)
def redeem_code(asked: CodeIn, payments: PaymentsDep, caller: CallerDep) -> RedeemedOut:
    """Get the credits of a code. Ten that do not exist within an hour are enough."""
    made = payments.redeem(caller.payer_id, asked.code)
    return RedeemedOut(amount_microcredits=made.amount_microcredits)
