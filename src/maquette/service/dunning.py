"""Who is told by mail that a plan could not be paid."""

from collections.abc import Sequence

import sqlalchemy as sa

from maquette.payments.store import Payment
from maquette.payments.subscriptions import current_subscription
from maquette.people.mails import Mail, write_mail
from maquette.people.teams import keepers_of


def mails_of_unpaid(connection: sa.Connection, one: Payment, url: str) -> Sequence[Mail]:
    """A mail to each who decides over the account, where a payment failed by which a plan that it
    has was to go on. `url` is the studio's, where the card can be changed.
    """
    plan = current_subscription(connection, one.account_id, lock=False)
    if one.state != "failed" or plan is None or plan.state == "active":
        return []
    if one.item_id not in (plan.plan_id, plan.next_plan_id):
        return []
    return [
        write_mail("unpaid", who.language, who.email, f"{url}/#/buy", one.what)
        for who in keepers_of(connection, one.account_id)
        if who.email and who.email_verified_at
    ]
