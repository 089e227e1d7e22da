"""Texts about everyday products and the picture-book world, composed in English and Chinese.

A text is a plan of sentence patterns, each a pair that says the same thing in both languages, so
one plan gives a text, its translation, a shorter and a longer one, and another tone.
"""
