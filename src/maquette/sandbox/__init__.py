"""Where code that a model wrote is run: behind walls that are tried first, or not at all."""
