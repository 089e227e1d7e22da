"""How each recipe learns, and its share of a run of all of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maquette.train.loop import LoopSettings


@dataclass(frozen=True, slots=True)
class Stage:
    """What one recipe is trained with unless told otherwise."""

    share: float  # of the minutes of `train all`
    rate: float  # peak learning rate
    ema_decay: float = 0.999
    muon: bool = False
    save_every_s: float = 240.0

    def settings(self, **given: Any) -> "LoopSettings":
        """The loop's settings, `given` ones before the stage's own."""
        from maquette.train.loop import LoopSettings

        own = {
            "learning_rate": self.rate,
            "ema_decay": self.ema_decay,
            "muon": self.muon,
            "save_every_s": self.save_every_s,
        }
        return LoopSettings(**(own | given))


# What is missing to 1 goes to starting, drawing and encoding.
STAGES = {
    "text": Stage(0.06, 1e-3, muon=True),
    "autoencoder": Stage(0.24, 1e-4),
    "image": Stage(0.30, 1e-3, ema_decay=0.9995, muon=True, save_every_s=480.0),
    "turbo": Stage(0.06, 1e-3, ema_decay=0.995, save_every_s=480.0),
    "clip": Stage(0.14, 1e-3, muon=True),
    "probe": Stage(0.10, 1e-3, ema_decay=0.998, muon=True),
    "language": Stage(0.05, 2e-3, muon=True),
}
