"""Tree, mushroom, flower, pumpkin, snowman, star and butterfly."""

from maquette.world.drawing import Drawing, Tint, fill, line

TREES: tuple[Drawing, ...] = (
    (  # oak
        fill(Tint.BARK, "M 42 100 L 45 60 L 55 60 L 58 100 Z"),
        line(Tint.BARK, "M 50 74 L 36 58 M 50 70 L 64 56", 4),
        fill(
            Tint.MAIN,
            "M 50 1 Q 80 2 80 28 Q 98 30 97 48 Q 94 70 66 67 Q 50 76 34 67 Q 6 70 3 48 Q 2 30 20 "
            "28 Q 20 2 50 1 Z",
        ),
        fill(Tint.DARK, "M 97 48 Q 94 70 66 67 Q 50 76 34 67 Q 22 69 14 64 Q 58 66 97 48 Z"),
        fill(Tint.LIGHT, "E 38 20 14 10 E 22 40 11 9"),
    ),
    (  # fir
        fill(Tint.BARK, "R 44 82 12 18 1"),
        fill(Tint.MAIN, "M 50 40 L 92 86 L 8 86 Z"),
        fill(Tint.MAIN, "M 50 20 L 84 62 L 16 62 Z"),
        fill(Tint.MAIN, "M 50 0 L 74 38 L 26 38 Z"),
        fill(
            Tint.LIGHT,
            "M 50 0 L 26 38 L 38 38 Z M 32 40 L 16 62 L 30 62 Z M 26 66 L 8 86 L 24 86 Z",
        ),
        fill(
            Tint.DARK,
            "M 50 0 L 74 38 L 62 38 Z M 68 42 L 84 62 L 70 62 Z M 74 66 L 92 86 L 76 86 Z",
        ),
    ),
    (  # poplar
        fill(Tint.BARK, "M 44 100 L 46 70 L 54 70 L 56 100 Z"),
        fill(Tint.MAIN, "M 50 0 Q 84 34 74 66 Q 68 86 50 86 Q 32 86 26 66 Q 16 34 50 0 Z"),
        fill(Tint.LIGHT, "M 50 0 Q 22 34 30 66 Q 36 80 46 84 Q 32 84 26 66 Q 16 34 50 0 Z"),
        fill(Tint.DARK, "M 50 0 Q 84 34 74 66 Q 68 86 50 86 Q 62 74 64 56 Q 66 28 50 0 Z"),
        line(Tint.BARK, "M 50 84 L 50 40 M 50 62 L 60 50 M 50 70 L 40 56", 3),
    ),
)

MUSHROOMS: tuple[Drawing, ...] = (
    (
        fill(Tint.CREAM, "M 38 54 Q 42 76 32 100 L 68 100 Q 58 76 62 54 Z"),
        fill(Tint.MAIN, "M 0 58 Q 4 2 50 2 Q 96 2 100 58 Q 76 68 50 66 Q 24 68 0 58 Z"),
        fill(
            Tint.DARK,
            "M 0 58 Q 24 68 50 66 Q 76 68 100 58 Q 98 50 96 46 Q 50 60 4 46 Q 2 50 0 58 Z",
        ),
        fill(Tint.CREAM, "E 32 26 8 7 E 62 18 7 6 E 74 42 7 6 E 46 46 6 5 E 18 46 5 5"),
    ),
    (
        fill(Tint.CREAM, "M 42 62 L 40 100 L 60 100 L 58 62 Z"),
        fill(Tint.ROSE, "R 36 70 28 6 3"),
        fill(Tint.MAIN, "M 16 70 Q 18 2 50 0 Q 82 2 84 70 Q 50 58 16 70 Z"),
        fill(Tint.LIGHT, "M 24 64 Q 24 10 48 4 Q 34 22 36 61 Z"),
        fill(Tint.CREAM, "E 54 22 6 6 E 64 44 7 6 E 46 42 5 5"),
    ),
    (  # a wide flat cap, seen a little from below
        fill(Tint.CREAM, "M 40 50 Q 44 78 34 92 Q 34 100 50 100 Q 66 100 66 92 Q 56 78 60 50 Z"),
        fill(Tint.CREAM, "E 50 48 44 12"),
        fill(Tint.MAIN, "M 0 46 Q 14 4 50 4 Q 86 4 100 46 Q 96 62 50 50 Q 4 62 0 46 Z"),
        fill(Tint.LIGHT, "M 10 40 Q 22 12 48 9 Q 30 20 26 42 Z"),
        fill(Tint.DARK, "M 0 46 Q 4 62 50 50 Q 96 62 100 46 L 97 39 Q 76 50 50 42 Q 24 50 3 39 Z"),
        fill(Tint.CREAM, "E 40 24 6 5 E 62 30 7 5 E 80 36 4 4"),
    ),
)

