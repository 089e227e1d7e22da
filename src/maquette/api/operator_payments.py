"""What operators do about payments: top-ups, codes, refunds."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from maquette.api.dependencies import OperatorDep, PaymentsDep
from maquette.api.idempotency import OnceDep
from maquette.api.operator_credits import AccountId
from maquette.api.payments import SubscriptionOut
from maquette.api.schemas import Int, problems
from maquette.payments.catalog import ItemId
from maquette.payments.manual import TopUp
from maquette.payments.manual_plans import PaidByHand
from maquette.payments.provider import ProviderName
from maquette.payments.store import Payment, PaymentState
from maquette.payments.subscriptions import Subscription

router = APIRouter(prefix="/v1/operator", tags=["operator"])
PROBLEMS = problems(400, 403, 404, 502)


def _as_written(said: str) -> date:
    """Pydantic would take a number for seconds since 1970."""
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise ValueError(f"{said!r} is no day; write it as 2026-11-27") from None


Day = Annotated[date, BeforeValidator(_as_written)]

Amount = Annotated[Int, Field(gt=0, le=10**15)]
Reason = Annotated[str, Field(min_length=1, max_length=500, pattern="^[^\x00]+$")]
Currency = Annotated[str, Field(pattern="^[a-z]{3}$")]


class TopUpIn(BaseModel):
    """Credits for an account, why, and what was paid for them another way."""

    model_config = ConfigDict(extra="forbid")

    amount_microcredits: Amount
    reason: Reason
    price_cents: Annotated[Int, Field(ge=0, le=10**10)] = 0
    currency: Currency | None = None


class CodesIn(BaseModel):
    """How many codes, and what each is good for."""

    model_config = ConfigDict(extra="forbid")

    amount_microcredits: Amount
    count: Annotated[Int, Field(ge=1, le=1000)] = 1
    most_uses: Annotated[Int, Field(ge=1, le=10**6, description="Once an account.")] = 1
    expires_at: AwareDatetime | None = None


class CodesOut(BaseModel):
    """Codes, told here and never again."""

    codes: list[str]


class WhyIn(BaseModel):
    """Why it is done."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class PaidPlanIn(BaseModel):
    """A plan that was paid another way: which, and why that is so."""

    model_config = ConfigDict(extra="forbid")

    plan_id: ItemId
    reason: Reason


class PaymentOut(BaseModel):
    """A payment, and how far it is."""

    model_config = ConfigDict(from_attributes=True)

    payment_id: UUID
    account_id: str
    provider: ProviderName
    what: str
    amount_microcredits: int
    price_cents: int
    currency: str | None
    refunded_cents: int
    failed_refunds: int
    came_back_cents: Annotated[int, Field(description="Of refunds that are to be sent again.")]
    state: PaymentState
    created_at: datetime
    paid_at: datetime | None


class ListedPaymentOut(PaymentOut):
    """A payment, and by what others know whose account it is for."""

    account_name: Annotated[str | None, Field(description="A person's e-mail or a team's name.")]


class RevenueOut(BaseModel):
    """What was paid in one currency, and what of it went back."""

    model_config = ConfigDict(from_attributes=True)

    currency: str
    payments: int
    price_cents: int
    refunded_cents: int


class RevenueOfDay(RevenueOut):
    """On one day, in UTC."""

    day: date


class RevenueOfProvider(RevenueOut):
    """By one way to pay."""

    provider: ProviderName


class RevenueReport(BaseModel):
    """The same payments by day, by way to pay, and all together."""

    by_day: list[RevenueOfDay]
    by_provider: list[RevenueOfProvider]
    totals: list[RevenueOut]


@router.get("/revenue", responses=PROBLEMS)
def get_revenue(
    payments: PaymentsDep, _: OperatorDep, since: Day | None = None, until: Day | None = None
) -> RevenueReport:
    """What was paid from one day to another, the last thirty days if not said."""
    return RevenueReport(
        by_day=[RevenueOfDay.model_validate(p) for p in payments.revenue(since, until, "day")],
        by_provider=[
            RevenueOfProvider.model_validate(p) for p in payments.revenue(since, until, "provider")
        ],
        totals=[RevenueOut.model_validate(p) for p in payments.revenue(since, until)],
    )


@router.post("/accounts/{account_id:path}/top-up", responses=PROBLEMS)
def top_up(
    account_id: AccountId,
    asked: TopUpIn,
    payments: PaymentsDep,
    operator: OperatorDep,
    once: OnceDep,
) -> PaymentOut:
    """Give an account credits, for money that came another way or for nothing."""
    proof = TopUp(operator.account_id, account_id, **asked.model_dump())
    made = payments.top_up(proof, once(200, _out))
    return _out(made)


@router.post("/accounts/{account_id:path}/plan", responses=PROBLEMS)
def start_plan(
    account_id: AccountId,
    asked: PaidPlanIn,
    payments: PaymentsDep,
    operator: OperatorDep,
    once: OnceDep,
) -> SubscriptionOut:
    """Begin a plan that was paid another way, with its first month."""
    proof = PaidByHand(operator.account_id, account_id, asked.reason)
    return _plan(payments.plans.start_by_hand(proof, asked.plan_id, once(200, _plan)))


@router.post("/accounts/{account_id:path}/plan/renew", responses=PROBLEMS)
def renew_plan(
    account_id: AccountId,
    asked: WhyIn,
    payments: PaymentsDep,
    operator: OperatorDep,
    once: OnceDep,
) -> SubscriptionOut:
    """Renew such a plan for one more month."""
    proof = PaidByHand(operator.account_id, account_id, asked.reason)
    return _plan(payments.plans.renew_by_hand(proof, once(200, _plan)))


@router.post("/accounts/{account_id:path}/plan/upgrade", responses=PROBLEMS)
def upgrade_plan(
    account_id: AccountId,
    asked: PaidPlanIn,
    payments: PaymentsDep,
    operator: OperatorDep,
    once: OnceDep,
) -> SubscriptionOut:
    """Change such a plan to one above at once; the difference was paid."""
    proof = PaidByHand(operator.account_id, account_id, asked.reason)
    return _plan(payments.plans.upgrade_by_hand(proof, asked.plan_id, once(200, _plan)))


@router.post("/codes", responses=PROBLEMS)
def make_codes(asked: CodesIn, payments: PaymentsDep, operator: OperatorDep) -> CodesOut:
    """Make codes that bring credits. They are kept as hashes, so note them down now."""
    return CodesOut(codes=[*payments.make_codes(operator.account_id, **asked.model_dump())])


@router.get("/payments", responses=PROBLEMS)
def list_payments(
    payments: PaymentsDep,
    _: OperatorDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: UUID | None = None,
) -> list[ListedPaymentOut]:
    """All payments, the newest first; `before` is the last one of the page before."""
    found = payments.payments(limit, before)
    names = payments.names_of(found)
    return [
        ListedPaymentOut(**_out(one).model_dump(), account_name=names.get(one.account_id))
        for one in found
    ]


@router.post("/payments/{payment_id}/refund", responses=PROBLEMS)
def refund_payment(
    payment_id: UUID, asked: WhyIn, payments: PaymentsDep, operator: OperatorDep
) -> PaymentOut:
    """Give a payment back, and take what is left of its credits."""
    return _out(payments.refund(operator.account_id, payment_id, asked.reason))


def _plan(subscription: Subscription) -> SubscriptionOut:
    return SubscriptionOut.model_validate(subscription)


def _out(payment: Payment) -> PaymentOut:
    return PaymentOut.model_validate(payment)
