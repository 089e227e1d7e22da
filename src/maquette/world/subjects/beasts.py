"""Cat, dog, rabbit, bird, duck, fish and turtle."""

from maquette.world.drawing import Drawing, Tint, fill, line

CATS: tuple[Drawing, ...] = (
    (  # sitting, seen from the front
        line(Tint.DARK, "M 70 92 Q 98 92 90 62 Q 88 54 82 58", 8),
        fill(Tint.MAIN, "M 26 100 Q 20 50 50 48 Q 80 50 74 100 Z"),
        fill(Tint.LIGHT, "M 40 100 Q 38 64 50 62 Q 62 64 60 100 Z"),
        fill(Tint.MAIN, "M 22 32 L 22 2 L 42 16 L 58 16 L 78 2 L 78 32 Z"),
        fill(Tint.ROSE, "M 27 22 L 27 10 L 36 17 Z M 73 22 L 73 10 L 64 17 Z"),
        fill(Tint.MAIN, "E 50 36 30 23"),
        fill(Tint.INK, "E 39 34 3.5 5 E 61 34 3.5 5"),
        fill(Tint.ROSE, "M 46 42 L 54 42 L 50 47 Z"),
        line(Tint.INK, "M 50 47 Q 44 53 40 49 M 50 47 Q 56 53 60 49", 2),
        fill(Tint.DARK, "E 38 97 9 5 E 62 97 9 5"),
    ),
    (  # walking, tail up
        line(Tint.MAIN, "M 16 56 Q 2 40 8 14 Q 10 6 18 10", 8),
        fill(Tint.DARK, "R 20 66 10 34 5 R 58 66 10 34 5"),
        fill(Tint.MAIN, "R 10 44 66 34 17"),
        fill(Tint.MAIN, "R 30 68 10 32 5 R 66 68 10 32 5"),
        fill(Tint.LIGHT, "E 42 52 22 6"),
        fill(Tint.MAIN, "M 56 28 L 58 4 L 72 16 L 82 16 L 96 4 L 98 30 Z"),
        fill(Tint.MAIN, "E 77 34 21 18"),
        fill(Tint.INK, "E 70 32 3 4.5 E 86 32 3 4.5"),
        fill(Tint.ROSE, "M 75 39 L 81 39 L 78 43 Z"),
        line(Tint.DARK, "M 30 46 L 30 58 M 42 45 L 42 58 M 54 46 L 54 56", 4),
    ),
    (  # sitting sideways
        line(Tint.DARK, "M 22 94 Q 0 98 4 76", 8),
        fill(Tint.MAIN, "M 14 100 Q 10 60 44 50 L 66 46 Q 76 70 74 100 Z"),
        fill(Tint.DARK, "E 32 86 19 15"),
        fill(Tint.LIGHT, "M 62 54 Q 74 70 72 92 L 62 92 Q 66 72 58 60 Z"),
        fill(Tint.MAIN, "M 46 28 L 46 0 L 62 14 L 74 14 L 90 0 L 90 30 Z"),
        fill(Tint.MAIN, "E 68 34 26 21"),
        fill(Tint.ROSE, "M 50 18 L 50 8 L 57 14 Z"),
        fill(Tint.INK, "E 60 32 3.5 5 E 80 32 3.5 5"),
        fill(Tint.ROSE, "M 67 40 L 75 40 L 71 45 Z"),
        fill(Tint.GOLD, "R 54 50 24 5 2"),
    ),
)

