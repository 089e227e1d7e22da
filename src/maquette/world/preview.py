"""Contact sheets of drawn scenes, to look at the world."""

from collections.abc import Iterable

import numpy as np
from PIL import Image

from maquette.world.compose import Split, compose
from maquette.world.draw import draw


def contact_sheet(
    seeds: Iterable[int], columns: int, split: Split = "train", gap_px: int = 4
) -> Image.Image:
    """The scenes of these seeds side by side, `columns` a row, on white."""
    pictures = [draw(compose(seed, split)) for seed in seeds]
    side = pictures[0].shape[0] + gap_px
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * side + gap_px, columns * side + gap_px, 3), 255, np.uint8)
    for i, picture in enumerate(pictures):
        y, x = (i // columns) * side + gap_px, (i % columns) * side + gap_px
        sheet[y : y + side - gap_px, x : x + side - gap_px] = picture
    return Image.fromarray(sheet)
