"""A small network worked through by hand: every equation of every step, with its numbers."""
