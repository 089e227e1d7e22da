"""Accounts and their credits: grants, holds, and transfers that no one can change."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# What was written stays as it was; so do the terms of a grant.
NEVER_CHANGED = """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'rows of % are never changed; write a reversal', TG_TABLE_NAME;
    END $$;
    CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER terms_never_changed BEFORE UPDATE OF
        account_id, category, priority, expires_at, amount_microcredits ON credit_grant
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
# All entries of a transfer are written by one statement.
SUM_TO_ZERO = """
    CREATE FUNCTION refuse_imbalance() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        wrong uuid;
    BEGIN
        SELECT transfer_id INTO wrong FROM written GROUP BY transfer_id
            HAVING sum(amount_microcredits) <> 0 OR count(*) <>
                (SELECT count(*) FROM entry WHERE entry.transfer_id = written.transfer_id) LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'transfer % is not whole: its entries do not sum to zero, or were '
                'written before', wrong;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER sum_to_zero AFTER INSERT ON entry REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_imbalance();
"""


def upgrade() -> None:
    """Written out, not taken from `tables`, for those go on changing."""
    op.create_table(
        "account",
        _text("account_id"),
        _text("kind"),
        _now(),
        sa.PrimaryKeyConstraint("account_id", name="pk_account"),
        _check("account", "kind", "kind IN ('user', 'system')"),
    )
    _balance()
    _grants()
    _holds()
    _transfers()
    op.execute(NEVER_CHANGED)
    op.execute(SUM_TO_ZERO)
    op.execute(
        "INSERT INTO account (account_id, kind) VALUES ('system/issued', 'system'), "
        "('system/revenue', 'system'), ('system/expired', 'system')"
    )


def _balance() -> None:
    op.create_table(
        "balance",
        _text("account_id"),
        _amount("posted_microcredits", "0"),
        _amount("held_microcredits", "0"),
        _amount("transfers", "0"),
        sa.Column("last_hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_balance"),
        _foreign("balance", "account_id", "account"),
        _check(
            "balance",
            "covered",
            "0 <= held_microcredits AND held_microcredits <= posted_microcredits",
        ),
    )


def _grants() -> None:
    op.create_table(
        "credit_grant",
        sa.Column("grant_id", sa.Uuid, nullable=False),
        _text("account_id"),
        _text("category"),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        _amount("amount_microcredits"),
        _amount("left_microcredits"),
        _amount("held_microcredits", "0"),
        _now(),
        sa.PrimaryKeyConstraint("grant_id", name="pk_credit_grant"),
        _foreign("credit_grant", "account_id", "account"),
        _check("credit_grant", "category", "category IN ('free', 'paid', 'plan', 'promotion')"),
        _check(
            "credit_grant",
            "covered",
            "0 <= held_microcredits AND held_microcredits <= left_microcredits "
            "AND left_microcredits <= amount_microcredits",
        ),
    )
    left = sa.text("left_microcredits > 0")
    op.create_index("ix_credit_grant_left", "credit_grant", ["account_id"], postgresql_where=left)


def _holds() -> None:
    op.create_table(
        "hold",
        sa.Column("hold_id", sa.Uuid, nullable=False),
        _text("account_id"),
        sa.Column("job_id", sa.Uuid),
        _amount("amount_microcredits"),
        _amount("posted_microcredits", "0"),
        sa.Column("state", sa.Text, nullable=False, server_default="held"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _now(),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("hold_id", name="pk_hold"),
        sa.UniqueConstraint("job_id", name="uq_hold_job_id"),
        _foreign("hold", "account_id", "account"),
        _check("hold", "state", "state IN ('held', 'posted', 'voided', 'expired')"),
        _check(
            "hold",
            "amount",
            "amount_microcredits > 0 AND 0 <= posted_microcredits "
            "AND posted_microcredits <= amount_microcredits",
        ),
    )
    held = sa.text("state = 'held'")
    op.create_index("ix_hold_account_open", "hold", ["account_id"], postgresql_where=held)
    op.create_index("ix_hold_expiring", "hold", ["expires_at"], postgresql_where=held)
    op.create_table(
        "hold_part",
        sa.Column("hold_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("grant_id", sa.Uuid, nullable=False),
        _amount("amount_microcredits"),
        sa.PrimaryKeyConstraint("hold_id", "position", name="pk_hold_part"),
        _foreign("hold_part", "hold_id", "hold"),
        _foreign("hold_part", "grant_id", "credit_grant"),
        _check("hold_part", "amount", "amount_microcredits > 0"),
    )


def _transfers() -> None:
    op.create_table(
        "transfer",
        sa.Column("transfer_id", sa.Uuid, nullable=False),
        _text("account_id"),
        _amount("number"),
        _text("kind"),
        sa.Column("hold_id", sa.Uuid),
        sa.Column("reverses", sa.Uuid),
        sa.Column("reason", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("transfer_id", name="pk_transfer"),
        sa.UniqueConstraint("account_id", "number", name="uq_transfer_account_id_number"),
        sa.UniqueConstraint("reverses", name="uq_transfer_reverses"),
        _foreign("transfer", "account_id", "account"),
        _foreign("transfer", "hold_id", "hold"),
        sa.ForeignKeyConstraint(
            ["reverses"], ["transfer.transfer_id"], name="fk_transfer_reverses_transfer"
        ),
        _check("transfer", "kind", "kind IN ('grant', 'charge', 'expiry', 'reversal')"),
        _check("transfer", "of_hold", "(kind = 'charge') = (hold_id IS NOT NULL)"),
        _check("transfer", "reverses", "(kind = 'reversal') = (reverses IS NOT NULL)"),
    )
    charge = sa.text("kind = 'charge'")
    op.create_index(
        "uq_transfer_charge", "transfer", ["hold_id"], unique=True, postgresql_where=charge
    )
    op.create_table(
        "entry",
        sa.Column("transfer_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        _text("account_id"),
        sa.Column("grant_id", sa.Uuid),
        _amount("amount_microcredits"),
        sa.PrimaryKeyConstraint("transfer_id", "position", name="pk_entry"),
        _foreign("entry", "transfer_id", "transfer"),
        _foreign("entry", "grant_id", "credit_grant"),
        _check("entry", "amount", "amount_microcredits <> 0"),
    )
    op.create_index("ix_entry_account_id", "entry", ["account_id"])
    op.create_index("ix_entry_grant_id", "entry", ["grant_id"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _amount(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=default)


def _now() -> sa.Column:
    moment = sa.DateTime(timezone=True)
    return sa.Column("created_at", moment, nullable=False, server_default=sa.text("now()"))


def _foreign(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    key = {"credit_grant": "grant_id"}.get(other, f"{other}_id")
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.{key}"], name=f"fk_{table}_{column}_{other}"
    )


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))
