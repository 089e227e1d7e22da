"""Training: one loop for every recipe, mixed-precision weights, checkpoints, curves."""
