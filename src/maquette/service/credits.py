"""What a person sees of their credits: the balance, and what every transfer was for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import NotFound
from maquette.db.connect import single_reads
from maquette.db.tables.jobs import job
from maquette.db.tables.ledger import hold, transfer
from maquette.ledger.accounts import Balance, get_balance, get_balances
from maquette.ledger.grants import CreditGrant, GrantCategory, get_grants, grant
from maquette.ledger.reversals import reverse
from maquette.ledger.statements import Statement, statement
from maquette.ledger.transfers import Transfer, get_transfers
from maquette.library.assets import Asset, assets_of
from maquette.people.audit import note
from maquette.service.running_costs import RunningCost, running_costs


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A transfer as its account sees it: what it gained or lost, for which job of which kind, and
    what came of it.
    """

    transfer: Transfer
    job_id: UUID | None
    job_kind: str | None
    assets: Sequence[Asset]

    @property
    def amount_microcredits(self) -> int:
        sides = self.transfer.entries
        own = self.transfer.account_id
        return sum(side.amount_microcredits for side in sides if side.account_id == own)


class Credits:
    """Reads what accounts have and what it costs to serve them, and corrects what was charged."""

    def __init__(self, database: sa.Engine, machine_cents_hour: float = 8.0) -> None:
        self._database, self._machine_cents_hour = database, machine_cents_hour
        self._reads = single_reads(database)

    def balance(self, account_id: str) -> tuple[Balance, Sequence[CreditGrant]]:
        """What an account has, and in which grants. Raises NotFound."""
        with self._reads.connect() as connection:
            return get_balance(connection, account_id), get_grants(connection, account_id)

    def balances(self, account_ids: Collection[str]) -> dict[str, Balance]:
        """What accounts have, by account; those that are not there are left out."""
        with self._reads.connect() as connection:
            return get_balances(connection, account_ids)

    def history(
        self, payer_id: str, viewer_id: str, limit: int, before: int | None = None
    ) -> Sequence[HistoryLine]:
        """An account's transfers, the newest first; those of a number below `before` only. Of what
        was made, the viewer sees their own: who shares credits does not share pictures. Raises
        NotFound.
        """
        with self._database.connect() as connection:
            get_balance(connection, payer_id)  # or there is no such account
            transfers = get_transfers(connection, payer_id, limit, before)
            jobs = _jobs_of(connection, [one.transfer_id for one in transfers])
            assets = assets_of(connection, list({job_id for job_id, _ in jobs.values()}))
        lines: list[HistoryLine] = []
        for one in transfers:
            job_id, kind = jobs.get(one.transfer_id, (None, None))
            made = assets[job_id] if job_id else []
            mine = [asset for asset in made if asset.account_id == viewer_id]
            lines.append(HistoryLine(one, job_id, kind, mine))
        return lines

    def reverse(self, operator_id: str, transfer_id: UUID, reason: str) -> Transfer:
        """Undoes a charge or a grant, and writes down who did it and why. Raises as
        `ledger.reversals.reverse` does.
        """
        with self._database.begin() as connection:
            made = reverse(connection, transfer_id, reason)
            said = {"account_id": made.account_id, "reason": reason}
            note(connection, operator_id, "credits.reverse", f"transfer/{transfer_id}", **said)
        return made

    def running_costs(self) -> Sequence[RunningCost]:
        """What a picture of each model costs to make, beside its price."""
        return running_costs(self._database, self._machine_cents_hour)

    def give(
        self,
        operator_id: str,
        account_id: str,
        amount_microcredits: int,
        category: GrantCategory,
        reason: str,
        expires_at: datetime | None = None,
    ) -> CreditGrant:
        """Gives credits that nobody pays for, and writes down who did it and why. Raises as
        `ledger.grants.grant` does.
        """
        with self._database.begin() as connection:
            made = grant(
                connection,
                account_id,
                amount_microcredits,
                category,
                expires_at=expires_at,
                reason=reason,
            )
            said = {"account_id": account_id, "amount_microcredits": amount_microcredits}
            subject = f"grant/{made.grant_id}"
            note(connection, operator_id, "credits.grant", subject, **said, reason=reason)
        return made

    def statement(
        self,
        account_id: str,
        since: datetime,
        until: datetime,
        *,
        after: int = 0,
        limit: int = 100,
    ) -> Statement:
        """An account between two moments, or a page of it. Raises NotFound."""
        with self._database.connect() as connection:
            return statement(connection, account_id, since, until, after=after, limit=limit)

    def numbered(self, account_id: str, number: int) -> Transfer:
        """The transfer of that number. Raises NotFound."""
        with self._database.connect() as connection:
            found = get_transfers(connection, account_id, 1, before=number + 1)
        if not found or found[0].number != number:
            raise NotFound(f"account {account_id} has no transfer {number}")
        return found[0]


def _jobs_of(
    connection: sa.Connection, transfer_ids: Sequence[UUID]
) -> dict[UUID, tuple[UUID, str]]:
    """The jobs that charges, and what takes them back, were for, with their kinds; by transfer."""
    charge = transfer.alias()
    query = (
        sa.select(transfer.c.transfer_id, job.c.job_id, job.c.kind)
        .join(
            charge,
            charge.c.transfer_id == sa.func.coalesce(transfer.c.reverses, transfer.c.transfer_id),
        )
        .join(hold, hold.c.hold_id == charge.c.hold_id)
        .join(job, job.c.job_id == hold.c.job_id)
        .where(transfer.c.transfer_id.in_(transfer_ids))
    )
    return {row.transfer_id: (row.job_id, row.kind) for row in connection.execute(query)}
