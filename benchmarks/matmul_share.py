"""The share of this machine's matmul peak that a U-Net of Stable Diffusion 1.5's size reaches."""

from benchmarks.report import Outcome, print_outcome
from benchmarks.rivals import DATA, sd15_folder
from maquette.core.settings import Settings
from maquette.service.backend_choice import measure_backends
from maquette.service.wiring import image_engine

GOAL = 0.5


def measure() -> Outcome:
    """By the fastest backend, at 512 px; both sides in GFLOP/s, measured one after the other."""
    settings = Settings(data=DATA, backend="eager")
    measured = measure_backends(settings, image_engine(settings, str(sd15_folder())))
    print(measured)
    peak = measured.peak_flop_s / 1e9
    share = measured.share_of_peak
    claim = (
        f"GFLOP/s of a U-Net of SD 1.5's size by {measured.backend}, beside the fastest matmul; "
        "the ratio is its share"
    )
    return Outcome(claim, share * peak, peak, share, GOAL, ok=share >= GOAL)


if __name__ == "__main__":
    print_outcome(measure())