DOGS: tuple[Drawing, ...] = (
    (  # sitting, floppy ears
        line(Tint.MAIN, "M 72 90 Q 92 86 94 66", 8),
        fill(Tint.MAIN, "M 28 100 Q 24 48 50 46 Q 76 48 74 100 Z"),
        fill(Tint.LIGHT, "E 50 76 13 20"),
        fill(Tint.MAIN, "E 50 30 27 26"),
        fill(
            Tint.DARK, "M 28 10 Q 8 12 10 42 Q 14 54 24 46 Z M 72 10 Q 92 12 90 42 Q 86 54 76 46 Z"
        ),
        fill(Tint.CREAM, "E 50 42 15 12"),
        fill(Tint.INK, "E 40 26 4 5 E 60 26 4 5"),
        fill(Tint.INK, "E 50 37 6 4.5"),
        fill(Tint.ROSE, "R 46 46 8 10 4"),
        fill(Tint.DARK, "E 38 97 9 5 E 62 97 9 5"),
    ),
    (  # standing in profile, long muzzle
        line(Tint.MAIN, "M 12 50 Q 0 38 4 20", 7),
        fill(Tint.DARK, "R 22 68 10 32 4 R 56 68 10 32 4"),
        fill(Tint.MAIN, "R 8 42 62 32 14"),
        fill(Tint.MAIN, "R 12 66 11 34 4 R 62 64 11 36 4"),
        fill(Tint.LIGHT, "E 38 50 20 5"),
        fill(Tint.MAIN, "M 52 52 L 56 16 Q 66 8 78 14 L 98 28 Q 100 40 88 42 L 74 42 L 72 62 Z"),
        fill(Tint.DARK, "M 58 14 Q 46 16 48 42 Q 54 52 62 42 Q 66 26 58 14 Z"),
        fill(Tint.INK, "E 97 29 4 4"),
        fill(Tint.INK, "E 76 23 3.5 4"),
        fill(Tint.ROSE, "R 52 52 20 6 3"),
    ),
    (  # dachshund lying low, big head
        line(Tint.MAIN, "M 6 72 Q -2 58 4 44", 7),
        fill(Tint.MAIN, "R 4 60 84 28 14"),
        fill(Tint.DARK, "R 12 80 12 20 5 R 30 82 10 18 5 R 58 82 10 18 5 R 72 80 12 20 5"),
        fill(Tint.LIGHT, "R 14 64 50 6 3"),
        fill(Tint.MAIN, "E 70 46 22 22"),
        fill(Tint.MAIN, "R 68 44 32 18 9"),
        fill(Tint.DARK, "M 62 26 Q 46 26 46 54 Q 50 70 62 60 Q 68 42 62 26 Z"),
        fill(Tint.INK, "E 96 49 4.5 4.5"),
        fill(Tint.INK, "E 78 38 4 4.5"),
        line(Tint.INK, "M 84 58 Q 90 58 94 56", 2),
        fill(Tint.GOLD, "E 66 70 4 4"),
    ),
)

RABBITS: tuple[Drawing, ...] = (
    (  # upright, from the front
        fill(Tint.MAIN, "E 38 20 8 21 E 62 20 8 21"),
        fill(Tint.ROSE, "E 38 20 3.5 15 E 62 20 3.5 15"),
        fill(Tint.MAIN, "M 26 100 Q 22 58 50 56 Q 78 58 74 100 Z"),
        fill(Tint.LIGHT, "E 50 82 13 16"),
        fill(Tint.MAIN, "E 50 48 24 20"),
        fill(Tint.INK, "E 41 45 3.5 4.5 E 59 45 3.5 4.5"),
        fill(Tint.ROSE, "E 50 53 4 3"),
        fill(Tint.CREAM, "R 47 57 6 7 1"),
        fill(Tint.DARK, "E 34 96 13 5 E 66 96 13 5"),
    ),
    (  # crouching sideways
        fill(Tint.LIGHT, "E 7 76 8 8"),
        fill(Tint.DARK, "M 62 40 Q 50 6 60 2 Q 72 6 72 40 Z"),
        fill(Tint.MAIN, "M 70 40 Q 70 4 80 2 Q 90 8 82 42 Z"),
        fill(Tint.ROSE, "M 75 36 Q 74 14 80 9 Q 83 16 79 37 Z"),
        fill(Tint.MAIN, "M 6 92 Q 4 48 42 46 Q 72 46 78 94 L 78 98 L 12 98 Z"),
        fill(Tint.DARK, "E 28 82 19 16"),
        fill(Tint.MAIN, "E 76 52 20 18"),
        fill(Tint.INK, "E 82 48 3.5 4.5"),
        fill(Tint.ROSE, "E 95 54 3.5 3"),
        fill(Tint.LIGHT, "R 60 92 26 8 4 R 16 92 32 8 4"),
    ),
    (  # hopping
        fill(Tint.LIGHT, "E 6 58 7 7"),
        fill(Tint.MAIN, "M 66 34 Q 36 22 32 8 Q 38 0 50 8 Q 64 16 72 30 Z"),
        fill(Tint.DARK, "M 72 32 Q 56 10 62 2 Q 72 -2 76 12 Q 80 24 78 32 Z"),
        fill(Tint.MAIN, "M 4 66 Q 10 42 44 42 Q 72 44 78 60 Q 70 80 40 80 Q 10 82 4 66 Z"),
        fill(Tint.DARK, "M 14 66 Q 2 84 0 98 L 10 100 Q 22 86 34 80 Z"),
        fill(Tint.MAIN, "M 60 70 Q 74 82 84 98 L 92 94 Q 86 76 72 62 Z"),
        fill(Tint.MAIN, "E 78 44 20 17"),
        fill(Tint.LIGHT, "E 42 52 20 6"),
        fill(Tint.INK, "E 84 40 3.5 4.5"),
        fill(Tint.ROSE, "E 97 46 3 3"),
    ),
)

