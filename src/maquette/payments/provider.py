"""What every way to pay has in common."""

from typing import Literal, Protocol, TypeVar

import sqlalchemy as sa

from maquette.payments.store import Payment

ProviderName = Literal["stripe", "codes", "manual"]
Proof = TypeVar("Proof", contravariant=True)


class PaymentProvider(Protocol[Proof]):
    """A way to pay: what proves a payment there, and how it is given back."""

    @property
    def name(self) -> ProviderName: ...

    def receive(self, connection: sa.Connection, proof: Proof) -> Payment | None:
        """Checks a proof and books what it proves, in the caller's transaction; the same proof
        again changes nothing. None where there is nothing to book.
        """
        ...

    def give_back(self, connection: sa.Connection, payment: Payment) -> bool:
        """Sends the money back, and the provider tells when that is done. False where nothing is to
        be waited for: no money went through this provider, or it went back before.
        """
        ...
