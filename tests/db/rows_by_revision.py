"""Rows as each released schema had them: what migrations and restores are to keep.

A new migration has its rows here, written out in SQL, for the code goes on changing; where it
brings no place for rows, its function says so and does nothing.
"""

import json
from collections.abc import Callable
from hashlib import sha256

import sqlalchemy as sa

from maquette.db.connect import migrate, revisions

PICTURES = [f"the bytes of picture {number}".encode() for number in range(3)]
MADE, PUT, MASK = (sha256(picture).hexdigest() for picture in PICTURES)
JOB, ENDED, ASSET = (f"0198c0de-0000-7000-8000-00000000000{n}" for n in range(1, 4))
TALK = "0198c0de-0000-7000-8000-000000000004"
GRANT, HOLD, OPEN = (f"0198c0de-0000-7000-8000-0000000000a{n}" for n in range(1, 4))
GRANTED, CHARGED = (f"0198c0de-0000-7000-8000-0000000000b{n}" for n in range(1, 3))
VOICE, CAMPAIGN, DOCUMENT = (f"0198c0de-0000-7000-8000-0000000000c{n}" for n in range(1, 4))
WHEN = "2026-11-20T12:00:00.000001+00:00"


def rows_until(engine: sa.Engine, revision: str) -> None:
    """A database as one that has lived through all schemas up to a revision."""
    known = revisions()
    for one in known[: known.index(revision) + 1]:
        migrate(engine, one)
        with engine.begin() as connection:
            ROWS[one](connection)


def _0001(connection: sa.Connection) -> None:
    """A job under way and one that has ended with a picture, their requests as they were then."""
    request = json.dumps({"params": {"prompt": "一只猫"}, "count": 1, "source": PUT, "mask": MASK})
    _run(
        connection,
        f"""
        INSERT INTO job (job_id, account_id, kind, state, request, attempts, created_at) VALUES
            ('{JOB}', 'ada', 'image', 'running', :request, 1, '{WHEN}'),
            ('{ENDED}', 'ada', 'image', 'succeeded', :request, 1, '{WHEN}');
        INSERT INTO job_event (job_id, sequence, kind, data) VALUES
            ('{JOB}', 1, 'queued', '{{}}'), ('{JOB}', 2, 'running', '{{}}'),
            ('{ENDED}', 1, 'succeeded', '{{"assets": ["{ASSET}"]}}');
        INSERT INTO asset (asset_id, job_id, account_id, position, media_type, content_hash,
                size_bytes, seed)
            VALUES ('{ASSET}', '{ENDED}', 'ada', 0, 'image/png', '{MADE}', {len(PICTURES[0])}, 7);
        """,
        request=request,
    )


def _0002(connection: sa.Connection) -> None:
    _run(
        connection,
        f"""
        INSERT INTO upload (account_id, content_hash, size_bytes) VALUES
            ('ada', '{PUT}', {len(PICTURES[1])}), ('ada', '{MASK}', {len(PICTURES[2])});
        UPDATE job SET deleted_at = '{WHEN}' WHERE job_id = '{ENDED}';
        """,
    )


def _0003(connection: sa.Connection) -> None:
    _run(
        connection,
        f"""
        INSERT INTO worker (worker_id, heartbeat_at, step_times) VALUES
            ('worker-1', '{WHEN}', '{{"starter": []}}');
        UPDATE job SET work_ms = 1500, expected_at = '{WHEN}' WHERE job_id = '{JOB}';
        """,
    )


