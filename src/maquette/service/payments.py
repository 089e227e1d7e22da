"""What can be done about payments, whichever door it comes through."""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import (
    InvalidRequest,
    InvalidSettings,
    NotFound,
    PaymentRefused,
    PaymentUnavailable,
    first_line,
)
from maquette.core.settings import Settings
from maquette.db.connect import DATABASE_AWAY
from maquette.ledger.idempotency import Once, claim, finish
from maquette.payments.catalog import USUAL_CATALOG, Catalog, load_catalog
from maquette.payments.checkout_pages import forget_page, pages_of_no_one
from maquette.payments.codes import RedeemCodes, Redemption, make_codes
from maquette.payments.invoice_pdf import draw_invoice
from maquette.payments.invoices import Invoice, get_invoice, list_invoices, name_seller
from maquette.payments.manual import ManualPayments, TopUp
from maquette.payments.provider import PaymentProvider, ProviderName
from maquette.payments.revenue import Revenue, revenue
from maquette.payments.store import (
    Payment,
    get_payment,
    given_up_payments,
    list_payments,
    money_went_back,
    refund_asked,
)
from maquette.payments.stripe_client import StripeApi
from maquette.payments.stripe_events import STRIPE
from maquette.payments.stripe_payments import StripePayments, Webhook
from maquette.payments.subscriptions import now_of
from maquette.people.audit import note
from maquette.people.teams import names_of
from maquette.service.dunning import mails_of_unpaid
from maquette.service.people import Send
from maquette.service.plans import Plans

log = logging.getLogger(__name__)


