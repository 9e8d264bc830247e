"""Forecaster: series so far in, their next steps out."""
