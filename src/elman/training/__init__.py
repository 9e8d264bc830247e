"""Training: configuration, the loop, checkpoints, the run folder, and its report."""