BIRDS: tuple[Drawing, ...] = (
    (  # flying, wings up
        fill(Tint.DARK, "M 40 56 Q 24 24 38 2 Q 64 20 62 54 Z"),
        fill(Tint.DARK, "M 20 70 L 0 62 L 2 82 L 20 80 Z"),
        fill(Tint.MAIN, "M 12 76 Q 30 48 64 48 Q 88 50 88 64 Q 84 92 50 94 Q 26 94 12 76 Z"),
        fill(Tint.MAIN, "E 76 56 17 15"),
        fill(Tint.LIGHT, "M 34 84 Q 56 96 78 74 Q 72 96 50 94 Q 40 92 34 84 Z"),
        fill(Tint.MAIN, "M 36 62 Q 12 34 18 12 Q 52 26 58 62 Z"),
        fill(Tint.GOLD, "M 90 52 L 100 58 L 90 62 Z"),
        fill(Tint.INK, "E 80 52 3 3.5"),
        line(Tint.GOLD, "M 46 94 L 40 100 M 56 94 L 54 100", 3),
    ),
    (  # standing songbird
        fill(Tint.DARK, "M 22 62 L 0 40 L 4 64 L 24 78 Z"),
        fill(
            Tint.MAIN,
            "M 16 66 Q 26 36 46 30 Q 50 6 72 8 Q 92 12 88 40 Q 90 84 52 86 Q 22 86 16 66 Z",
        ),
        fill(Tint.LIGHT, "M 86 48 Q 88 82 54 85 Q 74 70 72 46 Z"),
        fill(Tint.DARK, "M 26 62 Q 34 40 58 46 Q 62 66 44 74 Q 32 74 26 62 Z"),
        fill(Tint.GOLD, "M 87 22 L 100 28 L 88 34 Z"),
        fill(Tint.INK, "E 74 24 4 4.5"),
        line(Tint.GOLD, "M 46 86 L 46 98 M 60 86 L 60 98 M 42 99 L 52 99 M 56 99 L 66 99", 3.5),
    ),
    (  # gliding, both wings spread
        fill(Tint.MAIN, "M 50 40 Q 28 8 0 16 Q 16 26 18 38 Q 30 56 48 58 Z"),
        fill(Tint.MAIN, "M 50 40 Q 72 8 100 16 Q 84 26 82 38 Q 70 56 52 58 Z"),
        fill(
            Tint.DARK,
            "M 0 16 Q 16 26 18 38 Q 26 50 40 55 Q 22 36 0 16 Z M 100 16 Q 84 26 82 38 Q 74 50 60 "
            "55 Q 78 36 100 16 Z",
        ),
        fill(Tint.DARK, "M 44 78 L 34 100 L 50 94 L 66 100 L 56 78 Z"),
        fill(Tint.MAIN, "E 50 60 15 28"),
        fill(Tint.LIGHT, "E 50 68 9 17"),
        fill(Tint.MAIN, "E 50 34 14 13"),
        fill(Tint.INK, "E 44 32 3 3.5 E 56 32 3 3.5"),
        fill(Tint.GOLD, "M 45 37 L 55 37 L 50 46 Z"),
    ),
)