def _0004(connection: sa.Connection) -> None:
    """An account with a grant, of which a hold was charged in part, and another is open."""
    granted = [["system/issued", -100, None], ["ada", 100, GRANT]]
    charged = [["ada", -30, GRANT], ["system/revenue", 30, None]]
    first = _chained(b"", GRANTED, 1, "grant", None, "welcome", granted)
    last = _chained(first, CHARGED, 2, "charge", HOLD, None, charged)
    _run(
        connection,
        f"""
        INSERT INTO account (account_id, kind) VALUES ('ada', 'user');
        INSERT INTO balance (account_id, posted_microcredits, held_microcredits, transfers,
            last_hash) VALUES ('ada', 70, 20, 2, :last);
        INSERT INTO credit_grant (grant_id, account_id, category, priority, amount_microcredits,
            left_microcredits, held_microcredits) VALUES ('{GRANT}', 'ada', 'free', 0, 100, 70, 20);
        INSERT INTO hold (hold_id, account_id, job_id, amount_microcredits, posted_microcredits,
                state, expires_at, resolved_at)
            VALUES ('{HOLD}', 'ada', '{ENDED}', 40, 30, 'posted', '2100-01-01', '{WHEN}'),
                ('{OPEN}', 'ada', '{JOB}', 20, 0, 'held', '2100-01-01', NULL);
        INSERT INTO hold_part (hold_id, position, grant_id, amount_microcredits) VALUES
            ('{HOLD}', 0, '{GRANT}', 40), ('{OPEN}', 0, '{GRANT}', 20);
        INSERT INTO transfer (transfer_id, account_id, number, kind, hold_id, reason, created_at,
                hash)
            VALUES ('{GRANTED}', 'ada', 1, 'grant', NULL, 'welcome', '{WHEN}', :first),
                ('{CHARGED}', 'ada', 2, 'charge', '{HOLD}', NULL, '{WHEN}', :last);
        INSERT INTO entry (transfer_id, position, account_id, grant_id, amount_microcredits) VALUES
            ('{GRANTED}', 0, 'system/issued', NULL, -100), ('{GRANTED}', 1, 'ada', '{GRANT}', 100),
            ('{CHARGED}', 0, 'ada', '{GRANT}', -30), ('{CHARGED}', 1, 'system/revenue', NULL, 30);
        """,
        first=first,
        last=last,
    )


def _0005(connection: sa.Connection) -> None:
    _run(
        connection,
        "INSERT INTO audit_entry (actor_id, act, subject, details) "
        "VALUES ('local', 'credits.refund', 'ada', '{}')",
    )


def _0006(connection: sa.Connection) -> None:
    """What was held is charged by the database's own function."""
    _run(connection, f"SELECT count(*) FROM resolve_hold('{OPEN}', 'posted', 5)")


def _0008(connection: sa.Connection) -> None:
    """A worker that says what it can do has the job under way, and another job waits its turn."""
    waiting = JOB[:-1] + "9"
    _run(
        connection,
        f"""
        UPDATE worker SET host = 'here', models = '{{starter}}', most_pixels = 1048576,
            queues = '{{image/starter/512}}';
        UPDATE job SET worker_id = 'worker-1' WHERE job_id = '{JOB}';
        INSERT INTO job (job_id, account_id, kind, request, created_at, queue, priority)
            VALUES ('{waiting}', 'ada', 'image', '{{}}', '{WHEN}', 'image/starter/512', 'batch');
        """,
    )


def _0009(connection: sa.Connection) -> None:
    """A person in a team of hers, whose credits pay, and a browser that she is signed in with."""
    _run(
        connection,
        f"""
        INSERT INTO account (account_id, kind) VALUES ('team/1', 'user');
        INSERT INTO balance (account_id, last_hash) VALUES ('team/1', :empty);
        INSERT INTO person (account_id, name, email, email_key, email_verified_at, password_hash,
                payer_account_id)
            VALUES ('ada', 'Ada', 'Ada@here.org', 'ada@here.org', '{WHEN}', 'argon2id', 'team/1');
        INSERT INTO team (team_id, account_id, name) VALUES ('{GRANT}', 'team/1', 'Engines');
        INSERT INTO budget (budget_id, limit_microcredits, period)
            VALUES ('{GRANT}', 1000, 'month');
        INSERT INTO team_member (team_id, account_id, role, budget_id)
            VALUES ('{GRANT}', 'ada', 'owner', '{GRANT}');
        INSERT INTO session (session_id, token_hash, account_id, browser, address, expires_at)
            VALUES ('{GRANT}', :empty, 'ada', 'Firefox', '::1', '2100-01-01');
        """,
        empty=bytes(32),
    )


