"""Boat, car, train, balloon, rocket, bridge and umbrella."""

from maquette.world.drawing import Drawing, Tint, fill, line

BOATS: tuple[Drawing, ...] = (
    (
        line(Tint.WOOD, "M 50 76 L 50 2", 3),
        fill(Tint.CREAM, "M 53 6 Q 84 34 88 68 L 53 68 Z"),
        fill(Tint.LIGHT, "M 47 14 Q 26 42 16 68 L 47 68 Z"),
        fill(Tint.MAIN, "M 2 74 L 98 74 Q 92 100 74 100 L 26 100 Q 8 100 2 74 Z"),
        fill(Tint.DARK, "M 10 90 Q 50 94 90 90 Q 84 100 74 100 L 26 100 Q 16 100 10 90 Z"),
        fill(Tint.LIGHT, "R 4 74 92 5 2"),
        fill(Tint.ROSE, "M 50 0 L 66 5 L 50 10 Z"),
    ),
    (
        fill(Tint.STEEL, "E 72 8 9 7"),
        fill(Tint.STEEL, "E 84 2 7 5"),
        fill(Tint.DARK, "R 56 18 14 34 2"),
        fill(Tint.CREAM, "R 56 24 14 6 0"),
        fill(Tint.CREAM, "R 26 42 52 28 4"),
        fill(Tint.GLASS, "E 38 56 6 6"),
        fill(Tint.GLASS, "E 56 56 6 6"),
        fill(Tint.MAIN, "M 0 62 L 100 66 Q 96 100 80 100 L 22 100 Q 6 92 0 62 Z"),
        fill(Tint.DARK, "M 8 88 L 94 88 Q 88 100 80 100 L 22 100 Q 14 98 8 88 Z"),
        fill(Tint.LIGHT, "M 1 66 L 99 70 L 98 75 L 2 72 Z"),
    ),
    (
        line(Tint.WOOD, "M 40 72 L 40 10", 3),
        fill(Tint.MAIN, "M 43 12 Q 92 22 90 62 Q 64 52 43 62 Z"),
        fill(Tint.LIGHT, "M 43 12 Q 66 16 74 34 Q 58 32 43 36 Z"),
        fill(Tint.CREAM, "M 37 20 Q 18 40 12 64 L 37 64 Z"),
        fill(Tint.MAIN, "M 4 68 Q 50 80 96 68 Q 94 100 68 100 L 32 100 Q 8 100 4 68 Z"),
        fill(Tint.DARK, "M 10 86 Q 50 96 90 86 Q 84 100 68 100 L 32 100 Q 16 100 10 86 Z"),
        line(Tint.WOOD, "M 22 82 L 6 98", 3),
    ),
)

CARS: tuple[Drawing, ...] = (
    (
        fill(Tint.MAIN, "M 22 58 Q 30 28 44 28 L 64 28 Q 76 30 82 58 Z"),
        fill(Tint.GLASS, "M 30 56 Q 34 36 44 36 L 50 36 L 50 56 Z"),
        fill(Tint.GLASS, "M 55 36 L 62 36 Q 70 38 74 56 L 55 56 Z"),
        fill(
            Tint.MAIN,
            "M 2 84 Q 0 58 20 56 L 84 56 Q 100 58 98 84 Q 98 88 92 88 L 8 88 Q 2 88 2 84 Z",
        ),
        fill(Tint.LIGHT, "R 8 60 84 6 3"),
        fill(Tint.DARK, "R 4 80 92 8 4"),
        fill(Tint.GOLD, "E 94 68 4 5"),
        fill(Tint.INK, "E 24 87 13 13"),
        fill(Tint.INK, "E 76 87 13 13"),
        fill(Tint.STEEL, "E 24 87 6 6"),
        fill(Tint.STEEL, "E 76 87 6 6"),
    ),
    (
        fill(Tint.MAIN, "M 4 86 Q 2 62 18 58 Q 28 22 56 22 Q 84 24 90 58 Q 98 62 96 86 Z"),
        fill(Tint.LIGHT, "M 26 54 Q 34 28 54 28 L 54 24 Q 30 24 21 56 Z"),
        fill(Tint.GLASS, "M 30 54 Q 36 32 52 32 L 52 54 Z"),
        fill(Tint.GLASS, "M 58 32 Q 74 34 80 54 L 58 54 Z"),
        fill(Tint.DARK, "R 4 78 92 9 4"),
        fill(Tint.CREAM, "E 10 68 5 6"),
        fill(Tint.INK, "E 26 87 13 13"),
        fill(Tint.INK, "E 74 87 13 13"),
        fill(Tint.CREAM, "E 26 87 5 5"),
        fill(Tint.CREAM, "E 74 87 5 5"),
    ),
    (
        fill(Tint.MAIN, "R 4 26 70 60 6"),
        fill(Tint.MAIN, "M 66 46 L 84 48 Q 97 54 97 72 L 97 86 L 66 86 Z"),
        fill(Tint.LIGHT, "R 4 26 70 8 4"),
        fill(Tint.GLASS, "R 12 38 18 18 3"),
        fill(Tint.GLASS, "R 35 38 16 18 3"),
        fill(Tint.GLASS, "M 57 38 L 70 38 L 80 56 L 57 56 Z"),
        fill(Tint.DARK, "R 4 76 93 10 3"),
        fill(Tint.GOLD, "E 93 66 4 5"),
        fill(Tint.INK, "E 24 87 13 13"),
        fill(Tint.INK, "E 76 87 13 13"),
        fill(Tint.STEEL, "E 24 87 6 6"),
        fill(Tint.STEEL, "E 76 87 6 6"),
    ),
)

