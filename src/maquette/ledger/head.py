"""The ends of all chains, to be kept elsewhere: whoever rewrites the past does not change that."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import BinaryIO

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest
from maquette.db.tables.ledger import balance
from maquette.ledger.verify import Finding

PUBLISHED = "what was published is still there"
PAGE = 1000  # chains that are read or looked up at once
_GONE = sa.text("""
    SELECT 'transfer ' || number || ' of account ' || account_id || ' is not what was published'
    FROM unnest(CAST(:accounts AS text[]), CAST(:numbers AS bigint[]), CAST(:hashes AS text[]))
        AS published(account_id, number, hash)
    LEFT JOIN transfer USING (account_id, number)
    WHERE published.hash IS DISTINCT FROM encode(transfer.hash, 'hex')""")


@dataclass(frozen=True, slots=True)
class Head:
    """The one hash that stands for all transfers so far: SHA-256 of the file of their ends."""

    hash: str
    accounts: int
    transfers: int


def write_head(engine: sa.Engine, file: BinaryIO | None = None) -> Head:
    """Writes a line for each account that has transfers, by name, as of one moment: the hash of its
    last, its number, and the account.
    """
    digest, accounts, transfers = sha256(), 0, 0
    query = (
        sa.select(balance.c.account_id, balance.c.transfers, balance.c.last_hash)
        .where(balance.c.transfers > 0)
        .order_by(balance.c.account_id)
    )
    with engine.connect().execution_options(yield_per=PAGE) as connection:
        for account_id, number, last_hash in connection.execute(query):
            line = f"{last_hash.hex()} {number} {account_id}\n".encode()
            digest.update(line)
            accounts, transfers = accounts + 1, transfers + number
            if file is not None:
                file.write(line)
    return Head(digest.hexdigest(), accounts, transfers)


def check_head(engine: sa.Engine, lines: Iterable[str]) -> Iterator[Finding]:
    """Whether all that a head stands for is still a beginning of today's chains: each hash is that
    of the transfer of that number, and `verify` proves what is before it. Raises InvalidRequest for
    a line that no head has.
    """
    published = map(_read, lines)
    with engine.connect() as connection:
        while page := list(islice(published, PAGE)):
            hashes, numbers, accounts = zip(*page, strict=True)
            given = {"accounts": [*accounts], "numbers": [*numbers], "hashes": [*hashes]}
            for line in connection.execute(_GONE, given).scalars():
                yield Finding(PUBLISHED, line)


def _read(line: str) -> tuple[str, int, str]:
    line = line.rstrip("\n")
    try:
        last_hash, number, account_id = line.split(" ", 2)
        return last_hash, int(number), account_id
    except ValueError:
        raise InvalidRequest(f"{line[:80]!r} is no line of a head; name a file of one") from None
