"""What words tell of tones, counted in copy; `python -m maquette.recipes.tones` keeps the best.

No text of the held-out products is counted, and none of the model's.
"""

import json
from collections import Counter
from pathlib import Path
from random import Random

from maquette.core.files import write_whole
from maquette.core.tones import ToneJudge, runs_of, telling_runs
from maquette.world.writing.copywriting import write_copy
from maquette.world.writing.data import patterns

COPIES, MOST_RUNS = 12_000, 4_000
KEPT = Path(__file__).parents[1] / "copydesk" / "tones.json"
_SEED = "tones"


def judge_of(copies: int = COPIES) -> ToneJudge:
    """One that knows all words of so many texts."""
    return ToneJudge(count_runs(copies))


def count_runs(copies: int) -> dict[str, Counter[str]]:
    """How often runs of words come in so many texts, by tone."""
    counts = {tone: Counter[str]() for tone in patterns()}
    for number in range(copies):
        copy = write_copy(Random(f"{_SEED}/{number}"))
        counts[copy.tone].update(runs_of(copy.plan.said(copy.assignment.language)))
    return counts


def kept(copies: int = COPIES, most: int = MOST_RUNS) -> bytes:
    """The file of the runs that tell most, which learning a voice reads."""
    told = telling_runs(count_runs(copies), most)
    return f"{json.dumps(told, ensure_ascii=False, separators=(',', ':'))}\n".encode()


if __name__ == "__main__":
    write_whole(KEPT, kept())
