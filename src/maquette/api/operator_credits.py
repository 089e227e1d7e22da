"""For operators: anyone's credits, refunds with a reason, and whether the ledger is right."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.credits import AccountBalanceOut, TransferOut, balance_out
from maquette.api.dependencies import CreditsDep, LedgerCheckerDep, OperatorDep
from maquette.api.schemas import Kind, problems
from maquette.service.credits import HistoryLine
from maquette.service.ledger_check import CheckState
from maquette.service.running_costs import RunningCost

router = APIRouter(prefix="/v1/operator", tags=["operator"])


class SharedCostOut(BaseModel):
    """US cents that a picture costs where its passes have so many rows, others' among them."""

    model_config = ConfigDict(from_attributes=True)

    rows: int
    cents: float
    new_text_cents: Annotated[float, Field(description="Where its text was not read before.")]


class RunningCostOut(BaseModel):
    """A model's price, and what its usual picture, or a thousand tokens that it says, brings and
    costs; null where no worker has measured it yet.
    """

    model: str
    kind: Kind
    unit: str
    unit_microcredits: int
    units: float
    price_microcredits: int
    price_cents: float
    cost_cents: float | None
    margin: float | None
    shared: list[SharedCostOut]

    @classmethod
    def of(cls, cost: RunningCost) -> "RunningCostOut":
        return cls(
            model=cost.model,
            kind=cast(Kind, cost.kind),
            unit=cost.price.unit,
            unit_microcredits=cost.price.microcredits,
            units=cost.units,
            price_microcredits=cost.price_microcredits,
            price_cents=cost.price_cents,
            cost_cents=cost.cost_cents,
            margin=cost.margin,
            shared=[SharedCostOut.model_validate(one) for one in cost.shared],
        )


AccountId = Annotated[str, Path(pattern="^[A-Za-z0-9/-]{1,64}$")]
PROBLEMS = problems(400, 402, 403, 404)


class ReasonIn(BaseModel):
    """Why something is done; it is written down."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=3, max_length=500, pattern="^[^\x00]+$")]


class FindingOut(BaseModel):
    """A rule of the ledger that does not hold, and where."""

    model_config = ConfigDict(from_attributes=True)

    rule: str
    line: str


class LedgerCheckOut(BaseModel):
    """A check of the whole ledger: how far it is, or what it found."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    state: Annotated[
        CheckState, Field(description="One is broken off where its process or the database ended.")
    ]
    begun_at: datetime
    ended_at: datetime | None
    accounts: Annotated[int, Field(description="That there are; 0 until that is known.")]
    accounts_done: int
    transfers: Annotated[int | None, Field(description="That there were when it ended.")]
    findings: Annotated[list[FindingOut], Field(description="A hundred end it.")]


class LedgerChecksOut(BaseModel):
    """The check that began last, and the last that ended; null where there was none."""

    model_config = ConfigDict(from_attributes=True)

    newest: LedgerCheckOut | None
    result: LedgerCheckOut | None


@router.get("/accounts/{account_id:path}/balance", responses=PROBLEMS)
def get_balance_of(
    account_id: AccountId, credits: CreditsDep, caller: OperatorDep
) -> AccountBalanceOut:
    """What an account has."""
    return balance_out(credits, account_id)


@router.get("/accounts/{account_id:path}/transfers", responses=PROBLEMS)
def list_transfers_of(
    account_id: AccountId,
    credits: CreditsDep,
    caller: OperatorDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> list[TransferOut]:
    """Where an account's credits came from and went to, the newest first."""
    lines: Sequence[HistoryLine] = credits.history(account_id, account_id, limit, before)
    return [TransferOut.of(line) for line in lines]


@router.post("/transfers/{transfer_id}/reverse", responses=PROBLEMS)
def reverse_transfer(
    transfer_id: UUID, asked: ReasonIn, credits: CreditsDep, caller: OperatorDep
) -> TransferOut:
    """Give a charge back, or take an unspent grant away."""
    made = credits.reverse(caller.account_id, transfer_id, asked.reason)
    return TransferOut.of(HistoryLine(made, None, None, []))


@router.get("/prices", responses=PROBLEMS)
def list_prices(credits: CreditsDep, caller: OperatorDep) -> list[RunningCostOut]:
    """What each model's usual picture, or a thousand tokens, brings and costs, and how the cost of
    a picture falls where passes are shared and texts were read before.
    """
    return [RunningCostOut.of(one) for one in credits.running_costs()]


@router.get("/ledger/check", responses=PROBLEMS)
def get_ledger_check(checker: LedgerCheckerDep, caller: OperatorDep) -> LedgerChecksOut:
    """How far a check of the ledger is, and what the last one found."""
    return LedgerChecksOut.model_validate(checker.checks())


@router.post("/ledger/check", status_code=202, responses={**PROBLEMS, **problems(429)})
def check_ledger(checker: LedgerCheckerDep, caller: OperatorDep) -> LedgerCheckOut:
    """Have the whole ledger derived anew, while others go on; where that is under way already, this
    answers how far it is.
    """
    return LedgerCheckOut.model_validate(checker.begin())