def _0010(connection: sa.Connection) -> None:
    """A payment that brought the grant, a code, and what Stripe told of a charge."""
    _run(
        connection,
        f"""
        INSERT INTO payment (payment_id, account_id, provider, what, amount_microcredits,
                price_cents, currency, state, paid_at)
            VALUES ('{GRANT}', 'ada', 'manual', 'by bank', 100, 1, 'eur', 'paid', '{WHEN}');
        INSERT INTO payment_grant (grant_id, payment_id) VALUES ('{GRANT}', '{GRANT}');
        INSERT INTO redeem_code (code_id, code_hash, amount_microcredits, most_uses, uses)
            VALUES ('{GRANT}', '\\x01', 100, 2, 1);
        INSERT INTO stripe_event (event_id, kind) VALUES ('evt_1', 'charge.refunded');
        INSERT INTO stripe_charge (payment_intent, refunded_cents, withdrawn, reinstated)
            VALUES ('pi_1', 1, false, false);
        """,
    )


def _0011(connection: sa.Connection) -> None:
    """It only finds what is there."""


def _0012(connection: sa.Connection) -> None:
    """It brings a function."""


def _0013(connection: sa.Connection) -> None:
    """A second plan that was given up, and a payment of which a part was taken back."""
    _run(
        connection,
        f"""
        INSERT INTO subscription (subscription_id, account_id, provider, reference, plan_id, state,
                state_until, started_at, period_end, given_up)
            VALUES ('{GRANT}', 'ada', 'stripe', 'sub_1', 'sketch', 'grace', '{WHEN}', '{WHEN}',
                '{WHEN}', true);
        UPDATE payment SET taken_microcredits = 1, failed_refunds = 1;
        """,
    )


def _0014(connection: sa.Connection) -> None:
    """Bytes of someone who went."""
    _run(connection, f"INSERT INTO blob_drop (blob_hash) VALUES ('{'0' * 64}')")


def _0015(connection: sa.Connection) -> None:
    _run(
        connection,
        f"""
        INSERT INTO identity (issuer, subject, provider_id, account_id, created_at)
            VALUES ('https://acme.example', 'a-1', 'acme', 'ada', '{WHEN}');
        """,
    )


def _0016(connection: sa.Connection) -> None:
    """The job under way broke once before."""
    _run(connection, f"UPDATE job SET attempts = 2, breaks = 1 WHERE job_id = '{JOB}'")


def _0017(_: sa.Connection) -> None:
    """Functions and a trigger alone."""


def _0018(connection: sa.Connection) -> None:
    """A payment for an account of no one, a proof that found something, one that was broken off."""
    _run(
        connection,
        """
        UPDATE payment SET given_up = true;
        INSERT INTO ledger_check (ended_at, accounts, accounts_done, transfers, findings)
            VALUES (now(), 4, 4, 2, '[{"rule": "a rule", "line": "grant 1"}]');
        INSERT INTO ledger_check (accounts, accounts_done) VALUES (4, 0);
        """,
    )


def _0019(connection: sa.Connection) -> None:
    """A refund that Stripe took came back, and someone has a page of it open."""
    _run(
        connection,
        """
        UPDATE payment SET asked_refund = 1, came_back_cents = 1;
        INSERT INTO checkout_page (session_id, account_id) VALUES ('cs_1', 'ada');
        """,
    )


def _0020(connection: sa.Connection) -> None:
    """A server of the same machine, and another's."""
    _run(
        connection,
        f"""
        INSERT INTO text_server (server_id, name, url, encrypted_key, models, created_by) VALUES
            ('{JOB}', 'home', 'http://127.0.0.1:11434/v1', NULL, '[]', 'ada'),
            ('{ENDED}', 'away', 'https://away.example/v1', NULL,
                '[{{"name": "a", "thousand_tokens_microcredits": 5}}]', 'ada');
        """,
    )


