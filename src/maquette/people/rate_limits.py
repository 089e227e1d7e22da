"""How often something may be tried, counted in the database, so that a restart forgets nothing."""

import ipaddress
import math
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maquette.core.errors import RateLimited
from maquette.db.tables.people import rate
from maquette.people.peppered import peppered

HOUSEHOLD = 64  # bits of an address of IPv6 that one household has


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many times in so long."""

    what: str
    most: int
    per: timedelta


SIGN_IN_FROM = RateLimit("sign in from", 60, timedelta(minutes=10))
# From one household few; from all of them many, or whoever likes would shut someone out.
SIGN_IN_AS_FROM = RateLimit("sign in as from", 10, timedelta(minutes=15))
SIGN_IN_AS = RateLimit("sign in as", 100, timedelta(minutes=15))
SIGN_UP_FROM = RateLimit("sign up from", 20, timedelta(hours=1))
# Each kind for itself, or one would be in the way of another.
MAIL_TO = RateLimit("mail to", 5, timedelta(hours=1))
RESET_TO = RateLimit("reset to", 5, timedelta(hours=1))
INVITATION_TO = RateLimit("invitation to", 5, timedelta(hours=1))
INVITATIONS_OF = RateLimit("invitations of", 20, timedelta(hours=1))
MAIL_FROM = RateLimit("mail from", 30, timedelta(hours=1))
TOKEN_FROM = RateLimit("token from", 60, timedelta(minutes=10))
CODE_OF = RateLimit("code of", 10, timedelta(minutes=15))
PASSWORD_OF = RateLimit("password of", 10, timedelta(minutes=15))


def count_try(connection: sa.Connection, limit: RateLimit, subject: str) -> None:
    """Counts a try; the caller commits it before it is tried. Raises RateLimited."""
    name = peppered(f"{limit.what} {subject}")
    over = rate.c.resets_at <= sa.func.clock_timestamp()
    ends = sa.func.clock_timestamp() + limit.per
    query = (
        insert(rate)
        .values(name=name, tries=1, resets_at=ends)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={
                "tries": sa.case((over, 1), else_=rate.c.tries + 1),
                "resets_at": sa.case((over, ends), else_=rate.c.resets_at),
            },
        )
        .returning(rate.c.tries, rate.c.resets_at - sa.func.clock_timestamp())
    )
    tries, left = connection.execute(query).one()
    if tries > limit.most:
        wait_s = max(1, math.ceil(left.total_seconds()))
        raise RateLimited(
            f"this was tried {limit.most} times; try again in {math.ceil(wait_s / 60)} min", wait_s
        )


def forgive(connection: sa.Connection, limit: RateLimit, subject: str) -> None:
    """Counts from nought again, for it was right at last."""
    name = peppered(f"{limit.what} {subject}")
    connection.execute(sa.delete(rate).where(rate.c.name == name))


def drop_old_rates(connection: sa.Connection) -> None:
    """Forgets what is over."""
    connection.execute(sa.delete(rate).where(rate.c.resets_at <= sa.func.clock_timestamp()))


def household(address: str) -> str:
    """What one household has of addresses, for of IPv6 it has billions."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(ipaddress.ip_network((found, HOUSEHOLD), strict=False))
