"""Engines turn requests into media: one file per medium, and the catalog of models."""
