"""Ways to run a cell over a ragged batch: one door (`dispatch`), and the kernels behind it."""