DUCKS: tuple[Drawing, ...] = (
    (  # floating
        fill(Tint.MAIN, "M 2 62 Q 14 64 24 66 L 84 62 Q 92 100 50 100 Q 8 100 2 62 Z"),
        fill(Tint.MAIN, "M 56 70 Q 52 40 60 26 L 84 30 Q 84 56 84 70 Z"),
        fill(Tint.MAIN, "E 70 22 18 18"),
        fill(Tint.DARK, "M 22 72 Q 46 60 64 74 Q 56 92 36 90 Q 24 86 22 72 Z"),
        fill(Tint.LIGHT, "M 62 44 Q 58 60 62 70 L 70 70 Q 64 58 68 44 Z"),
        fill(Tint.GOLD, "M 84 20 L 100 22 Q 100 30 84 30 Z"),
        fill(Tint.INK, "E 76 18 3.5 4"),
    ),
    (  # head turned up, tail curled
        fill(Tint.DARK, "M 10 66 Q -4 52 6 42 Q 10 52 24 58 Z"),
        fill(Tint.MAIN, "M 6 62 Q 30 50 56 60 L 90 58 Q 98 100 54 100 Q 12 100 6 62 Z"),
        fill(Tint.MAIN, "M 62 66 Q 56 44 54 30 L 78 26 Q 86 44 90 66 Z"),
        fill(Tint.MAIN, "E 64 20 19 18"),
        fill(Tint.CREAM, "M 57 40 L 80 36 L 82 43 L 59 47 Z"),
        fill(Tint.GOLD, "M 80 14 L 98 4 Q 100 14 82 24 Z"),
        fill(Tint.DARK, "M 20 70 Q 44 58 66 72 Q 52 90 32 88 Q 22 82 20 70 Z"),
        fill(Tint.INK, "E 68 15 3.5 4"),
    ),
    (  # round duckling
        fill(Tint.MAIN, "E 46 74 42 26"),
        fill(Tint.MAIN, "M 8 70 L 0 52 L 22 58 Z"),
        fill(Tint.MAIN, "E 62 32 27 26"),
        fill(Tint.LIGHT, "E 54 20 10 8"),
        fill(Tint.DARK, "M 20 74 Q 30 58 52 66 Q 54 86 36 86 Q 22 84 20 74 Z"),
        fill(Tint.GOLD, "M 82 30 Q 98 26 100 36 Q 94 46 80 42 Z"),
        fill(Tint.INK, "E 70 27 4 5"),
        line(Tint.DARK, "M 58 7 Q 56 0 62 0 M 64 6 Q 66 0 70 2", 3),
    ),
)

FISH: tuple[Drawing, ...] = (
    (  # round, fan tail
        fill(Tint.DARK, "M 24 60 L 0 34 Q 6 60 0 88 Z"),
        fill(Tint.DARK, "M 38 36 Q 54 12 74 34 Z M 44 86 L 52 100 L 66 86 Z"),
        fill(Tint.MAIN, "M 16 60 Q 34 28 64 30 Q 92 34 100 60 Q 92 90 64 94 Q 34 94 16 60 Z"),
        fill(Tint.LIGHT, "M 40 82 Q 66 96 90 76 Q 80 92 64 94 Q 50 94 40 82 Z"),
        fill(Tint.CREAM, "M 68 33 Q 60 60 68 92 L 74 91 Q 67 60 74 33 Z"),
        fill(Tint.CREAM, "E 84 54 6 6"),
        fill(Tint.INK, "E 85 54 3.5 3.5"),
        fill(Tint.DARK, "M 46 60 Q 56 52 60 62 Q 56 74 46 70 Z"),
    ),
    (  # long and leaping
        fill(
            Tint.MAIN,
            "M 4 100 Q 4 86 14 78 Q 4 68 6 54 Q 18 62 24 70 Q 28 30 66 18 Q 88 14 98 30 Q 96 52 "
            "70 60 Q 42 66 30 80 Q 24 92 4 100 Z",
        ),
        fill(Tint.DARK, "M 38 40 Q 34 18 52 6 Q 60 12 66 19 Q 48 26 38 40 Z"),
        fill(Tint.LIGHT, "M 34 74 Q 44 62 70 56 Q 90 50 97 34 Q 96 52 70 60 Q 46 64 34 74 Z"),
        fill(Tint.DARK, "M 56 50 Q 66 46 70 54 Q 66 70 56 72 Q 58 60 56 50 Z"),
        line(Tint.DARK, "M 76 22 Q 70 34 78 46", 3),
        fill(Tint.CREAM, "E 87 28 5.5 5.5"),
        fill(Tint.INK, "E 88 28 3 3"),
    ),
    (  # tall angelfish with stripes
        fill(Tint.MAIN, "M 18 54 L 2 36 L 2 74 Z"),
        fill(
            Tint.DARK, "M 36 40 Q 40 6 66 0 Q 60 18 68 34 Z M 36 70 Q 42 96 66 100 Q 60 86 68 74 Z"
        ),
        fill(Tint.MAIN, "M 12 54 Q 30 20 60 24 Q 88 28 98 54 Q 88 80 60 84 Q 30 86 12 54 Z"),
        fill(
            Tint.LIGHT,
            "M 42 27 Q 34 54 42 82 L 50 84 Q 43 54 50 25 Z M 62 24 Q 56 54 62 84 L 69 83 Q 64 54 "
            "69 25 Z",
        ),
        fill(Tint.CREAM, "E 82 47 6 6"),
        fill(Tint.INK, "E 83 47 3.5 3.5"),
        line(Tint.DARK, "M 97 56 Q 92 62 87 60", 3),
    ),
)

