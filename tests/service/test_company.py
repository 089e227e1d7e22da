"""Most work together; one that is to be alone, is."""

import threading
import time

from maquette.service.company import Company
from tests.waiting import PATIENCE_S


def test_who_is_to_be_alone_waits_for_the_others_and_they_for_it() -> None:
    company, seen, lock = Company(), list[str](), threading.Lock()
    together = threading.Barrier(2)

    def be_there(name: str, alone: bool) -> None:
        with company.joined(alone):
            with lock:
                seen.append(f"{name} comes")
            if not alone and name != "late":
                together.wait(PATIENCE_S)
            time.sleep(0.2)
            with lock:
                seen.append(f"{name} goes")

    def start(name: str, alone: bool = False) -> threading.Thread:
        thread = threading.Thread(target=be_there, args=(name, alone))
        thread.start()
        time.sleep(0.05)
        return thread

    threads = [start("first"), start("second")]
    threads += [start("loner", alone=True), start("late"), start("another", alone=True)]
    for thread in threads:
        thread.join(PATIENCE_S)
    assert sorted(seen[:2]) == ["first comes", "second comes"]
    assert sorted(seen[2:4]) == ["first goes", "second goes"]
    rest = ["loner comes", "loner goes", "another comes", "another goes"]
    assert sorted(seen[4:8]) == sorted(rest)
    assert [f"{name} goes" for name in (seen[4].split()[0], seen[6].split()[0])] == seen[5:8:2]
    assert seen[8:] == ["late comes", "late goes"]
