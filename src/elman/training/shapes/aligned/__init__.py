"""Aligned: a tag for each step."""
