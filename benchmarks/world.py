"""Pictures of the picture-book world drawn a second on one core, beside what training asks for."""

import statistics
import time

from benchmarks.report import compare, print_outcome
from maquette.world.compose import compose
from maquette.world.draw import draw

ASKED = 150.0  # pictures a second at 256 px, so that drawing never holds a recipe up
PICTURES = 200
ROUNDS = 7


def rate(first: int) -> float:
    """Scenes composed and drawn a second of processor time."""
    started = time.process_time()
    for number in range(first, first + PICTURES):
        draw(compose(number))
    return PICTURES / (time.process_time() - started)


if __name__ == "__main__":
    rate(0)
    rates = [rate(PICTURES * turn) for turn in range(1, ROUNDS + 1)]
    print(f"ours   {statistics.median(rates):.0f} (from {min(rates):.0f} to {max(rates):.0f})")
    claim = "pictures of the world drawn a second on one core at 256 px, beside what is asked for"
    print_outcome(compare(claim, statistics.median(rates), ASKED, goal=1.0, less_is_better=False))