TRAINS: tuple[Drawing, ...] = (
    (
        fill(Tint.CREAM, "E 22 12 10 8"),
        fill(Tint.CREAM, "E 36 5 8 6"),
        fill(Tint.DARK, "M 14 28 L 30 28 L 27 48 L 17 48 Z"),
        fill(Tint.MAIN, "R 6 46 58 34 12"),
        fill(Tint.LIGHT, "R 12 50 46 7 3"),
        fill(Tint.MAIN, "R 56 20 38 60 3"),
        fill(Tint.DARK, "R 52 16 46 8 3"),
        fill(Tint.GLASS, "R 64 30 22 18 2"),
        fill(Tint.DARK, "R 4 76 92 8 2"),
        fill(Tint.GOLD, "E 40 44 6 6"),
        fill(Tint.INK, "M 0 94 L 8 78 L 14 94 Z"),
        fill(Tint.INK, "E 24 88 12 12 E 50 90 10 10 E 78 88 12 12"),
        fill(Tint.STEEL, "E 24 88 5 5 E 50 90 4 4 E 78 88 5 5"),
    ),
    (
        fill(Tint.MAIN, "M 2 84 Q 2 30 36 28 L 98 28 L 98 84 Z"),
        fill(Tint.LIGHT, "M 10 62 Q 14 36 38 34 L 98 34 L 98 28 L 36 28 Q 8 30 3 62 Z"),
        fill(Tint.GLASS, "M 12 56 Q 16 40 32 38 L 32 56 Z"),
        fill(Tint.GLASS, "R 40 40 15 16 2"),
        fill(Tint.GLASS, "R 60 40 15 16 2"),
        fill(Tint.GLASS, "R 80 40 15 16 2"),
        fill(Tint.CREAM, "R 3 62 95 6 0"),
        fill(Tint.GOLD, "E 9 74 4 4"),
        fill(Tint.DARK, "R 2 78 96 9 2"),
        fill(Tint.INK, "E 22 91 9 9 E 42 91 9 9 E 66 91 9 9 E 86 91 9 9"),
        fill(Tint.STEEL, "R 0 97 100 3 0"),
    ),
    (
        fill(Tint.CREAM, "E 14 16 8 6"),
        fill(Tint.DARK, "R 10 26 10 24 1"),
        fill(Tint.MAIN, "R 4 48 32 32 5"),
        fill(Tint.MAIN, "R 30 30 20 50 2"),
        fill(Tint.DARK, "R 27 26 26 6 2"),
        fill(Tint.GLASS, "R 34 38 12 12 1"),
        fill(Tint.LIGHT, "R 8 52 20 6 3"),
        fill(Tint.BARK, "R 50 74 8 5 0"),
        fill(Tint.MAIN, "R 56 36 42 44 3"),
        fill(Tint.DARK, "R 54 32 46 7 3"),
        fill(Tint.GLASS, "R 61 46 13 14 1"),
        fill(Tint.GLASS, "R 80 46 13 14 1"),
        fill(Tint.INK, "E 15 90 10 10 E 40 90 10 10 E 66 90 10 10 E 88 90 10 10"),
        fill(Tint.STEEL, "E 15 90 4 4 E 40 90 4 4 E 66 90 4 4 E 88 90 4 4"),
    ),
)

