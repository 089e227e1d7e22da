"""How strictly the words are followed in each step."""


def guidance_scales(
    scale: float, interval: tuple[float, float], num_inference_steps: int, run: int
) -> tuple[float, ...]:
    """The guidance scale of each of the last `run` steps of a schedule of `num_inference_steps`.

    Guidance acts from the first share of the steps in `interval` up to the second; elsewhere the
    scale is 1, which asks the network once instead of twice (Kynkäänniemi et al. 2024, 2404.07724).
    """
    start, end = interval
    steps = range(num_inference_steps - run, num_inference_steps)
    return tuple(scale if start <= i / num_inference_steps < end else 1.0 for i in steps)