FLOWERS: tuple[Drawing, ...] = (
    (  # daisy
        line(Tint.LEAF, "M 50 54 Q 54 78 50 99", 5),
        fill(
            Tint.LEAF,
            "M 52 82 Q 66 66 82 76 Q 72 92 52 86 Z M 50 92 Q 36 78 22 86 Q 32 100 50 96 Z",
        ),
        fill(Tint.MAIN, "E 50 12 11 14 E 50 58 11 14 E 26 35 14 11 E 74 35 14 11"),
        fill(Tint.MAIN, "E 33 19 12 12 E 67 19 12 12 E 33 51 12 12 E 67 51 12 12"),
        fill(Tint.LIGHT, "E 50 10 5 7 E 30 18 6 6 E 22 34 7 5"),
        fill(Tint.GOLD, "E 50 35 13 13"),
    ),
    (  # tulip
        line(Tint.LEAF, "M 50 56 L 50 99", 6),
        fill(
            Tint.LEAF, "M 48 98 Q 16 88 20 54 Q 40 66 50 98 Z M 52 98 Q 84 88 80 60 Q 60 70 52 98 Z"
        ),
        fill(
            Tint.MAIN,
            "M 18 4 Q 34 12 38 24 Q 42 8 50 0 Q 58 8 62 24 Q 66 12 82 4 Q 90 62 50 64 Q 10 62 18 "
            "4 Z",
        ),
        fill(Tint.LIGHT, "M 18 4 Q 34 12 38 24 Q 34 50 46 63 Q 10 58 18 4 Z"),
        fill(Tint.DARK, "M 82 4 Q 66 12 62 24 Q 66 50 54 63 Q 90 58 82 4 Z"),
    ),
    (  # round bloom in a pot of leaves
        line(Tint.LEAF, "M 50 50 L 50 96", 5),
        fill(Tint.MAIN, "E 50 32 38 32"),
        fill(Tint.MAIN, "E 20 24 14 14 E 80 24 14 14 E 24 52 14 12 E 76 52 14 12"),
        fill(Tint.DARK, "E 50 34 24 21"),
        fill(Tint.MAIN, "E 50 33 17 15"),
        fill(Tint.LIGHT, "E 48 31 9 8 E 30 14 8 6"),
        fill(
            Tint.LEAF,
            "M 50 100 Q 20 100 12 74 Q 42 72 50 100 Z M 50 100 Q 80 100 88 74 Q 58 72 50 100 Z",
        ),
    ),
)

PUMPKINS: tuple[Drawing, ...] = (
    (
        fill(Tint.LEAF, "M 44 26 Q 42 8 54 0 L 62 4 Q 54 12 56 26 Z"),
        fill(Tint.MAIN, "E 24 62 24 36 E 76 62 24 36"),
        fill(Tint.DARK, "E 36 62 20 38 E 64 62 20 38"),
        fill(Tint.MAIN, "E 50 62 20 38"),
        fill(Tint.LIGHT, "E 44 48 6 16 E 16 52 5 13"),
        fill(Tint.LEAF, "M 56 22 Q 72 8 86 18 Q 74 32 56 26 Z"),
    ),
    (
        fill(Tint.BARK, "M 44 22 L 42 4 L 56 0 L 56 22 Z"),
        fill(Tint.MAIN, "M 50 18 Q 100 10 100 58 Q 100 100 50 100 Q 0 100 0 58 Q 0 10 50 18 Z"),
        line(Tint.DARK, "M 50 20 L 50 98 M 34 20 Q 14 58 34 96 M 66 20 Q 86 58 66 96", 5),
        fill(Tint.INK, "M 26 58 L 40 58 L 33 44 Z M 60 58 L 74 58 L 67 44 Z"),
        fill(Tint.INK, "M 24 70 Q 50 84 76 70 Q 66 92 50 92 Q 34 92 24 70 Z"),
        fill(Tint.LIGHT, "E 14 48 6 16"),
        fill(Tint.LEAF, "M 50 20 Q 36 4 18 12 Q 28 28 50 22 Z"),
    ),
    (  # a tall one with a curl
        line(Tint.LEAF, "M 54 14 Q 76 2 80 18 Q 80 28 72 26", 4),
        fill(Tint.BARK, "M 45 18 L 46 2 L 58 2 L 56 18 Z"),
        fill(Tint.MAIN, "E 50 56 36 44"),
        fill(Tint.MAIN, "E 22 60 20 36 E 78 60 20 36"),
        fill(
            Tint.DARK, "M 74 26 Q 94 58 74 96 Q 84 60 74 26 Z M 58 16 Q 70 56 58 98 Q 64 56 58 16 Z"
        ),
        fill(
            Tint.LIGHT, "M 40 18 Q 24 56 40 96 Q 32 56 40 18 Z M 20 32 Q 6 58 18 88 Q 12 58 20 32 Z"
        ),
    ),
)