BALLOONS: tuple[Drawing, ...] = (
    (
        fill(Tint.MAIN, "M 50 0 Q 90 0 90 36 Q 88 58 60 76 L 40 76 Q 12 58 10 36 Q 10 0 50 0 Z"),
        fill(Tint.LIGHT, "M 50 0 Q 28 4 28 36 Q 30 60 44 76 L 40 76 Q 12 58 10 36 Q 10 0 50 0 Z"),
        fill(Tint.DARK, "M 50 0 Q 72 4 72 36 Q 70 60 56 76 L 60 76 Q 88 58 90 36 Q 90 0 50 0 Z"),
        line(Tint.WOOD, "M 42 76 L 44 88 M 58 76 L 56 88", 2.5),
        fill(Tint.WOOD, "R 40 86 20 14 3"),
        fill(Tint.CREAM, "R 39 85 22 4 2"),
    ),
    (
        fill(Tint.MAIN, "E 50 36 42 36"),
        fill(Tint.MAIN, "M 16 56 L 42 78 L 58 78 L 84 56 Z"),
        fill(Tint.CREAM, "M 8 34 Q 50 52 92 34 L 91 45 Q 50 62 9 45 Z"),
        fill(Tint.LIGHT, "E 32 20 10 12"),
        line(Tint.BARK, "M 40 78 L 42 90 M 60 78 L 58 90", 2.5),
        fill(Tint.BARK, "R 38 87 24 13 4"),
        fill(Tint.WOOD, "R 38 90 24 3 1"),
    ),
    (
        fill(Tint.MAIN, "M 50 0 Q 98 6 86 44 Q 78 66 58 80 L 42 80 Q 22 66 14 44 Q 2 6 50 0 Z"),
        fill(Tint.DARK, "M 50 0 Q 64 30 58 80 L 66 74 Q 84 34 50 0 Z"),
        fill(Tint.LIGHT, "M 50 0 Q 36 30 42 80 L 34 74 Q 16 34 50 0 Z"),
        fill(Tint.GOLD, "R 40 77 20 5 2"),
        line(Tint.WOOD, "M 43 82 L 44 90 M 57 82 L 56 90", 2.5),
        fill(Tint.WOOD, "M 38 88 L 62 88 L 58 100 L 42 100 Z"),
    ),
)

ROCKETS: tuple[Drawing, ...] = (
    (
        fill(Tint.GOLD, "M 40 84 Q 50 112 60 84 Z"),
        fill(Tint.ROSE, "M 45 84 Q 50 100 55 84 Z"),
        fill(Tint.DARK, "M 34 52 L 12 88 L 34 80 Z M 66 52 L 88 88 L 66 80 Z"),
        fill(Tint.MAIN, "M 50 0 Q 74 26 68 84 L 32 84 Q 26 26 50 0 Z"),
        fill(Tint.LIGHT, "M 50 0 Q 36 30 40 84 L 32 84 Q 26 26 50 0 Z"),
        fill(Tint.CREAM, "E 50 40 11 11"),
        fill(Tint.GLASS, "E 50 40 8 8"),
        fill(Tint.DARK, "R 46 66 8 22 4"),
    ),
    (
        fill(
            Tint.GOLD,
            "M 26 88 L 32 100 L 38 88 Z M 62 88 L 68 100 L 74 88 Z M 44 88 L 50 100 L 56 88 Z",
        ),
        fill(
            Tint.MAIN,
            "M 24 90 L 24 56 Q 32 40 40 56 L 40 90 Z M 60 90 L 60 56 Q 68 40 76 56 L 76 90 Z",
        ),
        fill(Tint.MAIN, "M 36 90 L 36 30 Q 50 -18 64 30 L 64 90 Z"),
        fill(Tint.DARK, "M 38 24 Q 50 -14 62 24 Z"),
        fill(Tint.LIGHT, "R 38 30 8 58 2"),
        fill(Tint.CREAM, "R 36 58 28 6 0"),
        fill(Tint.GLASS, "E 50 42 7 7"),
    ),
    (
        fill(Tint.GOLD, "M 36 86 Q 50 114 64 86 Z"),
        fill(Tint.MAIN, "E 50 48 30 48"),
        fill(Tint.DARK, "M 27 18 Q 50 -18 73 18 Q 50 26 27 18 Z"),
        fill(Tint.LIGHT, "M 26 30 Q 18 54 32 82 Q 30 54 36 26 Z"),
        fill(Tint.CREAM, "E 50 44 13 13"),
        fill(Tint.GLASS, "E 50 44 9 9"),
        fill(
            Tint.DARK, "M 22 58 Q 2 72 8 96 Q 18 82 30 80 Z M 78 58 Q 98 72 92 96 Q 82 82 70 80 Z"
        ),
        fill(Tint.STEEL, "R 38 86 24 6 2"),
    ),
)

