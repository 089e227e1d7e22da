"""What is promised for the money of a plan, as it stands in the metadata of Stripe's objects.

A subscription's has all of it. A price's has what each month of that price brings: an invoice names
the price that was asked for, while the subscription may have gone on to another plan.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from maquette.payments.catalog import Plan


@dataclass(frozen=True, slots=True)
class Terms:
    """What an account is promised for its money each month, and at once for an upgrade."""

    account_id: str
    plan_id: str
    name: str
    monthly_microcredits: int
    rolls_over: bool
    difference_microcredits: int = 0
    difference_cents: int = 0

    @classmethod
    def of(cls, account_id: str, plan: Plan, before: Plan | None = None) -> "Terms":
        """A plan's, `before` the one that it is an upgrade of."""
        credits, cents = plan.monthly_microcredits, plan.price_cents
        return cls(
            account_id,
            plan.plan_id,
            plan.name,
            credits,
            plan.rolls_over,
            credits - before.monthly_microcredits if before else 0,
            cents - before.price_cents if before else 0,
        )

    def metadata(self) -> dict[str, str]:
        """As Stripe keeps it."""
        return {name: str(getattr(self, name)) for name in Terms.__dataclass_fields__}

    @classmethod
    def read(
        cls, of_subscription: Mapping[str, str] | None, of_price: Mapping[str, str] | None = None
    ) -> "Terms | None":
        """A price says more than its subscription. None where it is none of ours."""
        said = {**(of_subscription or {}), **(of_price or {})}
        if not Terms.__dataclass_fields__.keys() <= said.keys():
            return None
        return cls(
            said["account_id"],
            said["plan_id"],
            said["name"],
            int(said["monthly_microcredits"]),
            said["rolls_over"] == "True",
            int(said["difference_microcredits"]),
            int(said["difference_cents"]),
        )


def terms_of_price(plan: Plan) -> dict[str, str]:
    """What each month of a plan's price brings, as Stripe keeps it."""
    names = ("plan_id", "name", "monthly_microcredits", "rolls_over")
    return {name: str(getattr(plan, name)) for name in names}
