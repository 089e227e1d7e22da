"""Payments: what can be bought, and codes to redeem."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.dependencies import CallerDep, KeeperDep, PaymentsDep, SendDep, keeper
from maquette.api.schemas import problems
from maquette.core.errors import InvalidRequest
from maquette.payments.catalog import ItemId, Pack, Plan
from maquette.payments.provider import ProviderName
from maquette.payments.subscriptions import SubscriptionState
from maquette.service.payments import Payments

router = APIRouter(prefix="/v1", tags=["payments"])
PROBLEMS = problems(400, 403, 404, 429, 502)


class OptionsOut(BaseModel):
    """How one can pay here, and for what."""

    providers: list[ProviderName]
    packs: tuple[Pack, ...]
    plans: tuple[Plan, ...]


class CheckoutIn(BaseModel):
    """What is to be bought: a pack or a plan."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"pack_id": "pack-1000"}]}
    )

    pack_id: ItemId | None = None
    plan_id: ItemId | None = None


class CheckoutOut(BaseModel):
    """Where it is paid."""

    url: str


class SubscriptionOut(BaseModel):
    """A plan that is paid month by month."""

    model_config = ConfigDict(from_attributes=True)

    plan_id: str
    provider: Literal["stripe", "manual"]
    state: SubscriptionState
    renews_at: datetime | None
    cancels_at: datetime | None
    next_plan_id: str | None


class InvoiceOut(BaseModel):
    """An invoice, tax included."""

    model_config = ConfigDict(from_attributes=True)

    invoice_id: UUID
    number: str
    created_at: datetime
    what: str
    price_cents: int
    currency: str


class PlanIn(BaseModel):
    """Which plan it is to be."""

    model_config = ConfigDict(extra="forbid")

    plan_id: ItemId


class DueOut(BaseModel):
    """What a change is charged at once; 0 where it comes with the next month."""

    model_config = ConfigDict(from_attributes=True)

    price_cents: int
    currency: str


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
    """Buy a pack or, for a team as its owner, a plan: answers where it is paid. Its credits come
    when that is told of.
    """
    back_to = _url(payments, request)
    if asked.pack_id and not asked.plan_id:
        return CheckoutOut(url=payments.sell_pack(caller.payer_id, asked.pack_id, back_to))
    if asked.plan_id and not asked.pack_id:
        payer_id = keeper(request, caller).payer_id
        return CheckoutOut(url=payments.plans.sell(payer_id, asked.plan_id, back_to))
    raise InvalidRequest("name a pack_id or a plan_id, not both")


def _url(payments: Payments, request: Request) -> str:
    """Where the studio's pages are."""
    return payments.public_url or str(request.base_url).rstrip("/")


async def _body(request: Request) -> bytes:
    return await request.body()


@router.post("/payments/stripe/webhook", status_code=204, responses=PROBLEMS)
def hear_stripe(
    body: Annotated[bytes, Depends(_body)],
    request: Request,
    payments: PaymentsDep,
    send: SendDep,
    stripe_signature: Annotated[str | None, Header()] = None,
) -> None:
    """For Stripe alone, which signs what it tells of."""
    payments.hear_stripe(body, stripe_signature, _url(payments, request), send)


@router.post("/payments/redeem", responses=PROBLEMS)
def redeem_code(asked: CodeIn, payments: PaymentsDep, caller: CallerDep) -> RedeemedOut:
    """Get the credits of a code. Ten that do not exist within an hour are enough."""
    made = payments.redeem(caller.payer_id, asked.code)
    return RedeemedOut(amount_microcredits=made.amount_microcredits)


@router.get("/subscription", responses=PROBLEMS)
def get_subscription(payments: PaymentsDep, caller: CallerDep) -> SubscriptionOut | None:
    """Your plan, or null."""
    one = payments.plans.current(caller.payer_id)
    return SubscriptionOut.model_validate(one) if one else None


@router.post("/subscription/change", responses=PROBLEMS)
def change_plan(asked: PlanIn, payments: PaymentsDep, caller: KeeperDep) -> SubscriptionOut:
    """Change to a plan above at once, for the difference; to another with the next month."""
    return SubscriptionOut.model_validate(payments.plans.change(caller.payer_id, asked.plan_id))


@router.get("/subscription/change", responses=PROBLEMS)
def price_change(plan_id: ItemId, payments: PaymentsDep, caller: KeeperDep) -> DueOut:
    """What such a change would be charged at this moment."""
    return DueOut.model_validate(payments.plans.due_now(caller.payer_id, plan_id))


@router.post("/subscription/cancel", responses=PROBLEMS)
def cancel_plan(payments: PaymentsDep, caller: KeeperDep) -> SubscriptionOut:
    """End your plan with the month that is paid."""
    return SubscriptionOut.model_validate(payments.plans.cancel(caller.payer_id))


@router.post("/subscription/resume", responses=PROBLEMS)
def resume_plan(payments: PaymentsDep, caller: KeeperDep) -> SubscriptionOut:
    """Have a plan go on that was to end."""
    return SubscriptionOut.model_validate(payments.plans.resume(caller.payer_id))


@router.post("/subscription/portal", responses=PROBLEMS)
def open_portal(request: Request, payments: PaymentsDep, caller: KeeperDep) -> CheckoutOut:
    """Answers where you change the card of your plan, and pay what is open of it."""
    back_to = f"{_url(payments, request)}/#/buy"
    return CheckoutOut(url=payments.plans.portal(caller.payer_id, back_to))


@router.get("/invoices", responses=PROBLEMS)
def list_invoices(payments: PaymentsDep, caller: KeeperDep) -> list[InvoiceOut]:
    """Your invoices, or as its owner a team's, the newest first."""
    return [InvoiceOut.model_validate(one) for one in payments.invoices(caller.payer_id)]


@router.get("/invoices/{invoice_id}/pdf", response_class=Response, responses=PROBLEMS)
def get_invoice_pdf(invoice_id: UUID, payments: PaymentsDep, caller: KeeperDep) -> Response:
    """An invoice as PDF."""
    one, content = payments.invoice_pdf(caller.payer_id, invoice_id)
    headers = {"Content-Disposition": f'inline; filename="invoice-{one.number}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)
