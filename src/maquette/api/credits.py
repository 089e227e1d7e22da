"""Credits: what something will cost, what there is, and where it went."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from maquette.api.dependencies import CallerDep, CreditsDep
from maquette.api.schemas import AssetOut, GenerationIn, problems
from maquette.engines.catalog import find_shipped
from maquette.ledger.accounts import Balance
from maquette.ledger.grants import GrantCategory
from maquette.ledger.transfers import TransferKind
from maquette.service.credits import HistoryLine
from maquette.service.quotes import quote
from maquette.service.studio import IMAGE

router = APIRouter(prefix="/v1", tags=["credits"])
PROBLEMS = problems(400, 403, 404)


class QuoteOut(BaseModel):
    """What a request will cost. That much is held when it is made, and no more is ever charged."""

    kind: Literal["exact"] = "exact"
    model: str
    megapixel_steps: float
    price_microcredits: int


class GrantOut(BaseModel):
    """Credits that came in together; the first of a list is spent first."""

    model_config = ConfigDict(from_attributes=True)

    grant_id: UUID
    category: GrantCategory
    left_microcredits: int
    held_microcredits: int
    expires_at: datetime | None


class BalanceOut(BaseModel):
    """What an account has: all, what is set aside for requests under way, and the rest."""

    account_id: str
    posted_microcredits: int
    held_microcredits: int
    available_microcredits: int

    @classmethod
    def of(cls, account_id: str, there: Balance) -> "BalanceOut":
        return cls(
            account_id=account_id,
            posted_microcredits=there.posted_microcredits,
            held_microcredits=there.held_microcredits,
            available_microcredits=there.available_microcredits,
        )


class AccountBalanceOut(BalanceOut):
    """The balance, and the grants it consists of."""

    grants: list[GrantOut]


class TransferOut(BaseModel):
    """Credits that came or went, and what for; below zero where they went."""

    transfer_id: UUID
    number: int
    kind: TransferKind
    amount_microcredits: int
    created_at: datetime
    reason: str | None
    generation_id: UUID | None
    generation_kind: str | None
    assets: list[AssetOut]

    @classmethod
    def of(cls, line: HistoryLine) -> "TransferOut":
        one = line.transfer
        return cls(
            transfer_id=one.transfer_id,
            number=one.number,
            kind=one.kind,
            amount_microcredits=line.amount_microcredits,
            created_at=one.created_at,
            reason=one.reason,
            generation_id=line.job_id,
            generation_kind=line.job_kind,
            assets=[AssetOut.model_validate(asset) for asset in line.assets],
        )


def balance_out(credits: CreditsDep, account_id: str) -> AccountBalanceOut:
    """An account's balance as it goes over the wire."""
    there, grants = credits.balance(account_id)
    figures = BalanceOut.of(account_id, there).model_dump()
    return AccountBalanceOut(**figures, grants=[GrantOut.model_validate(one) for one in grants])


@router.post("/quotes", responses=PROBLEMS)
def create_quote(asked: GenerationIn, caller: CallerDep) -> QuoteOut:
    """What a request would cost, without making it."""
    params = asked.params(asked.seed or 0, find_shipped(asked.model, IMAGE).usual)
    made = quote(params, asked.count, asked.model)
    return QuoteOut(
        model=made.model,
        megapixel_steps=made.megapixel_steps,
        price_microcredits=made.price_microcredits,
    )


@router.get("/balance", responses=PROBLEMS)
def get_balance(credits: CreditsDep, caller: CallerDep) -> AccountBalanceOut:
    """What the account that pays for you has."""
    return balance_out(credits, caller.payer_id)


@router.get("/transfers", responses=PROBLEMS)
def list_transfers(
    credits: CreditsDep,
    caller: CallerDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> list[TransferOut]:
    """Where credits came from and went to, the newest first; `before` is the number of the last
    one of the page before.
    """
    lines = credits.history(caller.payer_id, caller.account_id, limit, before)
    return [TransferOut.of(line) for line in lines]
