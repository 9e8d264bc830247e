"""Recurrent layers: modules that own weights, and nothing else."""