TURTLES: tuple[Drawing, ...] = (
    (  # walking
        fill(Tint.LEAF, "R 14 80 16 20 6 R 60 80 16 20 6"),
        fill(Tint.LEAF, "M 8 84 L 0 92 L 12 92 Z"),
        fill(
            Tint.LEAF,
            "M 70 84 Q 80 84 80 62 Q 82 48 92 50 Q 102 54 100 66 Q 98 76 90 76 Q 88 92 70 92 Z",
        ),
        fill(Tint.MAIN, "M 4 86 Q 4 34 44 34 Q 82 34 82 86 Z"),
        fill(Tint.LIGHT, "M 14 70 Q 16 42 42 40 Q 26 52 26 72 Z"),
        fill(Tint.DARK, "M 36 46 L 52 46 L 58 60 L 44 70 L 30 60 Z"),
        fill(Tint.DARK, "R 4 80 78 8 4"),
        fill(Tint.INK, "E 93 60 3 3.5"),
    ),
    (  # from above, swimming
        fill(
            Tint.LEAF, "M 30 32 Q 6 16 2 34 Q 10 46 28 46 Z M 70 32 Q 94 16 98 34 Q 90 46 72 46 Z"
        ),
        fill(
            Tint.LEAF,
            "M 30 80 Q 14 86 12 98 Q 26 100 38 90 Z M 70 80 Q 86 86 88 98 Q 74 100 62 90 Z",
        ),
        fill(Tint.LEAF, "E 50 12 13 13"),
        fill(Tint.MAIN, "E 50 58 34 38"),
        fill(Tint.LIGHT, "E 38 44 12 14"),
        fill(Tint.DARK, "M 50 38 L 64 48 L 64 66 L 50 76 L 36 66 L 36 48 Z"),
        line(
            Tint.DARK,
            "M 50 38 L 50 22 M 64 48 L 80 42 M 64 66 L 80 74 M 50 76 L 50 94 M 36 66 L 20 74 M 36 "
            "48 L 20 42",
            3,
        ),
        fill(Tint.INK, "E 45 9 2.8 2.8 E 55 9 2.8 2.8"),
    ),
    (  # high domed, looking up
        fill(Tint.LEAF, "R 12 84 18 16 7 R 54 84 18 16 7"),
        fill(
            Tint.LEAF,
            "M 66 92 Q 82 84 78 54 Q 76 34 88 32 Q 100 34 99 46 Q 98 54 90 56 Q 96 92 72 98 Z",
        ),
        fill(Tint.MAIN, "M 2 90 Q -2 22 40 20 Q 80 22 76 90 Z"),
        fill(
            Tint.DARK,
            "M 18 40 Q 26 30 36 38 Q 36 52 24 54 Q 14 50 18 40 Z M 46 36 Q 58 34 62 46 Q 58 58 46 "
            "54 Z M 26 62 Q 40 58 46 68 Q 42 80 28 78 Z M 56 64 L 70 62 L 72 76 L 58 78 Z M 6 62 "
            "L 18 62 L 18 76 L 5 78 Z",
        ),
        fill(Tint.LIGHT, "R 0 84 78 8 4"),
        fill(Tint.INK, "E 92 42 3.2 3.6"),
        line(Tint.INK, "M 92 51 Q 96 51 98 48", 2),
    ),
)

DRAWINGS: dict[str, tuple[Drawing, ...]] = {
    "cat": CATS,
    "dog": DOGS,
    "rabbit": RABBITS,
    "bird": BIRDS,
    "duck": DUCKS,
    "fish": FISH,
    "turtle": TURTLES,
}
