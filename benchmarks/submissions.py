"""Requests a second beside open streams: how long one waits until it is accepted, and for good.

A studio of real processes on its own PostgreSQL, whose two workers make a picture at once; five
hundred people are signed in, each with a stream of all that happens to what they asked for.
"""

import asyncio
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2 as httpx
import sqlalchemy as sa

from benchmarks.report import compare, print_outcome
from benchmarks.servers import parser_of, running_server
from maquette.api.dependencies import COOKIE
from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.ledger.accounts import open_account
from maquette.ledger.grants import grant
from maquette.ledger.verify import verify
from maquette.people.persons import add_person
from maquette.people.sessions import start_session
from tests.service.cluster import REQUEST, Cluster, check_all, unfinished, wait_until

PEOPLE, A_SECOND, SECONDS = 500, 50, 600
MOST_P99_S = 0.25
MUCH = 10**12
WORKERS = ("a", "b")
SETTLE_S = 120.0


def _sign_in(database: sa.Engine) -> str:
    """The token of someone new, who has credits."""
    account_id = str(new_id())
    with database.begin() as connection:
        open_account(connection, account_id)
        grant(connection, account_id, MUCH, "paid")
        add_person(connection, account_id)
        return start_session(connection, account_id)


class _Crowd:
    """People who listen, and ask in turn."""

    def __init__(self, port: int, tokens: list[str]) -> None:
        self._cookies = [{"Cookie": f"{COOKIE}={token}"} for token in tokens]
        # A connection is let go before the server does, or it would be used as it closes.
        limits = httpx.Limits(keepalive_expiry=2.0)  # and any number of them
        url = f"http://127.0.0.1:{port}"
        headers = {"Origin": url}  # as a browser says, or a cookie counts for nothing
        self._http = httpx.AsyncClient(base_url=url, timeout=60, limits=limits, headers=headers)
        self.waits_s: list[float] = []
        self.statuses: Counter[int | str] = Counter()
        self.events: Counter[str] = Counter()
        self.open = 0

    async def listen(self, number: int) -> None:
        async with self._http.stream("GET", "/v1/events", headers=self._cookies[number]) as stream:
            assert stream.status_code == 200
            self.open += 1
            async for line in stream.aiter_lines():
                if line.startswith("event: "):
                    self.events[line.removeprefix("event: ")] += 1

    async def ask(self, number: int) -> None:
        started = time.perf_counter()
        cookies = self._cookies[number % len(self._cookies)]
        try:
            answer = await self._http.post("/v1/generations", json=REQUEST, headers=cookies)
            self.statuses[answer.status_code] += 1
        except httpx.TransportError as error:
            self.statuses[type(error).__name__] += 1
        self.waits_s.append(time.perf_counter() - started)

    async def run(self, seconds: int) -> None:
        """Asks at an even pace, whether or not the answers keep up."""
        listeners = [asyncio.create_task(self.listen(n)) for n in range(len(self._cookies))]
        while self.open < len(self._cookies):
            await asyncio.sleep(0.1)
            for one in listeners:
                if one.done():
                    one.result()  # raises
        await self.ask(0)
        assert self.statuses.pop(202), dict(self.statuses)  # or ten minutes would be in vain
        self.waits_s.clear()
        begun, asked = time.perf_counter(), []
        for number in range(seconds * A_SECOND):
            await asyncio.sleep(max(0.0, begun + number / A_SECOND - time.perf_counter()))
            asked.append(asyncio.create_task(self.ask(number)))
        await asyncio.gather(*asked)
        for one in listeners:
            assert not one.done(), "a stream ended"
            one.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)
        await self._http.aclose()


def main(words: list[str]) -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long is asked")
    asked = parser.parse_args(words)
    seconds = asked.seconds
    with (
        TemporaryDirectory() as folder,
        running_server(asked.debian) as url,
        open_database(Settings(database=url)) as database,
        Cluster(url, Path(folder), seconds=0.05) as cluster,
    ):
        cluster.start_api()
        for name in WORKERS:
            cluster.start_worker(name)
        wait_until(cluster.ready)
        crowd = _Crowd(cluster.port, [_sign_in(database) for _ in range(PEOPLE)])
        asyncio.run(crowd.run(seconds))
        wait_until(lambda: not unfinished(database), SETTLE_S)
        check_all(database, Path(folder), set())
        assert not list(verify(database))
    waits_ms = [1e3 * one for one in crowd.waits_s]
    cuts = statistics.quantiles(waits_ms, n=100)
    print(f"{len(waits_ms)} requests, {dict(crowd.statuses)}; streams told {dict(crowd.events)}")
    print(f"accepted after {cuts[49]:.0f} ms (median), {cuts[98]:.0f} ms (p99)")
    assert crowd.statuses == {202: seconds * A_SECOND}, "not all were accepted"
    claim = f"ms until one of {A_SECOND} requests a second is accepted, p99, {PEOPLE} streams open"
    outcome = compare(
        f"{claim}|what is allowed", cuts[98], 1e3 * MOST_P99_S, 1.0, less_is_better=True
    )
    print_outcome(outcome)


if __name__ == "__main__":
    main(sys.argv[1:])
