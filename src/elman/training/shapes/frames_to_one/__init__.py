"""Many to one over frames: a sequence of numbers in, a label or a number out."""
