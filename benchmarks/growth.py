"""What a hold with its charge and a page of the gallery cost as accounts and pictures grow."""

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import mkdtemp

import psutil
import sqlalchemy as sa

from benchmarks.growth_page import Curve, Index, Proof, Table, write_page
from benchmarks.report import compare, print_outcome, rounds_of, shortest_of
from benchmarks.servers import parser_of, running_server
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.jobs.store import list_jobs
from maquette.ledger.holds import holds_of, place_hold, post_hold
from maquette.ledger.verify import verify
from maquette.library.assets import assets_of

ACCOUNTS = (10_000, 100_000, 1_500_000)
PICTURES = (100_000, 1_000_000, 10_000_000)
PER_JOB, PER_ACCOUNT = 4, 50  # pictures, jobs
FILL = Path(__file__).with_name("growth_fill.sql").read_text(encoding="utf-8")
DOCS = Path(__file__).parents[1] / "docs"
ROUNDS, TIMES = 9, 200  # in turn, so many of each size at a time


@contextmanager
def database_of(server_url: str, accounts: int, pictures: int) -> Iterator[sa.Engine]:
    """One of its own on the server, filled."""
    url, name = sa.make_url(server_url), f"growth_{accounts}_{pictures}"
    psycopg = url.set(drivername="postgresql+psycopg")
    server = sa.create_engine(psycopg, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    server.dispose()
    here = url.set(database=name).render_as_string(hide_password=False)
    with open_database(Settings(database=here)) as engine:
        started = time.perf_counter()
        with engine.connect() as connection:
            for statement in FILL.split(";\n"):
                given = {"accounts": accounts, "jobs": pictures // PER_JOB}
                named = {key: n for key, n in given.items() if f":{key}" in statement}
                connection.execute(sa.text(statement), named)
            connection.commit()
            connection.connection.driver_connection.autocommit = True  # type: ignore[union-attr]
            connection.exec_driver_sql("VACUUM ANALYZE")
            connection.exec_driver_sql("CHECKPOINT")
            connection.invalidate()  # its triggers are off
        seconds = time.perf_counter() - started
        print(f"{accounts} accounts, {pictures} pictures: filled in {seconds:.0f} s", flush=True)
        yield engine


def _cycle(engine: sa.Engine, account_id: str) -> None:
    with engine.begin() as connection:
        held = place_hold(connection, account_id, 2, timedelta(days=1))
    with engine.begin() as connection:
        post_hold(connection, held.hold_id, 1)


def page(engine: sa.Engine, account_id: str) -> None:
    """As `GET /v1/generations` reads it."""
    with engine.connect() as connection:
        jobs = [job.job_id for job in list_jobs(connection, account_id, 20)]
        assets, holds = assets_of(connection, jobs), holds_of(connection, jobs)
    assert len(jobs) == len(holds) == 20
    assert sum(map(len, assets.values())) == 20 * PER_JOB


def _side(
    engine: sa.Engine, act: Callable[[sa.Engine, str], None], accounts: int
) -> Callable[[int], float]:
    """Milliseconds that half of all take at most, each time of other accounts."""
    chosen = random.Random(0)

    def measure(_: int) -> float:
        spent: list[float] = []
        for _ in range(TIMES):
            account_id = f"user/{chosen.randint(1, accounts)}"
            started = time.perf_counter()
            act(engine, account_id)
            spent.append(time.perf_counter() - started)
        return median(spent) * 1000

    return measure


def _prove(engine: sa.Engine, accounts: int) -> Proof:
    before = peak = psutil.Process().memory_info().rss
    started = time.perf_counter()

    def look(done: int, of: int) -> None:
        nonlocal peak
        peak = max(peak, psutil.Process().memory_info().rss)

    assert list(verify(engine, look)) == []
    made = Proof(accounts, time.perf_counter() - started, (peak - before) / 2**20)
    print(f"{accounts} accounts proven in {made.seconds:.0f} s", flush=True)
    return made


def _sizes(engine: sa.Engine) -> list[Table]:
    query = sa.text("""
        SELECT relname, reltuples, pg_total_relation_size(oid) / reltuples,
            pg_indexes_size(oid) / reltuples
        FROM pg_class WHERE relkind = 'r' AND reltuples > 1000
            AND relnamespace = 'public'::regnamespace ORDER BY relname""")
    # The level of the root is in the first page of an index.
    indexes = sa.text("""
        SELECT relname, pg_relation_size(oid) / :rows,
            1 + get_byte(pg_read_binary_file(pg_relation_filepath(oid), 36, 1), 0)
        FROM pg_index JOIN pg_class ON oid = indexrelid
        WHERE indrelid = CAST(:name AS regclass) AND indpred IS NULL ORDER BY relname""")
    tables: list[Table] = []
    with engine.connect() as connection:
        for name, rows, size, index_size in connection.execute(query).all():
            found = connection.execute(indexes, {"name": name, "rows": rows})
            tables.append(Table(name, int(rows), size, index_size, [Index(*one) for one in found]))
            print(f"  {name}: {rows:.0f} rows of {size:.0f} bytes", flush=True)
    return tables


def _curve(
    what: str,
    act: Callable[[sa.Engine, str], None],
    filled: Sequence[sa.Engine],
    sizes: list[int],
    accounts: list[int],
    first: int,
) -> Curve:
    """Measures the sizes in turn; growth counts from the `first` of them on."""
    given = zip(sizes, filled, accounts, strict=True)
    sides = {str(n): _side(engine, act, people) for n, engine, people in given}
    made = Curve(what, sizes, [median(ms) for ms in rounds_of(sides, ROUNDS).values()], first)
    print(f"{what}: {[round(ms, 3) for ms in made.cost_ms]} ms for {sizes}", flush=True)
    return made


def _measure(
    server_url: str, accounts: list[int], pictures: list[int]
) -> tuple[list[Curve], list[Table], list[Proof]]:
    """Fills the sizes side by side and measures them in turn."""
    with ExitStack() as stack:
        filled = [stack.enter_context(database_of(server_url, n, 0)) for n in accounts]
        proofs = [_prove(one, n) for one, n in zip(filled, accounts, strict=True)]
        tables = _sizes(filled[-1])
        what = "a hold and its charge, by accounts"
        curves = [_curve(what, _cycle, filled, accounts, accounts, 0)]
    with ExitStack() as stack:
        people = [n // PER_JOB // PER_ACCOUNT for n in pictures]
        sizes = zip(people, pictures, strict=True)
        filled = [stack.enter_context(database_of(server_url, *size)) for size in sizes]
        kept = [one.name for one in tables]
        tables += [one for one in _sizes(filled[-1]) if one.name not in kept]
        # A hundred thousand are shown; that they fit the server's memory is no merit.
        what = "a page of the gallery, by pictures"
        curves.append(_curve(what, page, filled, pictures, people, 1))
    return curves, tables, proofs


def main(words: list[str]) -> None:
    """Measures, and writes the page; that of a trial or of another server lies elsewhere."""
    parser = parser_of(__doc__)
    parser.add_argument("--shrink", type=int, default=1, help="so many times smaller, as a trial")
    asked = parser.parse_args(words)
    accounts, pictures = ([n // asked.shrink for n in sizes] for sizes in (ACCOUNTS, PICTURES))
    with running_server(asked.debian) as url:
        measured = _measure(url, accounts, pictures)
    outcomes = [
        compare(
            f"growth of {one.what} from {one.sizes[one.first]:,} to {one.sizes[-1]:,}, "
            "beside that of log n",
            one.growth,
            one.allowed,
            1.0,
            less_is_better=True,
        )
        for one in measured[0]
    ]
    folder = DOCS if asked.shrink == 1 and not asked.debian else Path(mkdtemp())
    write_page(folder, *measured)
    print(f"written to {folder / 'growth.md'}")
    print_outcome(shortest_of(outcomes))


if __name__ == "__main__":
    main(sys.argv[1:])