SNOWMEN: tuple[Drawing, ...] = (
    (
        line(Tint.BARK, "M 26 56 L 4 40 M 74 56 L 96 40", 4),
        fill(Tint.MAIN, "E 50 76 32 24"),
        fill(Tint.MAIN, "E 50 50 24 19"),
        fill(Tint.MAIN, "E 50 29 18 16"),
        fill(Tint.LIGHT, "E 36 68 11 9 E 38 48 7 6"),
        fill(Tint.INK, "R 34 0 32 16 2 R 26 13 48 5 2"),
        fill(Tint.INK, "E 43 27 3 3 E 57 27 3 3 E 50 50 3 3 E 50 60 3 3"),
        fill(Tint.GOLD, "M 50 31 L 66 35 L 50 37 Z"),
        fill(Tint.ROSE, "R 34 40 32 7 3"),
    ),
    (
        line(Tint.BARK, "M 28 58 L 6 66 M 72 58 L 92 34", 4),
        fill(Tint.MAIN, "E 50 72 36 28"),
        fill(Tint.MAIN, "E 50 34 24 22"),
        fill(Tint.LIGHT, "E 38 62 13 10 E 41 26 8 7"),
        fill(Tint.DARK, "M 78 56 Q 90 76 68 96 Q 92 92 86 70 Q 84 60 78 56 Z"),
        fill(Tint.ROSE, "M 26 26 Q 28 2 50 2 Q 72 2 74 26 Z"),
        fill(Tint.CREAM, "E 50 2 6 5 R 24 22 52 7 3"),
        fill(Tint.INK, "E 42 37 3 3.5 E 58 37 3 3.5 E 50 66 3.5 3.5 E 50 80 3.5 3.5"),
        fill(Tint.GOLD, "M 50 41 L 34 46 L 50 48 Z"),
    ),
    (
        fill(Tint.MAIN, "E 50 78 28 22"),
        fill(Tint.MAIN, "E 50 44 26 23"),
        fill(Tint.LIGHT, "E 34 34 6 5 E 36 74 8 7"),
        fill(Tint.ROSE, "R 26 60 48 9 4 R 62 62 10 26 4"),
        fill(Tint.STEEL, "M 30 26 L 36 2 L 64 2 L 70 26 Z"),
        fill(Tint.INK, "E 41 42 3.2 3.8 E 59 42 3.2 3.8 E 50 78 3 3 E 50 88 3 3"),
        fill(Tint.GOLD, "M 47 46 L 53 46 L 50 58 Z"),
        line(Tint.BARK, "M 24 72 L 4 60 M 76 72 L 96 60 M 10 64 L 6 54 M 90 64 L 94 54", 4),
    ),
)