class Payments:
    """Takes payments in and gives them back, each in a transaction of its own.

    Whatever is another account's is not there: NotFound, as for what never was.
    """

    def __init__(
        self,
        database: sa.Engine,
        catalog: Catalog = USUAL_CATALOG,
        stripe: StripePayments | None = None,
        public_url: str | None = None,
    ) -> None:
        self._database = database
        self.catalog, self.public_url = catalog, public_url
        self.plans = Plans(database, catalog, stripe)
        self._stripe, self._codes, self._manual = stripe, RedeemCodes(), ManualPayments()
        providers = (*([stripe] if stripe else []), self._codes, self._manual)
        self._providers: Mapping[str, PaymentProvider[Any]] = {one.name: one for one in providers}

    @property
    def offered(self) -> list[ProviderName]:
        """The ways to pay that a person can take by themselves."""
        return [one.name for one in self._providers.values() if one.name != "manual"]

    def sell_pack(self, account_id: str, pack_id: str, back_to: str) -> str:
        """The URL where a pack is paid; from there the buyer comes `back_to` the studio. Raises
        InvalidRequest, PaymentUnavailable.
        """
        pack = self.catalog.pack(pack_id)
        return self._by_stripe().sell_pack(self._database, account_id, pack, back_to)

    def hear_stripe(
        self, body: bytes, signature: str | None, url: str = "", send: Send = lambda mail: None
    ) -> None:
        """Does what a webhook tells of, once, and sends mails about what was not paid, with links
        to the studio's `url`. Raises InvalidRequest where it is not Stripe's.
        """
        stripe = self._by_stripe()
        with self._database.begin() as connection:
            one = stripe.receive(connection, Webhook(body, signature))
            mails = mails_of_unpaid(connection, one, url) if one else ()
        for mail in mails:
            send(mail)

    def _by_stripe(self) -> StripePayments:
        if self._stripe is None:
            raise InvalidRequest("nothing is sold here yet; ask an operator for credits or a code")
        return self._stripe

    def redeem(self, account_id: str, code: str) -> Payment:
        """Credits for a code. Raises NotFound, InvalidRequest for one that is over or was redeemed,
        RateLimited.
        """
        with self._database.begin() as connection:
            payment = self._codes.receive(connection, Redemption(account_id, code))
        if payment is None:  # said when it is counted
            raise NotFound("there is no such code; compare it letter by letter")
        return payment

    def make_codes(
        self,
        operator_id: str,
        amount_microcredits: int,
        count: int,
        most_uses: int = 1,
        expires_at: datetime | None = None,
    ) -> Sequence[str]:
        """New codes, which are told here and never again."""
        with self._database.begin() as connection:
            codes = make_codes(connection, amount_microcredits, count, most_uses, expires_at)
            note(
                connection,
                operator_id,
                "payments.codes",
                f"{count} codes",
                amount_microcredits=amount_microcredits,
                most_uses=most_uses,
                expires_at=expires_at and expires_at.isoformat(),
            )
        return codes

    def top_up(self, proof: TopUp, once: Once | None = None) -> Payment:
        """Credits by the word of an operator. Raises NotFound for no account, and what `claim` does
        where it is to be done `once`.
        """
        if proof.price_cents and proof.currency is None:
            raise InvalidRequest(f"a price of {proof.price_cents} needs a currency; give one")
        with self._database.begin() as connection:
            claim(connection, once)
            made = self._manual.receive(connection, proof)
            finish(connection, once, made)
        return made

    def payments(
        self, limit: int, before: UUID | None = None, account_id: str | None = None
    ) -> Sequence[Payment]:
        """All payments or an account's, the newest first."""
        by = {} if account_id is None else {"account_id": account_id}
        with self._database.begin() as connection:
            return list_payments(connection, limit, before, **by)

    def names_of(self, payments: Sequence[Payment]) -> Mapping[str, str]:
        """By account, by what others know whose payments they are."""
        with self._database.connect() as connection:
            return names_of(connection, sorted({one.account_id for one in payments}))

    def invoices(self, account_id: str) -> Sequence[Invoice]:
        """An account's invoices, the newest first."""
        with self._database.connect() as connection:
            return list_invoices(connection, account_id)

    def invoice_pdf(self, account_id: str, invoice_id: UUID) -> tuple[Invoice, bytes]:
        """An invoice, and it as a document. Raises NotFound."""
        with self._database.connect() as connection:
            one = get_invoice(connection, account_id, invoice_id)
        return one, draw_invoice(one)

    def revenue(self, since: date | None, until: date | None, *by: str) -> Sequence[Revenue]:
        """What was paid from one day to another, the last thirty days if not said."""
        with self._database.connect() as connection:
            last = until or now_of(connection).date()
            first = since or last - timedelta(days=min(29, (last - date.min).days))
            return revenue(connection, first, last, *by)

    def refund(self, operator_id: str, payment_id: UUID, reason: str) -> Payment:
        """Gives a payment back and takes its credits, as far as they are there.

        Where the money goes back through a provider, this is done when that tells so; a refund that
        failed there can be asked for again. Raises NotFound, InvalidRequest for what was not paid,
        PaymentUnavailable.
        """
        with self._database.begin() as connection:
            payment = get_payment(connection, payment_id=payment_id)
            came_back = payment.state == "refunded" and payment.came_back_cents > 0
            if payment.state != "paid" and not came_back:
                raise InvalidRequest(f"payment {payment_id} is {payment.state}; nothing to refund")
        if payment.provider not in self._providers:
            raise InvalidRequest(
                f"payment {payment_id} came by {payment.provider}, whose key is not set here"
            )
        with self._database.connect() as connection:
            waits = self._providers[payment.provider].give_back(connection, payment)
        with self._database.begin() as connection:
            if waits:
                refund_asked(connection, payment)
            payment = get_payment(connection, payment_id=payment_id)
            if waits or payment.state != "paid":
                subject = f"payment/{payment_id}"
                note(connection, operator_id, "payments.refund_asked", subject, reason=reason)
                return payment
            cents = payment.price_cents
            return money_went_back(connection, payment, cents, False, operator_id, reason)

    def sweep(self) -> int:
        """Has the money go back that was paid for no one; gives how many payments there were. One
        that cannot go back yet is tried again an hour later; one that Stripe took is not.
        """
        with self._database.connect() as connection:
            due = given_up_payments(connection, STRIPE)
        for payment_id in due:
            try:
                self.refund(STRIPE, payment_id, "it was paid for an account that is no one's")
            except (InvalidRequest, PaymentUnavailable) as error:
                log.warning("payment %s cannot go back yet: %s", payment_id, error.message)
        return len(due)

    def close_pages(self) -> int:
        """Has pages of Stripe's be closed that may be open for accounts of no one; gives how many
        there were. One that cannot be closed yet is tried again an hour later.
        """
        if self._stripe is None:
            return 0
        with self._database.begin() as connection:
            due = pages_of_no_one(connection)
        for session_id in due:
            try:
                self._stripe.close_page(session_id)
            except PaymentRefused:
                pass  # it was paid, which Stripe tells of, or is over
            except PaymentUnavailable as error:
                log.warning("page %s cannot be closed yet: %s", session_id, error.message)
                continue
            with self._database.begin() as connection:
                forget_page(connection, session_id)
        return len(due)

    def close_pages_now(self) -> None:
        """Likewise, once an account has gone; a worker's sweep does what cannot be done now."""
        try:
            self.close_pages()
        except DATABASE_AWAY as error:
            log.warning("pages to pay wait for a sweep: %s", first_line(error))


def open_payments(settings: Settings, database: sa.Engine) -> Payments:
    """The payments of a studio, whichever process looks after them. Raises InvalidSettings."""
    key, secret = settings.stripe_key, settings.stripe_webhook_secret
    if bool(key) != bool(secret):
        given, missing = ("stripe_key", "stripe_webhook_secret")[:: 1 if key else -1]
        raise InvalidSettings(f"{given} is given without {missing}; give both or neither")
    stripe = StripePayments(StripeApi(key), secret) if key and secret else None
    return Payments(database, load_catalog(settings.data), stripe, settings.public_url)


def open_shop(settings: Settings, database: sa.Engine) -> Payments:
    """Likewise for the studio that sells, whose settings say from now on who that is on invoices: a
    worker's or a command's might leave it out. Raises InvalidSettings.
    """
    payments = open_payments(settings, database)
    with database.begin() as connection:
        seller = settings.invoice_seller.replace("\\n", "\n")
        name_seller(connection, seller, settings.invoice_tax_percent)
    return payments