def _0021(connection: sa.Connection) -> None:
    """A text under way, of which two parts are kept."""
    ask = {"messages": [{"role": "user", "content": "A tagline for a kettle."}], "count": 1}
    parts = [
        {"read": 9, "texts": [{"at": at, "text": text, "tokens": [at], "finished": None}]}
        for at, text in ((0, "It "), (3, "sings."))
    ]
    _run(
        connection,
        f"""
        INSERT INTO job (job_id, account_id, kind, state, request, queue, attempts) VALUES
            ('{TALK}', 'ada', 'text', 'running', :request, 'text/starter-text', 1);
        INSERT INTO job_event (job_id, sequence, kind, data) VALUES
            ('{TALK}', 1, 'queued', '{{}}'), ('{TALK}', 2, 'running', '{{}}'),
            ('{TALK}', 3, 'said', :first), ('{TALK}', 4, 'said', :second);
        """,
        request=json.dumps(ask),
        first=json.dumps(parts[0]),
        second=json.dumps(parts[1]),
    )


def _0022(connection: sa.Connection) -> None:
    """A voice, a campaign that was run in it, and a document that was changed once."""
    _run(
        connection,
        f"""
        INSERT INTO brand_voice (voice_id, account_id, name, voice)
            VALUES ('{VOICE}', 'ada', 'Norvik', :voice);
        INSERT INTO campaign (campaign_id, account_id, name, inputs, templates, language, voice_id)
            VALUES ('{CAMPAIGN}', 'ada', 'Spring', '{{"product": "Alder, a kettle"}}',
                '{{tagline,x-post}}', 'en', '{VOICE}');
        INSERT INTO campaign_job (campaign_id, job_id, template)
            VALUES ('{CAMPAIGN}', '{ENDED}', 'tagline');
        INSERT INTO document (document_id, account_id, title, language, template, voice_id)
            VALUES ('{DOCUMENT}', 'ada', '水壶', 'zh', 'tagline', '{VOICE}');
        INSERT INTO document_version (document_id, number, text, made_by) VALUES
            ('{DOCUMENT}', 1, '水开了', 'tagline'), ('{DOCUMENT}', 2, '水开了。', 'hand');
        """,
        voice=json.dumps({"brand": "Norvik", "banned": ["最好"]}),
    )


def _0023(connection: sa.Connection) -> None:
    """A document that has to name a kettle."""
    _run(
        connection,
        f"""
        UPDATE document SET inputs = '{{"product": "松禾，一把水壶"}}'
            WHERE document_id = '{DOCUMENT}';
        """,
    )


def _0024(connection: sa.Connection) -> None:
    """One of the servers speaks, too."""
    _run(
        connection,
        """
        UPDATE text_server SET speech =
            '[{"name": "tts", "voices": ["nova"], "thousand_characters_microcredits": 9}]'
            WHERE name = 'away';
        """,
    )


ROWS: dict[str, Callable[[sa.Connection], None]] = {
    "0001": _0001,
    "0002": _0002,
    "0003": _0003,
    "0004": _0004,
    "0005": _0005,
    "0006": _0006,
    "0008": _0008,
    "0009": _0009,
    "0010": _0010,
    "0011": _0011,
    "0012": _0012,
    "0013": _0013,
    "0014": _0014,
    "0015": _0015,
    "0016": _0016,
    "0017": _0017,
    "0018": _0018,
    "0019": _0019,
    "0020": _0020,
    "0021": _0021,
    "0022": _0022,
    "0023": _0023,
    "0024": _0024,
    "0025": lambda connection: None,  # an index alone
    "0026": lambda connection: None,  # a function alone
}


def _chained(
    previous: bytes,
    transfer_id: str,
    number: int,
    kind: str,
    hold_id: str | None,
    reason: str | None,
    entries: list[list[object]],
) -> bytes:
    """The hash of a transfer as schema 0004 had it, which no later one may change."""
    said = [(previous or bytes(32)).hex(), transfer_id, "ada", number, kind, WHEN]
    said = [*said, hold_id, None, reason, entries]
    return sha256(json.dumps(said, ensure_ascii=False).encode()).digest()


def _run(connection: sa.Connection, statements: str, **values: object) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            named = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(sa.text(statement), named)
