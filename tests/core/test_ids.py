"""Identifiers are UUIDs of version 7: in order of time, and never twice."""

import time
from uuid import RFC_4122

from maquette.core.ids import new_id


def test_identifiers_are_of_version_7_and_never_twice() -> None:
    made = [new_id() for _ in range(1000)]
    assert {(i.version, i.variant) for i in made} == {(7, RFC_4122)}
    assert len(set(made)) == 1000
    assert abs((made[0].int >> 80) / 1000 - time.time()) < 60


def test_identifiers_sort_by_time() -> None:
    first = new_id()
    time.sleep(0.005)
    assert str(first) < str(new_id())