STARS: tuple[Drawing, ...] = (
    (  # five sharp points
        fill(
            Tint.MAIN,
            "M 50 0 L 63 36 L 100 38 L 71 62 L 81 100 L 50 78 L 19 100 L 29 62 L 0 38 L 37 36 Z",
        ),
        fill(
            Tint.LIGHT,
            "M 50 0 L 50 54 L 37 36 Z M 0 38 L 50 54 L 29 62 Z M 19 100 L 50 54 L 50 78 Z M 81 "
            "100 L 50 54 L 71 62 Z M 100 38 L 50 54 L 63 36 Z",
        ),
    ),
    (  # rounded, with a face
        fill(
            Tint.MAIN,
            "M 50 2 Q 58 4 64 30 Q 92 28 98 38 Q 98 46 76 62 Q 88 90 80 98 Q 72 102 50 84 Q 28 "
            "102 20 98 Q 12 90 24 62 Q 2 46 2 38 Q 8 28 36 30 Q 42 4 50 2 Z",
        ),
        fill(Tint.LIGHT, "M 50 8 Q 44 14 42 34 Q 22 34 10 40 Q 24 36 46 40 Q 50 24 50 8 Z"),
        fill(Tint.INK, "E 42 50 3.5 5 E 58 50 3.5 5"),
        line(Tint.INK, "M 43 61 Q 50 68 57 61", 3),
        fill(Tint.ROSE, "E 34 58 4 3 E 66 58 4 3"),
    ),
    (  # eight rays
        fill(Tint.DARK, "M 18 18 L 50 38 L 82 18 L 62 50 L 82 82 L 50 62 L 18 82 L 38 50 Z"),
        fill(Tint.MAIN, "M 50 0 L 60 40 L 100 50 L 60 60 L 50 100 L 40 60 L 0 50 L 40 40 Z"),
        fill(
            Tint.LIGHT,
            "M 50 0 L 50 50 L 40 40 Z M 0 50 L 50 50 L 40 60 Z M 50 100 L 50 50 L 60 60 Z M 100 "
            "50 L 50 50 L 60 40 Z",
        ),
    ),
)

BUTTERFLIES: tuple[Drawing, ...] = (
    (  # open, from above
        line(Tint.INK, "M 50 26 Q 42 10 34 4 M 50 26 Q 58 10 66 4", 2.5),
        fill(
            Tint.MAIN,
            "M 50 46 Q 30 4 4 10 Q -4 40 16 54 Q 34 60 50 52 Z M 50 46 Q 70 4 96 10 Q 104 40 84 "
            "54 Q 66 60 50 52 Z",
        ),
        fill(
            Tint.MAIN,
            "M 50 54 Q 24 54 12 70 Q 12 98 30 98 Q 46 92 50 60 Z M 50 54 Q 76 54 88 70 Q 88 98 70 "
            "98 Q 54 92 50 60 Z",
        ),
        fill(Tint.LIGHT, "E 22 30 9 10 E 78 30 9 10"),
        fill(Tint.DARK, "E 29 78 8 9 E 71 78 8 9"),
        fill(Tint.INK, "R 46 26 8 60 4"),
    ),
    (  # sideways, wings together
        line(Tint.INK, "M 82 72 Q 92 58 98 58 M 80 70 Q 84 54 92 48", 2.5),
        fill(Tint.DARK, "M 64 78 Q 60 20 34 2 Q 16 6 24 40 Q 30 66 60 82 Z"),
        fill(Tint.MAIN, "M 62 80 Q 40 14 8 12 Q -4 22 8 50 Q 22 74 58 84 Z"),
        fill(Tint.MAIN, "M 58 82 Q 22 70 8 82 Q 6 98 24 100 Q 46 98 60 86 Z"),
        fill(Tint.LIGHT, "E 20 34 8 11 E 26 86 8 6"),
        fill(Tint.INK, "M 40 96 Q 64 74 84 68 Q 92 74 84 80 Q 64 94 44 100 Z"),
    ),
    (  # swallowtail
        line(Tint.INK, "M 50 24 Q 46 8 38 0 M 50 24 Q 54 8 62 0", 2.5),
        fill(
            Tint.MAIN,
            "M 50 42 L 0 8 Q 2 40 22 58 L 50 56 Z M 50 42 L 100 8 Q 98 40 78 58 L 50 56 Z",
        ),
        fill(
            Tint.DARK,
            "M 0 8 Q 2 40 22 58 L 30 56 Q 12 36 10 15 Z M 100 8 Q 98 40 78 58 L 70 56 Q 88 36 90 "
            "15 Z",
        ),
        fill(
            Tint.MAIN,
            "M 50 54 Q 24 56 22 74 L 28 84 L 22 100 L 34 90 Q 48 84 50 62 Z M 50 54 Q 76 56 78 74 "
            "L 72 84 L 78 100 L 66 90 Q 52 84 50 62 Z",
        ),
        fill(Tint.LIGHT, "M 46 48 L 20 28 Q 26 44 46 54 Z M 54 48 L 80 28 Q 74 44 54 54 Z"),
        fill(Tint.INK, "R 46 24 8 56 4"),
    ),
)

DRAWINGS: dict[str, tuple[Drawing, ...]] = {
    "tree": TREES,
    "mushroom": MUSHROOMS,
    "flower": FLOWERS,
    "pumpkin": PUMPKINS,
    "snowman": SNOWMEN,
    "star": STARS,
    "butterfly": BUTTERFLIES,
}
