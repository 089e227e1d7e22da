"""Maquette: settle the idea once, let the machine realise it in any medium."""

__version__ = "0.1.0"
