"""Which combinations no training run may ever see."""

from functools import cache
from hashlib import sha256

from maquette.world.scene import Scene


@cache
def is_held_out(subject: str, colour: str, setting: str) -> bool:
    """Whether this combination belongs to the held-out tenth (a hash decides, for good)."""
    digest = sha256(f"{subject}/{colour}/{setting}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 10 == 0


def scene_is_held_out(scene: Scene) -> bool:
    """Whether any figure of the scene makes a held-out combination with its setting."""
    return any(is_held_out(f.subject, f.colour, scene.setting) for f in scene.figures)
