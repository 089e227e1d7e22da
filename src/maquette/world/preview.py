"""Sheets of pictures, to look at many at once."""

from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image

from maquette.world.compose import compose
from maquette.world.draw import draw


def contact_sheet(seeds: Iterable[int], columns: int) -> Image.Image:
    """The scenes of these seeds side by side, `columns` a row."""
    return sheet([draw(compose(seed)) for seed in seeds], columns)


def sheet(pictures: Sequence[np.ndarray], columns: int, gap_px: int = 4) -> Image.Image:
    """Square pictures (side, side, 3) uint8 of one size side by side, on white."""
    side = pictures[0].shape[0] + gap_px
    rows = -(-len(pictures) // columns)
    all_of_it = np.full((rows * side + gap_px, columns * side + gap_px, 3), 255, np.uint8)
    for i, picture in enumerate(pictures):
        y, x = (i // columns) * side + gap_px, (i % columns) * side + gap_px
        all_of_it[y : y + side - gap_px, x : x + side - gap_px] = picture
    return Image.fromarray(all_of_it)
