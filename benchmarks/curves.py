"""Curves of composition against training compute: what is read off them, and their picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Saving:
    """The compute at which latents come to a composition, and that at which pixels do; or, where
    pixels never left chance, all that they had, for latents to leave it.
    """

    level: float
    latent: float
    pixel: float
    left_chance: bool


def saving(latent: dict[str, Any], pixel: dict[str, Any]) -> Saving:
    """Read off at the best that pixels come to, if it is clear of chance by two standard errors.

    Scores are noisy, so a curve counts as what it has come to so far; between its points it is read
    off a line over the logarithm of the compute.
    """
    rival = max(pixel["points"], key=lambda point: (point["composition"], -point["petaflop"]))
    untrained = pixel["untrained"]
    clear = untrained["composition"] + 2 * (untrained["error"] ** 2 + rival["error"] ** 2) ** 0.5
    left = rival["composition"] > clear
    level = rival["composition"] if left else clear
    spent = rival["petaflop"] if left else pixel["points"][-1]["petaflop"]
    return Saving(level, _compute_to(latent, level), spent, left)


def _compute_to(curve: dict[str, Any], level: float) -> float:
    before: dict[str, Any] | None = None
    for point in curve["points"]:
        if before is not None and point["composition"] < before["composition"]:
            point = {**point, "composition": before["composition"]}
        if point["composition"] >= level:
            return _between(before, point, level)
        before = point
    return float("inf")


def _between(before: dict[str, Any] | None, after: dict[str, Any], level: float) -> float:
    if before is None:
        return after["petaflop"]
    share = (level - before["composition"]) / (after["composition"] - before["composition"])
    logs = np.log([before["petaflop"], after["petaflop"]])
    return float(np.exp(logs[0] + share * (logs[1] - logs[0])))


def plot(
    latent: dict[str, Any], pixel: dict[str, Any], autoencoder_petaflop: float, out: Path
) -> None:
    """Draws both curves to a file."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (by_compute, by_seconds) = pyplot.subplots(
        1, 2, figsize=(9, 3.6), layout="constrained", sharey=True
    )
    for name, curve, colour in (("latents", latent, "C0"), ("pixels", pixel, "C1")):
        x = np.array([point["petaflop"] for point in curve["points"]])
        y = [point["composition"] for point in curve["points"]]
        by_compute.plot(x, y, "o-", color=colour, label=name)
        if name == "latents":
            label = "latents, with the autoencoder's training"
            by_compute.plot(x + autoencoder_petaflop, y, ":", color=colour, label=label)
        seconds = [point["seconds"] for point in curve["by_steps"]]
        by_seconds.plot(
            seconds, [p["composition"] for p in curve["by_steps"]], "o-", color=colour, label=name
        )
        for point in curve["by_steps"]:
            at = (point["seconds"], point["composition"])
            by_seconds.annotate(f" {point['steps']} steps", at, fontsize=7)
    by_compute.set(xscale="log", xlabel="PFLOP of training", ylabel="composition accuracy")
    by_seconds.set(xlabel="seconds a picture, by the last weights of each side")
    by_seconds.margins(x=0.15)
    for axes in (by_compute, by_seconds):
        axes.grid(alpha=0.3)
        chance = pixel["untrained"]["composition"]
        axes.axhline(chance, color="grey", linestyle="--", linewidth=1, label="untrained")
    by_compute.legend(fontsize=7)
    figure.savefig(out, dpi=120)
    pyplot.close(figure)
