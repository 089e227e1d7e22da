"""The places of the world: what stands behind and under the figures."""

from collections.abc import Callable

from maquette.world.light import Light
from maquette.world.pen import Pen
from maquette.world.scene import Scene
from maquette.world.settings.land import desert, forest, meadow, mountains
from maquette.world.settings.stage import Stage
from maquette.world.settings.town import room, space, street
from maquette.world.settings.water import beach, lake, sea

_PAINTERS: dict[str, Callable[[Stage], None]] = {
    "sea": sea,
    "beach": beach,
    "lake": lake,
    "meadow": meadow,
    "forest": forest,
    "desert": desert,
    "mountains": mountains,
    "street": street,
    "room": room,
    "space": space,
}


def paint_backdrop(pen: Pen, scene: Scene, light: Light) -> None:
    """Paints the setting of a scene on the unit square, y down."""
    _PAINTERS[scene.setting](Stage(pen, scene, light))
