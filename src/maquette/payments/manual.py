"""Top-ups by hand: an operator was paid another way, or gives credits away, and says why."""

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from maquette.ledger.accounts import get_balance
from maquette.payments.store import Payment, add_payment, pay
from maquette.people.audit import note


@dataclass(frozen=True, slots=True)
class TopUp:
    """Credits for an account, of whom, why, and what was paid for them."""

    operator_id: str
    account_id: str
    amount_microcredits: int
    reason: str
    price_cents: int = 0
    currency: str | None = None


class ManualPayments:
    """Credits by the word of an operator, which is kept."""

    name: Literal["manual"] = "manual"

    def receive(self, connection: sa.Connection, proof: TopUp) -> Payment:
        """Grants them: as paid for, if there is a price, else as given. Raises NotFound."""
        get_balance(connection, proof.account_id)  # a name that is mistyped makes no account
        made = add_payment(
            connection,
            proof.account_id,
            self.name,
            proof.reason,
            proof.amount_microcredits,
            proof.price_cents,
            proof.currency,
        )
        note(
            connection,
            proof.operator_id,
            "payments.top_up",
            proof.account_id,
            payment_id=str(made.payment_id),
            amount_microcredits=proof.amount_microcredits,
            price_cents=proof.price_cents,
            currency=proof.currency,
            reason=proof.reason,
        )
        return pay(connection, made, "paid" if proof.price_cents else "promotion")

    def give_back(self, connection: sa.Connection, payment: Payment) -> bool:
        """The operator does so by hand."""
        return False