BRIDGES: tuple[Drawing, ...] = (
    (
        fill(
            Tint.MAIN,
            "M 0 100 L 0 58 Q 50 24 100 58 L 100 100 L 84 100 Q 80 62 50 62 Q 20 62 16 100 Z",
        ),
        fill(Tint.LIGHT, "M 0 58 Q 50 24 100 58 L 100 66 Q 50 32 0 66 Z"),
        line(Tint.DARK, "M 16 100 Q 20 62 50 62 Q 80 62 84 100", 5),
        fill(
            Tint.DARK, "R 0 46 7 14 2 R 93 46 7 14 2 R 46 28 8 14 2 R 22 34 7 14 2 R 71 34 7 14 2"
        ),
    ),
    (
        fill(Tint.MAIN, "R 16 6 10 94 2 R 74 6 10 94 2"),
        fill(Tint.DARK, "R 22 6 4 94 1 R 80 6 4 94 1"),
        line(Tint.MAIN, "M 0 50 Q 12 40 21 10 Q 50 90 79 10 Q 88 40 100 50", 5),
        line(
            Tint.MAIN,
            "M 34 40 L 34 66 M 44 52 L 44 66 M 56 52 L 56 66 M 66 40 L 66 66 M 8 46 L 8 66 M 92 "
            "46 L 92 66",
            3,
        ),
        fill(Tint.MAIN, "R 0 64 100 14 2"),
        fill(Tint.LIGHT, "R 0 64 100 5 2"),
        fill(Tint.DARK, "R 12 94 18 6 2 R 70 94 18 6 2"),
    ),
    (
        fill(
            Tint.MAIN,
            "M 0 54 L 100 54 L 100 100 L 92 100 Q 90 70 76 70 Q 60 70 58 100 L 42 100 Q 40 70 24 "
            "70 Q 10 70 8 100 L 0 100 Z",
        ),
        fill(Tint.LIGHT, "R 0 52 100 8 1"),
        line(
            Tint.DARK,
            "M 8 100 Q 10 70 24 70 Q 40 70 42 100 M 58 100 Q 60 70 76 70 Q 90 70 92 100",
            4,
        ),
        line(
            Tint.DARK,
            "M 2 44 L 98 44 M 4 44 L 4 54 M 20 44 L 20 54 M 36 44 L 36 54 M 52 44 L 52 54 M 68 44 "
            "L 68 54 M 84 44 L 84 54 M 97 44 L 97 54",
            4,
        ),
        line(Tint.BARK, "M 36 44 L 36 22 M 84 44 L 84 22", 3),
        fill(Tint.GOLD, "E 36 18 5 6 E 84 18 5 6"),
    ),
)

UMBRELLAS: tuple[Drawing, ...] = (
    (
        line(Tint.WOOD, "M 50 44 L 50 88 Q 50 98 60 98 Q 69 98 69 88", 5),
        fill(
            Tint.MAIN,
            "M 2 54 Q 4 6 50 6 Q 96 6 98 54 Q 88 44 76 54 Q 64 44 50 54 Q 36 44 24 54 Q 12 44 2 "
            "54 Z",
        ),
        fill(Tint.LIGHT, "M 50 6 Q 24 14 24 54 Q 12 44 2 54 Q 4 6 50 6 Z"),
        fill(Tint.DARK, "M 50 6 Q 76 14 76 54 Q 88 44 98 54 Q 96 6 50 6 Z"),
        fill(Tint.STEEL, "R 48 0 4 9 2"),
    ),
    (
        line(Tint.BARK, "M 46 44 L 46 100", 5),
        fill(Tint.MAIN, "M 0 50 L 46 4 L 100 50 Z"),
        fill(Tint.LIGHT, "M 0 50 L 46 4 L 30 50 Z"),
        fill(Tint.DARK, "M 100 50 L 46 4 L 68 50 Z"),
        fill(
            Tint.MAIN,
            "M 0 50 Q 8 62 16 50 Q 24 62 33 50 Q 42 62 50 50 Q 58 62 67 50 Q 76 62 84 50 Q 92 62 "
            "100 50 Z",
        ),
        fill(Tint.GOLD, "E 46 4 4 4"),
    ),
    (
        line(Tint.WOOD, "M 58 40 L 36 90 Q 31 100 22 96", 5),
        fill(
            Tint.MAIN,
            "M 18 30 Q 46 -16 86 12 Q 104 30 98 62 Q 86 46 72 50 Q 64 36 50 38 Q 38 24 18 30 Z",
        ),
        fill(Tint.LIGHT, "M 18 30 Q 46 -16 72 5 Q 54 10 50 38 Q 38 24 18 30 Z"),
        fill(Tint.DARK, "M 76 7 Q 104 24 98 62 Q 86 46 72 50 Q 84 30 76 7 Z"),
        line(Tint.STEEL, "M 74 8 L 80 2", 4),
    ),
)

DRAWINGS: dict[str, tuple[Drawing, ...]] = {
    "boat": BOATS,
    "car": CARS,
    "train": TRAINS,
    "balloon": BALLOONS,
    "rocket": ROCKETS,
    "bridge": BRIDGES,
    "umbrella": UMBRELLAS,
}
