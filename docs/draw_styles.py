"""Draws the tiles that the studio offers styles with: python docs/draw_styles.py

The world draws them, from whose pictures the starter models learned their styles: so they show what
is meant, whichever weights there are.
"""

from dataclasses import replace
from pathlib import Path

from PIL import Image

from maquette.world.draw import draw
from maquette.world.scene import Figure, Scene
from maquette.world.vocabulary import STYLES

OUT = Path(__file__).parents[1] / "src" / "maquette" / "web" / "tiles"
SIDE_PX = 160  # twice what a tile takes on the screen, and few enough to see the pixel style's
BOAT = Figure("boat", "red", variant=0, x=0.5, y=0.86, height=0.66)
SCENE = Scene(0, "sea", "sunset", "clear", STYLES[0], "large", (BOAT,), None, backdrop=3)


def main() -> None:
    """Writes one tile a style, of the same scene."""
    OUT.mkdir(exist_ok=True)
    for style in STYLES:
        tile = Image.fromarray(draw(replace(SCENE, style=style), SIDE_PX, SIDE_PX))
        tile.save(OUT / f"{style}.webp", quality=88, method=6)


if __name__ == "__main__":
    main()
