"""Texts: their tokens, labels, tags and pairs."""
